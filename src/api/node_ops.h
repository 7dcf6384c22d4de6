// SPDX-License-Identifier: Apache-2.0
//
// node_ops: handlers for nodes: create, read, edit, delete (operations.md §2.4).
#pragma once

#include "api/api.h"

// Ends with a NULL action. A handler runs on any worker thread and needs struct api_services.
extern const struct op_handler node_ops[];
