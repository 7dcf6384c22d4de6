// SPDX-License-Identifier: Apache-2.0
//
// variable_ops: handlers for constants and time variables of a flow (operations.md §2.6).
#pragma once

#include "api/api.h"

// Ends with a NULL action. A handler runs on any worker thread and needs struct api_services.
extern const struct op_handler variable_ops[];
