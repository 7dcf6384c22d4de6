// SPDX-License-Identifier: Apache-2.0
//
// sharing_ops: owners and stakeholders (operations.md §2.3).
#pragma once

#include "api/api.h"

extern const struct op_handler sharing_ops[];
