// SPDX-License-Identifier: Apache-2.0
//
// The door of the state machine: one function a kind of event says which of the moves that core/moves allows happen.
//
// What always holds after a step is written once, in run_is_sound (core/run.c). A refused event changes nothing and adds no effect; an
// event of an attempt that is not the node's open one is stale and does nothing.

#include "core/machine.h"

#include "base/fault.h"
#include "core/settle.h"

// A failed attempt: tried again if the node says so and the run still may.
static void fail_attempt(struct step *step, int position, const char *message, bool is_lost) {
    struct run *run = step->run;
    struct node_run *node = &run->nodes[position];
    const struct node_settings *settings = &run->plan->nodes[position].settings;
    bool may_retry = node->state == NODE_RUNNING && run->state != RUN_ENDING && !run->is_draining &&
                     settings->has_rerun && node->retries_used < settings->rerun_count_max &&
                     (!is_lost || settings->reruns_on_lost);
    if (!may_retry) {
        fail_node(step, position, message);
        return;
    }
    node->retries_used++;
    node->due_ms = step->event->steady_ms + settings->rerun_interval_ms;
    node_move(step, position, MOVE_RETRY, message);
}

// ---- Events of attempts ----

static void attempt_killed(struct step *step, int position) {
    struct run *run = step->run;
    if (run->nodes[position].state == NODE_KILLING && run->verdict == RUN_SUCCESS) {
        node_skip(step, position, SKIP_USER, "killed: the run was set to successful");
    } else {
        fail_node(step, position, "killed");
    }
}

static void set_outputs(struct run *run, int position, json_t *outputs) {
    struct node_run *node = &run->nodes[position];
    run->output_count -= node->outputs != NULL;
    json_decref(node->outputs);
    node->outputs = outputs != NULL && json_object_size(outputs) > 0 ? json_incref(outputs) : NULL;
    run->output_count += node->outputs != NULL;
}

static void attempt_exited(struct step *step, int position) {
    const struct run_event *event = step->event;
    node_close_attempt(step, position, ATTEMPT_EXITED);
    switch (event->outcome) {
    case OUTCOME_SUCCESS:
        set_outputs(step->run, position, event->outputs);
        node_move(step, position, MOVE_PASS, event->message);
        return;
    case OUTCOME_FAILURE: fail_attempt(step, position, event->message, false); return;
    case OUTCOME_KILLED: attempt_killed(step, position); return;
    }
    g_assert_not_reached();
}

static void attempt_voided(struct step *step, int position) {
    node_close_attempt(step, position, ATTEMPT_REFUSED);
    if (step->run->nodes[position].state == NODE_KILLING) {
        attempt_killed(step, position);
        return;
    }
    node_move(step, position, MOVE_REQUEUE, NULL);
    if (step->run->state == RUN_SUSPENDED) {
        node_move(step, position, MOVE_HOLD, NULL);
    }
}

static void attempt_event(struct step *step) {
    const struct run_event *event = step->event;
    g_assert(event->node >= 0 && event->node < step->run->plan->node_count);
    struct node_run *node = &step->run->nodes[event->node];
    if (node->fence == 0 || node->fence != event->fence) {
        return; // repeated, or of an attempt that was closed before
    }
    if (event->kind == RUN_EVENT_EXITED) {
        attempt_exited(step, event->node);
    } else if (event->kind == RUN_EVENT_LOST) {
        node_close_attempt(step, event->node, ATTEMPT_LOST);
        fail_attempt(step, event->node, event->message, true);
    } else if (event->kind == RUN_EVENT_REFUSED) {
        node_close_attempt(step, event->node, ATTEMPT_REFUSED);
        if (node->state == NODE_KILLING) {
            attempt_killed(step, event->node);
        } else {
            fail_attempt(step, event->node, event->message, false);
        }
    } else {
        g_assert(event->kind == RUN_EVENT_VOIDED);
        attempt_voided(step, event->node);
    }
}

static void grant_event(struct step *step) {
    const struct run_event *event = step->event;
    struct node_run *node = &step->run->nodes[event->node];
    if (node->state != NODE_QUEUED || step->run->state != RUN_RUNNING) {
        return;
    }
    if (event->kind == RUN_EVENT_UNPREPARED) {
        fail_node(step, event->node, event->message);
        return;
    }
    g_assert(event->fence > 0);
    node->attempt++;
    node->started_ms = node->started_ms != 0 ? node->started_ms : event->now_ms;
    node_move(step, event->node, MOVE_GRANT, NULL);
    node->fence = event->fence;
    step->run->open_count++;
    struct effect *effect = step_add_effect(step, EFFECT_START, event->node);
    effect->fence = event->fence;
    effect->attempt = node->attempt;
}

