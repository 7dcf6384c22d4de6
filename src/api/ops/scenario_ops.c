// SPDX-License-Identifier: Apache-2.0
//
// scenario_ops: business scenarios and where a flow lies (operations.md §2.2).
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "store/scenarios.h"

bool op_create_scenario(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_SCENARIO_CREATE);
    change->name = g_strdup(args_text(call->args, "ScenarioName"));
    change->description = g_strdup(args_text(call->args, "Description"));
    change->space_id = args_int_or(call->args, "SpaceId", 0);
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    reply_number(reply, "ScenarioId", result.id);
    return true;
}

bool op_update_scenario(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    int64_t scenario_id = 0;
    if (!args_text_id(call->args, "ScenarioId", &scenario_id, error)) {
        return false;
    }
    struct change *change = call_change(call, CHANGE_SCENARIO_UPDATE);
    change->scenario_id = scenario_id;
    change->name = g_strdup(args_text(call->args, "ScenarioName"));
    change->description = g_strdup(args_text(call->args, "Description"));
    return call_commit_plain(call, change, error);
}

bool op_delete_scenario(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct change *change = call_change(call, CHANGE_SCENARIO_DELETE);
    change->scenario_id = call_id(call, "ScenarioId");
    return call_commit_plain(call, change, error);
}

// The default scenario is not listed (proposed:).
bool op_list_scenarios(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) scenarios = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_scenario_list(reader, call->caller, args_int_or(call->args, "SpaceId", 0),
                             &scenarios, error)) {
        return false;
    }
    json_t *list = reply_array(reply, "ScenarioList");
    for (guint i = 0; i < scenarios->len; i++) {
        const struct scenario_row *scenario = g_ptr_array_index(scenarios, i);
        json_t *item = reply_item(list);
        reply_id(item, "Id", scenario->id);
        reply_text(item, "ScenarioName", scenario->name);
        reply_text(item, "Description", scenario->description);
        reply_id_text(item, "CreatorId", scenario->creator_id);
    }
    return true;
}

bool op_move_task_flow_to_scenario(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct change *change = call_change(call, CHANGE_FLOW_MOVE);
    change->flow_id = call_id(call, "DagId");
    change->scenario_id = MAX(args_int_or(call->args, "ScenarioId", 0), 0);
    return call_commit_plain(call, change, error);
}
