// SPDX-License-Identifier: Apache-2.0
//
// execute_ops: SQL that runs now (operations.md §4.3).
#pragma once

#include "api/api.h"

extern const struct op_handler execute_ops[];
