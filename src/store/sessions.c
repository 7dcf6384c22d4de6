// SPDX-License-Identifier: Apache-2.0
//
// Temporary keys: a key pair and a token that end by themselves (reliability.md, AuthN 8).

#include "base/fault.h"
#include "store/changes.h"

bool change_session_create(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "session_create");
    return false;
}
