// SPDX-License-Identifier: Apache-2.0
//
// cli_flow: `sluice flow list`.
#include "cli/commands.h"

#include "cli/text.h"
#include "cli/time.h"

static const char *flow_status_word(int64_t code) {
    static const char *const words[] = { "offline", "not scheduled",
                                         "scheduled" }; // operations.md §1.2
    return code >= 0 && code < (int64_t)G_N_ELEMENTS(words) ? words[code] : "?";
}

static void add_flow(struct cli_table *table, const json_t *flow, const char *zone) {
    bool has_run = json_object_get(flow, "LatestInstanceStatus") != NULL;
    char **texts = g_new0(char *, 7);
    texts[0] = cli_reply_text(flow, "Id");
    texts[1] = cli_reply_text(flow, "DagName");
    texts[2] = cli_reply_text(flow, "DagOwnerNickName");
    texts[3] = g_strdup(flow_status_word(cli_reply_number(flow, "Status", -1)));
    const char *state = json_string_value(json_object_get(flow, "LatestInstanceStateName"));
    texts[4] = g_strdup(
        has_run
            ? cli_state_find(state, (int)cli_reply_number(flow, "LatestInstanceStatus", -1))->name
            : "never ran");
    texts[5] = cli_time_of_item(flow, "LatestInstanceTime", zone);
    cli_table_add(table, texts);
}

enum cli_exit command_flow_list(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    const char *zone = NULL;
    json_t *reply = NULL;
    if (!cli_options_output(session->options, &is_json, &error) ||
        !cli_time_zone(session->options, &zone, &error) ||
        !cli_call_with(session->client, "ListTaskFlow", &reply, &error, NULL)) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        static const char *const headers[] = { "FLOW",       "NAME",    "OWNER", "STATUS",
                                               "LATEST RUN", "STARTED", NULL };
        struct cli_table *table = cli_table_new(headers);
        size_t index = 0;
        json_t *flow = NULL;
        json_array_foreach(json_object_get(json_object_get(reply, "TaskFlowList"), "TaskFlow"),
                           index, flow) {
            add_flow(table, flow, zone);
        }
        g_autofree char *text = cli_table_text(table);
        (void)fputs(text, stdout);
        cli_table_free(table);
        (void)printf("(times in %s)\n", zone);
    }
    json_decref(reply);
    return CLI_OK;
}
