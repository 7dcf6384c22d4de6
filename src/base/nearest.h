// SPDX-License-Identifier: Apache-2.0
//
// nearest: which known names a mistyped one may have meant, for messages. Pure; any thread.
#pragma once

#include <glib.h>
#include <stddef.h>

enum {
    NEAREST_NAMES_MAX = 3,  // in one answer
    NEAREST_BYTES_MAX = 64, // a longer word is near to nothing
};

// Up to three of `names` that differ from `word` by case or by few letters (one in three at most), the nearest first, as a sentence's part:
// `A`, `A or B`, `A, B or C`. NULL when none is near. The caller frees it.
char *nearest_names(const char *word, const char *const *names, size_t count);
