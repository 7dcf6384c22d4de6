// SPDX-License-Identifier: Apache-2.0
//
// scenarios: folders for flows, in the tenant or in a workspace (operations.md §2.2).
#pragma once

#include "store/store.h"

enum { SCENARIO_NAME_MAX = 128, SCENARIO_DESCRIPTION_MAX = 1024, SCENARIOS_PER_TENANT_MAX = 200 };

struct scenario_row {
    int64_t id;
    int64_t space_id; // 0: none
    char *name;
    char *description;
    int64_t creator_id;
};
void scenario_row_free(struct scenario_row *row);

// Of the tenant (space_id 0) or of one workspace: FAULT_SPACE_NOT_EXIST. By id; GPtrArray of struct scenario_row *.
bool store_scenario_list(struct store_reader *reader, const struct caller *caller, int64_t space_id,
                         GPtrArray **ret_scenarios, GError **error);
// May a flow of the workspace (0: of the tenant itself) lie in the scenario? 0 is the default scenario and always may; otherwise
// FAULT_SCENARIO_NOT_EXIST, alike for unknown ones, foreign ones, and those of another place.
bool store_scenario_check(struct store_reader *reader, const struct caller *caller,
                          int64_t scenario_id, int64_t space_id, GError **error);
