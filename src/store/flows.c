// SPDX-License-Identifier: Apache-2.0
//
// Flows: made, renamed, deleted, their variables, and the lists of them (operations.md §2.1, §2.6).
//
// Nodes, edges and versions have their own files. A deleted flow keeps its row; its name is free again.

#include "store/flows.h"

#include <assert.h>
#include <string.h>

#include "base/fault.h"
#include "store/changes.h"
#include "store/checks.h"
#include "store/flow_head.h"

static const char COUNT_FLOWS[] = "SELECT count(*) FROM flow WHERE tenant_id = ?1 AND status <> 3";
static const char FIND_NAME[] =
    "SELECT id FROM flow WHERE tenant_id = ?1 AND name = ?2 AND status <> 3";
static const char INSERT_FLOW[] =
    "INSERT INTO flow (id, tenant_id, name, description, scenario_id, status, is_scheduled, "
    "creator_id,"
    " owner_id, deploy_id, published_version_id, zone, policy, slot_count_max, node_count, "
    "revision,"
    " snapshot_version_id, snapshot_revision, created_ms, changed_ms, constants, time_variables)"
    " VALUES (?1, ?2, ?3, ?4, 0, 0, 0, ?5, ?5, 0, 0, 'Asia/Shanghai', 0, 0, 0, 1, 0, 0, ?6, ?6, "
    "'[]',"
    " '{\"variables\":[]}')";
static_assert(FLOW_DRAFT == 0 && POLICY_COMPLETE_RUNNING == 0, "INSERT_FLOW says 0");
static const char RENAME_FLOW[] =
    "UPDATE flow SET name = ?3, description = coalesce(?4, description),"
    " revision = revision + 1, changed_ms = ?5"
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static const char DELETE_FLOW[] = "UPDATE flow SET status = 3, changed_ms = ?3"
                                  " WHERE id = ?1 AND tenant_id = ?2 AND status NOT IN (1, 3)";
static_assert(FLOW_PUBLISHED == 1, "DELETE_FLOW says 1");
static const char COUNT_UNFINISHED[] =
    "SELECT sum(runs) FROM run_tally WHERE tenant_id = ?1 AND flow_id = ?2 AND state_code <= 2";
static const char SET_CONSTANTS[] =
    "UPDATE flow SET constants = ?3, revision = revision + 1, changed_ms = ?4"
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static const char SET_TIME_VARIABLES[] =
    "UPDATE flow SET time_variables = ?3, revision = revision + 1, changed_ms = ?4"
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";

#define FLOW_COLUMNS                                                                               \
    "SELECT f.id, f.tenant_id, f.name, f.description, f.scenario_id, f.status, f.is_scheduled,"    \
    " f.creator_id, creator.name, f.owner_id, owner.name, f.deploy_id, f.published_version_id,"    \
    " f.zone, f.constants, f.time_variables, f.created_ms, latest.state,"                          \
    " CASE WHEN latest.started_ms > 0 THEN latest.started_ms ELSE latest.created_ms END,"          \
    " EXISTS (SELECT 1 FROM cooperator c WHERE c.flow_id = f.id AND c.person_id = ?2)"             \
    " FROM flow f LEFT JOIN person creator ON creator.id = f.creator_id"                           \
    " LEFT JOIN person owner ON owner.id = f.owner_id"                                             \
    " LEFT JOIN run latest ON latest.id ="                                                         \
    " (SELECT max(r.id) FROM run r WHERE r.tenant_id = ?1 AND r.flow_id = f.id)"                   \
    " WHERE f.tenant_id = ?1 AND f.status <> 3"
static const char GET_FLOW[] = FLOW_COLUMNS " AND f.id = ?3";
static const char LIST_FLOWS[] = FLOW_COLUMNS
    " AND (?3 = 1 OR f.owner_id = ?2 OR EXISTS"
    " (SELECT 1 FROM cooperator c WHERE c.flow_id = f.id AND c.person_id = ?2)) ORDER BY f.id DESC";

