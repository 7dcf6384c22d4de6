// SPDX-License-Identifier: Apache-2.0
//
// space_ops: workspaces, their members and their flows (operations.md §3.3, §2.1).
#pragma once

#include "api/api.h"

extern const struct op_handler space_ops[];
