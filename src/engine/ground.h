// SPDX-License-Identifier: Apache-2.0
//
// ground: what the engine stands on, looked at once in a while, also where nobody asks for anything: does the store still stand in its
// directory?
//
// Engine thread only.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct ground {
    struct store *store; // borrowed
    int64_t look_ms;     // monotonic: when to look again
};

// Before each turn; a look costs a few system calls and is taken once a second. FAULT_IO: the store can not be trusted.
bool ground_look(struct ground *ground, int64_t monotonic_ms, GError **error);
