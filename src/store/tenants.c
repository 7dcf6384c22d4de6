// SPDX-License-Identifier: Apache-2.0
//
// New tenants with their first administrator.

#include "base/fault.h"
#include "store/changes.h"

bool change_tenant_create(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "tenant_create");
    return false;
}
