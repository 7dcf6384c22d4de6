// SPDX-License-Identifier: Apache-2.0
// folder: core
// A cron expression from outside: refused with a reason, or its fires go forward, in a zone whose clock changes too, until there is none.
#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "core/cron.h"

enum { FIRES = 20, HALF_YEAR_S = 182 * 86400 };

// Alternates between +1 h and +2 h each half year.
static int64_t half_of(int64_t instant_s) {
    return instant_s / HALF_YEAR_S - (instant_s % HALF_YEAR_S < 0 ? 1 : 0);
}

static int offset_s(const void *ctx, int64_t instant_s) {
    return half_of(instant_s) % 2 == 0 ? 3600 : 7200;
}

static int64_t next_change_s(const void *ctx, int64_t after_s) {
    return (half_of(after_s) + 1) * HALF_YEAR_S;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct cron_zone zone = { .offset_s = offset_s, .next_change_s = next_change_s };
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    struct cron cron = { 0 };
    if (!cron_parse(text, &cron, &error)) {
        g_assert_error(error, FAULT, FAULT_INVALID_DATA);
        return 0;
    }
    int period = cron_period_minutes(&cron);
    g_assert_true(period >= 1 && period <= 1440);
    int64_t at = 1700000000;
    for (int i = 0; i < FIRES; i++) {
        int64_t fire = 0;
        if (!cron_next(&cron, &zone, at, &fire)) {
            return 0;
        }
        g_assert_true(fire > at);
        at = fire;
    }
    return 0;
}
