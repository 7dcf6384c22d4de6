// SPDX-License-Identifier: Apache-2.0
//
// The consequences of an end. A node that ends stands on the step's list `ended`; settle_ended tells those behind it, without recursion, so
// that a step costs no more than the edges it opens. A plain node with a failed or cancelled upstream can never run and is cancelled
// at once; therefore a run has ended exactly when no node is live any more, whatever the failure policy.

#include "core/settle.h"

#include "core/scope.h"

static bool is_stateful_condition(const struct run *run, int position) {
    const struct plan_node *node = &run->plan->nodes[position];
    return node->kind == KIND_CONDITION && !node->settings.is_disabled &&
           !selection_leaves_out(run->selection, position) && plan_condition(node) != NULL &&
           condition_state(plan_condition(node)) != CONDITION_ALL_SUCCESS;
}

// How an ended node looks to those behind it.
enum news { NEWS_GOOD, NEWS_BRANCH, NEWS_BAD };

static enum news node_news(const struct run *run, int position) {
    const struct node_run *node = &run->nodes[position];
    g_assert(node_state_is_terminal(node->state));
    if (node->state == NODE_FAIL || node->state == NODE_CANCELLED) {
        return NEWS_BAD;
    }
    if (node->state == NODE_SKIPPED) {
        return node->skip_cause == SKIP_BRANCH ? NEWS_BRANCH : NEWS_GOOD;
    }
    bool is_closed = run->plan->nodes[position].kind == KIND_CONDITION && !node->condition_holds;
    return is_closed ? NEWS_BRANCH : NEWS_GOOD;
}

static struct condition_upstream count_upstream(const struct run *run, int position) {
    struct condition_upstream upstream = { 0 };
    struct graph_span span = graph_upstream(run->plan->graph, position);
    for (int i = 0; i < span.count; i++) {
        const struct node_run *node = &run->nodes[span.items[i]];
        upstream.total++;
        upstream.failed += node->state == NODE_FAIL || node->state == NODE_CANCELLED;
        upstream.succeeded += node->state == NODE_SUCCESS ||
                              (node->state == NODE_SKIPPED && node->skip_cause == SKIP_USER);
    }
    return upstream;
}

static void decide_condition(struct step *step, int position) {
    struct run *run = step->run;
    const struct plan_node *planned = &run->plan->nodes[position];
    struct node_run *node = &run->nodes[position];
    node->started_ms = step->event->now_ms;
    if (plan_condition(planned) == NULL) {
        fail_node(step, position, planned->content_error);
        return;
    }
    struct condition_upstream upstream = count_upstream(run, position);
    g_autoptr(GError) error = NULL;
    struct scope *scope = NULL;
    bool holds = false;
    bool is_decided =
        scope_new(run, position, run->language, &scope, &error) &&
        condition_evaluate(plan_condition(planned), &upstream, scope_lookup, scope, &holds, &error);
    g_autofree char *absence = scope != NULL ? g_strdup(scope_absence(scope)) : NULL;
    scope_free(scope);
    if (!is_decided || absence != NULL) {
        fail_node(step, position, absence != NULL ? absence : error->message);
        return;
    }
    node->condition_holds = holds;
    node_move(step, position, MOVE_PASS, holds ? "condition holds" : "condition does not hold");
}

// proposed: a node that is left out is skipped when its turn comes, not before: so what is behind it keeps its order, and a branch or
// a failure in front of it means for those behind it what it always means (behaviour.md §6).
static void leave_out(struct step *step, int position) {
    struct node_run *node = &step->run->nodes[position];
    g_assert(node->outputs == NULL);
    node->outputs = json_incref(selection_outputs(step->run->selection, position));
    step->run->output_count += node->outputs != NULL;
    node_skip(step, position, SKIP_USER, "left out of this backfill");
}

