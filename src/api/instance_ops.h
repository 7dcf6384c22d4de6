// SPDX-License-Identifier: Apache-2.0
//
// instance_ops: registering, changing and removing data sources (operations.md §4.1).
#pragma once

#include "api/api.h"

extern const struct op_handler instance_ops[];
