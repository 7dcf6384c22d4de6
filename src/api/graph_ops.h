// SPDX-License-Identifier: Apache-2.0
//
// graph_ops: handlers for the graph of a flow and its edges (operations.md §2.1, §2.5).
#pragma once

#include "api/api.h"

// Ends with a NULL action. A handler runs on any worker thread and needs struct api_services.
extern const struct op_handler graph_ops[];
