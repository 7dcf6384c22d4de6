// SPDX-License-Identifier: Apache-2.0
//
// attempts: rows of attempts, written with the run they belong to. Private to this folder.
#pragma once

#include "core/machine.h"
#include "store/private.h"

// A DISPATCHED attempt for EFFECT_START.
bool attempt_row_insert(struct sql *sql, const struct run *run, const struct effect *start,
                        int64_t now_ms, GError **error);
// Its end for EFFECT_CLOSED; store_attempt_close may come before or after.
bool attempt_row_close(struct sql *sql, int64_t run_id, int64_t fence, enum attempt_state state,
                       GError **error);
// All open attempts of a run become LOST.
bool attempt_rows_lose(struct sql *sql, int64_t run_id, GError **error);
