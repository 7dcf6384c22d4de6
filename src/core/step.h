// SPDX-License-Identifier: Apache-2.0
//
// step: one application of an event to a run while it is under way, and the only functions that change the state of a run or node.
// For the rooms of the machine alone (core/settle, core/machine); everybody else calls run_step. Pure.
#pragma once

#include "core/event.h"
#include "core/moves.h"
#include "core/run.h"

struct step {
    struct run *run;
    const struct run_event *event;
    struct effects *effects;
    GArray *ended; // positions of nodes that ended and whose news has not been handed on
};

// Adds an effect; the pointer is good until the next one is added.
struct effect *step_add_effect(struct step *step, enum effect_kind kind, int node);

// The only place where a node's state changes, by the table of core/moves (an illegal move is our mistake). `message` NULL clears it.
void node_move(struct step *step, int position, enum node_move move, const char *message);
void node_skip(struct step *step, int position, enum skip_cause cause, const char *message);
// An attempt is over: must come before the move that ends it.
void node_close_attempt(struct step *step, int position, enum attempt_state state);

// The only place where a run's state changes. `message` NULL leaves the run's message as it is.
void run_move(struct step *step, enum run_state to, const char *message);

// Replaces an owned text by a copy of `value`, which may be NULL or the text itself.
void step_set_text(char **text, const char *value);
