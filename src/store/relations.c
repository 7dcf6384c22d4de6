// SPDX-License-Identifier: Apache-2.0
//
// The complete edge set of a flow replaced (operations.md §2.5).

#include "base/fault.h"
#include "store/changes.h"

bool change_edges_replace(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "edges_replace");
    return false;
}
