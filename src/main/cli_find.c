// SPDX-License-Identifier: Apache-2.0
//
// cli_find: looks up through the same public operations as everything else; nothing is remembered between commands.
#include "main/cli_find.h"

#include <string.h>

#include "base/fault.h"

static bool is_id(const char *text) {
    int64_t number = 0;
    return g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &number, NULL);
}

static bool list_flows(struct cli_session *session, json_t **ret_reply, json_t **ret_flows,
                       GError **error) {
    if (!cli_call_with(session->client, "ListTaskFlow", ret_reply, error, NULL)) {
        return false;
    }
    *ret_flows = json_object_get(json_object_get(*ret_reply, "TaskFlowList"), "TaskFlow");
    return true;
}

bool cli_find_flow(struct cli_session *session, const char *text, char ret_flow[24],
                   GError **error) {
    if (is_id(text)) {
        (void)g_strlcpy(ret_flow, text, 24);
        return true;
    }
    json_t *reply = NULL;
    json_t *flows = NULL;
    if (!list_flows(session, &reply, &flows, error)) {
        return false;
    }
    bool is_found = false;
    size_t index = 0;
    json_t *flow = NULL;
    json_array_foreach(flows, index, flow) {
        if (g_strcmp0(json_string_value(json_object_get(flow, "DagName")), text) == 0) {
            g_autofree char *id = cli_reply_text(flow, "Id");
            (void)g_strlcpy(ret_flow, id, 24);
            is_found = true;
            break;
        }
    }
    json_decref(reply);
    if (!is_found) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "there is no flow named \"%s\"; `sluice flow list` shows them", text);
    }
    return is_found;
}

// Is this run one of that flow? A refusal means no.
static bool flow_has_run(struct cli_session *session, const char *flow, const char *run,
                         bool *ret_has, GError **error) {
    json_t *reply = NULL;
    g_autoptr(GError) cause = NULL;
    bool has = cli_call_with(session->client, "GetTaskInstanceRelation", &reply, &cause, "DagId",
                             flow, "DagInstanceId", run, NULL);
    if (!has && !fault_is(cause, FAULT_NO_PERMISSION)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    json_decref(reply);
    *ret_has = has;
    return true;
}

static bool find_flow_of_run(struct cli_session *session, struct cli_run_id *id, GError **error) {
    json_t *reply = NULL;
    json_t *flows = NULL;
    if (!list_flows(session, &reply, &flows, error)) {
        return false;
    }
    bool is_found = false;
    bool is_asked = true;
    size_t index = 0;
    json_t *flow = NULL;
    json_array_foreach(flows, index, flow) {
        g_autofree char *flow_id = cli_reply_text(flow, "Id");
        is_asked = flow_has_run(session, flow_id, id->run, &is_found, error);
        if (!is_asked || is_found) {
            (void)g_strlcpy(id->flow, flow_id, sizeof id->flow);
            break;
        }
    }
    json_decref(reply);
    if (is_asked && !is_found) {
        fault_set(error, FAULT_INVALID_VALUE, "none of the flows that you can see has a run %s",
                  id->run);
    }
    return is_found;
}

bool cli_find_run(struct cli_session *session, struct cli_run_id *ret_id, GError **error) {
    const char *first = cli_options_word(session->options, 2);
    const char *second = cli_options_word(session->options, 3);
    const char *run = second != NULL ? second : first;
    if (run == NULL || !is_id(run)) {
        fault_set(error, FAULT_INVALID_VALUE, "a run is named by its number%s%s",
                  run != NULL ? ", not by " : "", run != NULL ? run : "");
        return false;
    }
    struct cli_run_id id = { .flow = "" };
    (void)g_strlcpy(id.run, run, sizeof id.run);
    bool is_found = second != NULL ? cli_find_flow(session, first, id.flow, error)
                                   : find_flow_of_run(session, &id, error);
    if (is_found) {
        *ret_id = id;
    }
    return is_found;
}

bool cli_find_user(struct cli_session *session, const char *uid, char ret_user[24],
                   GError **error) {
    json_t *reply = NULL;
    if (!cli_call_with(session->client, "GetUser", &reply, error, uid != NULL ? "Uid" : NULL, uid,
                       NULL)) {
        return false;
    }
    g_autofree char *user = cli_reply_text(json_object_get(reply, "User"), "UserId");
    (void)g_strlcpy(ret_user, user, 24);
    json_decref(reply);
    return true;
}
