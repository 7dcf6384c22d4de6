// SPDX-License-Identifier: Apache-2.0
//
// steady: the clock of durations. It counts while the machine is up (CLOCK_BOOTTIME), goes on where it stood over restarts of the server and
// of the machine, and neither jumps nor goes back when the wall clock is set (reliability.md, "timeouts unaffected"). Time limits of runs and
// delays of retries are counted on it; what people are shown is the wall clock's.
//
// Its readings are milliseconds, stored with runs. The first one ever is the wall clock's, so that what was stored on the wall clock before
// there was this one goes on. What passes between the last stored reading and the end of a boot is not counted: at most STEADY_KEEP_MAX_MS.
//
// Engine thread only.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

enum {
    STEADY_KEEP_MS = 10 * 1000,     // a commit that happens anyway takes a reading along
    STEADY_KEEP_MAX_MS = 60 * 1000, // while runs have not ended, one is stored at least so often
};

// Where time comes from; a zero value is the machine. Tests give their own.
struct steady_source {
    int64_t (*wall_ms)(void *user);
    int64_t (*boot_ms)(void *user);
    const char *boot_id; // of what boot_ms counts; NULL: the machine's
    void *user;
};

struct steady {
    struct store *store;
    struct steady_source source;
    char boot_id[64];
    int64_t offset_ms; // from the boot's time to the steady one
    int64_t kept_ms;   // the last stored reading
};

int64_t steady_wall_ms(const struct steady_source *source);

// Goes on from the stored reading and stores the present one. In an open transaction.
bool steady_begin(struct steady *steady, struct store *store, const struct steady_source *source,
                  GError **error);
int64_t steady_now_ms(const struct steady *steady);
// Stores the present reading when it is time, in the open transaction.
bool steady_keep(struct steady *steady, bool has_runs, GError **error);
