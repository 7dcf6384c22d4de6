// SPDX-License-Identifier: Apache-2.0
//
// run_ops: runs: start one, look at them, act on them (operations.md §2.8). The wire calls a run "instance". Which action is allowed in which state is the
// state machine's decision.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/ops/run_args.h"
#include "api/services.h"
#include "base/zone.h"
#include "store/runs.h"

OWNED_DEFINE(run_row)

bool op_try_run_task_flow(struct call *call, json_t *reply, GError **error) {
    int64_t run_id = 0;
    int64_t version_id = VERSION_UNSAID;
    json_auto_t *variables = NULL;
    if (!call_check_tenant(call, error) || !run_args_version(call->args, &version_id, error) ||
        !run_args_variables(call->args, &variables, error)) {
        return false;
    }
    version_id = version_id == VERSION_UNSAID ? VERSION_DRAFT : version_id;
    if (!call_try_run(call, version_id, variables, &run_id, error)) {
        return false;
    }
    reply_id_text(reply, "InstanceId", run_id);
    return true;
}

// The version of a run, as digits; "[]" for a snapshot of the draft.
static void reply_version(json_t *object, const struct run_row *run) {
    if (run->is_published_version) {
        reply_id_text(object, "DagVersion", run->version_id);
    } else {
        reply_text(object, "DagVersion", "[]");
    }
}

// What a run that goes on or is looked at leaves unsaid: the flow may have moved on.
static void reply_versions(json_t *object, const struct run_row *run) {
    bool is_outdated = run->is_published_version && run->deployed_version_id != 0 &&
                       run->deployed_version_id != run->version_id;
    reply_version(object, run);
    reply_id_text(object, "DeployedVersion", run->deployed_version_id);
    reply_bool(object, "FlowHasChanged", is_outdated || run->is_draft_edited);
}

static void reply_run(json_t *item, const struct run_row *run) {
    reply_id(item, "Id", run->id);
    reply_id_text(item, "DagId", run->flow_id);
    reply_text(item, "DagName", run->flow_name);
    reply_text(item, "OwnerName", run->owner_name);
    reply_version(item, run);
    reply_id(item, "HistoryDagId", run->is_published_version ? run->version_id : 0);
    reply_number(item, "TriggerType", run->trigger);
    reply_number(item, "Status", run_state_code(run->state));
    reply_text(item, "StateName", run_state_name(run->state));
    reply_number(item, "RunNumber", run->run_number);
    reply_id(item, "BackFillId", run->backfill_id);
    reply_time(item, "BusinessTime", run->zone, run->business_ms);
    reply_time(item, "startTime", run->zone, run->started_ms);
    reply_time(item, "EndTime", run->zone, run->ended_ms);
    reply_text(item, "Message", run->message);
    reply_text(item, "TimeZoneId", run->zone);
}

bool op_list_task_flow_instance(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) runs = NULL;
    int64_t total = 0;
    struct run_filter filter = { .flow_id = call_id(call, "DagId") };
    if (!call_page(call, "PageIndex", &filter.page_index, &filter.page_size, error) ||
        !call_reader(call, &reader, error) ||
        !run_args_days(call->args, &filter.from_local_s, &filter.until_local_s, error)) {
        return false;
    }
    filter.state_code = (int)args_int_or(call->args, "Status", -1);
    filter.trigger = (int)args_int_or(call->args, "TriggerType", -1);
    filter.by_business_time = args_bool_or(call->args, "UseBizDate", false);
    if (!store_run_list(reader, call->caller, &filter, &runs, &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "DAGInstanceList", "DAGInstance");
    for (guint i = 0; i < runs->len; i++) {
        reply_run(reply_item(list), g_ptr_array_index(runs, i));
    }
    reply_number(reply, "TotalCount", total);
    return true;
}

// Why nodes that could be started or watched are not, as of now; nothing of it is stored.
struct node_trouble {
    char *text;
    bool is_blind; // nothing is known of those that run either
};

