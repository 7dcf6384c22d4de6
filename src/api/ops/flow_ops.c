// SPDX-License-Identifier: Apache-2.0
//
// flow_ops: flows as a whole (operations.md §2.1, §2.7). Each handler reads checked arguments, does one thing through services, fills the reply.
#include "api/ops/operation_handlers.h"

#include "api/ops/flow_reply.h"
#include "api/wire/reply.h"
#include "api/services.h"
#include "api/ops/unread.h"

bool op_create_task_flow(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_FLOW_CREATE);
    change->name = g_strdup(args_text(call->args, "DagName"));
    change->description = g_strdup(args_text(call->args, "Description"));
    // Absent, 0 and negative all mean the default scenario.
    change->scenario_id = MAX(args_int_or(call->args, "ScenarioId", 0), 0);
    change->space_id = args_int_or(call->args, "SpaceId", 0);
    change->zone = g_strdup(call_services(call)->zone);
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    reply_number(reply, "DagId", result.id);
    return true;
}

bool op_update_task_flow_name_and_desc(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct change *change = call_change(call, CHANGE_FLOW_RENAME);
    change->flow_id = call_id(call, "DagId");
    change->name = g_strdup(args_text(call->args, "DagName"));
    change->description = g_strdup(args_text(call->args, "Description"));
    return call_commit_plain(call, change, error);
}

bool op_delete_task_flow(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct change *change = call_change(call, CHANGE_FLOW_DELETE);
    change->flow_id = call_id(call, "DagId");
    return call_commit_plain(call, change, error);
}

static void reply_plain_flow(json_t *item, const struct flow_row *flow) {
    reply_flow(item, flow);
    if (flow->latest_run_state >= 0) {
        reply_text(item, "LatestInstanceStateName",
                   run_state_name((enum run_state)flow->latest_run_state));
        reply_time(item, "LatestInstanceTime", flow->latest_run_zone, flow->latest_run_ms);
    }
    // Of the time above, as everywhere; without a run that of the draft.
    reply_text(item, "TimeZoneId",
               flow->latest_run_zone != NULL ? flow->latest_run_zone : flow->zone);
}

bool op_list_task_flow(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) flows = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_flow_list(reader, call->caller, &flows, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "TaskFlowList", "TaskFlow");
    for (guint i = 0; i < flows->len; i++) {
        reply_plain_flow(reply_item(list), g_ptr_array_index(flows, i));
    }
    return true;
}

bool op_publish_and_deploy_task_flow(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_FLOW_PUBLISH);
    change->flow_id = call_id(call, "DagId");
    change->comment = g_strdup(args_text(call->args, "VersionComments"));
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    reply_number(reply, "DeployId", result.id);
    call_warn(call, &result.remarks);
    change_result_done(&result);
    return true;
}

bool op_offline_task_flow(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct change *change = call_change(call, CHANGE_FLOW_OFFLINE);
    change->flow_id = call_id(call, "DagId");
    return call_commit_plain(call, change, error);
}

static void reply_version(json_t *item, const struct version_row *version) {
    reply_id(item, "VersionId", version->id);
    reply_id(item, "LastVersionId", version->last_version_id);
    reply_text(item, "DagName", version->flow_name);
    reply_id_text(item, "DagOwnerId", version->owner_id);
    reply_text(item, "DagOwnerNickName", version->owner_name);
    reply_text(item, "VersionComments", version->comment);
}

bool op_list_dag_versions(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) versions = NULL;
    int64_t total = 0;
    int page = 1;
    int size = 1;
    if (!call_page(call, "PageIndex", &page, &size, error) || !call_reader(call, &reader, error) ||
        !store_version_list(reader, call->caller, call_id(call, "DagId"), page, size, &versions,
                            &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "DagVersionList", "DagVersion");
    for (guint i = 0; i < versions->len; i++) {
        reply_version(reply_item(list), g_ptr_array_index(versions, i));
    }
    reply_number(reply, "TotalCount", total);
    return true;
}
