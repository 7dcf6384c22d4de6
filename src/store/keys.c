// SPDX-License-Identifier: Apache-2.0
//
// Access keys.

#include "store/keys.h"

#include "base/fault.h"
#include "store/changes.h"

bool change_key_create(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "key_create");
    return false;
}

bool change_key_update(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "key_update");
    return false;
}

bool change_key_delete(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "key_delete");
    return false;
}