static void reply_node_run(json_t *item, const struct node_run_row *node, const struct run_row *run,
                           const struct node_trouble *trouble, int64_t now_ms) {
    reply_id(item, "Id", node->id);
    reply_id(item, "NodeId", node->node_id);
    reply_text(item, "NodeName", node->name);
    reply_number(item, "NodeType", node_kind_number(node->kind));
    reply_number(item, "Status", node_state_code(node->state));
    reply_text(item, "StateName", node_state_name(node->state));
    reply_number(item, "RunNumber", run->run_number);
    reply_time(item, "BusinessTime", run->zone, run->business_ms);
    reply_time(item, "StartTime", run->zone, node->started_ms);
    reply_time(item, "EndTime", run->zone, node->ended_ms);
    if (node->started_ms != 0) {
        int64_t until_ms = node->ended_ms != 0 ? node->ended_ms : now_ms;
        reply_number(item, "ExecuteTime", MAX(until_ms - node->started_ms, 0));
    }
    if (node->attempt > 0) {
        reply_number(item, "Attempt", node->attempt);
    }
    if (node->skip_cause != SKIP_NONE) {
        reply_text(item, "SkipReason", skip_cause_name(node->skip_cause));
    }
    g_autofree char *reason = g_strdup(node->message);
    if (trouble != NULL && node->state == NODE_QUEUED) {
        g_free(reason);
        reason = g_strdup_printf("waits: %s", trouble->text);
    } else if (trouble != NULL && trouble->is_blind &&
               (node->state == NODE_RUNNING || node->state == NODE_KILLING)) {
        g_free(reason);
        reason = g_strdup_printf("may have ended: %s", trouble->text);
    }
    reply_text(item, "Message", reason);
}

// The run is read before its nodes, so the nodes are never older: a run shown as ended has no node shown as running.
bool op_get_task_instance_relation(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(run_row) run = NULL;
    g_autoptr(GPtrArray) nodes = NULL;
    int64_t flow_id = call_id(call, "DagId");
    int64_t run_id = call_id(call, "DagInstanceId");
    if (!call_reader(call, &reader, error) ||
        !store_run_get(reader, call->caller, flow_id, run_id, &run, error) ||
        !store_node_run_list(reader, call->caller, flow_id, run_id, &nodes, error)) {
        return false;
    }
    reply_number(reply, "RunNumber", run->run_number);
    reply_number(reply, "Status", run_state_code(run->state));
    reply_text(reply, "StateName", run_state_name(run->state));
    reply_text(reply, "Message", run->message);
    reply_text(reply, "TimeZoneId", run->zone);
    reply_text(reply, "RunVariables", run->variables);
    reply_versions(reply, run);
    struct node_trouble trouble = { 0 };
    trouble.text = engine_trouble(call_services(call)->engine, &trouble.is_blind);
    json_t *list = reply_list(reply, "NodeList", "Node");
    int64_t now_ms = zone_now_ms();
    for (guint i = 0; i < nodes->len; i++) {
        reply_node_run(reply_item(list), g_ptr_array_index(nodes, i), run,
                       trouble.text == NULL ? NULL : &trouble, now_ms);
    }
    g_free(trouble.text);
    return true;
}

bool op_suspend_task_flow_instance(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return call_act(call, RUN_EVENT_SUSPEND, 0, error);
}

bool op_resume_task_flow_instance(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    int64_t version_id = 0;
    return run_args_version(call->args, &version_id, error) &&
           call_act(call, RUN_EVENT_RESUME, version_id, error);
}

bool op_stop_task_flow_instance(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return call_act(call, RUN_EVENT_STOP, 0, error);
}

// Once it is done it is done: versions that can not be read are left out.
static bool run_again(struct call *call, enum run_event_kind action, json_t *reply,
                      GError **error) {
    int64_t version_id = 0;
    struct store_reader *reader = NULL;
    OWNED(run_row) run = NULL;
    if (!run_args_version(call->args, &version_id, error) ||
        !call_act(call, action, version_id, error)) {
        return false;
    }
    if (call_reader(call, &reader, NULL) &&
        store_run_get(reader, call->caller, call_id(call, "DagId"), call_id(call, "DagInstanceId"),
                      &run, NULL)) {
        reply_versions(reply, run);
    }
    return true;
}

bool op_re_run_task_flow_instance(struct call *call, json_t *reply, GError **error) {
    return run_again(call, RUN_EVENT_RERUN, reply, error);
}

bool op_make_task_flow_instance_success(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return call_act(call, RUN_EVENT_SET_SUCCESS, 0, error);
}

bool op_restore_task_flow_instance(struct call *call, json_t *reply, GError **error) {
    return run_again(call, RUN_EVENT_RESTORE, reply, error);
}
