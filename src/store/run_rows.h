// SPDX-License-Identifier: Apache-2.0
//
// run_rows: writing the rows of runs and nodes. Private to this folder.
#pragma once

#include "store/events.h"

bool run_row_insert(struct sql *sql, const struct run *run, GError **error);
// The row must be in state `from`.
bool run_row_update(struct sql *sql, const struct run *run, enum run_state from, GError **error);
// One run leaves `from` (STATE_NONE: it is new) for `to`; wire codes are counted.
bool run_row_tally(struct sql *sql, const struct run *run, int from, int to, GError **error);

// The row of a node as it is before any move: WAITING.
bool node_row_insert(struct sql *sql, const struct run *run, int position, GError **error);
// Everything but name and kind; the row must be in state `from`.
bool node_row_update(struct sql *sql, const struct run *run, int position, enum node_state from,
                     GError **error);
bool node_row_rename(struct sql *sql, const struct run *run, int position, GError **error);
bool node_row_delete(struct sql *sql, int64_t run_id, int64_t node_id, enum node_state from,
                     GError **error);
