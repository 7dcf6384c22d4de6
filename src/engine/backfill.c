// SPDX-License-Identifier: Apache-2.0
//
// Rows of runs.

#include "engine/backfill.h"

#include "base/fault.h"

bool backfill_begin(struct active *active, struct command *command, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "backfill");
    return false;
}
