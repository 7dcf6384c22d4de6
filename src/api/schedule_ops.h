// SPDX-License-Identifier: Apache-2.0
//
// schedule_ops: schedules and which version is deployed (operations.md §2.7).
#pragma once

#include "api/api.h"

extern const struct op_handler schedule_ops[];
