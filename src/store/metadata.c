// SPDX-License-Identifier: Apache-2.0
//
// Tables and columns of databases.

#include "store/metadata.h"

#include "base/fault.h"
#include "store/changes.h"

bool change_metadata_put(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "metadata_put");
    return false;
}
