// SPDX-License-Identifier: Apache-2.0
//
// user_ops: users of a tenant (operations.md §3.2).
#pragma once

#include "api/api.h"

extern const struct op_handler user_ops[];
