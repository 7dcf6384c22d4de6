// SPDX-License-Identifier: Apache-2.0
//
// steady: the stored reading of the clock that durations are counted on (engine/steady.h).
#pragma once

#include "store/store.h"

struct steady_row {
    char *boot_id;     // of which boot of the machine; NULL: no reading was stored yet
    int64_t boot_ms;   // time since that boot
    int64_t steady_ms; // the steady clock at that moment
};

// Freed with steady_row_done.
bool store_steady_get(struct store_reader *reader, struct steady_row *ret_row, GError **error);
void steady_row_done(struct steady_row *row);
// Replaces the reading.
bool store_steady_put(struct store *store, const struct steady_row *row, GError **error);
