// SPDX-License-Identifier: Apache-2.0
//
// cli_log: `sluice run log`: what the nodes of a run printed, from GetTaskInstanceLog; also while they run.
#include "main/cli_commands.h"

#include <string.h>

#include "base/fault.h"
#include "main/cli_find.h"
#include "main/cli_text.h"

enum {
    LOG_CHUNK_BYTES = 512 * 1024,
    LOG_POLL_US = 200 * 1000,
    LOG_STREAM_AT = 25,
    LOG_STAMP_BYTES = 29,
};

// Prints a log, whole or bare. A line of a log is a time of 24 characters, the stream (OUT, ERR, or SYS for remarks of the supervisor),
// and the text; the closing `status …` line has no time.
struct log_printer {
    bool is_bare;
    GString *line; // begun, not ended yet
};

static void print_bare_line(const char *line) {
    bool is_stamped =
        strlen(line) >= LOG_STAMP_BYTES && line[4] == '-' && line[10] == 'T' && line[23] == 'Z';
    const char *stream = line + LOG_STREAM_AT;
    if (is_stamped && (g_str_has_prefix(stream, "OUT ") || g_str_has_prefix(stream, "ERR "))) {
        (void)fputs(line + LOG_STAMP_BYTES, stdout);
    }
}

static void printer_print(struct log_printer *printer, const char *content) {
    if (!printer->is_bare) {
        (void)fputs(content, stdout);
    }
    for (const char *at = content; printer->is_bare && *at != 0; at++) {
        g_string_append_c(printer->line, *at);
        if (*at == '\n') {
            print_bare_line(printer->line->str);
            g_string_truncate(printer->line, 0);
        }
    }
    (void)fflush(stdout);
}

struct log_position {
    int64_t attempt; // 0: the newest
    int64_t offset;
    bool is_finished;
    struct log_printer *printer;
};

// Prints what lies behind the position and moves it.
static bool print_chunk(struct cli_session *session, const struct cli_run_id *id, const char *node,
                        struct log_position *position, bool *ret_is_at_end, GError **error) {
    char attempt[24];
    char offset[24];
    char length[24];
    (void)g_snprintf(attempt, sizeof attempt, "%" G_GINT64_FORMAT, position->attempt);
    (void)g_snprintf(offset, sizeof offset, "%" G_GINT64_FORMAT, position->offset);
    (void)g_snprintf(length, sizeof length, "%d", (int)LOG_CHUNK_BYTES);
    struct cli_params params;
    cli_params_init(&params);
    cli_params_add(&params, "DagId", id->flow);
    cli_params_add(&params, "DagInstanceId", id->run);
    cli_params_add(&params, "NodeId", node);
    cli_params_add(&params, "Offset", offset);
    cli_params_add(&params, "Length", length);
    if (position->attempt > 0) {
        cli_params_add(&params, "Attempt", attempt);
    }
    json_t *reply = NULL;
    bool is_done = cli_call(session->client, "GetTaskInstanceLog", &params, &reply, error);
    cli_params_done(&params);
    if (!is_done) {
        return false;
    }
    int64_t next = cli_reply_number(reply, "NextOffset", position->offset);
    int64_t start = cli_reply_number(reply, "Offset", position->offset);
    if (start > position->offset && position->offset > 0) {
        (void)printf("[… %" G_GINT64_FORMAT " bytes were dropped here …]\n",
                     start - position->offset);
    }
    g_autofree char *content = cli_reply_text(reply, "Content");
    printer_print(position->printer, content);
    position->is_finished = json_is_true(json_object_get(reply, "Finished"));
    position->attempt = cli_reply_number(reply, "Attempt", position->attempt);
    *ret_is_at_end = next <= position->offset;
    position->offset = next;
    json_decref(reply);
    return true;
}

static bool print_log(struct cli_session *session, const struct cli_run_id *id, const char *node,
                      int64_t attempt, bool follows, GError **error) {
    g_autoptr(GString) line = g_string_new(NULL);
    struct log_printer printer = { .is_bare = cli_options_has(session->options, OPTION_BARE),
                                   .line = line };
    struct log_position position = { .attempt = attempt, .printer = &printer };
    for (;;) {
        bool is_at_end = false;
        if (!print_chunk(session, id, node, &position, &is_at_end, error)) {
            return false;
        }
        if (is_at_end && (position.is_finished || !follows)) {
            return true;
        }
        if (is_at_end) {
            g_usleep(LOG_POLL_US);
        }
    }
}

