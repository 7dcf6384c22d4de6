// SPDX-License-Identifier: Apache-2.0
//
// Owners and stakeholders.

#include "store/sharing.h"

#include "base/fault.h"
#include "store/changes.h"

bool change_flow_owner(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "flow_owner");
    return false;
}

bool change_space_flow_owner(struct store *store, const struct change *change, int64_t now_ms,
                             struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "space_flow_owner");
    return false;
}

bool change_flow_cooperators(struct store *store, const struct change *change, int64_t now_ms,
                             struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "flow_cooperators");
    return false;
}
