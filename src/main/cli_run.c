// SPDX-License-Identifier: Apache-2.0
//
// cli_run: `sluice run list|start|suspend|resume|stop|rerun|restore`.
#include "main/cli_commands.h"

#include <string.h>

#include "base/fault.h"
#include "main/cli_find.h"
#include "main/cli_text.h"

static bool limit_read(const struct cli_options *options, char ret_limit[24], GError **error) {
    const char *text = options->values[OPTION_LIMIT];
    int64_t limit = 20;
    if (text != NULL && !g_ascii_string_to_signed(text, 10, 1, 100, &limit, NULL)) {
        fault_set(error, FAULT_INVALID_VALUE, "--limit %s: a number from 1 to 100", text);
        return false;
    }
    (void)g_snprintf(ret_limit, 24, "%d", (int)limit);
    return true;
}

static bool status_read(const struct cli_options *options, struct cli_params *params,
                        GError **error) {
    static const char *const words[] = { "waiting", "running", "suspended", "failed",
                                         "success" }; // operations.md §1.1
    const char *text = options->values[OPTION_STATUS];
    if (text == NULL) {
        return true;
    }
    for (unsigned code = 0; code < G_N_ELEMENTS(words); code++) {
        if (g_ascii_strcasecmp(text, words[code]) == 0) {
            char digits[12];
            (void)g_snprintf(digits, sizeof digits, "%u", code);
            cli_params_add(params, "Status", digits);
            return true;
        }
    }
    fault_set(error, FAULT_INVALID_VALUE,
              "--status %s: waiting, running, suspended, failed or success", text);
    return false;
}

static void add_run(struct cli_table *table, const json_t *run) {
    const char *state = json_string_value(json_object_get(run, "StateName"));
    char **texts = g_new0(char *, 9);
    texts[0] = cli_reply_text(run, "Id");
    texts[1] = g_strdup(cli_state_find(state, (int)cli_reply_number(run, "Status", -1))->name);
    texts[2] = cli_reply_text(run, "RunNumber");
    texts[3] = g_strdup(cli_reply_number(run, "TriggerType", 1) == 0 ? "schedule" : "by hand");
    texts[4] = cli_reply_text(run, "startTime");
    texts[5] = cli_reply_text(run, "EndTime");
    texts[6] = cli_reply_text(run, "BusinessTime");
    texts[7] = cli_reply_text(run, "Message");
    cli_table_add(table, texts);
}

static void print_runs(const json_t *reply) {
    static const char *const headers[] = { "RUN", "STATE",         "TRY",     "STARTED BY", "START",
                                           "END", "BUSINESS TIME", "MESSAGE", NULL };
    struct cli_table *table = cli_table_new(headers);
    const json_t *runs = json_object_get(json_object_get(reply, "DAGInstanceList"), "DAGInstance");
    size_t index = 0;
    json_t *run = NULL;
    json_array_foreach(runs, index, run) {
        add_run(table, run);
    }
    g_autofree char *text = cli_table_text(table);
    (void)fputs(text, stdout);
    cli_table_free(table);
    int64_t total = cli_reply_number(reply, "TotalCount", 0);
    if (total > (int64_t)json_array_size(runs)) {
        (void)printf("(%zu of %" G_GINT64_FORMAT " runs, newest first)\n", json_array_size(runs),
                     total);
    }
}

enum cli_exit command_run_list(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    char flow[24] = "";
    char limit[24] = "";
    struct cli_params params;
    cli_params_init(&params);
    json_t *reply = NULL;
    bool is_done = cli_options_output(session->options, &is_json, &error) &&
                   limit_read(session->options, limit, &error) &&
                   status_read(session->options, &params, &error) &&
                   cli_find_flow(session, cli_options_word(session->options, 2), flow, &error);
    if (is_done) {
        cli_params_add(&params, "DagId", flow);
        cli_params_add(&params, "PageIndex", "1");
        cli_params_add(&params, "PageSize", limit);
        is_done = cli_call(session->client, "ListTaskFlowInstance", &params, &reply, &error);
    }
    cli_params_done(&params);
    if (!is_done) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        print_runs(reply);
    }
    json_decref(reply);
    return CLI_OK;
}

enum cli_exit command_run_start(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    char flow[24] = "";
    json_t *reply = NULL;
    if (!cli_options_output(session->options, &is_json, &error) ||
        !cli_find_flow(session, cli_options_word(session->options, 2), flow, &error) ||
        !cli_call_with(session->client, "TryRunTaskFlow", &reply, &error, "DagId", flow, NULL)) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        g_autofree char *run = cli_reply_text(reply, "InstanceId");
        (void)printf("%s\n", run);
    }
    json_decref(reply);
    return CLI_OK;
}

enum cli_exit command_run_change(struct cli_session *session) {
    static const struct {
        const char *word;
        const char *action;
        const char *said;
    } changes[] = {
        { "suspend", "SuspendTaskFlowInstance",
          "suspended: what runs finishes, nothing new starts" },
        { "resume", "ResumeTaskFlowInstance", "resumed" },
        { "stop", "StopTaskFlowInstance", "stop accepted: its processes are being ended" },
        { "rerun", "ReRunTaskFlowInstance", "started again" },
        { "restore", "RestoreTaskFlowInstance", "started again where it had not succeeded" },
    };
    const char *word = cli_options_word(session->options, 1);
    size_t at = 0;
    while (strcmp(changes[at].word, word) != 0) {
        at++;
        g_assert(at < G_N_ELEMENTS(changes));
    }
    GError *error = NULL;
    bool is_json = false;
    struct cli_run_id id;
    json_t *reply = NULL;
    if (!cli_options_output(session->options, &is_json, &error) ||
        !cli_find_run(session, &id, &error) ||
        !cli_call_with(session->client, changes[at].action, &reply, &error, "DagId", id.flow,
                       "DagInstanceId", id.run, NULL)) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        (void)printf("run %s %s\n", id.run, changes[at].said);
    }
    json_decref(reply);
    return CLI_OK;
}
