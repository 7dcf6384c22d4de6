// SPDX-License-Identifier: Apache-2.0
//
// Reading runs back into the machine's value after a start, and setting damaged ones aside (reliability.md R11).
//
// Every stored number is checked before it becomes a state; rows and version must name the same nodes.

#include <jansson.h>

#include "base/fault.h"
#include "base/zone.h"
#include "store/attempts.h"
#include "store/backfills.h"
#include "store/run_rows.h"
#include "store/runs.h"

static const char LIST_UNFINISHED[] = "SELECT id FROM run WHERE ended_ms = 0 ORDER BY id";
static const char GET_VERSION[] = "SELECT version_id FROM run WHERE id = ?1";
// The engine's own readings: a run is named by the engine, which got it from LIST_UNFINISHED or through store_run_check.
static const char GET_RUN[] = "SELECT tenant_id, flow_id, version_id, trigger_kind, state, "
                              "verdict, is_draining, run_number, business_ms,"
                              " run_time_ms, created_ms, started_ms, ended_ms, running_ms, "
                              "running_since_ms, limit_ms, message, backfill_id, variables"
                              " FROM run WHERE id = ?1";
static const char LIST_NODES[] =
    "SELECT node_id, id, state, skip_cause, attempt, retries_used, fence, due_ms, queued_ms, "
    "started_ms,"
    " ended_ms, condition_holds, message, outputs FROM node_run WHERE run_id = ?1";
static const char LIST_LIVE_NODES[] =
    "SELECT node_id, state, attempt FROM node_run WHERE run_id = ?1 AND ended_ms = 0";
static const char END_NODE[] =
    "UPDATE node_run SET state = ?3, fence = 0, ended_ms = ?4, message = ?5"
    " WHERE run_id = ?1 AND node_id = ?2 AND ended_ms = 0";
static const char GET_STATE[] =
    "SELECT state, tenant_id, flow_id, trigger_kind FROM run WHERE id = ?1";
static const char FAIL_RUN[] =
    "UPDATE run SET state = ?3, state_code = ?4, ended_ms = ?5, running_since_ms = 0, message = ?6"
    " WHERE id = ?1 AND state = ?2";

bool store_run_unfinished(struct store_reader *reader, GArray **ret_run_ids, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(reader->sql, LIST_UNFINISHED, NO_VALUES, &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_run_ids = g_steal_pointer(&ids);
            return true;
        }
        int64_t id = sql_column_int(row, 0);
        g_array_append_val(ids, id);
    }
    return false;
}

bool store_run_version(struct store_reader *reader, int64_t run_id, int64_t *ret_version_id,
                       GError **error) {
    int64_t version_id = 0;
    if (!query_int(reader->sql, GET_VERSION, VALUES(INT(run_id)), 0, &version_id, error)) {
        return false;
    }
    if (version_id == 0) {
        fault_set(error, FAULT_RUN_NOT_EXIST, "there is no run %" G_GINT64_FORMAT, run_id);
        return false;
    }
    *ret_version_id = version_id;
    return true;
}

bool store_run_state(struct store_reader *reader, int64_t run_id, enum run_state *ret_state,
                     GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    int state = 0;
    if (!query_one(reader->sql, GET_STATE, VALUES(INT(run_id)), &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_RUN_NOT_EXIST, "there is no run %" G_GINT64_FORMAT, run_id);
        return false;
    }
    bool is_good = query_enum(row, 0, RUN_STATE_COUNT, "the state of a run", &state, error);
    sql_reset(row);
    if (is_good) {
        *ret_state = (enum run_state)state;
    }
    return is_good;
}

static bool damaged(GError **error, int64_t run_id, const char *what) {
    fault_set(error, FAULT_INVALID_DATA, "the stored run %" G_GINT64_FORMAT " %s", run_id, what);
    return false;
}

static bool read_object(struct sql_statement *row, int column, json_t **ret_object) {
    const char *text = sql_column_text(row, column);
    *ret_object = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (text != NULL && !json_is_object(*ret_object)) {
        json_decref(*ret_object);
        *ret_object = NULL;
        return false;
    }
    return true;
}

