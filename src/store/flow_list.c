// SPDX-License-Identifier: Apache-2.0
//
// Flows as callers see them (operations.md §2.1).

#include "store/flow_list.h"

#include "base/fault.h"
#include "store/flow_head.h"
#include "store/flows.h"
#include "store/spaces.h"

#define FLOW_COLUMNS                                                                               \
    "SELECT f.id, f.tenant_id, f.name, f.description, f.scenario_id, f.status, f.is_scheduled,"    \
    " f.creator_id, creator.name, f.owner_id, owner.name, f.deploy_id, f.published_version_id,"    \
    " f.zone, f.constants, f.time_variables, f.created_ms, latest.state,"                          \
    " CASE WHEN latest.started_ms > 0 THEN latest.started_ms ELSE latest.created_ms END,"          \
    " f.space_id, f.is_event, f.cron_type, f.cron, f.cron_begin, f.cron_end, "                     \
    "f.schedule_param, f.deployed_schedule, f.schedule_on, latest.zone," FLOW_STANDING(            \
        "?2") " FROM flow f LEFT JOIN person creator ON creator.id = f.creator_id"                 \
              " LEFT JOIN person owner ON owner.id = f.owner_id"                                   \
              " LEFT JOIN run latest ON latest.id ="                                               \
              " (SELECT max(r.id) FROM run r WHERE r.tenant_id = ?1 AND r.flow_id = f.id)"         \
              " WHERE f.tenant_id = ?1"
#define LIVE_FLOW_COLUMNS FLOW_COLUMNS " AND f.status <> 3"
static const char GET_ANY[] = FLOW_COLUMNS " AND f.id = ?3";
static const char GET_FLOW[] = LIVE_FLOW_COLUMNS " AND f.id = ?3";
static const char LIST_ALL[] = LIVE_FLOW_COLUMNS " ORDER BY f.id DESC";
static const char LIST_SEEN[] = LIVE_FLOW_COLUMNS " AND f.id IN " FLOWS_SEEN " ORDER BY f.id DESC";
static const char FIND_USER[] = "SELECT id FROM person WHERE id = ?1 AND tenant_id = ?2";
static const char LIST_OF_SPACE[] = LIVE_FLOW_COLUMNS
    " AND f.space_id = ?3 AND (?4 = 0 OR f.owner_id = ?4"
    " OR EXISTS (SELECT 1 FROM cooperator u WHERE u.flow_id = f.id AND u.person_id = ?4)"
    " OR EXISTS (SELECT 1 FROM developer u WHERE u.flow_id = f.id AND u.person_id = ?4))"
    " ORDER BY f.id DESC";

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
    g_free(row->cron);
    g_free(row->cron_begin);
    g_free(row->cron_end);
    g_free(row->schedule_param);
    g_free(row->deployed_schedule);
    g_free(row->latest_run_zone);
    g_free(row);
}

static bool read_flow(struct sql_statement *row, const struct caller *caller,
                      struct flow_row **ret_flow, GError **error) {
    int status = FLOW_DRAFT;
    if (!query_enum(row, 5, FLOW_STATUS_COUNT, "the status of a flow", &status, error)) {
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
        .latest_run_zone = query_text(row, 28),
        .space_id = sql_column_int(row, 19),
        .is_event = sql_column_int(row, 20) != 0,
        .cron_type = (int)sql_column_int(row, 21),
        .cron = query_text(row, 22),
        .cron_begin = query_text(row, 23),
        .cron_end = query_text(row, 24),
        .schedule_param = query_text(row, 25),
        .deployed_schedule = query_text(row, 26),
        .is_switched_on = sql_column_int(row, 27) != 0,
        .relation = flow_relation(caller, sql_column_int(row, 9), row, 29),
    };
    *ret_flow = flow;
    return true;
}

