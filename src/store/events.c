// SPDX-License-Identifier: Apache-2.0
//
// Event rows, and the proof that folding them gives the stored state (reliability.md G3, T32).

#include "store/events.h"

#include "base/fault.h"
#include "store/store.h"

static const char ADD_EVENT[] =
    "INSERT INTO event (run_id, seq, at_ms, node_id, from_state, to_state, attempt, actor, message)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char NEWEST_EVENT[] = "SELECT max(seq) FROM event WHERE run_id = ?1";

// The check reads every run of every tenant.
static const char ALL_RUNS[] = "SELECT id, state FROM run ORDER BY id";
static const char RUN_EVENTS[] = "SELECT seq, node_id, from_state, to_state, attempt FROM event"
                                 " WHERE run_id = ?1 ORDER BY seq";
static const char RUN_NODES[] = "SELECT node_id, state, attempt FROM node_run WHERE run_id = ?1";
static const char ORPHAN_EVENT[] = "SELECT run_id FROM event WHERE NOT EXISTS (SELECT 1 FROM run "
                                   "WHERE run.id = event.run_id) LIMIT 1";
static const char WRONG_TALLY[] =
    "SELECT flow_id FROM (SELECT tenant_id, flow_id, trigger_kind, state_code, runs FROM run_tally"
    " UNION ALL SELECT tenant_id, flow_id, trigger_kind, state_code, -count(*) FROM run"
    " GROUP BY tenant_id, flow_id, trigger_kind, state_code) AS both"
    " GROUP BY tenant_id, flow_id, trigger_kind, state_code HAVING sum(runs) <> 0 LIMIT 1";

bool event_add(struct sql *sql, const struct event_row *event, GError **error) {
    return query_run(sql, ADD_EVENT,
                     VALUES(INT(event->run_id), INT(event->seq), INT(event->at_ms),
                            INT(event->node_id), INT(event->from), INT(event->to),
                            INT(event->attempt), TEXT(event->actor), TEXT(event->message)),
                     error);
}

bool event_newest(struct sql *sql, int64_t run_id, int64_t *ret_seq, GError **error) {
    return query_int(sql, NEWEST_EVENT, VALUES(INT(run_id)), 0, ret_seq, error);
}

// What the events say of the run (node 0) or one of its nodes.
struct folded {
    int state;
    int attempt;
};

// Applies one row; *ret_fault is set when it does not continue what came before.
static void fold(GHashTable *states, struct sql_statement *row, int64_t wanted_seq,
                 char **ret_fault) {
    int64_t node_id = sql_column_int(row, 1);
    int from = (int)sql_column_int(row, 2);
    struct folded *folded = g_hash_table_lookup(states, (void *)(uintptr_t)node_id);
    int before = folded != NULL ? folded->state : STATE_NONE;
    if (sql_column_int(row, 0) != wanted_seq) {
        *ret_fault = g_strdup_printf("event %" G_GINT64_FORMAT " is missing", wanted_seq);
        return;
    }
    if (from != before) {
        *ret_fault = g_strdup_printf("event %" G_GINT64_FORMAT " moves node %" G_GINT64_FORMAT
                                     " from state %d, but it was in %d",
                                     wanted_seq, node_id, from, before);
        return;
    }
    if (folded == NULL) {
        folded = g_new0(struct folded, 1);
        g_hash_table_insert(states, (void *)(uintptr_t)node_id, folded);
    }
    folded->state = (int)sql_column_int(row, 3);
    folded->attempt = (int)sql_column_int(row, 4);
}

static bool fold_run(struct sql *sql, int64_t run_id, GHashTable *states, char **ret_fault,
                     GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(sql, RUN_EVENTS, VALUES(INT(run_id)), &row, error)) {
        return false;
    }
    for (int64_t seq = 1; query_next(row, &has_row, error); seq++) {
        if (!has_row) {
            return true;
        }
        fold(states, row, seq, ret_fault);
        if (*ret_fault != NULL) {
            sql_reset(row);
            return true;
        }
    }
    return false;
}

static bool compare_nodes(struct sql *sql, int64_t run_id, GHashTable *states, char **ret_fault,
                          GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(sql, RUN_NODES, VALUES(INT(run_id)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        int64_t node_id = sql_column_int(row, 0);
        const struct folded *folded = g_hash_table_lookup(states, (void *)(uintptr_t)node_id);
        if (folded == NULL || folded->state != sql_column_int(row, 1) ||
            folded->attempt != sql_column_int(row, 2)) {
            *ret_fault = g_strdup_printf(
                "node %" G_GINT64_FORMAT " is stored in state %" G_GINT64_FORMAT
                " with attempt %" G_GINT64_FORMAT "; its events give state %d with attempt %d",
                node_id, sql_column_int(row, 1), sql_column_int(row, 2),
                folded != NULL ? folded->state : STATE_NONE, folded != NULL ? folded->attempt : 0);
            sql_reset(row);
            return true;
        }
        g_hash_table_remove(states, (void *)(uintptr_t)node_id);
    }
    return false;
}

// What is left after the stored rows were taken out must have left the run.
static void check_left(GHashTable *states, int64_t run_state, char **ret_fault) {
    GHashTableIter iter;
    void *key = NULL;
    void *value = NULL;
    g_hash_table_iter_init(&iter, states);
    while (*ret_fault == NULL && g_hash_table_iter_next(&iter, &key, &value)) {
        const struct folded *folded = value;
        int64_t wanted = (uintptr_t)key == 0 ? run_state : STATE_NONE;
        if (folded->state != wanted) {
            *ret_fault = g_strdup_printf("the events of node %" G_GINT64_FORMAT
                                         " (0: the run) end in state %d,"
                                         " stored is %" G_GINT64_FORMAT,
                                         (int64_t)(uintptr_t)key, folded->state, wanted);
        }
    }
    if (*ret_fault == NULL && g_hash_table_lookup(states, NULL) == NULL) {
        *ret_fault = g_strdup("the run has no events");
    }
}

static bool check_run(struct sql *sql, int64_t run_id, int64_t run_state, char **ret_fault,
                      GError **error) {
    g_autoptr(GHashTable) states =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    char *fault = NULL;
    if (!fold_run(sql, run_id, states, &fault, error) ||
        (fault == NULL && !compare_nodes(sql, run_id, states, &fault, error))) {
        g_free(fault);
        return false;
    }
    if (fault == NULL) {
        check_left(states, run_state, &fault);
    }
    if (fault != NULL) {
        *ret_fault = g_strdup_printf("run %" G_GINT64_FORMAT ": %s", run_id, fault);
        g_free(fault);
        return false;
    }
    return true;
}

static bool check_one(struct sql *sql, const char *statement, const char *format, char **ret_fault,
                      GError **error) {
    int64_t id = 0;
    if (!query_int(sql, statement, NO_VALUES, 0, &id, error)) {
        return false;
    }
    if (id != 0) {
        *ret_fault = g_strdup_printf("%s %" G_GINT64_FORMAT, format, id);
    }
    return id == 0;
}

bool store_check_events(struct store_reader *reader, char **ret_fault, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!check_one(reader->sql, ORPHAN_EVENT, "there are events of an unknown run", ret_fault,
                   error) ||
        !check_one(reader->sql, WRONG_TALLY,
                   "the counted runs differ from the stored ones for flow", ret_fault, error) ||
        !query_start(reader->sql, ALL_RUNS, NO_VALUES, &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        if (!check_run(reader->sql, sql_column_int(row, 0), sql_column_int(row, 1), ret_fault,
                       error)) {
            sql_reset(row);
            return false;
        }
    }
    return false;
}
