// SPDX-License-Identifier: Apache-2.0
//
// tokens: client tokens: the same call with the same token has one effect and the same answer (reliability.md G2).
//
// Kept 24 hours per caller and action. The answer is sealed, as it may hold a secret.
#pragma once

#include "store/flows.h"
#include "store/origin.h"

enum { CLIENT_TOKEN_HOURS = 24 };

// Was this call made before? *ret_is_repeat and its answer. FAULT_TOKEN_MISMATCH: with other arguments; FAULT_TOKEN_OPEN: no answer is known.
// Nothing happens without a token. The reader has the master key.
bool store_token_find(struct store_reader *reader, const struct caller *caller,
                      const struct origin *origin, int64_t now_ms, bool *ret_is_repeat,
                      struct change_result *ret_result, GError **error);
// Remembers the answer, in the transaction of the change; result NULL: begun, the answer follows. Overwrites a begun one.
bool store_token_add(struct store *store, const struct caller *caller, const struct origin *origin,
                     const struct change_result *result, int64_t now_ms, GError **error);
// Forgets at most `limit` of those that are older, oldest first.
bool store_token_purge(struct store *store, int64_t now_ms, int limit, GError **error);
