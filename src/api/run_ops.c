// SPDX-License-Identifier: Apache-2.0
//
// run_ops: runs: start one, look at them, act on them. The wire calls a run "instance". Which action is allowed in which state is the
// state machine's decision.
#include "api/run_ops.h"

#include "api/reply.h"
#include "api/run_args.h"
#include "api/services.h"
#include "base/zone.h"
#include "store/runs.h"

OWNED_DEFINE(flow_row)
OWNED_DEFINE(run_row)

static bool try_run(struct call *call, json_t *reply, GError **error) {
    int64_t run_id = 0;
    struct call_origin origin;
    if (!call_check_tenant(call, error)) {
        return false;
    }
    call_origin_init(call, &origin);
    bool is_done = engine_try_run(call_services(call)->engine, &origin.origin, call->caller,
                                  call_id(call, "DagId"), &run_id, error);
    call_origin_done(&origin);
    if (!is_done) {
        return false;
    }
    reply_id_text(reply, "InstanceId", run_id);
    return true;
}

static void reply_run(json_t *item, const struct run_row *run) {
    reply_id(item, "Id", run->id);
    reply_id_text(item, "DagId", run->flow_id);
    reply_text(item, "DagName", run->flow_name);
    reply_text(item, "OwnerName", run->owner_name);
    if (run->is_published_version) {
        reply_id_text(item, "DagVersion", run->version_id);
        reply_id(item, "HistoryDagId", run->version_id);
    } else {
        reply_text(item, "DagVersion", "[]");
    }
    reply_number(item, "TriggerType", run->trigger);
    reply_number(item, "Status", run_state_code(run->state));
    reply_text(item, "StateName", run_state_name(run->state));
    reply_number(item, "RunNumber", run->run_number);
    reply_id(item, "BackFillId", run->backfill_id);
    reply_time(item, "BusinessTime", run->zone, run->business_ms);
    reply_time(item, "startTime", run->zone, run->started_ms);
    reply_time(item, "EndTime", run->zone, run->ended_ms);
    reply_text(item, "Message", run->message);
}

static bool list_runs(struct call *call, json_t *reply, GError **error) {
    READER_LOAN loan = { 0 };
    OWNED(flow_row) flow = NULL;
    g_autoptr(GPtrArray) runs = NULL;
    int64_t total = 0;
    struct run_filter filter = { .flow_id = call_id(call, "DagId") };
    if (!call_page(call, "PageIndex", &filter.page_index, &filter.page_size, error) ||
        !call_borrow(call, &loan, error) ||
        !store_flow_get(loan.reader, call->caller, filter.flow_id, ACCESS_VIEW, &flow, error) ||
        !run_args_days(call->args, flow->zone, &filter.from_ms, &filter.until_ms, error)) {
        return false;
    }
    filter.state_code = (int)args_int_or(call->args, "Status", -1);
    filter.trigger = (int)args_int_or(call->args, "TriggerType", -1);
    filter.by_business_time = args_bool_or(call->args, "UseBizDate", false);
    if (!store_run_list(loan.reader, call->caller, &filter, &runs, &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "DAGInstanceList", "DAGInstance");
    for (guint i = 0; i < runs->len; i++) {
        reply_run(reply_item(list), g_ptr_array_index(runs, i));
    }
    reply_number(reply, "TotalCount", total);
    return true;
}

static void reply_node_run(json_t *item, const struct node_run_row *node, const struct run_row *run,
                           int64_t now_ms) {
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
    reply_text(item, "Message", node->message);
}

// The run is read before its nodes, so the nodes are never older: a run shown as ended has no node shown as running.
static bool list_node_runs(struct call *call, json_t *reply, GError **error) {
    READER_LOAN loan = { 0 };
    OWNED(run_row) run = NULL;
    g_autoptr(GPtrArray) nodes = NULL;
    int64_t flow_id = call_id(call, "DagId");
    int64_t run_id = call_id(call, "DagInstanceId");
    if (!call_borrow(call, &loan, error) ||
        !store_run_get(loan.reader, call->caller, flow_id, run_id, &run, error) ||
        !store_node_run_list(loan.reader, call->caller, flow_id, run_id, &nodes, error)) {
        return false;
    }
    reply_number(reply, "RunNumber", run->run_number);
    reply_number(reply, "Status", run_state_code(run->state));
    reply_text(reply, "StateName", run_state_name(run->state));
    reply_text(reply, "Message", run->message);
    json_t *list = reply_list(reply, "NodeList", "Node");
    int64_t now_ms = zone_now_ms();
    for (guint i = 0; i < nodes->len; i++) {
        reply_node_run(reply_item(list), g_ptr_array_index(nodes, i), run, now_ms);
    }
    return true;
}

static bool suspend_run(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return call_act(call, RUN_EVENT_SUSPEND, 0, error);
}

static bool resume_run(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    int64_t version_id = 0;
    return run_args_version(call->args, &version_id, error) &&
           call_act(call, RUN_EVENT_RESUME, version_id, error);
}

static bool stop_run(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return call_act(call, RUN_EVENT_STOP, 0, error);
}

static bool rerun_run(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    int64_t version_id = 0;
    return run_args_version(call->args, &version_id, error) &&
           call_act(call, RUN_EVENT_RERUN, version_id, error);
}

static bool set_run_successful(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return call_act(call, RUN_EVENT_SET_SUCCESS, 0, error);
}

static bool restore_run(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return call_act(call, RUN_EVENT_RESTORE, 0, error);
}

const struct op_handler run_ops[] = {
    { "TryRunTaskFlow", try_run },
    { "ListTaskFlowInstance", list_runs },
    { "GetTaskInstanceRelation", list_node_runs },
    { "SuspendTaskFlowInstance", suspend_run },
    { "ResumeTaskFlowInstance", resume_run },
    { "StopTaskFlowInstance", stop_run },
    { "ReRunTaskFlowInstance", rerun_run },
    { "MakeTaskFlowInstanceSuccess", set_run_successful },
    { "RestoreTaskFlowInstance", restore_run },
    { NULL, NULL },
};
