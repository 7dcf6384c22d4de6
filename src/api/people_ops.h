// SPDX-License-Identifier: Apache-2.0
//
// people_ops: handlers for tenants of the caller (operations.md §3.1).
#pragma once

#include "api/api.h"

// Ends with a NULL action. A handler runs on any worker thread and needs struct api_services.
extern const struct op_handler people_ops[];
