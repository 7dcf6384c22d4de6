// SPDX-License-Identifier: Apache-2.0
//
// Runs as callers see them (operations.md §2.8). Each list has an index in its order; totals without a date range come from run_tally.
//
// There is one statement for each way of choosing, rather than one with many optional parts: then each is served by its own index.

#include <assert.h>

#include "base/fault.h"
#include "store/flow_head.h"
#include "store/runs.h"

static const char FIND_RUN[] =
    "SELECT id FROM run WHERE id = ?1 AND tenant_id = ?2 AND flow_id = ?3";

// `more` are columns and `joined` a table that only one run at a time is asked for.
#define RUN_SELECT(more, joined)                                                                   \
    "SELECT r.id, r.flow_id, v.flow_name, r.version_id, v.is_published, r.trigger_kind, r.state,"  \
    " r.run_number, r.business_ms, r.run_time_ms, r.created_ms, r.started_ms, r.ended_ms, "        \
    "r.message,"                                                                                   \
    " v.owner_name, r.zone, r.backfill_id, " more                                                  \
    " FROM run r JOIN version v ON v.id = r.version_id" joined                                     \
    " WHERE r.tenant_id = ?1 AND r.flow_id = ?2"
#define RUN_COLUMNS RUN_SELECT("NULL, 0, 0", "")
#define RUN_WHOLE                                                                                  \
    RUN_SELECT("r.variables, CASE WHEN f.status = 1 THEN f.published_version_id ELSE 0 END,"       \
               " v.revision <> 0 AND v.revision <> f.revision",                                    \
               " JOIN flow f ON f.id = r.flow_id AND f.tenant_id = r.tenant_id")
static_assert(FLOW_PUBLISHED == 1, "RUN_WHOLE says 1");
#define PAGE " LIMIT ?3 OFFSET ?4"

static const char GET_RUN[] = RUN_WHOLE " AND r.id = ?3";
static const char LIST_ALL[] = RUN_COLUMNS " ORDER BY r.id DESC" PAGE;
static const char LIST_BY_TRIGGER[] =
    RUN_COLUMNS " AND r.trigger_kind = ?5 ORDER BY r.id DESC" PAGE;
static const char LIST_BY_STATE[] = RUN_COLUMNS
    " AND r.state_code = ?6 AND (?5 < 0 OR r.trigger_kind = ?5) ORDER BY r.id DESC" PAGE;
static const char LIST_BY_TIME[] = RUN_COLUMNS
    " AND r.started_local_s >= ?7 AND r.started_local_s < ?8 AND (?5 < 0 OR r.trigger_kind = ?5)"
    " AND (?6 < 0 OR r.state_code = ?6) ORDER BY r.started_local_s DESC, r.id DESC" PAGE;
static const char LIST_BY_BUSINESS[] = RUN_COLUMNS
    " AND r.business_local_s >= ?7 AND r.business_local_s < ?8 AND (?5 < 0 OR r.trigger_kind = ?5)"
    " AND (?6 < 0 OR r.state_code = ?6) ORDER BY r.business_local_s DESC, r.id DESC" PAGE;

static const char COUNT_TALLY[] =
    "SELECT sum(runs) FROM run_tally WHERE tenant_id = ?1 AND flow_id = ?2"
    " AND (?3 < 0 OR trigger_kind = ?3) AND (?4 < 0 OR state_code = ?4)";
static const char COUNT_BY_TIME[] =
    "SELECT count(*) FROM run WHERE tenant_id = ?1 AND flow_id = ?2 AND (?3 < 0 OR trigger_kind = "
    "?3)"
    " AND (?4 < 0 OR state_code = ?4) AND started_local_s >= ?5 AND started_local_s < ?6";
static const char COUNT_BY_BUSINESS[] =
    "SELECT count(*) FROM run WHERE tenant_id = ?1 AND flow_id = ?2 AND (?3 < 0 OR trigger_kind = "
    "?3)"
    " AND (?4 < 0 OR state_code = ?4) AND business_local_s >= ?5 AND business_local_s < ?6";
