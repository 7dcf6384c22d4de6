// SPDX-License-Identifier: Apache-2.0
//
// Registered data sources changed and removed.

#include "base/fault.h"
#include "store/changes.h"

bool change_source_update(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "source_update");
    return false;
}

bool change_source_delete(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "source_delete");
    return false;
}
