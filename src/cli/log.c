// SPDX-License-Identifier: Apache-2.0
//
// cli_log: `sluice run log`: what the nodes of a run printed, one after the other, or with -f all of them as they print it, each line
// behind the name of its node.
#include "cli/commands.h"

#include <string.h>

#include "base/fault.h"
#include "cli/find.h"
#include "cli/logtext.h"
#include "cli/stream.h"
#include "cli/text.h"
#include "cli/time.h"

enum { LOG_POLL_US = 200 * 1000, LOG_TAIL_MAX = 100000, LOG_NAME_COLUMNS_MAX = 24 };

// What the command line asks for.
struct log_wish {
    struct cli_run_id id;
    const char *node; // name or number, NULL: all
    const char *zone;
    int64_t attempt; // 0: the newest
    int64_t tail;    // -1: all
    bool follows;
    bool is_bare;
};

// One node whose log is shown.
struct log_source {
    struct cli_stream stream;
    struct cli_logtext text;
    char *name;   // clean
    char *prefix; // of its lines
    bool has_begun;
};

struct log_screen {
    GPtrArray *sources;      // of struct log_source
    struct log_source *open; // whose unfinished line the cursor stands behind, or NULL
};

static void source_free(struct log_source *source) {
    cli_logtext_done(&source->text);
    g_free(source->name);
    g_free(source->prefix);
    g_free(source);
}

static struct log_source *source_new(const struct log_wish *wish, const json_t *node,
                                     bool has_prefix) {
    struct log_source *source = g_new0(struct log_source, 1);
    g_autofree char *id = cli_reply_text(node, "NodeId");
    g_autofree char *name = cli_reply_text(node, "NodeName");
    source->name = cli_text_clean(name, 0);
    g_autofree char *shown = cli_text_clean(name, LOG_NAME_COLUMNS_MAX);
    source->prefix = has_prefix ? g_strdup_printf("%s | ", shown) : g_strdup("");
    source->stream = (struct cli_stream){ .id = wish->id, .attempt = wish->attempt };
    (void)g_strlcpy(source->stream.node, id, sizeof source->stream.node);
    cli_logtext_init(&source->text, wish->zone, source->prefix, wish->is_bare);
    return source;
}

// Ends another one's unfinished line, which goes on later.
static void screen_break(struct log_screen *screen) {
    if (screen->open != NULL) {
        (void)putchar('\n');
        cli_logtext_break(&screen->open->text);
        screen->open = NULL;
    }
}

static void screen_put(struct log_screen *screen, struct log_source *source, const char *piece) {
    g_autoptr(GString) out = g_string_new(NULL);
    cli_logtext_take(&source->text, piece, out);
    if (out->len == 0) {
        return;
    }
    if (screen->open != source) {
        screen_break(screen);
    }
    cli_text_put(stdout, out->str);
    (void)fflush(stdout);
    screen->open = out->str[out->len - 1] == '\n' ? NULL : source;
}

static void screen_say(struct log_screen *screen, const char *prefix, const char *words) {
    screen_break(screen);
    (void)printf("%s%s\n", prefix, words);
    (void)fflush(stdout);
}

// Shows what is there now of one node's log. *ret_is_idle: nothing was.
static bool show_piece(struct cli_session *session, const struct log_wish *wish,
                       struct log_screen *screen, struct log_source *source, bool *ret_is_idle,
                       GError **error) {
    g_autofree char *piece = NULL;
    bool is_begun = source->has_begun;
    source->has_begun = true;
    if (!is_begun && wish->tail >= 0 &&
        !cli_stream_seek_tail(session, &source->stream, (unsigned)wish->tail, error)) {
        return false;
    }
    if (!cli_stream_read(session, &source->stream, &piece, error)) {
        return false;
    }
    if (is_begun && source->stream.dropped > 0) {
        g_autofree char *words = g_strdup_printf(
            "[… %" G_GINT64_FORMAT " bytes were dropped here …]", source->stream.dropped);
        screen_say(screen, source->prefix, words);
    }
    screen_put(screen, source, piece);
    *ret_is_idle = piece[0] == 0;
    return true;
}

// A log that does not exist (a node decided by the server itself) is none; any other failure ends the command.
static bool is_no_log(const GError *error) {
    return fault_is(error, CLI_FAULT_NOT_FOUND);
}

