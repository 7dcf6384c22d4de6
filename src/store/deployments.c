// SPDX-License-Identifier: Apache-2.0
//
// Which published version is deployed (operations.md §2.7).

#include "base/fault.h"
#include "store/changes.h"

bool change_flow_redeploy(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "flow_redeploy");
    return false;
}
