// SPDX-License-Identifier: Apache-2.0
// folder: core
// A time pattern from outside: what passes the check must be written at any time in the middle of the calendar unless its offsets
// lead out of it, and must be valid text when the pattern is.
#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "core/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct civil business = { .year = 2024, .month = 3, .day = 30, .hour = 23 };
    g_autofree char *pattern = g_strndup((const char *)data, size);
    g_autoptr(GError) check_error = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    bool is_good = var_pattern_check(pattern, &check_error);
    bool is_written = var_pattern_format(pattern, &business, VAR_ENGLISH, &text, &error);
    g_assert(is_good || fault_is(check_error, FAULT_INVALID_DATA));
    g_assert(is_written || fault_is(error, FAULT_INVALID_DATA));
    g_assert(is_good || !is_written);
    g_assert(!is_written || !g_utf8_validate(pattern, -1, NULL) || g_utf8_validate(text, -1, NULL));
    return 0;
}
