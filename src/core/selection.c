// SPDX-License-Identifier: Apache-2.0
//
// proposed: a node is left out when the filter names it, when start nodes are given and it is neither one of them nor (with their
// subtree) behind one, or when it is a dependency check: those are passed over within a backfill (behaviour.md §6).
//
// What being left out means for a run is the state machine's affair (core/settle).

#include "core/selection.h"

#include "base/fault.h"

struct selection {
    int reference_count;
    int node_count;
    bool *is_left_out;
    json_t **outputs; // by position; NULL where nothing stands in
};

static guint count(const GArray *ids) {
    return ids != NULL ? ids->len : 0;
}

static int position_at(const struct plan *plan, const GArray *ids, guint item) {
    return plan_position(plan, g_array_index(ids, int64_t, item));
}

// Marks the nodes of the version that are in the range of the start nodes.
static void mark_range(const struct plan *plan, const struct selection_rule *rule, bool *marks) {
    g_autofree int *seeds = g_new(int, count(rule->start_node_ids) + 1);
    int seed_count = 0;
    for (guint i = 0; i < count(rule->start_node_ids); i++) {
        int position = position_at(plan, rule->start_node_ids, i);
        if (position >= 0) {
            marks[position] = true;
            seeds[seed_count++] = position;
        }
    }
    if (rule->with_subtree) {
        graph_mark_behind(plan->graph, seeds, seed_count, marks);
    }
}

// Which nodes are left out, by position; the caller frees them. Their number goes to *ret_count.
static bool *mark_left_out(const struct plan *plan, const struct selection_rule *rule,
                           int *ret_count) {
    bool *is_left_out = g_new0(bool, (guint)plan->node_count + 1);
    g_autofree bool *in_range = g_new0(bool, (guint)plan->node_count + 1);
    bool has_start = count(rule->start_node_ids) > 0;
    mark_range(plan, rule, in_range);
    for (int i = 0; i < plan->node_count; i++) {
        is_left_out[i] =
            (has_start && !in_range[i]) || plan->nodes[i].kind == KIND_DEPENDENCY_CHECK;
    }
    for (guint i = 0; i < count(rule->filter_node_ids); i++) {
        int position = position_at(plan, rule->filter_node_ids, i);
        if (position >= 0) {
            is_left_out[position] = true;
        }
    }
    int left_out = 0;
    for (int i = 0; i < plan->node_count; i++) {
        left_out += is_left_out[i];
    }
    *ret_count = left_out;
    return is_left_out;
}

static bool check_nodes(const struct plan *plan, const GArray *ids, const char *field,
                        GError **error) {
    for (guint i = 0; i < count(ids); i++) {
        if (position_at(plan, ids, i) < 0) {
            fault_set_field(error, FAULT_NODE_NOT_EXIST, field,
                            "%s: version %" G_GINT64_FORMAT " has no node %" G_GINT64_FORMAT, field,
                            plan->version_id, g_array_index(ids, int64_t, i));
            return false;
        }
    }
    return true;
}

bool selection_check(const struct plan *plan, const struct selection_rule *rule, GError **error) {
    int left_out = 0;
    if (!check_nodes(plan, rule->start_node_ids, "StartNodeIds", error) ||
        !check_nodes(plan, rule->filter_node_ids, "FilterNodeIds", error)) {
        return false;
    }
    g_free(mark_left_out(plan, rule, &left_out));
    if (left_out == plan->node_count) {
        fault_set_field(error, FAULT_INVALID_VALUE, "FilterNodeIds",
                        "no node of version %" G_GINT64_FORMAT
                        " is left to run; dependency checks do not count, they are passed over",
                        plan->version_id);
        return false;
    }
    return true;
}

struct selection *selection_new(const struct plan *plan, const struct selection_rule *rule) {
    int left_out = 0;
    bool *is_left_out = mark_left_out(plan, rule, &left_out);
    if (left_out == 0) {
        g_free(is_left_out);
        return NULL;
    }
    struct selection *selection = g_new0(struct selection, 1);
    *selection = (struct selection){
        .reference_count = 1,
        .node_count = plan->node_count,
        .is_left_out = is_left_out,
        .outputs = g_new0(json_t *, (guint)plan->node_count),
    };
    return selection;
}

struct selection *selection_ref(struct selection *selection) {
    if (selection != NULL) {
        selection->reference_count++;
    }
    return selection;
}

void selection_unref(struct selection *selection) {
    if (selection == NULL || --selection->reference_count > 0) {
        return;
    }
    for (int i = 0; i < selection->node_count; i++) {
        json_decref(selection->outputs[i]);
    }
    g_free(selection->outputs);
    g_free(selection->is_left_out);
    g_free(selection);
}

bool selection_leaves_out(const struct selection *selection, int position) {
    if (selection == NULL) {
        return false;
    }
    g_assert(position >= 0 && position < selection->node_count);
    return selection->is_left_out[position];
}

void selection_lend(struct selection *selection, int position, json_t *outputs) {
    g_assert(selection_leaves_out(selection, position));
    g_assert(selection->outputs[position] == NULL);
    selection->outputs[position] = outputs;
}

json_t *selection_outputs(const struct selection *selection, int position) {
    return selection_leaves_out(selection, position) ? selection->outputs[position] : NULL;
}
