// SPDX-License-Identifier: Apache-2.0
//
// Workspaces and members.

#include "store/spaces.h"

#include "base/fault.h"
#include "store/changes.h"

bool change_space_create(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "space_create");
    return false;
}

bool change_space_delete(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "space_delete");
    return false;
}

bool change_members_add(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "members_add");
    return false;
}

bool change_members_remove(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "members_remove");
    return false;
}
