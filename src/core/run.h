// SPDX-License-Identifier: Apache-2.0
//
// run: one execution of a version as a value: its state, its nodes, and what must always hold of them (behaviour.md §3). Only core/machine changes
// it. Pure; a run belongs to one thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"
#include "core/model.h"
#include "core/plan.h"
#include "core/selection.h"

// One node of a run.
struct node_run {
    int64_t id; // node-run id, stays over reruns
    enum node_state state;
    enum skip_cause skip_cause;
    int attempt;          // number of the newest attempt, from 1; goes on counting over reruns
    int retries_used;     // of this run number
    int64_t fence;        // of the open attempt, 0 when none is open
    int64_t due_ms;       // RETRY_WAIT: when the next attempt may start, on the steady clock
    int64_t queued_ms;    // newest time it became ready, 0 never
    int64_t started_ms;   // 0 not yet
    int64_t ended_ms;     // 0 not yet
    bool condition_holds; // a CONDITION that is SUCCESS: did it open its branch?
    char *message;        // NULL or text for a person
    json_t *outputs;      // object name → text or null; or NULL
    int upstream_open;    // derived: direct upstream nodes that have not ended
};

struct run {
    int64_t id;
    int64_t tenant_id;
    int64_t flow_id;
    struct plan *plan; // one reference
    enum run_trigger trigger;
    int64_t backfill_id; // the row of runs it belongs to, 0 none
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
    int64_t running_since_ms; // on the steady clock; 0 unless RUNNING
    int64_t limit_ms;         // of the time in RUNNING
    int64_t event_seq;        // number of the newest event row
    char *message;
    json_t *variables;          // of this run alone: object name → text; NULL none
    struct node_run *nodes;     // one for each plan node, same positions
    struct civil business;      // derived: business_ms in the plan's zone
    struct civil run_time;      // derived
    int live_count;             // derived: nodes that have not ended
    int open_count;             // derived: nodes with an open attempt
    int retry_wait_count;       // derived: nodes in RETRY_WAIT
    int output_count;           // derived: nodes with outputs
    enum var_language language; // of names in time variables; a setting, not stored
    struct selection
        *selection; // derived: what its backfill leaves out, one reference; NULL: every node runs
};

// A new WAITING run over a plan (takes a reference). node_run_ids has one id for each node. Business and run time in the plan's zone.
struct run *run_new(int64_t id, int64_t tenant_id, struct plan *plan, const int64_t *node_run_ids,
                    enum run_trigger trigger, int64_t now_ms);
void run_free(struct run *run);

// Computes the derived counts from the states (after loading); business and run_time, which need a time zone, are the caller's.
void run_derive(struct run *run);

// Puts another version under an ended run (a rerun or restore in another version): nodes that both have keep their id and attempt count, new
// ones get their id from node_run_ids (by position in the new plan). All new nodes are WAITING. Takes a reference to the plan and to the
// selection that belongs to it (may be NULL).
void run_change_plan(struct run *run, struct plan *plan, const int64_t *node_run_ids,
                     struct selection *selection);

// When RUN_EVENT_TIMER is due next, on the steady clock (run_event.steady_ms); 0 never.
int64_t run_due_ms(const struct run *run);

// What must always hold of a run; used by every test. False and a sentence in *ret_fault (caller frees) when it does not.
bool run_is_sound(const struct run *run, char **ret_fault);
