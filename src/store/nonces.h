// SPDX-License-Identifier: Apache-2.0
//
// nonces: those of changing requests, kept over a restart (reliability.md, AuthN 6).
#pragma once

#include "store/store.h"

// Inside the transaction of the change. seen_ms is the highest time the server has seen, which never goes back.
bool store_nonce_add(struct store *store, const char *access_key_id, const char *nonce,
                     int64_t seen_ms, GError **error);
// Forgets at most `limit` of those seen before `before_ms`; the newest always stays, as the mark below which time can not go.
bool store_nonce_purge(struct store *store, int64_t before_ms, int limit, GError **error);
// The highest seen time, 0 when none is stored.
bool store_nonce_high_ms(struct store_reader *reader, int64_t *ret_high_ms, GError **error);
// Calls `take` for each.
typedef void (*nonce_take_fn)(const char *access_key_id, const char *nonce, int64_t seen_ms,
                              void *ctx);
bool store_nonce_each(struct store_reader *reader, nonce_take_fn take, void *ctx, GError **error);
