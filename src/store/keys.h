// SPDX-License-Identifier: Apache-2.0
//
// keys: access keys of users; secrets are sealed (reliability.md, AuthN 7). Making, disabling and deleting are changes.
#pragma once

#include "store/store.h"

enum {
    KEYS_ACTIVE_MAX = 2, // permanent keys of one user
    KEYS_MAX = 10,       // the same, disabled ones included
};

struct access_key_row {
    char *id;
    int64_t user_id;
    bool is_active;
    int64_t created_ms;
    int64_t last_used_ms; // 0: never; minutes exact enough
};
void access_key_row_free(struct access_key_row *row);

// The permanent keys of one user of the tenant (0: the caller), oldest first. Others' keys only for administrators: FAULT_NO_PERMISSION.
bool store_access_key_list(struct store_reader *reader, const struct caller *caller,
                           int64_t user_id, GPtrArray **ret_keys, GError **error);
// A key was used; written with the next turn that commits anyway. Permanent keys only; unknown ones are ignored.
bool store_key_used(struct store *store, const char *access_key_id, int64_t now_ms, GError **error);
