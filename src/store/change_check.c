// SPDX-License-Identifier: Apache-2.0
//
// Documents are as large as a caller makes them: reading them costs the caller's thread, and not the one that moves everybody's runs. What
// may not be changed, or is not there, is left to the change, which knows the order of its refusals.

#include "store/change_check.h"

#include "core/plan.h"
#include "store/checks.h"
#include "store/flow_head.h"

bool change_check_draft(int64_t version_id, const struct snapshot *snapshot,
                        struct remarks *ret_remarks, GError **error) {
    struct plan *plan = NULL;
    if (!plan_new(version_id, snapshot->document, &plan, error)) {
        return false;
    }
    bool is_good = plan_check_publish(plan, error);
    if (is_good) {
        plan_remarks(plan, ret_remarks);
    }
    plan_unref(plan);
    return is_good;
}

// The kind of the node whose documents come; false: the change will say why not.
static bool find_kind(struct store_reader *reader, const struct change *change,
                      enum node_kind *ret_kind) {
    struct node_row *node = NULL;
    if (!store_node_get(reader, &change->caller, change->node_id, ACCESS_EDIT, &node, NULL)) {
        return false;
    }
    *ret_kind = node->kind;
    node_row_free(node);
    return true;
}

static bool check_node(const struct change *change, enum node_kind kind, GError **error) {
    return check_json(change->content, "NodeContent", error) &&
           (change->config == NULL || *change->config == '\0' ||
            check_config(change->config, error)) &&
           check_output(change->output, kind, error) &&
           check_time_variables(change->time_variables, error);
}

static bool check_draft(struct store_reader *reader, const struct flow_head *flow,
                        struct change *change, struct remarks *ret_remarks, GError **error) {
    struct snapshot snapshot = { 0 };
    if (!snapshot_make(reader, flow, &snapshot, error)) {
        return false;
    }
    bool is_good = change_check_draft(flow->id, &snapshot, ret_remarks, error);
    change->draft = g_steal_pointer(&snapshot.document);
    snapshot_done(&snapshot);
    return is_good;
}

bool store_change_check(struct store_reader *reader, struct change *change,
                        struct remarks *ret_remarks, GError **error) {
    struct flow_head flow = { 0 };
    enum node_kind kind = change->node_kind;
    bool is_open = change->node_id != 0 ? find_kind(reader, change, &kind)
                                        : flow_head_open(reader, &change->caller, change->flow_id,
                                                         ACCESS_EDIT, &flow, NULL);
    if (!is_open) {
        return true;
    }
    if (change->kind == CHANGE_FLOW_PUBLISH) {
        return check_draft(reader, &flow, change, ret_remarks, error);
    }
    change->is_checked = true;
    return change->kind == CHANGE_FLOW_TIME_VARIABLES
               ? check_time_variables(change->document, error)
               : check_node(change, kind, error);
}

// Others are bounded by limits of their own, or as large as what is stored.
bool store_change_is_judged(const struct change *change) {
    static const bool judged[CHANGE_KIND_COUNT] = {
        [CHANGE_FLOW_PUBLISH] = true,        [CHANGE_FLOW_TIME_VARIABLES] = true,
        [CHANGE_NODE_CREATE] = true,         [CHANGE_NODE_CONTENT] = true,
        [CHANGE_NODE_CONFIG] = true,         [CHANGE_NODE_OUTPUT] = true,
        [CHANGE_NODE_TIME_VARIABLES] = true,
    };
    return judged[change->kind];
}
