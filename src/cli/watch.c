// SPDX-License-Identifier: Apache-2.0
//
// cli_watch: only what changed is written without a terminal; on one, the lines of the last drawing are overwritten and never cleared first,
// so that nothing flickers.
#include "cli/watch.h"

#include <stdio.h>
#include <string.h>

#include "cli/session.h"
#include "cli/tree.h"

enum { WATCH_WHOLE_TREE_MAX = 500 }; // a larger one stays short at the end too

struct cli_watch {
    char *title;
    char *run;
    bool is_json;
    struct cli_terminal terminal;
    struct cli_tree *tree;
    const struct cli_state *state; // of the run, NULL before the first reply
    char *message;
    int64_t started_ms;
    unsigned drawn_lines;
};

struct cli_watch *cli_watch_new(const char *title, const char *run, bool is_json,
                                const json_t *nodes, const json_t *edges, int64_t now_ms) {
    struct cli_watch *watch = g_new0(struct cli_watch, 1);
    watch->title = cli_text_clean(title, 0);
    watch->run = g_strdup(run);
    watch->is_json = is_json;
    watch->terminal = cli_terminal_of(stdout);
    watch->tree = cli_tree_new(nodes, edges);
    watch->message = g_strdup("");
    watch->started_ms = now_ms;
    return watch;
}

void cli_watch_free(struct cli_watch *watch) {
    if (watch != NULL) {
        cli_tree_free(watch->tree);
        g_free(watch->title);
        g_free(watch->run);
        g_free(watch->message);
        g_free(watch);
    }
}

static char *head_line(const struct cli_watch *watch, int64_t now_ms) {
    unsigned ended = 0;
    unsigned all = 0;
    cli_tree_count(watch->tree, &ended, &all);
    g_autofree char *elapsed = cli_text_duration(now_ms - watch->started_ms);
    GString *line = g_string_new(NULL);
    g_string_printf(line, "%s, run %s: ", watch->title, watch->run);
    cli_state_append(line, watch->state, &watch->terminal, watch->state->name);
    g_string_append_printf(line, ", %u of %u nodes ended, watched for %s", ended, all, elapsed);
    return g_string_free(line, FALSE);
}

static void draw_line(GString *text, const char *content, unsigned columns) {
    g_autoptr(GString) line = g_string_new(content);
    cli_text_clip(line, columns);
    g_string_append_printf(text, "%s\033[K\n", line->str);
}

static void draw(struct cli_watch *watch, int64_t now_ms) {
    unsigned rows = 0;
    unsigned columns = 0;
    unsigned ended = 0;
    unsigned all = 0;
    cli_terminal_size(&rows, &columns);
    cli_tree_count(watch->tree, &ended, &all);
    bool is_whole = watch->state->is_ended && all <= WATCH_WHOLE_TREE_MAX;
    // One line for the head, one for the prompt that comes after; at least a few for nodes.
    unsigned room = is_whole ? 0 : MAX(rows, 6) - 3;
    g_autoptr(GPtrArray) lines =
        cli_tree_lines(watch->tree, &watch->terminal, room, columns, now_ms);
    g_autofree char *head = head_line(watch, now_ms);
    GString *text = g_string_new(NULL);
    if (watch->drawn_lines > 0) {
        g_string_append_printf(text, "\033[%uA\r", watch->drawn_lines);
    }
    draw_line(text, head, columns);
    for (guint i = 0; i < lines->len; i++) {
        draw_line(text, g_ptr_array_index(lines, i), columns);
    }
    if (watch->state->is_ended && watch->message[0] != 0) {
        // The last thing drawn, and the reason of it all: it may take the rows that it needs.
        g_string_append_printf(text, "  %s\033[K\n", watch->message);
    }
    g_string_append(text, "\033[J");
    watch->drawn_lines = lines->len + 1;
    (void)fputs(text->str, stdout);
    (void)fflush(stdout);
    g_string_free(text, TRUE);
}

struct print_context {
    const struct cli_watch *watch;
    int64_t now_ms;
};

static void print_change(const struct cli_tree_change *change, void *user) {
    const struct print_context *context = user;
    if (context->watch->is_json) {
        json_t *line =
            json_pack("{s:s, s:I, s:s, s:s, s:I, s:I, s:s}", "Run", context->watch->run, "NodeId",
                      (json_int_t)change->node_id, "NodeName", change->name, "StateName",
                      change->state->name, "Attempt", (json_int_t)change->attempt, "ExecuteTime",
                      (json_int_t)change->elapsed_ms, "Message", change->message);
        cli_print_json_line(line);
        json_decref(line);
        return;
    }
    g_autofree char *elapsed = change->state->is_ended && change->elapsed_ms > 0
                                   ? cli_text_duration(change->elapsed_ms)
                                   : g_strdup("");
    GString *line = g_string_new(NULL);
    g_string_printf(line, "%8.2f  ",
                    (double)(context->now_ms - context->watch->started_ms) / 1000.0);
    cli_text_pad(line, change->name, 24);
    g_string_append_printf(line, "  %-10s %10s", change->state->name, elapsed);
    if (change->attempt > 1) {
        g_string_append_printf(line, "  attempt %" G_GINT64_FORMAT, change->attempt);
    }
    if (change->message[0] != 0) {
        g_string_append_printf(line, "  %s", change->message);
    }
    (void)printf("%s\n", g_strchomp(line->str));
    g_string_free(line, TRUE);
}

