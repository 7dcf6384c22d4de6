// SPDX-License-Identifier: Apache-2.0
//
// A supervisor of the lost store may still have attempts; the new store would number its own the same. So it must have ended before.

#include "main/afresh.h"

#include <stdio.h>

#include "base/fault.h"
#include "main/datadir.h"
#include "store/audit.h"
#include "store/remains.h"

static bool set_aside(const char *dir, char **ret_moved, bool *ret_is_lost, GError **error) {
    if (!datadir_is_free(dir, "supervisor.lock")) {
        *ret_is_lost = true;
        fault_set(error, FAULT_INVALID_DATA,
                  "the lost store's supervisor still runs: end it first, which ends its attempts "
                  "(its number is in %s/supervisor.pid)",
                  dir);
        return false;
    }
    if (!remains_set_aside(dir, ret_moved, error)) {
        return false;
    }
    (void)fprintf(stderr, "sluiced: founding anew: %s\n", *ret_moved);
    return true;
}

bool afresh_prepare(const char *dir, bool founds_anew, char **ret_moved, bool *ret_is_lost,
                    GError **error) {
    g_autofree char *traces = NULL;
    *ret_moved = NULL;
    *ret_is_lost = false;
    if (!remains_find(dir, &traces, error)) {
        return false;
    }
    if (traces == NULL && !founds_anew) {
        return true;
    }
    if (traces != NULL && founds_anew) {
        return set_aside(dir, ret_moved, ret_is_lost, error);
    }
    *ret_is_lost = true;
    if (traces != NULL) {
        fault_set(error, FAULT_INVALID_DATA,
                  "%s/state.db holds no store, but there is %s of an earlier one: restore "
                  "state.db from a backup (with state.db-wal, if it has one), or begin a new store "
                  "with --found-anew, which moves these into %s/before-TIME",
                  dir, traces, dir);
    } else {
        fault_set(error, FAULT_INVALID_DATA,
                  "--found-anew is for a directory whose store is lost; %s has lost none: start "
                  "without it",
                  dir);
    }
    return false;
}

bool afresh_note(struct store *store, const char *moved, int64_t now_ms, GError **error) {
    struct origin origin = { .action = "FoundAnew" };
    struct audit_entry entry = {
        .at_ms = now_ms, .user_name = "operator", .origin = &origin, .note = moved
    };
    if (!store_begin(store, error)) {
        return false;
    }
    if (!store_audit_add(store, &entry, error)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, error);
}
