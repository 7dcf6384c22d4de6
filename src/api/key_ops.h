// SPDX-License-Identifier: Apache-2.0
//
// key_ops: access keys and tenants (docs/extensions.md).
#pragma once

#include "api/api.h"

extern const struct op_handler key_ops[];