// One node to its present end.
static bool show_whole(struct cli_session *session, const struct log_wish *wish,
                       struct log_screen *screen, struct log_source *source, GError **error) {
    bool is_idle = false;
    while (!is_idle) {
        if (!show_piece(session, wish, screen, source, &is_idle, error)) {
            return false;
        }
    }
    return true;
}

// ---- Without -f: one node after the other ----

static bool show_each(struct cli_session *session, const struct log_wish *wish, const json_t *nodes,
                      GError **error) {
    struct log_screen screen = { 0 };
    bool is_first = true;
    size_t index = 0;
    json_t *node = NULL;
    json_array_foreach(nodes, index, node) {
        const char *state = json_string_value(json_object_get(node, "StateName"));
        if (cli_reply_number(node, "Attempt", 1) == 0) {
            continue; // never started
        }
        g_autoptr(GError) cause = NULL;
        struct log_source *source = source_new(wish, node, false);
        (void)printf("%s==> %s (%s) <==\n", is_first ? "" : "\n", source->name,
                     cli_state_find(state, (int)cli_reply_number(node, "Status", -1))->name);
        is_first = false;
        bool is_shown = show_whole(session, wish, &screen, source, &cause);
        screen_break(&screen);
        source_free(source);
        if (!is_shown && !is_no_log(cause)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
    }
    return true;
}

// One node of the run by name or number.
static const json_t *find_node(const json_t *nodes, const char *text, GError **error) {
    size_t index = 0;
    json_t *node = NULL;
    json_array_foreach(nodes, index, node) {
        g_autofree char *id = cli_reply_text(node, "NodeId");
        g_autofree char *name = cli_reply_text(node, "NodeName");
        if (strcmp(name, text) == 0 || strcmp(id, text) == 0) {
            return node;
        }
    }
    fault_set(error, CLI_FAULT_NOT_FOUND, "the run has no node \"%s\"", text);
    return NULL;
}

static bool show_one(struct cli_session *session, const struct log_wish *wish, const json_t *nodes,
                     GError **error) {
    const json_t *node = find_node(nodes, wish->node, error);
    if (node == NULL) {
        return false;
    }
    struct log_screen screen = { 0 };
    struct log_source *source = source_new(wish, node, false);
    bool is_shown = show_whole(session, wish, &screen, source, error);
    if (!wish->is_bare) { // bare, the bytes are the node's own to the last
        screen_break(&screen);
    }
    source_free(source);
    return is_shown;
}

// ---- With -f ----

static bool ask_nodes(struct cli_session *session, const struct cli_run_id *id, json_t **ret_reply,
                      GError **error) {
    return cli_call_with(session->client, "GetTaskInstanceRelation", ret_reply, error, "DagId",
                         id->flow, "DagInstanceId", id->run, NULL);
}

static struct log_source *source_of(const struct log_screen *screen, const char *node) {
    for (guint i = 0; i < screen->sources->len; i++) {
        struct log_source *source = g_ptr_array_index(screen->sources, i);
        if (strcmp(source->stream.node, node) == 0) {
            return source;
        }
    }
    return NULL;
}

// A node that has begun a newer attempt than the one whose log was read to its end.
static void go_on_with_attempt(struct log_screen *screen, struct log_source *source,
                               int64_t attempt) {
    if (source->has_begun && source->stream.is_finished && attempt > source->stream.attempt) {
        g_autofree char *words = g_strdup_printf("[attempt %" G_GINT64_FORMAT "]", attempt);
        screen_say(screen, source->prefix, words);
        source->stream.attempt = attempt;
        source->stream.offset = 0;
        source->stream.is_finished = false;
    }
}

// Takes in nodes that have started since. *ret_is_over: no watched node will print any more, once all that there is was read.
static bool look_at_nodes(const struct log_wish *wish, struct log_screen *screen,
                          const json_t *reply, bool *ret_is_over, GError **error) {
    const json_t *nodes = json_object_get(json_object_get(reply, "NodeList"), "Node");
    const json_t *only = wish->node == NULL ? NULL : find_node(nodes, wish->node, error);
    if (wish->node != NULL && only == NULL) {
        return false;
    }
    const char *run_state = json_string_value(json_object_get(reply, "StateName"));
    bool is_over = cli_state_find(run_state, (int)cli_reply_number(reply, "Status", -1))->is_ended;
    size_t index = 0;
    json_t *node = NULL;
    json_array_foreach(nodes, index, node) {
        if (only != NULL && node != only) {
            continue;
        }
        g_autofree char *id = cli_reply_text(node, "NodeId");
        const char *state = json_string_value(json_object_get(node, "StateName"));
        int64_t attempt = cli_reply_number(node, "Attempt", 0);
        struct log_source *source = source_of(screen, id);
        if (source == NULL && attempt > 0) {
            g_ptr_array_add(screen->sources, source_new(wish, node, wish->node == NULL));
        } else if (source != NULL && wish->attempt == 0) {
            go_on_with_attempt(screen, source, attempt);
        }
        if (only != NULL) {
            is_over |= cli_state_find(state, (int)cli_reply_number(node, "Status", -1))->is_ended;
        }
    }
    *ret_is_over = is_over;
    return true;
}

// Shows what all of them have printed since. *ret_is_idle: nothing; *ret_is_read: every log was read to its end.
static bool show_news(struct cli_session *session, const struct log_wish *wish,
                      struct log_screen *screen, bool *ret_is_idle, bool *ret_is_read,
                      GError **error) {
    *ret_is_idle = *ret_is_read = true;
    for (guint i = 0; i < screen->sources->len; i++) {
        struct log_source *source = g_ptr_array_index(screen->sources, i);
        bool is_idle = true;
        g_autoptr(GError) cause = NULL;
        if (source->stream.is_finished) {
            continue;
        }
        if (!show_piece(session, wish, screen, source, &is_idle, &cause)) {
            if (!is_no_log(cause)) {
                g_propagate_error(error, g_steal_pointer(&cause));
                return false;
            }
            source->stream.is_finished = true;
        }
        *ret_is_idle &= is_idle;
        *ret_is_read &= source->stream.is_finished;
    }
    return true;
}

static bool follow(struct cli_session *session, const struct log_wish *wish, GError **error) {
    struct log_screen screen = { .sources =
                                     g_ptr_array_new_with_free_func((GDestroyNotify)source_free) };
    bool is_over = false;
    bool is_read = false;
    bool is_good = true;
    while (is_good && !(is_over && is_read)) {
        bool is_idle = true;
        json_t *reply = NULL;
        is_good = ask_nodes(session, &wish->id, &reply, error) &&
                  look_at_nodes(wish, &screen, reply, &is_over, error) &&
                  show_news(session, wish, &screen, &is_idle, &is_read, error);
        json_decref(reply);
        if (is_good && is_idle && !(is_over && is_read)) {
            g_usleep(LOG_POLL_US);
        }
    }
    screen_break(&screen);
    g_ptr_array_free(screen.sources, TRUE);
    return is_good;
}

// ---- The command ----

static bool number_read(const struct cli_options *options, enum cli_option option, const char *name,
                        int64_t least, int64_t most, int64_t *number, GError **error) {
    const char *text = options->values[option];
    if (text != NULL && !g_ascii_string_to_signed(text, 10, least, most, number, NULL)) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "--%s %s: a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, name, text,
                  least, most);
        return false;
    }
    return true;
}

