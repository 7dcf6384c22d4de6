// SPDX-License-Identifier: Apache-2.0
//
// nonces: those of changing requests, kept over a restart (reliability.md, AuthN 6).
//
// seen_ms is the highest time the server had seen when the request came; it never goes back. What is forgotten is forgotten in its order,
// and two rows always stay as marks: the newest, below which time can not go, and the newest of those that were to be forgotten, so that
// nothing seen after the oldest stored row was ever forgotten. Engine thread; store_nonce_span and store_nonce_each with any reader.
#pragma once

#include "store/store.h"

// Twice the time window of requests and 5 minutes more.
enum { NONCE_KEEP_MS = (2 * 15 + 5) * 60 * 1000 };

// Inside the transaction of the change. A nonce that is there already stays as it is: a call may have several effects.
bool store_nonce_add(struct store *store, const char *access_key_id, const char *nonce,
                     int64_t seen_ms, GError **error);
// Forgets at most `limit` of those seen before `before_ms`, oldest first.
bool store_nonce_purge(struct store *store, int64_t before_ms, int limit, GError **error);
// The oldest and the highest seen time; both 0 when none is stored.
bool store_nonce_span(struct store_reader *reader, int64_t *ret_oldest_ms, int64_t *ret_newest_ms,
                      GError **error);
// Calls `take` for each seen at or after `from_ms`, oldest first.
typedef void (*nonce_take_fn)(const char *access_key_id, const char *nonce, int64_t seen_ms,
                              void *ctx);
bool store_nonce_each(struct store_reader *reader, int64_t from_ms, nonce_take_fn take, void *ctx,
                      GError **error);
