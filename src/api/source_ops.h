// SPDX-License-Identifier: Apache-2.0
//
// source_ops: handlers for data sources and their databases (operations.md §4.1, §4.2).
#pragma once

#include "api/api.h"

// Ends with a NULL action. A handler runs on any worker thread and needs struct api_services.
extern const struct op_handler source_ops[];
