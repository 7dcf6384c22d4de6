// SPDX-License-Identifier: Apache-2.0
//
// run: the run as a value: making, deriving, changing its plan. The type itself stands in core/machine.h. Pure.
#pragma once

#include "core/machine.h"

// Puts another version under an ended run (a rerun in another version): nodes that both have keep their id and attempt count, new
// ones get their id from node_run_ids (by position in the new plan). All new nodes are WAITING. Takes a reference to the plan.
void run_change_plan(struct run *run, struct plan *plan, const int64_t *node_run_ids);
