// SPDX-License-Identifier: Apache-2.0
//
// flow_list_ops: the detailed flow list (operations.md §2.1).
#pragma once

#include "api/api.h"

extern const struct op_handler flow_list_ops[];
