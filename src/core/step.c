// SPDX-License-Identifier: Apache-2.0
//
// Primitive moves: state, counters, times and the effect that tells of them change together, here and nowhere else.

#include "core/step.h"

struct effect *step_add_effect(struct step *step, enum effect_kind kind, int node) {
    struct effect effect = { .kind = kind, .node = node };
    g_array_append_val(step->effects->items, effect);
    return &g_array_index(step->effects->items, struct effect, step->effects->items->len - 1);
}

void step_set_text(char **text, const char *value) {
    char *copy = g_strdup(value);
    g_free(*text);
    *text = copy;
}

static void count_node(struct run *run, const struct node_run *node, int sign) {
    if (!node_state_is_terminal(node->state)) {
        run->live_count += sign;
    }
    if (node->fence != 0) {
        run->open_count += sign;
    }
    if (node->state == NODE_RETRY_WAIT) {
        run->retry_wait_count += sign;
    }
}

// The only place where a node's state changes. `message` NULL clears it.
void node_move(struct step *step, int position, enum node_move move, const char *message) {
    struct run *run = step->run;
    struct node_run *node = &run->nodes[position];
    enum node_state from = node->state;
    enum node_state to = node_next(from, move);
    g_assert(to != NODE_STATE_COUNT);
    count_node(run, node, -1);
    node->state = to;
    if (to != NODE_RUNNING && to != NODE_KILLING) {
        node->fence = 0;
    }
    if (node_state_is_terminal(to)) {
        node->ended_ms = step->event->now_ms;
        g_array_append_val(step->ended, position);
    }
    if (to == NODE_QUEUED) {
        node->queued_ms = step->event->now_ms;
        step_add_effect(step, EFFECT_QUEUED, position);
    } else if (from == NODE_QUEUED && move != MOVE_GRANT) {
        step_add_effect(step, EFFECT_UNQUEUED, position);
    }
    count_node(run, node, +1);
    step_set_text(&node->message, message);
    struct effect *effect = step_add_effect(step, EFFECT_NODE_MOVED, position);
    effect->from = (int)from;
    effect->to = (int)to;
    effect->attempt = node->attempt;
    effect->message = g_strdup(message);
}

// The only place where a run's state changes.
void run_move(struct step *step, enum run_state to, const char *message) {
    struct run *run = step->run;
    enum run_state from = run->state;
    int64_t now_ms = step->event->now_ms;
    if (from == RUN_RUNNING) {
        run->running_ms += MAX(step->event->steady_ms - run->running_since_ms, 0);
        run->running_since_ms = 0;
    }
    run->state = to;
    if (to == RUN_RUNNING) {
        run->running_since_ms = step->event->steady_ms;
        run->started_ms = run->started_ms != 0 ? run->started_ms : now_ms;
    }
    run->ended_ms = run_state_is_terminal(to) ? now_ms : 0;
    if (message != NULL) {
        step_set_text(&run->message, message);
    }
    struct effect *effect = step_add_effect(step, EFFECT_RUN_MOVED, -1);
    effect->from = (int)from;
    effect->to = (int)to;
    effect->message = g_strdup(message);
}

void node_skip(struct step *step, int position, enum skip_cause cause, const char *message) {
    step->run->nodes[position].skip_cause = cause;
    node_move(step, position, MOVE_SKIP, message);
}

void node_close_attempt(struct step *step, int position, enum attempt_state state) {
    struct effect *effect = step_add_effect(step, EFFECT_CLOSED, position);
    effect->fence = step->run->nodes[position].fence;
    effect->attempt = step->run->nodes[position].attempt;
    effect->attempt_state = state;
}
