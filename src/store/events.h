// SPDX-License-Identifier: Apache-2.0
//
// events: the append-only rows beside every change of a run or node. Private to this folder.
//
// Row n of a run is its n-th move; node 0 is the run itself; STATE_NONE stands before the first state and after a node has left the run.
#pragma once

#include "core/machine.h"
#include "store/private.h"

enum { STATE_NONE = -1 };

struct event_row {
    int64_t run_id;
    int64_t seq;
    int64_t at_ms;
    int64_t node_id; // 0: the run
    int from;
    int to;
    int attempt;
    const char *actor;   // or NULL
    const char *message; // or NULL
};
bool event_add(struct sql *sql, const struct event_row *event, GError **error);
// The number of a run's newest event row, 0 none.
bool event_newest(struct sql *sql, int64_t run_id, int64_t *ret_seq, GError **error);