static bool find(struct store_reader *reader, const struct caller *caller, const char *statement,
                 int64_t flow_id, struct flow_row **ret_flow, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    struct flow_row *flow = NULL;
    if (!query_one(reader->sql, statement,
                   VALUES(INT(caller->tenant_id), INT(caller->user_id), INT(flow_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (has_row) {
        bool is_good = read_flow(row, caller, &flow, error);
        sql_reset(row);
        if (!is_good) {
            return false;
        }
    }
    *ret_flow = flow;
    return true;
}

bool flow_list_find(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    struct flow_row **ret_flow, GError **error) {
    return find(reader, caller, GET_FLOW, flow_id, ret_flow, error);
}

static bool get_flow(struct store_reader *reader, const struct caller *caller,
                     const char *statement, int64_t flow_id, enum access_right right,
                     struct flow_row **ret_flow, GError **error) {
    struct flow_row *flow = NULL;
    if (!find(reader, caller, statement, flow_id, &flow, error)) {
        return false;
    }
    if (flow == NULL) {
        fault_set(error, FAULT_FLOW_NOT_EXIST, "there is no task flow %" G_GINT64_FORMAT, flow_id);
        return false;
    }
    if (!flow_check_right(caller, flow->relation, flow_id, right, error)) {
        flow_row_free(flow);
        return false;
    }
    *ret_flow = flow;
    return true;
}

bool store_flow_get(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    enum access_right right, struct flow_row **ret_flow, GError **error) {
    return get_flow(reader, caller, GET_FLOW, flow_id, right, ret_flow, error);
}

bool store_flow_get_history(struct store_reader *reader, const struct caller *caller,
                            int64_t flow_id, struct flow_row **ret_flow, GError **error) {
    return get_flow(reader, caller, GET_ANY, flow_id, ACCESS_VIEW, ret_flow, error);
}

static bool read_list(struct store_reader *reader, const struct caller *caller,
                      const char *statement, struct query_values values, GPtrArray **ret_flows,
                      GError **error) {
    g_autoptr(GPtrArray) flows = g_ptr_array_new_with_free_func((GDestroyNotify)flow_row_free);
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(reader->sql, statement, values, &row, error)) {
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

bool store_flow_list(struct store_reader *reader, const struct caller *caller,
                     GPtrArray **ret_flows, GError **error) {
    bool sees_all = access_allows(caller->roles, RELATION_OTHER, ACCESS_VIEW);
    return read_list(reader, caller, sees_all ? LIST_ALL : LIST_SEEN,
                     VALUES(INT(caller->tenant_id), INT(caller->user_id)), ret_flows, error);
}

// Whose flows may be asked for: one's own, or anybody's by who administers the workspace.
static bool check_user(struct store_reader *reader, const struct caller *caller, int64_t user_id,
                       unsigned roles, GError **error) {
    int64_t found = 0;
    if (user_id == 0) {
        return true;
    }
    if (user_id != caller->user_id && (roles & SPACE_ADMIN) == 0) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "%s may not list the task flows of user %" G_GINT64_FORMAT
                  "; the workspace's administrators, DBAs and administrators may",
                  caller->name, user_id);
        return false;
    }
    if (!query_int(reader->sql, FIND_USER, VALUES(INT(user_id), INT(caller->tenant_id)), 0, &found,
                   error)) {
        return false;
    }
    if (found == 0) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, "UserId",
                        "there is no user %" G_GINT64_FORMAT " in the tenant", user_id);
    }
    return found != 0;
}

bool store_space_flow_list(struct store_reader *reader, const struct caller *caller,
                           int64_t space_id, int64_t user_id, GPtrArray **ret_flows,
                           GError **error) {
    unsigned roles = 0;
    return store_space_open(reader, caller, space_id, &roles, error) &&
           check_user(reader, caller, user_id, roles, error) &&
           read_list(
               reader, caller, LIST_OF_SPACE,
               VALUES(INT(caller->tenant_id), INT(caller->user_id), INT(space_id), INT(user_id)),
               ret_flows, error);
}
