// SPDX-License-Identifier: Apache-2.0
//
// scenario_ops: business scenarios and where a flow lies (operations.md §2.2).
#pragma once

#include "api/api.h"

extern const struct op_handler scenario_ops[];
