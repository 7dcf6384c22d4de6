// SPDX-License-Identifier: Apache-2.0
//
// json_cost: what a JSON text would cost in memory, told by a walk over its bytes before it is read: four megabytes of "{},{},…" become
// a third of a gigabyte. Whoever reads a caller's JSON asks first, so that no request costs more than JSON_COST_MAX beside its own bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { JSON_COST_MAX = 32 * 1024 * 1024 }; // bytes: some 100 000 objects, or 300 000 numbers

// Bytes of memory, about; at least what objects, lists and values take, without their texts. The text may be any bytes.
size_t json_cost(const char *text, size_t len);

// May it be read?
bool json_cost_is_fair(const char *text, size_t len);
