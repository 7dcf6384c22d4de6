// SPDX-License-Identifier: Apache-2.0
//
// run_ops: handlers for runs: try run, the lists of runs and their nodes, actions (operations.md §2.8).
#pragma once

#include "api/api.h"

// Ends with a NULL action. A handler runs on any worker thread and needs struct api_services.
extern const struct op_handler run_ops[];