static bool wish_read(const struct cli_options *options, struct log_wish *ret_wish,
                      GError **error) {
    struct log_wish wish = {
        .node = options->values[OPTION_NODE],
        .tail = -1,
        .follows = cli_options_has(options, OPTION_FOLLOW),
        .is_bare = cli_options_has(options, OPTION_BARE),
    };
    if (!number_read(options, OPTION_ATTEMPT, "attempt", 1, G_MAXINT32, &wish.attempt, error) ||
        !number_read(options, OPTION_TAIL, "tail", 0, LOG_TAIL_MAX, &wish.tail, error) ||
        !cli_time_zone(options, &wish.zone, error)) {
        return false;
    }
    if (wish.node == NULL && wish.attempt > 0) {
        fault_set(error, FAULT_INVALID_VALUE, "--attempt needs --node");
        return false;
    }
    *ret_wish = wish;
    return true;
}

enum cli_exit command_run_log(struct cli_session *session) {
    GError *error = NULL;
    struct log_wish wish;
    json_t *reply = NULL;
    if (!wish_read(session->options, &wish, &error) || !cli_find_run(session, &wish.id, &error) ||
        !ask_nodes(session, &wish.id, &reply, &error)) {
        return cli_fail(error);
    }
    const json_t *nodes = json_object_get(json_object_get(reply, "NodeList"), "Node");
    bool is_done = wish.follows        ? follow(session, &wish, &error)
                   : wish.node != NULL ? show_one(session, &wish, nodes, &error)
                                       : show_each(session, &wish, nodes, &error);
    json_decref(reply);
    return is_done ? CLI_OK : cli_fail(error);
}
