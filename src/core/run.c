// SPDX-License-Identifier: Apache-2.0
//
// The run as a value, and what must always hold of it.

#include "core/run.h"

enum { LIMIT_DEFAULT_MS = 18 * 3600 * 1000 }; // behaviour.md §10

struct run *run_new(int64_t id, int64_t tenant_id, struct plan *plan, const int64_t *node_run_ids,
                    enum run_trigger trigger, int64_t now_ms) {
    g_assert(plan != NULL);
    struct run *run = g_new0(struct run, 1);
    run->id = id;
    run->tenant_id = tenant_id;
    run->flow_id = plan->flow_id;
    run->plan = plan_ref(plan);
    run->trigger = trigger;
    run->state = RUN_WAITING;
    run->verdict = RUN_WAITING;
    run->run_number = 1;
    run->run_time_ms = now_ms;
    run->created_ms = now_ms;
    run->limit_ms = LIMIT_DEFAULT_MS;
    run->nodes = g_new0(struct node_run, (guint)plan->node_count);
    for (int i = 0; i < plan->node_count; i++) {
        run->nodes[i].id = node_run_ids[i];
    }
    run_derive(run);
    return run;
}

static void clear_node(struct node_run *node) {
    g_free(node->message);
    json_decref(node->outputs);
}

void run_free(struct run *run) {
    if (run == NULL) {
        return;
    }
    for (int i = 0; i < run->plan->node_count; i++) {
        clear_node(&run->nodes[i]);
    }
    g_free(run->nodes);
    g_free(run->message);
    json_decref(run->variables);
    selection_unref(run->selection);
    plan_unref(run->plan);
    g_free(run);
}

static int count_upstream_open(const struct run *run, int position) {
    struct graph_span front = graph_upstream(run->plan->graph, position);
    int open = 0;
    for (int i = 0; i < front.count; i++) {
        open += !node_state_is_terminal(run->nodes[front.items[i]].state);
    }
    return open;
}

void run_derive(struct run *run) {
    run->live_count = run->open_count = run->retry_wait_count = run->output_count = 0;
    for (int i = 0; i < run->plan->node_count; i++) {
        struct node_run *node = &run->nodes[i];
        run->live_count += !node_state_is_terminal(node->state);
        run->open_count += node->fence != 0;
        run->retry_wait_count += node->state == NODE_RETRY_WAIT;
        run->output_count += node->outputs != NULL;
        node->upstream_open = count_upstream_open(run, i);
    }
}

void run_change_plan(struct run *run, struct plan *plan, const int64_t *node_run_ids,
                     struct selection *selection) {
    g_assert(run_state_is_terminal(run->state));
    struct node_run *nodes = g_new0(struct node_run, (guint)plan->node_count);
    for (int i = 0; i < plan->node_count; i++) {
        int old = plan_position(run->plan, plan->nodes[i].id);
        if (old >= 0) {
            nodes[i] = run->nodes[old];
            run->nodes[old] = (struct node_run){ 0 };
        } else {
            nodes[i].id = node_run_ids[i];
        }
    }
    for (int i = 0; i < run->plan->node_count; i++) {
        clear_node(&run->nodes[i]);
    }
    g_free(run->nodes);
    run->nodes = nodes;
    plan_unref(run->plan);
    run->plan = plan_ref(plan);
    selection_unref(run->selection);
    run->selection = selection_ref(selection);
    run_derive(run);
}

int64_t run_due_ms(const struct run *run) {
    if (run->state != RUN_RUNNING) {
        return 0;
    }
    int64_t due_ms = run->running_since_ms + MAX(run->limit_ms - run->running_ms, 0);
    for (int i = 0; i < run->plan->node_count && run->retry_wait_count > 0; i++) {
        if (run->nodes[i].state == NODE_RETRY_WAIT) {
            due_ms = MIN(due_ms, run->nodes[i].due_ms);
        }
    }
    return due_ms;
}

// ---- What must always hold ----

static const char *node_fault(const struct run *run, int position) {
    const struct node_run *node = &run->nodes[position];
    bool has_attempt = node->state == NODE_RUNNING || node->state == NODE_KILLING;
    bool is_live = !node_state_is_terminal(node->state);
    if (has_attempt != (node->fence != 0)) {
        return "has an open attempt if and only if it is RUNNING or KILLING";
    }
    if (node->upstream_open != count_upstream_open(run, position)) {
        return "miscounts its upstream nodes";
    }
    if (is_live == (node->ended_ms != 0)) {
        return "has an end time if and only if it has ended";
    }
    if (run->state == RUN_WAITING && node->state != NODE_WAITING) {
        return "moved before its run started";
    }
    if (run->state == RUN_SUSPENDED && node->state == NODE_QUEUED) {
        return "is QUEUED although its run is SUSPENDED";
    }
    if (run->state == RUN_ENDING && is_live && node->state != NODE_KILLING) {
        return "is live but not KILLING although its run is ENDING";
    }
    if (run->state != RUN_ENDING && node->state == NODE_KILLING) {
        return "is KILLING although its run is not ENDING";
    }
    if (run_state_is_terminal(run->state) && is_live) {
        return "is live although its run has ended";
    }
    if (run->state == RUN_RUNNING && node->state == NODE_WAITING && node->upstream_open == 0) {
        return "is WAITING although nothing in front of it is live";
    }
    bool is_under_way = node->state == NODE_QUEUED || has_attempt;
    if (is_under_way && node->upstream_open > 0) {
        return "is under way although a node in front of it has not ended";
    }
    if ((node->state == NODE_SKIPPED) != (node->skip_cause != SKIP_NONE)) {
        return "has a skip cause if and only if it is SKIPPED";
    }
    return NULL;
}

static const char *run_fault(const struct run *run, int live, int open, int retry) {
    if (live != run->live_count || open != run->open_count || retry != run->retry_wait_count) {
        return "miscounts its nodes";
    }
    if (run->state == RUN_ENDING && open == 0) {
        return "is ENDING although no attempt is open";
    }
    if (run->state == RUN_RUNNING && live == 0) {
        return "is RUNNING although no node is live";
    }
    if (run_state_is_terminal(run->state) != (run->ended_ms != 0)) {
        return "has an end time if and only if it has ended";
    }
    if ((run->state == RUN_RUNNING) != (run->running_since_ms != 0)) {
        return "counts its time if and only if it is RUNNING";
    }
    return NULL;
}

bool run_is_sound(const struct run *run, char **ret_fault) {
    int live = 0;
    int open = 0;
    int retry = 0;
    for (int i = 0; i < run->plan->node_count; i++) {
        const char *fault = node_fault(run, i);
        if (fault != NULL) {
            *ret_fault = g_strdup_printf("node %s of a %s run is %s and %s",
                                         run->plan->nodes[i].name, run_state_name(run->state),
                                         node_state_name(run->nodes[i].state), fault);
            return false;
        }
        live += !node_state_is_terminal(run->nodes[i].state);
        open += run->nodes[i].fence != 0;
        retry += run->nodes[i].state == NODE_RETRY_WAIT;
    }
    const char *fault = run_fault(run, live, open, retry);
    if (fault != NULL) {
        *ret_fault = g_strdup_printf("run is %s and %s", run_state_name(run->state), fault);
        return false;
    }
    return true;
}
