// SPDX-License-Identifier: Apache-2.0
//
// ground: what the engine stands on, looked at once in a while, also where nobody asks for anything: does the store still stand in its
// directory, and has its disk any room?
//
// Engine thread only.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/reserve.h"
#include "store/store.h"

// How much room the disk has for the server, the reserve not counted.
enum ground_room {
    GROUND_ROOMY,
    GROUND_SHORT, // for what attempts write: none is begun (reliability.md G10)
    GROUND_FULL,  // for changes
};

struct ground {
    struct store *store;               // borrowed
    const char *dir;                   // borrowed
    struct reserve *reserve;           // borrowed; NULL: none is kept
    int64_t attempt_bytes;             // less room is short, or a twentieth of the disk; 0: never
    int64_t (*free_bytes)(void *user); // of tests; NULL: the file system says
    void *free_user;
    int64_t look_ms; // monotonic: when to look again
    enum ground_room room;
};

enum {
    GROUND_FULL_BYTES = 1 << 20,  // less than that is nothing
    GROUND_SPARE_BYTES = 4 << 20, // beside the reserve, before it is taken again
};

// Before each turn; a look costs a few system calls and is taken once a second. *ret_is_new (may be NULL): one was taken now. FAULT_IO: the
// store can not be trusted.
bool ground_look(struct ground *ground, int64_t monotonic_ms, bool *ret_is_new, GError **error);
