// SPDX-License-Identifier: Apache-2.0
//
// variable_ops: constants and time variables that a flow keeps for all its nodes (operations.md §2.6). They go in as documents and come out as lists.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "api/ops/unread.h"
#include "core/vars.h"

OWNED_DEFINE(flow_row)

bool op_update_task_flow_constants(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_FLOW_CONSTANTS);
    change->flow_id = call_id(call, "DagId");
    change->document = json_dumps(args_json(call->args, "DagConstants"), JSON_COMPACT);
    return call_commit_revised(call, change, reply, error);
}

bool op_list_task_flow_constants(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(flow_row) flow = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_flow_get(reader, call->caller, call_id(call, "DagId"), ACCESS_VIEW, &flow, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "DagConstants", "DagConstant");
    json_t *constants = flow->constants == NULL ? NULL : json_loads(flow->constants, 0, NULL);
    size_t i = 0;
    json_t *constant = NULL;
    json_array_foreach(constants, i, constant) {
        json_t *item = reply_item(list);
        reply_text(item, "Key", json_string_value(json_object_get(constant, "Key")));
        reply_text(item, "Value", json_string_value(json_object_get(constant, "Value")));
    }
    json_decref(constants);
    return call_reply_revision(call, reply, REVISION_CONSTANTS, flow->id, error);
}

bool op_update_task_flow_time_variables(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_FLOW_TIME_VARIABLES);
    change->flow_id = call_id(call, "DagId");
    change->document = g_strdup(args_text(call->args, "TimeVariables"));
    call_warn_keys(call, KEYS_TIME_VARIABLES, "TimeVariables");
    return call_commit_revised(call, change, reply, error);
}

bool op_list_task_flow_time_variables(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(flow_row) flow = NULL;
    json_t *variables = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_flow_get(reader, call->caller, call_id(call, "DagId"), ACCESS_VIEW, &flow, error) ||
        !vars_time_parse(flow->time_variables, &variables, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "TimeVariables", "TimeVariable");
    size_t i = 0;
    json_t *variable = NULL;
    json_array_foreach(variables, i, variable) {
        json_t *item = reply_item(list);
        reply_text(item, "Name", json_string_value(json_object_get(variable, "name")));
        reply_text(item, "Pattern", json_string_value(json_object_get(variable, "pattern")));
    }
    json_decref(variables);
    return call_reply_revision(call, reply, REVISION_TIME_VARIABLES, flow->id, error);
}