static const char LIST_NODES[] =
    "SELECT n.id, n.node_id, n.name, n.kind, n.state, n.skip_cause, n.attempt, n.started_ms, "
    "n.ended_ms,"
    " n.message FROM node_run n JOIN run r ON r.id = n.run_id"
    " WHERE n.run_id = ?1 AND r.tenant_id = ?2 AND r.flow_id = ?3 ORDER BY n.node_id";

bool store_run_check(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                     int64_t run_id, enum access_right right, GError **error) {
    struct flow_head flow = { 0 };
    int64_t found = 0;
    bool is_open = right == ACCESS_VIEW
                       ? flow_head_open_history(reader, caller, flow_id, &flow, error)
                       : flow_head_open(reader, caller, flow_id, right, &flow, error);
    if (!is_open ||
        !query_int(reader->sql, FIND_RUN, VALUES(INT(run_id), INT(flow.tenant_id), INT(flow.id)), 0,
                   &found, error)) {
        return false;
    }
    if (found == 0) {
        fault_set(error, FAULT_RUN_NOT_EXIST,
                  "task flow %" G_GINT64_FORMAT " has no run %" G_GINT64_FORMAT, flow_id, run_id);
    }
    return found != 0;
}

void run_row_free(struct run_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->flow_name);
    g_free(row->message);
    g_free(row->owner_name);
    g_free(row->zone);
    g_free(row->variables);
    g_free(row);
}

static bool read_run(struct sql_statement *row, struct run_row **ret_run, GError **error) {
    int state = 0;
    int trigger = 0;
    if (!query_enum(row, 5, TRIGGER_MANUAL + 1, "the trigger of a run", &trigger, error) ||
        !query_enum(row, 6, RUN_STATE_COUNT, "the state of a run", &state, error)) {
        return false;
    }
    struct run_row *run = g_new(struct run_row, 1);
    *run = (struct run_row){
        .id = sql_column_int(row, 0),
        .flow_id = sql_column_int(row, 1),
        .flow_name = query_text(row, 2),
        .version_id = sql_column_int(row, 3),
        .is_published_version = sql_column_int(row, 4) != 0,
        .trigger = (enum run_trigger)trigger,
        .state = (enum run_state)state,
        .run_number = (int)sql_column_int(row, 7),
        .business_ms = sql_column_int(row, 8),
        .run_time_ms = sql_column_int(row, 9),
        .created_ms = sql_column_int(row, 10),
        .started_ms = sql_column_int(row, 11),
        .ended_ms = sql_column_int(row, 12),
        .message = query_text(row, 13),
        .owner_name = query_text(row, 14),
        .zone = query_text(row, 15),
        .backfill_id = sql_column_int(row, 16),
        .variables = query_text(row, 17),
        .deployed_version_id = sql_column_int(row, 18),
        .is_draft_edited = sql_column_int(row, 19) != 0,
    };
    *ret_run = run;
    return true;
}

static bool has_range(const struct run_filter *filter) {
    return filter->from_local_s > 0 || filter->until_local_s < INT64_MAX;
}

static bool count_runs(struct sql *sql, const struct flow_head *flow,
                       const struct run_filter *filter, int64_t *ret_total, GError **error) {
    const char *statement = COUNT_TALLY;
    if (has_range(filter)) {
        statement = filter->by_business_time ? COUNT_BY_BUSINESS : COUNT_BY_TIME;
    }
    struct query_values values =
        VALUES(INT(flow->tenant_id), INT(flow->id), INT(filter->trigger), INT(filter->state_code),
               INT(MAX(filter->from_local_s, 1)), INT(filter->until_local_s));
    values.count = has_range(filter) ? 6 : 4;
    return query_int(sql, statement, values, 0, ret_total, error);
}

