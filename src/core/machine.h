// SPDX-License-Identifier: Apache-2.0
//
// machine: the state machine of a run. `run_step` is the only function that changes a run (behaviour.md §3.4, §3.5, §3.5.1).
//
// A run is a value: no I/O, no clock, no logging happens here; the time is part of the event. Effects say what the caller must store
// and do; nothing outside may be touched before they are stored. docs/states.md holds the two tables this room keeps, and a test
// compares them. Pure; a run belongs to one thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"
#include "core/model.h"
#include "core/plan.h"

// One node of a run.
struct node_run {
    int64_t id; // node-run id, stays over reruns
    enum node_state state;
    enum skip_cause skip_cause;
    int attempt;          // number of the newest attempt, from 1; goes on counting over reruns
    int retries_used;     // of this run number
    int64_t fence;        // of the open attempt, 0 when none is open
    int64_t due_ms;       // RETRY_WAIT: when the next attempt may start
    int64_t queued_ms;    // newest time it became ready, 0 never
    int64_t started_ms;   // 0 not yet
    int64_t ended_ms;     // 0 not yet
    bool condition_holds; // a CONDITION that is SUCCESS: did it open its branch?
    char *message;        // NULL or text for a person
    json_t *outputs;      // object name → text, or NULL
    int upstream_open;    // derived: direct upstream nodes that have not ended
};

struct run {
    int64_t id;
    int64_t tenant_id;
    int64_t flow_id;
    struct plan *plan; // one reference
    enum run_trigger trigger;
    enum run_state state;
    enum run_state verdict; // while ENDING: FAILED, STOPPED or SUCCESS
    bool is_draining;       // a failure has cancelled what had not started
    int run_number;         // from 1; a rerun or restore adds one
    int64_t business_ms;    // business time, UTC
    int64_t run_time_ms;    // the moment the run is for, UTC
    int64_t created_ms;
    int64_t started_ms;       // 0 never
    int64_t ended_ms;         // 0 not ended
    int64_t running_ms;       // time in RUNNING up to the last leave of that state
    int64_t running_since_ms; // 0 unless RUNNING
    int64_t limit_ms;         // of the time in RUNNING
    int64_t event_seq;        // number of the newest event row
    char *message;
    struct node_run *nodes;     // one for each plan node, same positions
    struct civil business;      // derived: business_ms in the plan's zone
    struct civil run_time;      // derived
    int live_count;             // derived: nodes that have not ended
    int open_count;             // derived: nodes with an open attempt
    int retry_wait_count;       // derived: nodes in RETRY_WAIT
    enum var_language language; // of names in time variables; a setting, not stored
};

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
    int64_t now_ms;
    int node; // position
    int64_t fence;
    enum attempt_outcome outcome;
    const char *message; // NULL or text
    const char *actor;   // who asked, for the user's actions
    json_t *outputs;     // borrowed; object name → text
    // RERUN only: another version to run (borrowed), with the node-run ids for its nodes that the run does not have yet.
    struct plan *plan;
    const int64_t *node_run_ids;
};

enum effect_kind {
    EFFECT_RUN_MOVED,    // the run's state changed: from, to
    EFFECT_NODE_MOVED,   // node, from, to
    EFFECT_PLAN_CHANGED, // a rerun in another version: every node row is written anew
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

// A new WAITING run over a plan (takes a reference). node_run_ids has one id for each node. Business and run time in the plan's zone.
struct run *run_new(int64_t id, int64_t tenant_id, struct plan *plan, const int64_t *node_run_ids,
                    enum run_trigger trigger, int64_t now_ms);
void run_free(struct run *run);

// Computes the derived counts from the states (after loading); business and run_time, which need a time zone, are the caller's.
void run_derive(struct run *run);

// Applies one event. False with FAULT_RUN_STATE (the text names the present state) when the state does not allow it; the run is then
// unchanged and no effect is added. A repeated or stale event (a fence that is not the node's open one) succeeds without effects.
bool run_step(struct run *run, const struct run_event *event, struct effects *effects,
              GError **error);

// When RUN_EVENT_TIMER is due next, in UTC milliseconds; 0 never.
int64_t run_due_ms(const struct run *run);

// What must always hold of a run; used by every test. False and a sentence in *ret_fault (caller frees) when it does not.
bool run_is_sound(const struct run *run, char **ret_fault);