static void timer_event(struct step *step) {
    struct run *run = step->run;
    if (run->state != RUN_RUNNING) {
        return;
    }
    int64_t used_ms = run->running_ms + MAX(step->event->steady_ms - run->running_since_ms, 0);
    if (used_ms >= run->limit_ms) {
        g_autofree char *message = g_strdup_printf(
            "ran longer than its limit of %" G_GINT64_FORMAT " s", run->limit_ms / 1000);
        begin_ending(step, RUN_FAILED, message);
        return;
    }
    for (int i = 0; i < run->plan->node_count && run->retry_wait_count > 0; i++) {
        if (run->nodes[i].state == NODE_RETRY_WAIT &&
            run->nodes[i].due_ms <= step->event->steady_ms) {
            g_autofree char *last = g_strdup(run->nodes[i].message);
            node_move(step, i, MOVE_READY, last);
        }
    }
}

// ---- Actions of users ----

static void suspend(struct step *step) {
    struct run *run = step->run;
    run_move(step, RUN_SUSPENDED, NULL);
    for (int i = 0; i < run->plan->node_count; i++) {
        if (run->nodes[i].state == NODE_QUEUED) {
            g_autofree char *last = g_strdup(run->nodes[i].message);
            node_move(step, i, MOVE_HOLD, last);
        }
    }
}

static void resume(struct step *step) {
    if (step->run->started_ms == 0) {
        run_move(step, RUN_WAITING, NULL);
        return;
    }
    run_move(step, RUN_RUNNING, NULL);
    settle_all(step);
    timer_event(step);
}

static void stop(struct step *step) {
    struct run *run = step->run;
    g_autofree char *message = g_strdup_printf("stopped by %s", step->event->actor);
    if (run->state == RUN_ENDING) {
        // The verdict is part of the run's row: a move from ENDING to ENDING makes it durable.
        run->verdict = RUN_STOPPED;
        run_move(step, RUN_ENDING, message);
    } else if (run->state == RUN_WAITING) {
        for (int i = 0; i < run->plan->node_count; i++) {
            node_move(step, i, MOVE_CANCEL, message);
        }
        run_move(step, RUN_STOPPED, message);
    } else {
        begin_ending(step, RUN_STOPPED, message);
    }
}

static void set_success(struct step *step) {
    struct run *run = step->run;
    g_autofree char *message = g_strdup_printf("set to successful by %s", step->event->actor);
    if (!run_state_is_terminal(run->state)) {
        begin_ending(step, RUN_SUCCESS, message);
        return;
    }
    for (int i = 0; i < run->plan->node_count; i++) {
        if (run->nodes[i].state == NODE_CANCELLED) {
            node_skip(step, i, SKIP_USER, message);
        }
    }
    // The nodes behind a skipped one have ended too: nobody waits for the news.
    g_array_set_size(step->ended, 0);
    run_move(step, RUN_SUCCESS, message);
}

static void reset_node(struct step *step, int position) {
    struct node_run *node = &step->run->nodes[position];
    if (node->state != NODE_WAITING) {
        node_move(step, position, MOVE_RESET, NULL);
    }
    node->skip_cause = SKIP_NONE;
    node->retries_used = 0;
    node->due_ms = node->queued_ms = node->started_ms = node->ended_ms = 0;
    node->condition_holds = false;
    set_outputs(step->run, position, NULL);
}

static void start_again(struct step *step) {
    struct run *run = step->run;
    run->run_number++;
    run->is_draining = false;
    run->running_ms = 0;
    run->started_ms = 0;
    step_set_text(&run->message, NULL);
    run_derive(run);
    run_move(step, RUN_RUNNING, NULL);
    settle_all(step);
}

// The version that the event brings along takes the place of the run's own.
static void take_version(struct step *step) {
    const struct run_event *event = step->event;
    if (event->plan != NULL && event->plan != step->run->plan) {
        run_change_plan(step->run, event->plan, event->node_run_ids, event->selection);
        step_add_effect(step, EFFECT_PLAN_CHANGED, -1);
    }
}

static void rerun(struct step *step) {
    take_version(step);
    for (int i = 0; i < step->run->plan->node_count; i++) {
        reset_node(step, i);
    }
    start_again(step);
}