static bool check_name_free(struct store *store, const struct change *change, GError **error) {
    int64_t holder = 0;
    if (!query_int(store->reader.sql, FIND_NAME,
                   VALUES(INT(change->caller.tenant_id), TEXT(change->name)), 0, &holder, error)) {
        return false;
    }
    if (holder != 0 && holder != change->flow_id) {
        fault_set_field(error, FAULT_NAME_EXISTED, "DagName",
                        "a task flow named \"%s\" exists already: %" G_GINT64_FORMAT, change->name,
                        holder);
        return false;
    }
    return true;
}

static bool check_texts(const struct change *change, GError **error) {
    return check_name(change->name, "DagName", FLOW_NAME_MAX, error) &&
           check_length(change->description, "Description", FLOW_DESCRIPTION_MAX, error);
}

bool change_flow_create(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    const struct caller *caller = &change->caller;
    int64_t count = 0;
    if (!check_texts(change, error)) {
        return false;
    }
    if (change->scenario_id > 0) {
        fault_set_field(error, FAULT_SCENARIO_NOT_EXIST, "ScenarioId",
                        "there is no business scenario %" G_GINT64_FORMAT, change->scenario_id);
        return false;
    }
    if (!check_name_free(store, change, error) ||
        !query_int(store->reader.sql, COUNT_FLOWS, VALUES(INT(caller->tenant_id)), 0, &count,
                   error)) {
        return false;
    }
    if (count >= FLOWS_PER_TENANT_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "the tenant has %" G_GINT64_FORMAT " task flows; at most %d", count,
                  FLOWS_PER_TENANT_MAX);
        return false;
    }
    result->id = store_next_id(store, COUNTER_ID);
    return query_run(store_change_sql(store), INSERT_FLOW,
                     VALUES(INT(result->id), INT(caller->tenant_id), TEXT(change->name),
                            TEXT(change->description != NULL ? change->description : ""),
                            INT(caller->user_id), INT(now_ms)),
                     error);
}

bool change_flow_rename(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct flow_head head = { 0 };
    return flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &head,
                          error) &&
           check_texts(change, error) && check_name_free(store, change, error) &&
           query_change(store_change_sql(store), RENAME_FLOW,
                        VALUES(INT(head.id), INT(head.tenant_id), TEXT(change->name),
                               TEXT(change->description), INT(now_ms)),
                        error);
}

bool change_flow_delete(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct flow_head head = { 0 };
    int64_t unfinished = 0;
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &head,
                        error) ||
        !query_int(store->reader.sql, COUNT_UNFINISHED, VALUES(INT(head.tenant_id), INT(head.id)),
                   0, &unfinished, error)) {
        return false;
    }
    if (head.status == FLOW_PUBLISHED) {
        fault_set(error, FAULT_FLOW_STATE,
                  "task flow %" G_GINT64_FORMAT " is published; take it offline before deleting it",
                  head.id);
        return false;
    }
    if (unfinished > 0) {
        fault_set(error, FAULT_FLOW_STATE,
                  "task flow %" G_GINT64_FORMAT " has %" G_GINT64_FORMAT
                  " runs that have not ended; stop them before deleting it",
                  head.id, unfinished);
        return false;
    }
    return query_change(store_change_sql(store), DELETE_FLOW,
                        VALUES(INT(head.id), INT(head.tenant_id), INT(now_ms)), error);
}

bool change_flow_constants(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error) {
    struct flow_head head = { 0 };
    g_autofree char *constants = NULL;
    return flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &head,
                          error) &&
           check_constants(change->document, &constants, error) &&
           query_change(store_change_sql(store), SET_CONSTANTS,
                        VALUES(INT(head.id), INT(head.tenant_id), TEXT(constants), INT(now_ms)),
                        error);
}

