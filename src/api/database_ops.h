// SPDX-License-Identifier: Apache-2.0
//
// database_ops: databases, tables and columns from the stored metadata (operations.md §4.2).
#pragma once

#include "api/api.h"

extern const struct op_handler database_ops[];
