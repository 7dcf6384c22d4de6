// SPDX-License-Identifier: Apache-2.0
//
// Business scenarios, and flows moved between them (operations.md §2.2).
//
// A scenario lies in the tenant itself or in one workspace, and holds only flows of the same place. The default scenario is no row: its
// id is 0. A scenario is not part of a version, so moving a flow does not touch its revision.

#include "store/scenarios.h"

#include "base/fault.h"
#include "store/changes.h"
#include "store/checks.h"
#include "store/flow_head.h"
#include "store/spaces.h"

static const char COUNT_SCENARIOS[] = "SELECT count(*) FROM scenario WHERE tenant_id = ?1";
static const char FIND_NAME[] =
    "SELECT id FROM scenario WHERE tenant_id = ?1 AND space_id = ?2 AND name = ?3";
static const char GET_SCENARIO[] =
    "SELECT space_id, creator_id FROM scenario WHERE id = ?1 AND tenant_id = ?2";
static const char LIST_SCENARIOS[] =
    "SELECT id, space_id, name, description, creator_id FROM scenario"
    " WHERE tenant_id = ?1 AND space_id = ?2 ORDER BY id";
static const char INSERT_SCENARIO[] =
    "INSERT INTO scenario (id, tenant_id, space_id, name, description, creator_id, created_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char UPDATE_SCENARIO[] =
    "UPDATE scenario SET name = ?3, description = coalesce(?4, description)"
    " WHERE id = ?1 AND tenant_id = ?2";
static const char DELETE_SCENARIO[] = "DELETE FROM scenario WHERE id = ?1 AND tenant_id = ?2";
static const char COUNT_FLOWS[] =
    "SELECT count(*) FROM flow WHERE tenant_id = ?1 AND scenario_id = ?2 AND status <> 3";
static const char MOVE_FLOW[] =
    "UPDATE flow SET scenario_id = ?3 WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";

struct scenario_head {
    int64_t id;
    int64_t space_id;
    int64_t creator_id;
    unsigned space_roles; // the caller's in that workspace
};

void scenario_row_free(struct scenario_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->name);
    g_free(row->description);
    g_free(row);
}

static bool refuse_unknown(int64_t scenario_id, GError **error) {
    fault_set_field(error, FAULT_SCENARIO_NOT_EXIST, "ScenarioId",
                    "there is no business scenario %" G_GINT64_FORMAT " in this place",
                    scenario_id);
    return false;
}

// The scenario, when the caller can see it: everybody in the tenant, or the members of its workspace.
static bool open_scenario(struct store_reader *reader, const struct caller *caller,
                          int64_t scenario_id, struct scenario_head *ret_head, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_SCENARIO, VALUES(INT(scenario_id), INT(caller->tenant_id)),
                   &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        return refuse_unknown(scenario_id, error);
    }
    struct scenario_head head = {
        .id = scenario_id,
        .space_id = sql_column_int(row, 0),
        .creator_id = sql_column_int(row, 1),
    };
    sql_reset(row);
    g_autoptr(GError) cause = NULL;
    if (head.space_id != 0 &&
        !store_space_open(reader, caller, head.space_id, &head.space_roles, &cause)) {
        if (fault_is(cause, FAULT_SPACE_NOT_EXIST)) {
            return refuse_unknown(scenario_id, error);
        }
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    *ret_head = head;
    return true;
}

// Who may rename or delete a scenario (proposed:, the sources are silent): who made it, a DBA, an administrator, and in a workspace its
// administrators.
static bool may_change(const struct caller *caller, const struct scenario_head *head) {
    return access_manages(caller->roles) || head->creator_id == caller->user_id ||
           (head->space_roles & SPACE_ADMIN) != 0;
}

static bool open_for_change(struct store_reader *reader, const struct change *change,
                            struct scenario_head *ret_head, GError **error) {
    if (change->scenario_id <= 0) {
        fault_set_field(error, FAULT_INVALID_VALUE, "ScenarioId",
                        "the default scenario can be neither changed nor deleted");
        return false;
    }
    struct scenario_head head = { 0 };
    if (!open_scenario(reader, &change->caller, change->scenario_id, &head, error)) {
        return false;
    }
    if (!may_change(&change->caller, &head)) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "%s may not change business scenario %" G_GINT64_FORMAT
                  "; its creator, DBAs and administrators may",
                  change->caller.name, head.id);
        return false;
    }
    *ret_head = head;
    return true;
}

