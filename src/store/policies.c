// SPDX-License-Identifier: Apache-2.0
//
// Policy documents of users.

#include "store/policies.h"

#include "base/fault.h"
#include "store/changes.h"

bool change_policy_put(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "policy_put");
    return false;
}