static bool read_run(struct sql_statement *row, struct run *run, GError **error) {
    int state = 0;
    int verdict = 0;
    int trigger = 0;
    if (!query_enum(row, 3, TRIGGER_MANUAL + 1, "the trigger of a run", &trigger, error) ||
        !query_enum(row, 4, RUN_STATE_COUNT, "the state of a run", &state, error) ||
        !query_enum(row, 5, RUN_STATE_COUNT, "the verdict of a run", &verdict, error)) {
        return false;
    }
    if (sql_column_int(row, 1) != run->plan->flow_id ||
        sql_column_int(row, 2) != run->plan->version_id) {
        return damaged(error, run->id, "belongs to another version");
    }
    run->tenant_id = sql_column_int(row, 0);
    run->trigger = (enum run_trigger)trigger;
    run->state = (enum run_state)state;
    run->verdict = (enum run_state)verdict;
    run->is_draining = sql_column_int(row, 6) != 0;
    run->run_number = (int)sql_column_int(row, 7);
    run->business_ms = sql_column_int(row, 8);
    run->run_time_ms = sql_column_int(row, 9);
    run->created_ms = sql_column_int(row, 10);
    run->started_ms = sql_column_int(row, 11);
    run->ended_ms = sql_column_int(row, 12);
    run->running_ms = sql_column_int(row, 13);
    run->running_since_ms = sql_column_int(row, 14);
    run->limit_ms = sql_column_int(row, 15);
    run->message = query_text(row, 16);
    run->backfill_id = sql_column_int(row, 17);
    return read_object(row, 18, &run->variables) ||
           damaged(error, run->id, "has variables that do not parse");
}

static bool read_node(struct sql_statement *row, struct run *run, GError **error) {
    int position = plan_position(run->plan, sql_column_int(row, 0));
    int state = 0;
    int cause = 0;
    if (position < 0 || run->nodes[position].id != 0) {
        return damaged(error, run->id, "has a node that its version does not have");
    }
    if (!query_enum(row, 2, NODE_STATE_COUNT, "the state of a node", &state, error) ||
        !query_enum(row, 3, SKIP_CAUSE_COUNT, "the skip cause of a node", &cause, error)) {
        return false;
    }
    struct node_run node = {
        .id = sql_column_int(row, 1),
        .state = (enum node_state)state,
        .skip_cause = (enum skip_cause)cause,
        .attempt = (int)sql_column_int(row, 4),
        .retries_used = (int)sql_column_int(row, 5),
        .fence = sql_column_int(row, 6),
        .due_ms = sql_column_int(row, 7),
        .queued_ms = sql_column_int(row, 8),
        .started_ms = sql_column_int(row, 9),
        .ended_ms = sql_column_int(row, 10),
        .condition_holds = sql_column_int(row, 11) != 0,
    };
    bool has_fence = node.fence > 0;
    if (node.id <= 0 || node.attempt < 0 ||
        has_fence != (node.state == NODE_RUNNING || node.state == NODE_KILLING)) {
        return damaged(error, run->id, "has a node whose attempt does not fit its state");
    }
    if (!read_object(row, 13, &node.outputs)) {
        return damaged(error, run->id, "has outputs that do not parse");
    }
    node.message = query_text(row, 12);
    run->nodes[position] = node;
    return true;
}

static bool read_nodes(struct sql *sql, struct run *run, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    int count = 0;
    if (!query_start(sql, LIST_NODES, VALUES(INT(run->id)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return count == run->plan->node_count ||
                   damaged(error, run->id, "lacks a node of its version");
        }
        if (!read_node(row, run, error)) {
            sql_reset(row);
            return false;
        }
        count++;
    }
    return false;
}

static bool load_into(struct store_reader *reader, struct run *run, GError **error) {
    struct sql *sql = reader->sql;
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(sql, GET_RUN, VALUES(INT(run->id)), &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_RUN_NOT_EXIST, "there is no run %" G_GINT64_FORMAT, run->id);
        return false;
    }
    bool is_good = read_run(row, run, error);
    sql_reset(row);
    return is_good && read_nodes(sql, run, error) &&
           event_newest(sql, run->id, &run->event_seq, error) &&
           (run->backfill_id == 0 ||
            store_backfill_select(reader, run->tenant_id, run->backfill_id, run->plan,
                                  run->business_ms, &run->selection, error));
}