static void print_run(const struct cli_watch *watch, int64_t now_ms) {
    if (watch->is_json) {
        json_t *line = json_pack("{s:s, s:s, s:s}", "Run", watch->run, "StateName",
                                 watch->state->name, "Message", watch->message);
        cli_print_json_line(line);
        json_decref(line);
    } else {
        (void)printf("%8.2f  run %s is %s%s%s\n", (double)(now_ms - watch->started_ms) / 1000.0,
                     watch->run, watch->state->name, watch->message[0] != 0 ? ": " : "",
                     watch->message);
    }
}

// The run's own state; where the server does not send it, it is told from the nodes'.
static const struct cli_state *run_state(const struct cli_watch *watch, const json_t *reply) {
    const char *name = json_string_value(json_object_get(reply, "StateName"));
    int code = (int)cli_reply_number(reply, "Status", -1);
    if (name != NULL || code >= 0) {
        return cli_state_find(name, code);
    }
    unsigned ended = 0;
    unsigned all = 0;
    cli_tree_count(watch->tree, &ended, &all);
    bool has_failed = false;
    size_t index = 0;
    json_t *node = NULL;
    json_array_foreach(json_object_get(json_object_get(reply, "NodeList"), "Node"), index, node) {
        has_failed |= cli_reply_number(node, "Status", -1) == 3;
    }
    return cli_state_find(ended < all ? "RUNNING" : has_failed ? "FAILED" : "SUCCESS", -1);
}

// Takes over the nodes' and the run's state and message.
static void take_reply(struct cli_watch *watch, const json_t *reply, int64_t now_ms) {
    cli_tree_update(watch->tree, json_object_get(json_object_get(reply, "NodeList"), "Node"),
                    now_ms);
    watch->state = run_state(watch, reply);
    g_autofree char *message = cli_reply_text(reply, "Message");
    g_free(watch->message);
    watch->message = cli_text_clean(message, 0);
}

void cli_watch_show(struct cli_watch *watch, const json_t *reply, int64_t now_ms,
                    bool *ret_has_ended, bool *ret_is_success) {
    const struct cli_state *before = watch->state;
    take_reply(watch, reply, now_ms);
    const struct cli_state *state = watch->state;
    bool is_run_changed = state != before;
    if (watch->terminal.is_terminal && !watch->is_json) {
        draw(watch, now_ms);
    } else {
        struct print_context context = { .watch = watch, .now_ms = now_ms };
        // A suspension comes before what it causes, an end after what caused it.
        if (is_run_changed && !state->is_ended) {
            print_run(watch, now_ms);
        }
        cli_tree_changes(watch->tree, print_change, &context);
        if (is_run_changed && state->is_ended) {
            print_run(watch, now_ms);
        }
        (void)fflush(stdout);
    }
    *ret_has_ended = state->is_ended;
    *ret_is_success = strcmp(state->name, "SUCCESS") == 0 || strcmp(state->name, "COMPLETED") == 0;
}

// The variables that were given to this run alone.
static void print_variables(const json_t *reply) {
    const char *text = json_string_value(json_object_get(reply, "RunVariables"));
    json_t *variables = text != NULL ? json_loads(text, 0, NULL) : NULL;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(variables, name, value) {
        g_autofree char *clean =
            cli_text_clean(json_is_string(value) ? json_string_value(value) : "", 120);
        g_autofree char *clean_name = cli_text_clean(name, 0);
        (void)printf("  set: %s = %s\n", clean_name, clean);
    }
    json_decref(variables);
}

void cli_watch_print(struct cli_watch *watch, const json_t *reply, int64_t now_ms) {
    take_reply(watch, reply, now_ms);
    g_autoptr(GPtrArray) lines = cli_tree_lines(watch->tree, &watch->terminal, 0, 0, now_ms);
    unsigned ended = 0;
    unsigned all = 0;
    cli_tree_count(watch->tree, &ended, &all);
    GString *head = g_string_new(NULL);
    g_string_printf(head, "%s, run %s: ", watch->title, watch->run);
    cli_state_append(head, watch->state, &watch->terminal, watch->state->name);
    (void)printf("%s, %u of %u nodes ended%s%s\n", head->str, ended, all,
                 watch->message[0] != 0 ? "; " : "", watch->message);
    g_string_free(head, TRUE);
    print_variables(reply);
    for (guint i = 0; i < lines->len; i++) {
        (void)printf("%s\n", g_strchomp(g_ptr_array_index(lines, i)));
    }
}

void cli_watch_say_away(struct cli_watch *watch) {
    (void)fputs("sluice: the server does not answer; its running nodes go on, and so do I\n",
                stderr);
    watch->drawn_lines = 0;
}
