// SPDX-License-Identifier: Apache-2.0
//
// people: tenants, users and access keys. Key secrets are sealed with the master key before they are stored (reliability.md, AuthN 7).
#pragma once

#include "base/crypto.h"
#include "core/model.h"
#include "store/store.h"

// Loads or makes DIR/master.key (0600, 32 random bytes); keeps it for sealing. A file that others can read is refused.
bool store_master_key(struct store *store, const char *dir, GError **error);

// On first start: one tenant, one administrator, one key; then writes DIR/credentials. The pair may be given (scripted
// set-ups); a secret under 16 characters or one of the documentation's samples is refused. A store that has people already does nothing.
bool store_first_people(struct store *store, const char *dir, const char *given_key_id,
                        const char *given_secret, int64_t now_ms, GError **error);

// A key with all that stands for and against who uses it. Nothing is judged: that is api/gate's.
struct key_row {
    struct caller caller; // is_temporary: by the key's id
    char *secret;
    bool is_active; // the key, and the one that a temporary key was made with
    bool is_tenant_active;
    enum person_state person_state;
    char *policy;                            // the user's policy document, NULL without
    uint8_t token_hash[CRYPTO_SHA256_BYTES]; // SHA-256 of a temporary key's token
    int64_t expires_ms;                      // of a temporary key
};
void key_row_free(struct key_row *row);
// A permanent or temporary key. FAULT_USER_NOT_EXIST when there is no such key, or a temporary one's parent is gone. Opens the secret with the store's master key (share it by store_reader_use_master).
bool store_key_find(struct store_reader *reader, const char *access_key_id,
                    struct key_row **ret_key, GError **error);
void store_reader_use_master(struct store_reader *reader, const struct store *store);
// For a program beside the server: reads DIR/master.key.
bool store_reader_master_key(struct store_reader *reader, const char *dir, GError **error);

struct tenant_row {
    int64_t id;
    char *name;
    bool is_active;
};
void tenant_row_free(struct tenant_row *row);
// The caller's tenant when tenant_id is 0; otherwise that one, if the caller belongs to it: FAULT_TENANT_NOT_EXIST.
bool store_tenant_get(struct store_reader *reader, const struct caller *caller, int64_t tenant_id,
                      struct tenant_row **ret_tenant, GError **error);
bool store_tenant_list(struct store_reader *reader, const struct caller *caller,
                       GPtrArray **ret_tenants, GError **error);
