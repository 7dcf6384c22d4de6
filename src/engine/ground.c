// SPDX-License-Identifier: Apache-2.0
//
// The engine wakes at least every few seconds (engine/loop), so that a look is never far away. Room that is short is short until there is an
// eighth more, and a full disk is full until the reserve can be taken again: a limit that is passed to and fro would be told each time.

#include "engine/ground.h"

#include <sys/statvfs.h>

enum { LOOK_MS = 1000 };

// False: the file system does not say.
static bool measure(const struct ground *ground, int64_t *ret_free, int64_t *ret_short) {
    struct statvfs status;
    int64_t limit = ground->attempt_bytes;
    if (ground->free_bytes != NULL) {
        *ret_free = ground->free_bytes(ground->free_user);
    } else if (statvfs(ground->dir, &status) == 0 && status.f_blocks > 0) {
        int64_t unit = (int64_t)status.f_frsize;
        *ret_free = (int64_t)status.f_bavail * unit;
        limit = MIN(limit, (int64_t)(status.f_blocks / 20) * unit);
    } else {
        return false;
    }
    *ret_short = limit;
    return true;
}

static enum ground_room judge(const struct ground *ground) {
    int64_t free_bytes = 0;
    int64_t limit = 0;
    int64_t missing = ground->reserve != NULL ? reserve_missing(ground->reserve) : 0;
    if (!measure(ground, &free_bytes, &limit)) {
        return GROUND_ROOMY;
    }
    int64_t least = ground->room == GROUND_FULL || missing > 0 ? missing + GROUND_SPARE_BYTES
                                                               : GROUND_FULL_BYTES;
    if (free_bytes < least) {
        return GROUND_FULL;
    }
    limit += ground->room != GROUND_ROOMY ? limit / 8 : 0;
    return free_bytes - missing < limit ? GROUND_SHORT : GROUND_ROOMY;
}

bool ground_look(struct ground *ground, int64_t monotonic_ms, bool *ret_is_new, GError **error) {
    bool is_due = monotonic_ms >= ground->look_ms;
    if (ret_is_new != NULL) {
        *ret_is_new = is_due;
    }
    if (!is_due) {
        return true;
    }
    ground->look_ms = monotonic_ms + LOOK_MS;
    ground->room = judge(ground);
    return store_check_place(ground->store, error);
}
