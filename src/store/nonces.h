// SPDX-License-Identifier: Apache-2.0
//
// nonces: those of changing requests, kept over a restart (reliability.md, AuthN 6).
//
// seen_ms is the store's own time: it goes on while a server runs and never goes back, whatever the clock is set to. What is forgotten is
// forgotten in its order and leaves one mark, the latest stamp of it: a request stamped at or before the mark may have been taken. The newest
// row always stays, as that time's mark. Engine thread; store_nonce_state and store_nonce_each with any reader.
#pragma once

#include "store/store.h"

// What is kept of the nonces that are stored.
struct nonce_state {
    int64_t count;
    int64_t newest_ms;    // the store's own time when the last was seen; 0: none was
    int64_t forgotten_ms; // the mark: the latest stamp of what is forgotten; INT64_MIN: nothing is
};

// Inside the transaction of the change. A nonce that is there already stays as it is: a call may have several effects. *ret_is_new (may be
// NULL): it was not there.
bool store_nonce_add(struct store *store, const char *access_key_id, const char *nonce,
                     int64_t stamped_ms, int64_t seen_ms, bool *ret_is_new, GError **error);
// Forgets at most `limit` of those seen before `before_ms`, oldest first; *ret_count of them.
bool store_nonce_purge(struct store *store, int64_t before_ms, int limit, int *ret_count,
                       GError **error);
bool store_nonce_state(struct store_reader *reader, struct nonce_state *ret_state, GError **error);
// Calls `take` for each, oldest first.
typedef void (*nonce_take_fn)(const char *access_key_id, const char *nonce, int64_t stamped_ms,
                              void *ctx);
bool store_nonce_each(struct store_reader *reader, nonce_take_fn take, void *ctx, GError **error);
// The operator takes the present time for right although it is behind the mark: the mark goes, what is known stays. A transaction of its own.
bool store_nonce_accept_clock(struct store *store, GError **error);