// Resets what did not succeed, and the conditions and skipped nodes behind that (behaviour.md §3.5.1). Nodes that only another version has
// wait already, and count like them.
static void restore(struct step *step) {
    struct run *run = step->run;
    take_version(step);
    g_autofree int *seeds = g_new(int, (guint)run->plan->node_count);
    g_autofree bool *behind = g_new0(bool, (guint)run->plan->node_count);
    int seed_count = 0;
    for (int i = 0; i < run->plan->node_count; i++) {
        enum node_state state = run->nodes[i].state;
        if (state == NODE_FAIL || state == NODE_CANCELLED || state == NODE_WAITING) {
            seeds[seed_count++] = i;
        }
    }
    graph_mark_behind(run->plan->graph, seeds, seed_count, behind);
    for (int i = 0; i < run->plan->node_count; i++) {
        enum node_state state = run->nodes[i].state;
        bool is_again =
            state == NODE_FAIL || state == NODE_CANCELLED ||
            (behind[i] && (state == NODE_SKIPPED || run->plan->nodes[i].kind == KIND_CONDITION));
        if (is_again) {
            reset_node(step, i);
        }
    }
    start_again(step);
}

// ---- The door ----

static const enum run_input event_inputs[RUN_EVENT_KIND_COUNT] = {
    [RUN_EVENT_START] = INPUT_START,
    [RUN_EVENT_SUSPEND] = INPUT_SUSPEND,
    [RUN_EVENT_RESUME] = INPUT_RESUME,
    [RUN_EVENT_STOP] = INPUT_STOP,
    [RUN_EVENT_SET_SUCCESS] = INPUT_SET_SUCCESS,
    [RUN_EVENT_RERUN] = INPUT_RERUN,
    [RUN_EVENT_RESTORE] = INPUT_RESTORE,
};

static bool act(struct step *step, GError **error) {
    enum run_input input = event_inputs[step->event->kind];
    struct run_cell cell = run_cell(step->run->state, input);
    if (cell.kind == CELL_REFUSED) {
        g_autofree char *states = run_states_for(input);
        fault_set(error, FAULT_RUN_STATE, "run %" G_GINT64_FORMAT " is %s; only %s runs can be %s",
                  step->run->id, run_state_name(step->run->state), states, run_input_deed(input));
        return false;
    }
    bool is_stopping = cell.kind == CELL_VERDICT_STOPPED && step->run->verdict == RUN_STOPPED;
    if (cell.kind == CELL_SAME || is_stopping) {
        return true;
    }
    switch (input) {
    case INPUT_START:
        run_move(step, RUN_RUNNING, NULL);
        settle_all(step);
        break;
    case INPUT_SUSPEND: suspend(step); break;
    case INPUT_RESUME: resume(step); break;
    case INPUT_STOP: stop(step); break;
    case INPUT_SET_SUCCESS: set_success(step); break;
    case INPUT_RERUN: rerun(step); break;
    case INPUT_RESTORE: restore(step); break;
    case INPUT_LIMIT:
    case INPUT_TERMINATE:
    case INPUT_DRAINED:
    case INPUT_COUNT: g_assert_not_reached();
    }
    return true;
}

bool run_step(struct run *run, const struct run_event *event, struct effects *effects,
              GError **error) {
    g_assert(run->plan != NULL);
    g_assert(event->kind < RUN_EVENT_KIND_COUNT);
    struct step step = {
        .run = run,
        .event = event,
        .effects = effects,
        .ended = g_array_new(FALSE, FALSE, sizeof(int)),
    };
    bool is_done = true;
    switch (event->kind) {
    case RUN_EVENT_START:
    case RUN_EVENT_SUSPEND:
    case RUN_EVENT_RESUME:
    case RUN_EVENT_STOP:
    case RUN_EVENT_SET_SUCCESS:
    case RUN_EVENT_RERUN:
    case RUN_EVENT_RESTORE: is_done = act(&step, error); break;
    case RUN_EVENT_TIMER: timer_event(&step); break;
    case RUN_EVENT_GRANT:
    case RUN_EVENT_UNPREPARED: grant_event(&step); break;
    case RUN_EVENT_EXITED:
    case RUN_EVENT_REFUSED:
    case RUN_EVENT_LOST:
    case RUN_EVENT_VOIDED: attempt_event(&step); break;
    case RUN_EVENT_KIND_COUNT: g_assert_not_reached();
    }
    settle_ended(&step);
    settle_end(&step);
    g_array_unref(step.ended);
    return is_done;
}
