// SPDX-License-Identifier: Apache-2.0
//
// alarm_ops: notifications and SLA rules (operations.md §2.9).
#pragma once

#include "api/api.h"

extern const struct op_handler alarm_ops[];