bool store_run_load(struct store_reader *reader, int64_t run_id, struct plan *plan,
                    struct run **ret_run, GError **error) {
    // Node-run ids of 0 mark nodes whose row has not been seen.
    g_autofree int64_t *no_ids = g_new0(int64_t, (size_t)plan->node_count + 1);
    struct run *run = run_new(run_id, 0, plan, no_ids, TRIGGER_MANUAL, 0);
    if (!load_into(reader, run, error)) {
        run_free(run);
        return false;
    }
    run_derive(run);
    run->business = zone_civil(plan->zone, run->business_ms);
    run->run_time = zone_civil(plan->zone, run->run_time_ms);
    char *fault = NULL;
    if (!run_is_sound(run, &fault)) {
        g_autofree char *sentence = fault;
        fault_set(error, FAULT_INVALID_DATA, "the stored run %" G_GINT64_FORMAT ": %s", run_id,
                  sentence);
        run_free(run);
        return false;
    }
    *ret_run = run;
    return true;
}

// ---- Quarantine: works on numbers alone, since the run can not be read ----

struct live_node {
    int64_t node_id;
    int state;
    int attempt;
};

static bool list_live(struct sql *sql, int64_t run_id, GArray *live, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(sql, LIST_LIVE_NODES, VALUES(INT(run_id)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        struct live_node node = {
            .node_id = sql_column_int(row, 0),
            .state = (int)sql_column_int(row, 1),
            .attempt = (int)sql_column_int(row, 2),
        };
        g_array_append_val(live, node);
    }
    return false;
}

static bool end_nodes(struct sql *sql, struct event_row *event, GError **error) {
    g_autoptr(GArray) live = g_array_new(FALSE, FALSE, sizeof(struct live_node));
    if (!list_live(sql, event->run_id, live, error)) {
        return false;
    }
    for (guint i = 0; i < live->len; i++) {
        const struct live_node *node = &g_array_index(live, struct live_node, i);
        bool was_running = node->state == NODE_RUNNING || node->state == NODE_KILLING;
        event->seq++;
        event->node_id = node->node_id;
        event->from = node->state;
        event->to = was_running ? NODE_FAIL : NODE_CANCELLED;
        event->attempt = node->attempt;
        if (!query_change(sql, END_NODE,
                          VALUES(INT(event->run_id), INT(node->node_id), INT(event->to),
                                 INT(event->at_ms), TEXT(event->message)),
                          error) ||
            !event_add(sql, event, error)) {
            return false;
        }
    }
    return true;
}

static bool quarantine(struct sql *sql, int64_t run_id, int64_t now_ms, const char *message,
                       GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    struct event_row event = { .run_id = run_id, .at_ms = now_ms, .message = message };
    if (!query_one(sql, GET_STATE, VALUES(INT(run_id)), &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_RUN_NOT_EXIST, "there is no run %" G_GINT64_FORMAT, run_id);
        return false;
    }
    int state = (int)sql_column_int(row, 0);
    struct run run = {
        .tenant_id = sql_column_int(row, 1),
        .flow_id = sql_column_int(row, 2),
        .trigger = (enum run_trigger)sql_column_int(row, 3),
    };
    sql_reset(row);
    if (!event_newest(sql, run_id, &event.seq, error) || !end_nodes(sql, &event, error) ||
        !attempt_rows_lose(sql, run_id, error)) {
        return false;
    }
    event.seq++;
    event.node_id = 0;
    event.attempt = 0;
    event.from = state;
    event.to = RUN_FAILED;
    bool has_state = state >= 0 && state < RUN_STATE_COUNT;
    return event_add(sql, &event, error) &&
           query_change(sql, FAIL_RUN,
                        VALUES(INT(run_id), INT(state), INT(RUN_FAILED),
                               INT(run_state_code(RUN_FAILED)), INT(now_ms), TEXT(message)),
                        error) &&
           (!has_state || run_row_tally(sql, &run, state, RUN_FAILED, error));
}

bool store_run_quarantine(struct store *store, int64_t run_id, int64_t now_ms, const char *message,
                          GError **error) {
    return store_part_begin(store, error) &&
           store_part_end(
               store, quarantine(store_change_sql(store), run_id, now_ms, message, error), error);
}