static bool start_list(struct sql *sql, const struct flow_head *flow,
                       const struct run_filter *filter, struct sql_statement **ret_row,
                       GError **error) {
    const char *statement = LIST_ALL;
    size_t count = 4;
    if (has_range(filter)) {
        statement = filter->by_business_time ? LIST_BY_BUSINESS : LIST_BY_TIME;
        count = 8;
    } else if (filter->state_code >= 0) {
        statement = LIST_BY_STATE;
        count = 6;
    } else if (filter->trigger >= 0) {
        statement = LIST_BY_TRIGGER;
        count = 5;
    }
    struct query_values values = VALUES(
        INT(flow->tenant_id), INT(flow->id), INT(filter->page_size),
        INT((int64_t)(filter->page_index - 1) * filter->page_size), INT(filter->trigger),
        INT(filter->state_code), INT(MAX(filter->from_local_s, 1)), INT(filter->until_local_s));
    values.count = count;
    return query_start(sql, statement, values, ret_row, error);
}

bool store_run_list(struct store_reader *reader, const struct caller *caller,
                    const struct run_filter *filter, GPtrArray **ret_runs, int64_t *ret_total,
                    GError **error) {
    g_assert(filter->page_index >= 1 && filter->page_size >= 1);
    struct flow_head flow = { 0 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    int64_t total = 0;
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func((GDestroyNotify)run_row_free);
    if (!flow_head_open_history(reader, caller, filter->flow_id, &flow, error) ||
        !count_runs(reader->sql, &flow, filter, &total, error) ||
        !start_list(reader->sql, &flow, filter, &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_runs = g_steal_pointer(&runs);
            *ret_total = total;
            return true;
        }
        struct run_row *run = NULL;
        if (!read_run(row, &run, error)) {
            sql_reset(row);
            return false;
        }
        g_ptr_array_add(runs, run);
    }
    return false;
}

bool store_run_get(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                   int64_t run_id, struct run_row **ret_run, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!store_run_check(reader, caller, flow_id, run_id, ACCESS_VIEW, error) ||
        !query_one(reader->sql, GET_RUN, VALUES(INT(caller->tenant_id), INT(flow_id), INT(run_id)),
                   &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_INVALID_DATA,
                  "run %" G_GINT64_FORMAT " names a version that is gone", run_id);
        return false;
    }
    bool is_good = read_run(row, ret_run, error);
    sql_reset(row);
    return is_good;
}

void node_run_row_free(struct node_run_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->name);
    g_free(row->message);
    g_free(row);
}

static bool read_node(struct sql_statement *row, struct node_run_row **ret_node, GError **error) {
    int kind = 0;
    int state = 0;
    int cause = 0;
    if (!query_enum(row, 3, KIND_COUNT, "the kind of a node", &kind, error) ||
        !query_enum(row, 4, NODE_STATE_COUNT, "the state of a node", &state, error) ||
        !query_enum(row, 5, SKIP_CAUSE_COUNT, "the skip cause of a node", &cause, error)) {
        return false;
    }
    struct node_run_row *node = g_new(struct node_run_row, 1);
    *node = (struct node_run_row){
        .id = sql_column_int(row, 0),
        .node_id = sql_column_int(row, 1),
        .name = query_text(row, 2),
        .kind = (enum node_kind)kind,
        .state = (enum node_state)state,
        .skip_cause = (enum skip_cause)cause,
        .attempt = (int)sql_column_int(row, 6),
        .started_ms = sql_column_int(row, 7),
        .ended_ms = sql_column_int(row, 8),
        .message = query_text(row, 9),
    };
    *ret_node = node;
    return true;
}

bool store_node_run_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                         int64_t run_id, GPtrArray **ret_nodes, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    g_autoptr(GPtrArray) nodes = g_ptr_array_new_with_free_func((GDestroyNotify)node_run_row_free);
    if (!store_run_check(reader, caller, flow_id, run_id, ACCESS_VIEW, error) ||
        !query_start(reader->sql, LIST_NODES,
                     VALUES(INT(run_id), INT(caller->tenant_id), INT(flow_id)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_nodes = g_steal_pointer(&nodes);
            return true;
        }
        struct node_run_row *node = NULL;
        if (!read_node(row, &node, error)) {
            sql_reset(row);
            return false;
        }
        g_ptr_array_add(nodes, node);
    }
    return false;
}
