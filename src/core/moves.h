// SPDX-License-Identifier: Apache-2.0
//
// moves: the two tables of the state machine: which input a run answers in which state, and where each move of a node leads
// (behaviour.md §3.4, §3.5). docs/states.md shows them, and a test compares the two. Pure constants.
#pragma once

#include "core/model.h"

// What can happen to a run.
enum run_input {
    INPUT_START,
    INPUT_SUSPEND,
    INPUT_RESUME,
    INPUT_STOP,
    INPUT_SET_SUCCESS,
    INPUT_RERUN,
    INPUT_RESTORE,
    INPUT_LIMIT,     // the time limit has passed
    INPUT_TERMINATE, // a node failed under the policy "terminate"
    INPUT_DRAINED,   // no node is live any more
    INPUT_COUNT,
};

enum run_cell_kind {
    CELL_REFUSED,         // the state does not allow it
    CELL_SAME,            // success without a change
    CELL_TO,              // the state becomes `to`
    CELL_TO_OR_WAITING,   // … or WAITING, if the run never started
    CELL_VERDICT_STOPPED, // the state stays, the verdict becomes STOPPED
    CELL_VERDICT,         // the state becomes what the nodes or the verdict say
};

struct run_cell {
    enum run_cell_kind kind;
    enum run_state to;
};

struct run_cell run_cell(enum run_state state, enum run_input input);

// "stopped": for messages. Only of a user's inputs.
const char *run_input_deed(enum run_input input);
// "WAITING, RUNNING, SUSPENDED": the states in which the input changes something. The caller frees it.
char *run_states_for(enum run_input input);

// What can happen to a node.
enum node_move {
    MOVE_READY, // everything in front has ended well
    MOVE_HOLD,  // the run is suspended
    MOVE_GRANT, // a place is free: dispatched
    MOVE_PASS,  // ended well
    MOVE_FAIL,
    MOVE_RETRY, // failed, will be tried again
    MOVE_KILL,  // TERM is to be sent
    MOVE_SKIP,
    MOVE_CANCEL,
    MOVE_REQUEUE, // certainly never started
    MOVE_RESET,   // rerun, restore
    MOVE_COUNT,
};

// The next state, or NODE_STATE_COUNT when there is no such move.
enum node_state node_next(enum node_state state, enum node_move move);

// Both tables in the Markdown form of docs/states.md. The caller frees them.
char *moves_run_table(void);
char *moves_node_table(void);
