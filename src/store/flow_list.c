// SPDX-License-Identifier: Apache-2.0
//
// Flows as callers see them (operations.md §2.1).

#include "base/fault.h"
#include "store/flow_head.h"
#include "store/flows.h"

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
