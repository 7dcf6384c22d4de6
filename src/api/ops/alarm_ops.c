// SPDX-License-Identifier: Apache-2.0
//
// alarm_ops: notifications and SLA rules (operations.md §2.9). The rules are part of the draft; the switches count at once.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "base/fault.h"
#include "store/schedules.h"

OWNED_DEFINE(change)
OWNED_DEFINE(flow_row)

bool op_get_task_flow_notification(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    struct notification_switches switches = { .on_failure = false };
    if (!call_reader(call, &reader, error) ||
        !store_notification_get(reader, call->caller, call_id(call, "DagId"), &switches, error)) {
        return false;
    }
    json_t *item = reply_object(reply, "Notification");
    reply_bool(item, "DagNotificationFail", switches.on_failure);
    reply_bool(item, "DagNotificationSla", switches.on_sla);
    reply_bool(item, "DagNotificationSuccess", switches.on_success);
    return call_reply_revision(call, item, REVISION_NOTIFICATION, call_id(call, "DagId"), error);
}

bool op_update_task_flow_notification(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_FLOW_NOTIFICATION);
    change->flow_id = call_id(call, "DagId");
    change->notification = g_new(struct notification_switches, 1);
    *change->notification = (struct notification_switches){
        .on_failure = args_bool_or(call->args, "DagNotificationFail", false),
        .on_success = args_bool_or(call->args, "DagNotificationSuccess", false),
        .on_sla = args_bool_or(call->args, "DagNotificationSla", false),
    };
    return call_commit_revised(call, change, reply, error);
}

// Node 0 and flow 0 are said here, not left out: 0 is what a rule about a whole flow has, and what the default rule has.
static void reply_rule(json_t *list, int64_t flow_id, const struct sla_rule *rule) {
    json_t *item = reply_item(list);
    reply_number(item, "DagId", flow_id);
    reply_number(item, "Id", rule->id);
    reply_number(item, "IntervalMinutes", rule->minutes);
    reply_number(item, "NodeId", rule->node_id);
    reply_number(item, "RuleType", rule->kind);
}

// The flow that DagId names must be one the caller can see.
static bool check_flow(const struct call *call, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(flow_row) flow = NULL;
    return call_reader(call, &reader, error) &&
           store_flow_get(reader, call->caller, call_id(call, "DagId"), ACCESS_VIEW, &flow, error);
}

// proposed: exactly the documented sample: one rule for every flow, as long as a flow may run.
bool op_list_default_sla_rules(struct call *call, json_t *reply, GError **error) {
    const struct sla_rule rule = { .minutes = SLA_DEFAULT_MIN };
    if (!check_flow(call, error)) {
        return false;
    }
    reply_rule(reply_list(reply, "SLARuleList", "SLARule"), 0, &rule);
    return true;
}

bool op_list_sla_rules(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GArray) rules = NULL;
    int64_t flow_id = call_id(call, "DagId");
    if (!call_reader(call, &reader, error) ||
        !store_sla_list(reader, call->caller, flow_id, &rules, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "SLARuleList", "SLARule");
    for (guint i = 0; i < rules->len; i++) {
        reply_rule(list, flow_id, &g_array_index(rules, struct sla_rule, i));
    }
    return call_reply_revision(call, reply, REVISION_SLA, flow_id, error);
}

// proposed: a DagId inside a rule that differs from the call's is refused.
static bool take_rules(const struct call *call, struct change *change, GError **error) {
    const json_t *list = args_json(call->args, "SlaRuleList");
    change->sla_rules = g_array_new(FALSE, FALSE, sizeof(struct sla_rule));
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach((json_t *)list, i, item) {
        int64_t flow_id = json_integer_value(json_object_get(item, "DagId"));
        struct sla_rule rule = {
            .kind = (int)json_integer_value(json_object_get(item, "Type")),
            .node_id = json_integer_value(json_object_get(item, "NodeId")),
            .minutes = (int)json_integer_value(json_object_get(item, "IntervalMinutes")),
        };
        if (flow_id != change->flow_id) {
            fault_set_field(error, FAULT_INVALID_VALUE, "SlaRuleList",
                            "rule %zu of the list is about task flow %" G_GINT64_FORMAT
                            ", the call about %" G_GINT64_FORMAT,
                            i + 1, flow_id, change->flow_id);
            return false;
        }
        g_array_append_val(change->sla_rules, rule);
    }
    return true;
}

bool op_update_sla_rules(struct call *call, json_t *reply, GError **error) {
    OWNED(change) change = call_change(call, CHANGE_FLOW_SLA);
    change->flow_id = call_id(call, "DagId");
    return take_rules(call, change, error) &&
           call_commit_revised(call, g_steal_pointer(&change), reply, error);
}

bool op_get_interval_limit_of_sla(struct call *call, json_t *reply, GError **error) {
    if (!check_flow(call, error)) {
        return false;
    }
    reply_number(reply, "IntervalLimit", SLA_INTERVAL_LIMIT_MIN);
    return true;
}

bool op_get_rule_num_limit_of_sla(struct call *call, json_t *reply, GError **error) {
    if (!check_flow(call, error)) {
        return false;
    }
    reply_number(reply, "RuleNumLimit", SLA_RULES_MAX);
    return true;
}
