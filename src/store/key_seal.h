// SPDX-License-Identifier: Apache-2.0
//
// key_seal: the secrets of access keys as they are stored: sealed with the master key, bound to their key's id and tenant, so that a
// sealed secret that is moved to another row does not open (reliability.md, AuthN 7). Private to this folder.
#pragma once

#include "store/private.h"

enum {
    KEY_ID_LENGTH = 24, // characters of a key that the server makes
    KEY_SECRET_LENGTH = 40,
};

// A permanent key to be stored. Texts are borrowed.
struct new_key {
    const char *id;
    const char *secret;
    int64_t tenant_id;
    int64_t person_id;
};

// The caller frees it.
GBytes *key_seal(const struct store_reader *reader, const char *key_id, int64_t tenant_id,
                 const char *secret);
// Opens a sealed secret. The caller wipes and frees it. FAULT_INVALID_DATA when it does not belong to this key.
bool key_open(const struct store_reader *reader, const char *key_id, int64_t tenant_id,
              const void *sealed, size_t len, char **ret_secret, GError **error);
// Stores an active key, inside the open transaction.
bool key_insert(struct store *store, const struct new_key *key, int64_t now_ms, GError **error);
// {key id, secret, NULL} for change_result.text, made at random. key_insert stores it.
char **key_make(void);
