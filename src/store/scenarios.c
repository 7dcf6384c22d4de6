// SPDX-License-Identifier: Apache-2.0
//
// Business scenarios, and flows moved between them.

#include "store/scenarios.h"

#include "base/fault.h"
#include "store/changes.h"

void scenario_row_free(struct scenario_row *row) {
    (void)row;
}

bool store_scenario_list(struct store_reader *reader, const struct caller *caller, int64_t space_id,
                         GPtrArray **ret_scenarios, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "scenarios");
    return false;
}
bool change_scenario_create(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "scenario_create");
    return false;
}

bool change_scenario_update(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "scenario_update");
    return false;
}

bool change_scenario_delete(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "scenario_delete");
    return false;
}

bool change_flow_move(struct store *store, const struct change *change, int64_t now_ms,
                      struct change_result *result, GError **error) {
    fault_set(error, FAULT_NOT_SUPPORTED, "flow_move");
    return false;
}
