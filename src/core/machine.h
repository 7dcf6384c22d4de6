// SPDX-License-Identifier: Apache-2.0
//
// machine: the state machine of a run. `run_step` is the only function that changes a run (behaviour.md §3.4, §3.5, §3.5.1).
//
// No I/O, no clock, no logging happens here; the time is part of the event. Effects say what the caller must store and do; nothing outside
// may be touched before they are stored. docs/states.md holds the two tables of core/moves, and a test compares them. Pure.
#pragma once

#include "core/event.h"
#include "core/run.h"

// Applies one event. False with FAULT_RUN_STATE (the text names the present state) when the state does not allow it; the run is then
// unchanged and no effect is added. A repeated or stale event (a fence that is not the node's open one) succeeds without effects.
bool run_step(struct run *run, const struct run_event *event, struct effects *effects,
              GError **error);