bool change_flow_time_variables(struct store *store, const struct change *change, int64_t now_ms,
                                struct change_result *result, GError **error) {
    struct flow_head head = { 0 };
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &head,
                        error)) {
        return false;
    }
    if (change->document == NULL || *change->document == '\0') {
        fault_set_field(error, FAULT_MISSING_FIELD, "TimeVariables", "TimeVariables is needed");
        return false;
    }
    return check_time_variables(change->document, error) &&
           query_change(
               store_change_sql(store), SET_TIME_VARIABLES,
               VALUES(INT(head.id), INT(head.tenant_id), TEXT(change->document), INT(now_ms)),
               error);
}

void flow_row_free(struct flow_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->name);
    g_free(row->description);
    g_free(row->creator_name);
    g_free(row->owner_name);
    g_free(row->zone);
    g_free(row->constants);
    g_free(row->time_variables);
    g_free(row);
}

static bool read_flow(struct sql_statement *row, const struct caller *caller,
                      struct flow_row **ret_flow, GError **error) {
    int status = FLOW_DRAFT;
    if (!query_enum(row, 5, FLOW_DELETED, "the status of a flow", &status, error)) {
        return false;
    }
    int latest_state = -1;
    bool has_run = sql_column_type(row, 17) != SQL_NULL;
    if (has_run &&
        !query_enum(row, 17, RUN_STATE_COUNT, "the state of a run", &latest_state, error)) {
        return false;
    }
    struct flow_row *flow = g_new(struct flow_row, 1);
    *flow = (struct flow_row){
        .id = sql_column_int(row, 0),
        .tenant_id = sql_column_int(row, 1),
        .name = query_text(row, 2),
        .description = query_text(row, 3),
        .scenario_id = sql_column_int(row, 4),
        .status = (enum flow_status)status,
        .is_scheduled = sql_column_int(row, 6) != 0,
        .creator_id = sql_column_int(row, 7),
        .creator_name = query_text(row, 8),
        .owner_id = sql_column_int(row, 9),
        .owner_name = query_text(row, 10),
        .deploy_id = sql_column_int(row, 11),
        .published_version_id = sql_column_int(row, 12),
        .zone = query_text(row, 13),
        .constants = query_text(row, 14),
        .time_variables = query_text(row, 15),
        .created_ms = sql_column_int(row, 16),
        .latest_run_state = latest_state,
        .latest_run_ms = has_run ? sql_column_int(row, 18) : 0,
        .relation = flow_relation(caller, sql_column_int(row, 9), sql_column_int(row, 19) != 0),
    };
    *ret_flow = flow;
    return true;
}

bool store_flow_get(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    enum access_right right, struct flow_row **ret_flow, GError **error) {
    struct flow_head head = { 0 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!flow_head_open(reader, caller, flow_id, right, &head, error) ||
        !query_one(reader->sql, GET_FLOW,
                   VALUES(INT(caller->tenant_id), INT(caller->user_id), INT(flow_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) { // deleted between the two statements
        fault_set(error, FAULT_FLOW_NOT_EXIST, "there is no task flow %" G_GINT64_FORMAT, flow_id);
        return false;
    }
    bool is_good = read_flow(row, caller, ret_flow, error);
    sql_reset(row);
    return is_good;
}

bool store_flow_list(struct store_reader *reader, const struct caller *caller,
                     GPtrArray **ret_flows, GError **error) {
    bool sees_all = access_allows(caller->roles, RELATION_OTHER, ACCESS_VIEW);
    g_autoptr(GPtrArray) flows = g_ptr_array_new_with_free_func((GDestroyNotify)flow_row_free);
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(reader->sql, LIST_FLOWS,
                     VALUES(INT(caller->tenant_id), INT(caller->user_id), INT(sees_all)), &row,
                     error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_flows = g_steal_pointer(&flows);
            return true;
        }
        struct flow_row *flow = NULL;
        if (!read_flow(row, caller, &flow, error)) {
            sql_reset(row);
            return false;
        }
        g_ptr_array_add(flows, flow);
    }
    return false;
}
