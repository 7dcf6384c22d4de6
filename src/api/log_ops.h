// SPDX-License-Identifier: Apache-2.0
//
// log_ops: handlers for logs of attempts (docs/extensions.md).
#pragma once

#include "api/api.h"

// Ends with a NULL action. A handler runs on any worker thread and needs struct api_services.
extern const struct op_handler log_ops[];
