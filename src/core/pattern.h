// SPDX-License-Identifier: Apache-2.0
//
// pattern: time patterns such as "yyyy-MM-dd|+0m-2d": a format, and offsets from the business time (behaviour.md §5.2, §5.3).
//
// Letters follow the published table; week letters count weeks that end on Sunday and belong to the year and month of that Sunday.
// Pure; any thread.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/civil.h"

enum { VAR_PATTERN_MAX = 1024 }; // bytes

// Language of the names that G, E, MMM and a write (proposed: behaviour.md §5.3, default Chinese).
enum var_language { VAR_CHINESE, VAR_ENGLISH, VAR_LANGUAGE_COUNT };

// Is this a pattern such as "yyyy-MM-dd|+0m-2d"? FAULT_INVALID_DATA names the letter or offset that is not understood.
bool var_pattern_check(const char *pattern, GError **error);

// The pattern's value at a business time. The caller frees the text. FAULT_INVALID_DATA also when the offsets lead out of the years
// 1 … 9999.
bool var_pattern_format(const char *pattern, const struct civil *business,
                        enum var_language language, char **ret_text, GError **error);
