// SPDX-License-Identifier: Apache-2.0
//
// backfill_ops: runs for past business dates (behaviour.md §6).
#pragma once

#include "api/api.h"

extern const struct op_handler backfill_ops[];
