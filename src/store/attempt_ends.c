// SPDX-License-Identifier: Apache-2.0
//
// What is known of attempts: how they ended, and which one a log belongs to.

#include "base/fault.h"
#include "store/private.h"
#include "store/runs.h"

static const char DESCRIBE_ATTEMPT[] =
    "UPDATE attempt SET state = ?2, started_ms = ?3, ended_ms = ?4, exit_code = ?5, exit_signal = "
    "?6,"
    " user_us = ?7, system_us = ?8, maxrss_kib = ?9, output_bytes = ?10, dropped_bytes = ?11"
    " WHERE fence = ?1 AND state IN (0, ?2)";
static const char GET_ATTEMPT[] =
    "SELECT a.fence, a.attempt, a.state,"
    " EXISTS (SELECT 1 FROM event e WHERE e.run_id = a.run_id AND e.node_id = a.node_id"
    "  AND e.attempt = a.attempt AND e.to_state = ?5),"
    " CASE WHEN a.state = ?6 OR (a.state = ?7 AND a.exit_code = 0 AND a.exit_signal = 0) THEN"
    "  (SELECT e.message FROM event e WHERE e.run_id = a.run_id AND e.node_id = a.node_id"
    "   AND e.attempt = a.attempt AND e.from_state IN (?8, ?9) AND e.to_state <> ?9"
    "   ORDER BY e.seq LIMIT 1) END"
    " FROM attempt a JOIN run r ON r.id = a.run_id"
    " WHERE a.run_id = ?1 AND a.node_id = ?2 AND (?3 = 0 OR a.attempt = ?3) AND r.tenant_id = ?4"
    " ORDER BY a.attempt DESC, a.fence DESC LIMIT 1";

bool store_attempt_close(struct store *store, const struct attempt_end *end, GError **error) {
    g_assert(end->state != ATTEMPT_DISPATCHED);
    return query_change(store_change_sql(store), DESCRIBE_ATTEMPT,
                        VALUES(INT(end->fence), INT(end->state), INT(end->started_ms),
                               INT(end->ended_ms), INT(end->exit_code), INT(end->exit_signal),
                               INT(end->user_us), INT(end->system_us), INT(end->maxrss_kib),
                               INT(end->output_bytes), INT(end->dropped_bytes)),
                        error);
}

static bool read_attempt(struct sql_statement *row, struct attempt_row *ret_attempt,
                         GError **error) {
    int state = 0;
    if (!query_enum(row, 2, ATTEMPT_STATE_COUNT, "the state of an attempt", &state, error)) {
        return false;
    }
    *ret_attempt = (struct attempt_row){
        .fence = sql_column_int(row, 0),
        .attempt = (int)sql_column_int(row, 1),
        .state = (enum attempt_state)state,
        .is_open = state == ATTEMPT_DISPATCHED,
        .node_succeeded = sql_column_int(row, 3) != 0,
        .message = g_strdup(sql_column_text(row, 4)),
    };
    return true;
}

bool store_attempt_get(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                       int64_t run_id, int64_t node_id, int attempt,
                       struct attempt_row *ret_attempt, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!store_run_check(reader, caller, flow_id, run_id, ACCESS_VIEW, error) ||
        !query_one(reader->sql, GET_ATTEMPT,
                   VALUES(INT(run_id), INT(node_id), INT(attempt), INT(caller->tenant_id),
                          INT(NODE_SUCCESS), INT(ATTEMPT_REFUSED), INT(ATTEMPT_EXITED),
                          INT(NODE_RUNNING), INT(NODE_KILLING)),
                   &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_LOG_NOT_EXIST,
                  attempt == 0 ? "node %" G_GINT64_FORMAT " of run %" G_GINT64_FORMAT
                                 " has not been started"
                               : "node %" G_GINT64_FORMAT " of run %" G_GINT64_FORMAT
                                 " has had no attempt with that number",
                  node_id, run_id);
        return false;
    }
    bool is_good = read_attempt(row, ret_attempt, error);
    sql_reset(row);
    return is_good;
}
