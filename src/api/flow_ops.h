// SPDX-License-Identifier: Apache-2.0
//
// flow_ops: handlers for flows: create, rename, delete, list, publish, versions (operations.md §2.1, §2.7).
#pragma once

#include "api/api.h"

// Ends with a NULL action. A handler runs on any worker thread and needs struct api_services.
extern const struct op_handler flow_ops[];
