// SPDX-License-Identifier: Apache-2.0
//
// policy_ops: policies of users and session keys (docs/extensions.md).
#pragma once

#include "api/api.h"

extern const struct op_handler policy_ops[];
