// SPDX-License-Identifier: Apache-2.0
//
// sqlaudit_ops: the log of executed SQL (operations.md §5).
#pragma once

#include "api/api.h"

extern const struct op_handler sqlaudit_ops[];