// Follows a node that has not started yet: its first attempt makes the log.
static bool wait_for_attempt(struct cli_session *session, const struct cli_run_id *id,
                             const char *node, GError **error) {
    for (;;) {
        json_t *reply = NULL;
        if (!cli_call_with(session->client, "GetTaskInstanceRelation", &reply, error, "DagId",
                           id->flow, "DagInstanceId", id->run, NULL)) {
            return false;
        }
        bool has_attempt = true;
        size_t index = 0;
        json_t *item = NULL;
        json_array_foreach(json_object_get(json_object_get(reply, "NodeList"), "Node"), index,
                           item) {
            g_autofree char *node_id = cli_reply_text(item, "NodeId");
            if (strcmp(node_id, node) == 0) {
                const char *state = json_string_value(json_object_get(item, "StateName"));
                has_attempt =
                    cli_reply_number(item, "Attempt", 0) > 0 ||
                    cli_state_find(state, (int)cli_reply_number(item, "Status", 0))->is_ended;
            }
        }
        json_decref(reply);
        if (has_attempt) {
            return true;
        }
        g_usleep(LOG_POLL_US);
    }
}

// One node of the run by name or id.
static bool find_node(const json_t *nodes, const char *text, char ret_node[24], GError **error) {
    size_t index = 0;
    json_t *node = NULL;
    json_array_foreach(nodes, index, node) {
        g_autofree char *id = cli_reply_text(node, "NodeId");
        g_autofree char *name = cli_reply_text(node, "NodeName");
        if (strcmp(name, text) == 0 || strcmp(id, text) == 0) {
            (void)g_strlcpy(ret_node, id, 24);
            return true;
        }
    }
    fault_set(error, FAULT_INVALID_VALUE, "the run has no node \"%s\"", text);
    return false;
}

// Every node's log under its name; nodes without one are left out.
static bool print_all(struct cli_session *session, const struct cli_run_id *id, const json_t *nodes,
                      GError **error) {
    size_t index = 0;
    json_t *node = NULL;
    json_array_foreach(nodes, index, node) {
        const char *state = json_string_value(json_object_get(node, "StateName"));
        if (cli_reply_number(node, "Attempt", 1) == 0) {
            continue; // never started
        }
        g_autofree char *node_id = cli_reply_text(node, "NodeId");
        g_autofree char *name = cli_reply_text(node, "NodeName");
        g_autofree char *clean = cli_text_clean(name, 0);
        (void)printf("%s==> %s (%s) <==\n", index > 0 ? "\n" : "", clean,
                     cli_state_find(state, (int)cli_reply_number(node, "Status", -1))->name);
        g_autoptr(GError) cause = NULL;
        if (!print_log(session, id, node_id, 0, false, &cause) &&
            !fault_is(cause, FAULT_NO_PERMISSION)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
    }
    return true;
}

enum cli_exit command_run_log(struct cli_session *session) {
    GError *error = NULL;
    const char *wanted = session->options->values[OPTION_NODE];
    const char *attempt_text = session->options->values[OPTION_ATTEMPT];
    bool follows = cli_options_has(session->options, OPTION_FOLLOW);
    int64_t attempt = 0;
    if (attempt_text != NULL &&
        !g_ascii_string_to_signed(attempt_text, 10, 1, G_MAXINT32, &attempt, NULL)) {
        return cli_fail_usage("--attempt %s: a number from 1", attempt_text);
    }
    if (wanted == NULL && (follows || attempt > 0)) {
        return cli_fail_usage("--follow and --attempt need --node");
    }
    struct cli_run_id id;
    json_t *reply = NULL;
    if (!cli_find_run(session, &id, &error) ||
        !cli_call_with(session->client, "GetTaskInstanceRelation", &reply, &error, "DagId", id.flow,
                       "DagInstanceId", id.run, NULL)) {
        return cli_fail(error);
    }
    const json_t *nodes = json_object_get(json_object_get(reply, "NodeList"), "Node");
    char node[24] = "";
    bool is_done = wanted == NULL
                       ? print_all(session, &id, nodes, &error)
                       : find_node(nodes, wanted, node, &error) &&
                             (!follows || wait_for_attempt(session, &id, node, &error)) &&
                             print_log(session, &id, node, attempt, follows, &error);
    json_decref(reply);
    return is_done ? CLI_OK : cli_fail(error);
}