// Everything in front has ended well (or, for a condition with a run state, ended).
static void node_is_ready(struct step *step, int position) {
    struct run *run = step->run;
    const struct plan_node *planned = &run->plan->nodes[position];
    g_assert(run->nodes[position].state == NODE_WAITING);
    if (run->state != RUN_RUNNING) {
        return; // held until resume
    }
    if (selection_leaves_out(run->selection, position)) {
        leave_out(step, position);
    } else if (planned->settings.is_disabled) {
        node_skip(step, position, SKIP_USER, "disabled in the node's config");
    } else if (planned->kind == KIND_CONDITION) {
        decide_condition(step, position);
    } else {
        node_move(step, position, MOVE_READY, NULL);
    }
}

// Tells a waiting node that one of its upstream nodes has ended.
static void hear_news(struct step *step, int position, enum news news) {
    struct node_run *node = &step->run->nodes[position];
    if (node->state != NODE_WAITING) {
        return;
    }
    if (!is_stateful_condition(step->run, position)) {
        if (news == NEWS_BRANCH) {
            node_skip(step, position, SKIP_BRANCH, "on a branch that was not taken");
            return;
        }
        if (news == NEWS_BAD) {
            node_move(step, position, MOVE_CANCEL, "a node in front of it did not succeed");
            return;
        }
    }
    if (node->upstream_open == 0) {
        node_is_ready(step, position);
    }
}

void settle_ended(struct step *step) {
    // The list grows while it is read: an index, not a cursor.
    for (guint i = 0; i < step->ended->len; i++) {
        int position = g_array_index(step->ended, int, i);
        enum news news = node_news(step->run, position);
        struct graph_span behind = graph_downstream(step->run->plan->graph, position);
        for (int j = 0; j < behind.count; j++) {
            step->run->nodes[behind.items[j]].upstream_open--;
            g_assert(step->run->nodes[behind.items[j]].upstream_open >= 0);
            hear_news(step, behind.items[j], news);
        }
    }
    g_array_set_size(step->ended, 0);
}

void settle_all(struct step *step) {
    struct graph_span order = graph_order(step->run->plan->graph);
    for (int i = 0; i < order.count; i++) {
        int position = order.items[i];
        struct node_run *node = &step->run->nodes[position];
        struct graph_span front = graph_upstream(step->run->plan->graph, position);
        for (int j = 0; j < front.count && node->state == NODE_WAITING; j++) {
            if (node_state_is_terminal(step->run->nodes[front.items[j]].state)) {
                enum news news = node_news(step->run, front.items[j]);
                if (news != NEWS_GOOD) {
                    hear_news(step, position, news);
                }
            }
        }
        if (node->state == NODE_WAITING && node->upstream_open == 0) {
            node_is_ready(step, position);
        }
        settle_ended(step);
    }
}

static char *first_failure(const struct run *run) {
    int first = -1;
    for (int i = 0; i < run->plan->node_count; i++) {
        if (run->nodes[i].state == NODE_FAIL &&
            (first < 0 || run->nodes[i].ended_ms < run->nodes[first].ended_ms)) {
            first = i;
        }
    }
    if (first < 0) {
        return NULL;
    }
    const char *message = run->nodes[first].message;
    return g_strdup_printf("node %s failed: %s", run->plan->nodes[first].name,
                           message != NULL ? message : "no reason given");
}

void settle_end(struct step *step) {
    struct run *run = step->run;
    if (run->live_count > 0 || run_cell(run->state, INPUT_DRAINED).kind != CELL_VERDICT) {
        return;
    }
    g_assert(run->open_count == 0);
    if (run->state == RUN_ENDING) {
        run_move(step, run->verdict, NULL);
        return;
    }
    g_autofree char *failure = first_failure(run);
    run_move(step, failure == NULL ? RUN_SUCCESS : RUN_FAILED, failure);
}

// ---- Ending: kills what runs, closes what has not started ----

static void end_unstarted(struct step *step, int position, const char *message) {
    struct node_run *node = &step->run->nodes[position];
    if (step->run->verdict == RUN_SUCCESS) {
        node_skip(step, position, SKIP_USER, message);
    } else if (node->state == NODE_RETRY_WAIT) {
        g_autofree char *last = g_strdup(node->message);
        node_move(step, position, MOVE_FAIL, last);
    } else {
        node_move(step, position, MOVE_CANCEL, message);
    }
}

