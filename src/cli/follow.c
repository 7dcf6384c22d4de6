// SPDX-License-Identifier: Apache-2.0
//
// cli_follow: `sluice run show` asks once; `sluice run watch` asks until the run has ended. The API has no call that waits, so the pause between two questions
// grows with the time that an answer takes: a run of ten thousand nodes is not asked for more often than the server can stand.
#include "cli/commands.h"
#include "cli/follow.h"

#include "base/fault.h"
#include "cli/find.h"
#include "cli/logtext.h"
#include "cli/stream.h"
#include "cli/text.h"
#include "cli/watch.h"

enum {
    FOLLOW_PAUSE_MIN_US = 120 * 1000,
    FOLLOW_PAUSE_FACTOR = 4,
    FOLLOW_AWAY_PAUSE_US = 500 * 1000,
    FOLLOW_AWAY_MAX_US = 60 * 1000 * 1000,
    SHOW_FAILURES = 5,     // nodes whose error output `run show` adds
    SHOW_ERROR_LINES = 10, // of each
    SHOW_LOG_LINES = 200,  // among the last of its log
};

// Edges and name of the flow; a flow that is gone still has runs to look at.
static json_t *ask_graph(struct cli_session *session, const char *flow) {
    json_t *reply = NULL;
    g_autoptr(GError) ignored = NULL;
    if (!cli_call_with(session->client, "GetTaskFlowGraph", &reply, &ignored, "DagId", flow,
                       NULL)) {
        return json_object();
    }
    return reply;
}

static struct cli_watch *watch_begin(struct cli_session *session, const struct cli_run_id *id,
                                     bool is_json, const json_t *reply) {
    json_t *graph_reply = ask_graph(session, id->flow);
    const json_t *graph = json_object_get(graph_reply, "TaskFlowGraph");
    const char *name = json_string_value(json_object_get(graph, "DagName"));
    const json_t *nodes = json_object_get(json_object_get(reply, "NodeList"), "Node");
    const json_t *edges = json_object_get(json_object_get(graph, "Edges"), "Edge");
    struct cli_watch *watch = cli_watch_new(name != NULL ? name : "flow", id->run, is_json, nodes,
                                            edges, g_get_monotonic_time() / 1000);
    json_decref(graph_reply);
    return watch;
}

// One question. A server that is away for a moment (an upgrade, a restart) is waited for once the first answer has come.
static bool ask_run(struct cli_session *session, const struct cli_run_id *id,
                    struct cli_watch *watch, json_t **ret_reply, GError **error) {
    int64_t away_since_us = 0;
    for (;;) {
        g_autoptr(GError) cause = NULL;
        if (cli_call_with(session->client, "GetTaskInstanceRelation", ret_reply, &cause, "DagId",
                          id->flow, "DagInstanceId", id->run, NULL)) {
            return true;
        }
        int64_t now_us = g_get_monotonic_time();
        bool is_away = watch != NULL && fault_is(cause, FAULT_UNAVAILABLE);
        if (!is_away || (away_since_us > 0 && now_us - away_since_us > FOLLOW_AWAY_MAX_US)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
        if (away_since_us == 0) {
            away_since_us = now_us;
            cli_watch_say_away(watch);
        }
        g_usleep(FOLLOW_AWAY_PAUSE_US);
    }
}

enum cli_exit command_run_watch(struct cli_session *session) {
    GError *error = NULL;
    struct cli_run_id id;
    return cli_find_run(session, &id, &error) ? cli_follow_run(session, &id) : cli_fail(error);
}

enum cli_exit cli_follow_run(struct cli_session *session, const struct cli_run_id *id) {
    GError *error = NULL;
    bool is_json = false;
    if (!cli_options_output(session->options, &is_json, &error)) {
        return cli_fail(error);
    }
    struct cli_watch *watch = NULL;
    bool has_ended = false;
    bool is_success = false;
    bool is_asked = true;
    while (is_asked && !has_ended) {
        int64_t asked_us = g_get_monotonic_time();
        json_t *reply = NULL;
        is_asked = ask_run(session, id, watch, &reply, &error);
        if (!is_asked) {
            break;
        }
        if (watch == NULL) {
            watch = watch_begin(session, id, is_json, reply);
        }
        int64_t now_us = g_get_monotonic_time();
        cli_watch_show(watch, reply, now_us / 1000, &has_ended, &is_success);
        json_decref(reply);
        if (!has_ended) {
            g_usleep((gulong)MAX(FOLLOW_PAUSE_MIN_US, (now_us - asked_us) * FOLLOW_PAUSE_FACTOR));
        }
    }
    cli_watch_free(watch);
    if (!is_asked) {
        return cli_fail(error);
    }
    return is_success ? CLI_OK : CLI_RUN_FAILED;
}

// What a node that failed said last on its error output; a node without a log has said nothing.
static void print_last_errors(struct cli_session *session, const struct cli_run_id *id,
                              const json_t *node) {
    g_autoptr(GError) ignored = NULL;
    g_autofree char *node_id = cli_reply_text(node, "NodeId");
    g_autofree char *name = cli_reply_text(node, "NodeName");
    g_autofree char *clean_name = cli_text_clean(name, 0);
    g_autofree char *piece = NULL;
    struct cli_stream stream = { .id = *id };
    (void)g_strlcpy(stream.node, node_id, sizeof stream.node);
    if (!cli_stream_seek_tail(session, &stream, SHOW_LOG_LINES, &ignored) ||
        !cli_stream_read(session, &stream, &piece, &ignored)) {
        return;
    }
    g_autoptr(GPtrArray) lines = cli_logtext_last(piece, "ERR", SHOW_ERROR_LINES);
    if (lines->len > 0) {
        (void)printf("\n  %s, the end of its error output:\n", clean_name);
    }
    for (guint i = 0; i < lines->len; i++) {
        (void)fputs("    ", stdout);
        cli_text_put(stdout, g_ptr_array_index(lines, i));
        (void)putchar('\n');
    }
}

static void print_failures(struct cli_session *session, const struct cli_run_id *id,
                           const json_t *reply) {
    unsigned shown = 0;
    size_t index = 0;
    json_t *node = NULL;
    json_array_foreach(json_object_get(json_object_get(reply, "NodeList"), "Node"), index, node) {
        const char *state = json_string_value(json_object_get(node, "StateName"));
        if (g_strcmp0(state, "FAIL") == 0 && cli_reply_number(node, "Attempt", 0) > 0 &&
            shown++ < SHOW_FAILURES) {
            print_last_errors(session, id, node);
        }
    }
}

enum cli_exit command_run_show(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    struct cli_run_id id;
    json_t *reply = NULL;
    if (!cli_options_output(session->options, &is_json, &error) ||
        !cli_find_run(session, &id, &error) || !ask_run(session, &id, NULL, &reply, &error)) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        struct cli_watch *watch = watch_begin(session, &id, false, reply);
        cli_watch_print(watch, reply, g_get_monotonic_time() / 1000);
        cli_watch_free(watch);
        print_failures(session, &id, reply);
    }
    json_decref(reply);
    return CLI_OK;
}
