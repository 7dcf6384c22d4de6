// SPDX-License-Identifier: Apache-2.0
//
// nonce: which nonces were used, so that no signed request is taken twice (protocol.md §7; reliability.md, AuthN rule 6).
//
// A nonce is remembered for twice the time window and 5 minutes more, counted from the latest time the store has seen: a clock that
// goes back does not open the window again, and a request stamped in the future stays remembered until it has left the window.
// Memory is bounded: a full store refuses new requests instead of forgetting old ones.
//
// Threads: any; one mutex inside.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NONCE_BYTES_MAX = 256,          // of one nonce
    NONCE_ENTRIES_DEFAULT = 500000, // about 40 MB
};

enum nonce_result { NONCE_FRESH, NONCE_USED, NONCE_FULL };

struct nonce_store;

struct nonce_store *nonce_store_new(int64_t window_ms, size_t entries_max);
void nonce_store_free(struct nonce_store *store);

// Test and set in one step. Only for requests whose signature is good.
enum nonce_result nonce_store_use(struct nonce_store *store, const char *access_key_id,
                                  const char *nonce, int64_t now_ms);

// How many are remembered.
size_t nonce_store_count(struct nonce_store *store);
