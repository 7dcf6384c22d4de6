// SPDX-License-Identifier: Apache-2.0
//
// audit_ops: the operation log and the log of executed SQL (operations.md §5).
#pragma once

#include "api/api.h"

extern const struct op_handler audit_ops[];
