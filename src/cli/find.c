// SPDX-License-Identifier: Apache-2.0
//
// cli_find: looks up through the same public operations as everything else; nothing is remembered between commands.
#include "cli/find.h"

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

// What FLOW may be taken as.
struct flow_word {
    const char *text; // behind the prefix
    bool is_number;   // may be a number
    bool is_name;
};

static struct flow_word flow_word_of(const char *text) {
    if (g_str_has_prefix(text, "id:")) {
        return (struct flow_word){ .text = text + strlen("id:"), .is_number = true };
    }
    if (g_str_has_prefix(text, "name:")) {
        return (struct flow_word){ .text = text + strlen("name:"), .is_name = true };
    }
    return (struct flow_word){ .text = text, .is_number = is_id(text), .is_name = true };
}

struct flow_matches {
    char id[24]; // of the flow with that name
    guint named_count;
    bool has_number; // a flow that the caller sees has that number
};

static void match_flows(const json_t *flows, const struct flow_word *word,
                        struct flow_matches *matches) {
    size_t index = 0;
    json_t *flow = NULL;
    json_array_foreach(flows, index, flow) {
        g_autofree char *id = cli_reply_text(flow, "Id");
        matches->has_number |= word->is_number && strcmp(id, word->text) == 0;
        if (word->is_name &&
            g_strcmp0(json_string_value(json_object_get(flow, "DagName")), word->text) == 0) {
            (void)g_strlcpy(matches->id, id, sizeof matches->id);
            matches->named_count++;
        }
    }
}

static bool choose_flow(const struct flow_word *word, const struct flow_matches *matches,
                        char ret_flow[24], GError **error) {
    const char *text = word->text;
    if (matches->named_count > 1) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "%u flows are named \"%s\"; name one by its number: `sluice flow list`",
                  matches->named_count, text);
    } else if (matches->named_count == 1 && matches->has_number && strcmp(matches->id, text) != 0) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "%s is the number of one flow and the name of another, number %s: say id:%s or "
                  "name:%s",
                  text, matches->id, text, text);
    } else if (matches->named_count == 1) {
        (void)g_strlcpy(ret_flow, matches->id, 24);
        return true;
    } else if (word->is_number && is_id(text)) {
        // Also one that the list does not show: a deleted flow's runs can still be asked for.
        (void)g_strlcpy(ret_flow, text, 24);
        return true;
    } else {
        fault_set(error, CLI_FAULT_NOT_FOUND,
                  "there is no flow named \"%s\"; `sluice flow list` shows them", text);
    }
    return false;
}

bool cli_find_flow(struct cli_session *session, const char *text, char ret_flow[24],
                   GError **error) {
    struct flow_word word = flow_word_of(text);
    struct flow_matches matches = { .id = "" };
    json_t *reply = NULL;
    json_t *flows = NULL;
    if (word.is_name && !list_flows(session, &reply, &flows, error)) {
        return false;
    }
    match_flows(flows, &word, &matches);
    json_decref(reply);
    return choose_flow(&word, &matches, ret_flow, error);
}

// Is this run one of that flow? A refusal means no.
static bool flow_has_run(struct cli_session *session, const char *flow, const char *run,
                         bool *ret_has, GError **error) {
    json_t *reply = NULL;
    g_autoptr(GError) cause = NULL;
    bool has = cli_call_with(session->client, "GetTaskInstanceRelation", &reply, &cause, "DagId",
                             flow, "DagInstanceId", run, NULL);
    if (!has && !fault_is(cause, FAULT_NO_PERMISSION) && !fault_is(cause, CLI_FAULT_NOT_FOUND)) {
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
        fault_set(error, CLI_FAULT_NOT_FOUND, "none of the flows that you can see has a run %s",
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
