// SPDX-License-Identifier: Apache-2.0
//
// way_back: how whoever owns the server's directory gets in again when the keys of the first administrator are lost. Offline: the caller
// holds the server's lock, and no engine runs.
#pragma once

#include "store/store.h"

// The first administrator is enabled and an administrator again, without a policy of its own; its keys, temporary ones too, are
// disabled; a new one is made and written to DIR/credentials; the operation log says so. *ret_key_id is freed by the caller.
//
// The change is durable before the file: when the file can not be written the call is repeated and makes another key.
// FAULT_INVALID_DATA when the store has no administrator, FAULT_IO.
bool store_way_back(struct store *store, const char *dir, int64_t now_ms, char **ret_key_id,
                    GError **error);
