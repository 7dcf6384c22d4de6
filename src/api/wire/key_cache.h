// SPDX-License-Identifier: Apache-2.0
//
// key_cache: access keys as the key table gave them, shared by the requests that are signed with them, so that finding a key and opening
// its sealed secret is not part of every request.
//
// What always holds: a key is given out again only while the generation under which it was read is the present one. Whoever changes people or
// keys raises the generation after the commit and before the answer, so that a disabled key is refused from its acknowledgement on.
// Keys are freed, and their secrets wiped, when the generation moves on and the last request that uses them has ended.
//
// Threads: any; one mutex inside. A shared key is never written.
#pragma once

#include "base/crypto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct caller; // who calls: made by the key table, understood by permission hook and handlers

// One access key, as the key table knows it. Filled by api_options.key_find; api_key_done frees what it holds.
struct api_key {
    bool is_unreadable; // beside false: keys can not be read now, which says nothing about this one
    char *secret;       // plain text, wiped by api_key_done
    bool is_active;
    bool is_temporary;                       // comes with a SecurityToken, and ends
    uint8_t token_hash[CRYPTO_SHA256_BYTES]; // SHA-256 of that token
    int64_t expires_ms;
    const struct caller *caller;
    void *
        owner; // what the key table keeps of the key, for the permit hook; `caller` may be a part of it
    void (*owner_free)(void *owner); // NULL: not to be freed
};

void api_key_done(struct api_key *key);

struct key_cache;

struct key_cache *key_cache_new(size_t entries_max);
void key_cache_free(struct key_cache *cache);

// The key of that id as it was read under this generation, or NULL. Give it back with key_cache_drop.
const struct api_key *key_cache_find(struct key_cache *cache, const char *access_key_id,
                                     int64_t generation);
// Takes over what `key_take` holds and shares it. The generation must have been asked for before the key was read; below 0 it is not kept.
const struct api_key *key_cache_keep(struct key_cache *cache, const char *access_key_id,
                                     int64_t generation, struct api_key *key_take);
// NULL is fine. The cache may be gone already.
void key_cache_drop(const struct api_key *key);