void begin_ending(struct step *step, enum run_state verdict, const char *message) {
    struct run *run = step->run;
    run->verdict = verdict;
    run_move(step, RUN_ENDING, message);
    for (int i = 0; i < run->plan->node_count; i++) {
        struct node_run *node = &run->nodes[i];
        if (node->state == NODE_RUNNING) {
            int64_t fence = node->fence;
            node_move(step, i, MOVE_KILL, message);
            step_add_effect(step, EFFECT_KILL, i)->fence = fence;
        } else if (!node_state_is_terminal(node->state) && node->state != NODE_KILLING) {
            end_unstarted(step, i, message);
        } else if (verdict == RUN_SUCCESS && node->state == NODE_FAIL) {
            struct effect *note = step_add_effect(step, EFFECT_NODE_MOVED, i);
            note->from = note->to = NODE_FAIL;
            note->attempt = node->attempt;
            g_autofree char *text = g_strdup_printf(
                "%s; %s", node->message != NULL ? node->message : "failed", message);
            step_set_text(&node->message, text);
            note->message = g_steal_pointer(&text);
        }
    }
}

// ---- A node failed for good: the failure policy (behaviour.md §3.5) ----

// Marks the conditions with a run state behind failed nodes, and what they open.
static bool *mark_handlers(const struct run *run) {
    int count = run->plan->node_count;
    g_autofree int *seeds = g_new(int, (guint)count);
    g_autofree bool *behind = g_new0(bool, (guint)count);
    bool *handlers = g_new0(bool, (guint)count);
    int seed_count = 0;
    for (int i = 0; i < count; i++) {
        if (run->nodes[i].state == NODE_FAIL) {
            seeds[seed_count++] = i;
        }
    }
    graph_mark_behind(run->plan->graph, seeds, seed_count, behind);
    seed_count = 0;
    for (int i = 0; i < count; i++) {
        if (behind[i] && is_stateful_condition(run, i)) {
            seeds[seed_count++] = i;
            handlers[i] = true;
        }
    }
    graph_mark_behind(run->plan->graph, seeds, seed_count, handlers);
    return handlers;
}

static void drain(struct step *step) {
    struct run *run = step->run;
    run->is_draining = true;
    for (int i = 0; i < run->plan->node_count && run->retry_wait_count > 0; i++) {
        if (run->nodes[i].state == NODE_RETRY_WAIT) {
            g_autofree char *last = g_strdup(run->nodes[i].message);
            node_move(step, i, MOVE_FAIL, last);
        }
    }
    g_autofree bool *handlers = mark_handlers(run);
    for (int i = 0; i < run->plan->node_count; i++) {
        enum node_state state = run->nodes[i].state;
        bool has_not_started =
            state == NODE_WAITING || state == NODE_QUEUED || state == NODE_SUSPEND;
        if (has_not_started && !handlers[i]) {
            node_move(step, i, MOVE_CANCEL, "another node failed");
        }
    }
}

static void apply_failure_policy(struct step *step, int position) {
    struct run *run = step->run;
    if (run->state == RUN_ENDING) {
        return;
    }
    g_autofree char *message = NULL;
    switch (run->plan->policy) {
    case POLICY_COMPLETE_RUNNABLE: // cancelling what is behind the failed node is hear_news' work
        return;
    case POLICY_COMPLETE_RUNNING:
        if (!run->is_draining) {
            drain(step);
        }
        return;
    case POLICY_TERMINATE:
        message = g_strdup_printf("node %s failed: %s", run->plan->nodes[position].name,
                                  run->nodes[position].message);
        begin_ending(step, RUN_FAILED, message);
        return;
    case POLICY_COUNT: break;
    }
    g_assert_not_reached();
}

void fail_node(struct step *step, int position, const char *message) {
    node_move(step, position, MOVE_FAIL, message);
    apply_failure_policy(step, position);
}
