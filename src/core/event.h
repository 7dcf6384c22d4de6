// SPDX-License-Identifier: Apache-2.0
//
// event: what can happen to a run, and what follows: events go into run_step, effects come out. Values only. Pure.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdint.h>

#include "core/model.h"
#include "core/plan.h"
#include "core/selection.h"

enum run_event_kind {
    RUN_EVENT_START,
    RUN_EVENT_SUSPEND,
    RUN_EVENT_RESUME,
    RUN_EVENT_STOP,
    RUN_EVENT_SET_SUCCESS,
    RUN_EVENT_RERUN,
    RUN_EVENT_RESTORE,
    RUN_EVENT_TIMER,      // retries that are due; the run's time limit
    RUN_EVENT_GRANT,      // a queued node gets a place: node, fence
    RUN_EVENT_UNPREPARED, // a queued node can not be run at all: node, message
    RUN_EVENT_EXITED,     // an attempt ended: node, fence, outcome, message, outputs
    RUN_EVENT_REFUSED,    // an attempt could not be started: node, fence, message
    RUN_EVENT_LOST,       // an attempt's outcome is unknown: node, fence, message
    RUN_EVENT_VOIDED, // an attempt certainly never started and may be dispatched again: node, fence
    RUN_EVENT_KIND_COUNT,
};

enum attempt_outcome {
    OUTCOME_SUCCESS,
    OUTCOME_FAILURE, // also a time-out of the node
    OUTCOME_KILLED,  // ended after TERM had been sent by us
};

struct run_event {
    enum run_event_kind kind;
    int64_t now_ms;    // wall clock: for people
    int64_t steady_ms; // the clock that durations are counted on: limits, delays
    int node;          // position
    int64_t fence;
    enum attempt_outcome outcome;
    const char *message; // NULL or text
    const char *actor;   // who asked, for the user's actions
    json_t *outputs;     // borrowed; object name → text or null
    // RERUN and RESTORE: another version to run (borrowed), with the node-run ids for its nodes that the run does not have yet, and what a
    // backfill leaves out of it (borrowed).
    struct plan *plan;
    const int64_t *node_run_ids;
    struct selection *selection;
};

enum effect_kind {
    EFFECT_RUN_MOVED,    // the run's state changed: from, to
    EFFECT_NODE_MOVED,   // node, from, to
    EFFECT_PLAN_CHANGED, // again, in another version: every node row is written anew
    EFFECT_QUEUED,       // node wants a place
    EFFECT_UNQUEUED,     // node no longer wants one
    EFFECT_START,        // attempt `attempt` of node under `fence` is to be started
    EFFECT_KILL,         // the attempt under `fence` is to be killed
    EFFECT_CLOSED,       // the attempt under `fence` is over, as `attempt_state` says
};

struct effect {
    enum effect_kind kind;
    int node; // -1 for the run
    int from; // enum run_state or node_state
    int to;
    int attempt;
    int64_t fence;
    enum attempt_state attempt_state;
    char *message; // of a move; owned by the list
};

// Effects in the order they came about.
struct effects {
    GArray *items; // of struct effect
};

struct effects *effects_new(void);
void effects_clear(struct effects *effects);
void effects_free(struct effects *effects);
