// SPDX-License-Identifier: Apache-2.0
//
// The engine wakes at least every few seconds (engine/loop), so that a look is never far away.

#include "engine/ground.h"

enum { LOOK_MS = 1000 };

bool ground_look(struct ground *ground, int64_t monotonic_ms, GError **error) {
    if (monotonic_ms < ground->look_ms) {
        return true;
    }
    ground->look_ms = monotonic_ms + LOOK_MS;
    return store_check_place(ground->store, error);
}
