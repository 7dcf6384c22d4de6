// SPDX-License-Identifier: Apache-2.0
//
// Notification switches, which count at once, and SLA rules, which are part of the draft (operations.md §2.9).

#include "base/fault.h"
#include "store/changes.h"
#include "store/flow_head.h"
#include "store/schedule_rows.h"
#include "store/schedules.h"

static const char SET_SWITCHES[] =
    "UPDATE flow SET notifies_failure = ?3, notifies_success = ?4, notifies_sla = ?5"
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static const char GET_SWITCHES[] =
    "SELECT notifies_failure, notifies_success, notifies_sla FROM flow"
    " WHERE id = ?1 AND tenant_id = ?2";
static const char DELETE_RULES[] = "DELETE FROM sla_rule WHERE tenant_id = ?1 AND flow_id = ?2";
static const char INSERT_RULE[] =
    "INSERT INTO sla_rule (id, tenant_id, flow_id, kind, node_id, minutes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char FIND_NODE[] =
    "SELECT count(*) FROM node WHERE id = ?1 AND tenant_id = ?2 AND flow_id = ?3";

// proposed: the switches are effective at once and belong to no version.
bool change_flow_notification(struct store *store, const struct change *change, int64_t now_ms,
                              struct change_result *result, GError **error) {
    const struct notification_switches *switches = change->notification;
    struct flow_head flow = { 0 };
    return flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                          error) &&
           query_change(store_change_sql(store), SET_SWITCHES,
                        VALUES(INT(flow.id), INT(flow.tenant_id), INT(switches->on_failure),
                               INT(switches->on_success), INT(switches->on_sla)),
                        error);
}

bool store_notification_get(struct store_reader *reader, const struct caller *caller,
                            int64_t flow_id, struct notification_switches *ret_switches,
                            GError **error) {
    struct flow_head flow = { 0 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!flow_head_open(reader, caller, flow_id, ACCESS_VIEW, &flow, error) ||
        !query_one(reader->sql, GET_SWITCHES, VALUES(INT(flow.id), INT(flow.tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        return flow_head_gone(flow.id, error);
    }
    *ret_switches = (struct notification_switches){
        .on_failure = sql_column_int(row, 0) != 0,
        .on_success = sql_column_int(row, 1) != 0,
        .on_sla = sql_column_int(row, 2) != 0,
    };
    sql_reset(row);
    return true;
}

static bool refuse_rule(guint place, const char *reason, GError **error) {
    fault_set_field(error, FAULT_INVALID_VALUE, "SlaRuleList", "rule %u of the list: %s", place + 1,
                    reason);
    return false;
}

static bool check_rule(struct store *store, const struct flow_head *flow,
                       const struct sla_rule *rule, guint place, GError **error) {
    int64_t count = 0;
    if (rule->minutes < 1) {
        return refuse_rule(place, "IntervalMinutes must be at least 1", error);
    }
    if (rule->kind == 0) {
        return rule->node_id == 0 ||
               refuse_rule(place, "a rule of type 0 is about the whole flow and has no NodeId",
                           error);
    }
    if (rule->node_id == 0) {
        return refuse_rule(place, "a rule of type 1 needs the NodeId of a node of the flow", error);
    }
    if (!query_int(store->reader.sql, FIND_NODE,
                   VALUES(INT(rule->node_id), INT(flow->tenant_id), INT(flow->id)), 0, &count,
                   error)) {
        return false;
    }
    if (count == 0) {
        fault_set(error, FAULT_NODE_NOT_EXIST,
                  "task flow %" G_GINT64_FORMAT " has no node %" G_GINT64_FORMAT, flow->id,
                  rule->node_id);
    }
    return count > 0;
}

bool change_flow_sla(struct store *store, const struct change *change, int64_t now_ms,
                     struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    guint count = change->sla_rules != NULL ? change->sla_rules->len : 0;
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                        error)) {
        return false;
    }
    if (count > SLA_RULES_MAX) {
        fault_set_field(error, FAULT_LIMIT_EXCEEDED, "SlaRuleList",
                        "%u rules; a task flow has at most %d", count, SLA_RULES_MAX);
        return false;
    }
    if (!query_run(store_change_sql(store), DELETE_RULES, VALUES(INT(flow.tenant_id), INT(flow.id)),
                   error)) {
        return false;
    }
    for (guint i = 0; i < count; i++) {
        const struct sla_rule *rule = &g_array_index(change->sla_rules, struct sla_rule, i);
        int64_t id = store_next_id(store, COUNTER_ID);
        if (!check_rule(store, &flow, rule, i, error) ||
            !query_run(store_change_sql(store), INSERT_RULE,
                       VALUES(INT(id), INT(flow.tenant_id), INT(flow.id), INT(rule->kind),
                              INT(rule->node_id), INT(rule->minutes)),
                       error)) {
            return false;
        }
    }
    return flow_head_touch(store, &flow, 0, now_ms, error);
}

bool store_sla_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    GArray **ret_rules, GError **error) {
    struct flow_head flow = { 0 };
    return flow_head_open(reader, caller, flow_id, ACCESS_VIEW, &flow, error) &&
           schedule_rows_rules(reader, &flow, ret_rules, error);
}
