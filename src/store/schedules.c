// SPDX-License-Identifier: Apache-2.0
//
// Schedules, notification switches and SLA rules of drafts.

#include "store/schedules.h"

#include "base/fault.h"
#include "store/changes.h"

bool change_flow_schedule(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "flow_schedule");
    return false;
}

bool change_flow_notification(struct store *store, const struct change *change, int64_t now_ms,
                              struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "flow_notification");
    return false;
}

bool change_flow_sla(struct store *store, const struct change *change, int64_t now_ms,
                     struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "flow_sla");
    return false;
}
