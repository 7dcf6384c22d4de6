// SPDX-License-Identifier: Apache-2.0
//
// nonce: which nonces were used, so that no signed request is taken twice (protocol.md §7; reliability.md, AuthN rule 6).
//
// A nonce is remembered for twice the time window and 5 minutes more, counted from the latest time the store has seen, so that a request
// stamped in the future stays remembered until it has left the window. A clock that goes back does not open the window again: what could
// have been forgotten is refused as stale, and that is all a jump forward and back costs. Memory is bounded: a full store refuses new
// requests instead of forgetting old ones.
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

enum nonce_result {
    NONCE_FRESH,
    NONCE_USED,
    NONCE_FULL,
    NONCE_STALE // stamped so early that it may be forgotten
};

struct nonce_store;

struct nonce_store *nonce_store_new(int64_t window_ms, size_t entries_max);
void nonce_store_free(struct nonce_store *store);

// Test and set in one step. Only for requests whose signature is good and whose own time, stamped_ms, is within the window around now_ms.
enum nonce_result nonce_store_use(struct nonce_store *store, const char *access_key_id,
                                  const char *nonce, int64_t stamped_ms, int64_t now_ms);

// Takes over what an earlier server has kept. First the marks: the highest time it saw, and the oldest time it still remembers, 0 and 0
// when nothing. Returns from when on its nonces matter; these come next, in the order of seen_ms.
int64_t nonce_store_resume(struct nonce_store *store, int64_t oldest_ms, int64_t newest_ms);
void nonce_store_load(struct nonce_store *store, const char *access_key_id, const char *nonce,
                      int64_t seen_ms);
// The age after which a nonce may be forgotten.
int64_t nonce_keep_ms(int64_t window_ms);

// How many are remembered.
size_t nonce_store_count(struct nonce_store *store);