static bool check_texts(struct store_reader *reader, const struct change *change,
                        const struct scenario_head *head, GError **error) {
    int64_t holder = 0;
    if (!check_name(change->name, "ScenarioName", SCENARIO_NAME_MAX, error) ||
        !check_length(change->description, "Description", SCENARIO_DESCRIPTION_MAX, error) ||
        !query_int(reader->sql, FIND_NAME,
                   VALUES(INT(change->caller.tenant_id), INT(head->space_id), TEXT(change->name)),
                   0, &holder, error)) {
        return false;
    }
    if (holder != 0 && holder != head->id) {
        fault_set_field(error, FAULT_NAME_EXISTED, "ScenarioName",
                        "a business scenario named \"%s\" exists already: %" G_GINT64_FORMAT,
                        change->name, holder);
        return false;
    }
    return true;
}

bool change_scenario_create(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    const struct caller *caller = &change->caller;
    struct scenario_head head = { .space_id = change->space_id };
    int64_t count = 0;
    if (head.space_id != 0 &&
        !store_space_open(&store->reader, caller, head.space_id, &head.space_roles, error)) {
        return false;
    }
    if (!check_texts(&store->reader, change, &head, error) ||
        !query_int(store->reader.sql, COUNT_SCENARIOS, VALUES(INT(caller->tenant_id)), 0, &count,
                   error)) {
        return false;
    }
    if (count >= SCENARIOS_PER_TENANT_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "the tenant has %" G_GINT64_FORMAT " business scenarios; at most %d", count,
                  SCENARIOS_PER_TENANT_MAX);
        return false;
    }
    result->id = store_next_id(store, COUNTER_ID);
    return query_run(store_change_sql(store), INSERT_SCENARIO,
                     VALUES(INT(result->id), INT(caller->tenant_id), INT(head.space_id),
                            TEXT(change->name),
                            TEXT(change->description != NULL ? change->description : ""),
                            INT(caller->user_id), INT(now_ms)),
                     error);
}

bool change_scenario_update(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    struct scenario_head head = { 0 };
    return open_for_change(&store->reader, change, &head, error) &&
           check_texts(&store->reader, change, &head, error) &&
           query_change(store_change_sql(store), UPDATE_SCENARIO,
                        VALUES(INT(head.id), INT(change->caller.tenant_id), TEXT(change->name),
                               TEXT(change->description)),
                        error);
}

bool change_scenario_delete(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    struct scenario_head head = { 0 };
    int64_t flows = 0;
    if (!open_for_change(&store->reader, change, &head, error) ||
        !query_int(store->reader.sql, COUNT_FLOWS,
                   VALUES(INT(change->caller.tenant_id), INT(head.id)), 0, &flows, error)) {
        return false;
    }
    if (flows > 0) {
        fault_set_field(error, FAULT_SCENARIO_NOT_EMPTY, "ScenarioId",
                        "business scenario %" G_GINT64_FORMAT " holds %" G_GINT64_FORMAT
                        " task flows; move or delete them first",
                        head.id, flows);
        return false;
    }
    return query_change(store_change_sql(store), DELETE_SCENARIO,
                        VALUES(INT(head.id), INT(change->caller.tenant_id)), error);
}

bool store_scenario_check(struct store_reader *reader, const struct caller *caller,
                          int64_t scenario_id, int64_t space_id, GError **error) {
    struct scenario_head head = { 0 };
    if (scenario_id == 0) {
        return true;
    }
    if (!open_scenario(reader, caller, scenario_id, &head, error)) {
        return false;
    }
    return head.space_id == space_id || refuse_unknown(scenario_id, error);
}

bool change_flow_move(struct store *store, const struct change *change, int64_t now_ms,
                      struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    int64_t scenario_id = MAX(change->scenario_id, 0);
    return flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                          error) &&
           store_scenario_check(&store->reader, &change->caller, scenario_id, flow.space_id,
                                error) &&
           query_change(store_change_sql(store), MOVE_FLOW,
                        VALUES(INT(flow.id), INT(flow.tenant_id), INT(scenario_id)), error);
}

bool store_scenario_list(struct store_reader *reader, const struct caller *caller, int64_t space_id,
                         GPtrArray **ret_scenarios, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    unsigned roles = 0;
    g_autoptr(GPtrArray) scenarios =
        g_ptr_array_new_with_free_func((GDestroyNotify)scenario_row_free);
    if ((space_id != 0 && !store_space_open(reader, caller, space_id, &roles, error)) ||
        !query_start(reader->sql, LIST_SCENARIOS, VALUES(INT(caller->tenant_id), INT(space_id)),
                     &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_scenarios = g_steal_pointer(&scenarios);
            return true;
        }
        struct scenario_row *scenario = g_new(struct scenario_row, 1);
        *scenario = (struct scenario_row){
            .id = sql_column_int(row, 0),
            .space_id = sql_column_int(row, 1),
            .name = query_text(row, 2),
            .description = query_text(row, 3),
            .creator_id = sql_column_int(row, 4),
        };
        g_ptr_array_add(scenarios, scenario);
    }
    return false;
}
