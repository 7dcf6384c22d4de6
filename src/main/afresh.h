// SPDX-License-Identifier: Apache-2.0
//
// afresh: a directory whose store is lost is not founded anew without a word. The operator restores a backup, or says --found-anew, which
// moves what is left aside, says so on standard error, and is the new operation log's first entry.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

// Before store_open. `founds_anew`: the operator said so. *ret_moved: what was moved and where, or NULL (caller frees). False with *ret_is_lost:
// the directory has traces of a store and no store, or --found-anew was given for one that is there; nothing was changed.
bool afresh_prepare(const char *dir, bool founds_anew, char **ret_moved, bool *ret_is_lost,
                    GError **error);

// Enters into the operation log that the directory was founded anew. Commits.
bool afresh_note(struct store *store, const char *moved, int64_t now_ms, GError **error);
