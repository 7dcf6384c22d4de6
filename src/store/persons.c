// SPDX-License-Identifier: Apache-2.0
//
// Users of a tenant.

#include "store/persons.h"

#include "base/fault.h"
#include "store/changes.h"

bool change_person_register(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "person_register");
    return false;
}

bool change_person_update(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "person_update");
    return false;
}

bool change_person_delete(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "person_delete");
    return false;
}

bool change_person_enable(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "person_enable");
    return false;
}

bool change_person_disable(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "person_disable");
    return false;
}
