// SPDX-License-Identifier: Apache-2.0
//
// The statements that write runs and their nodes. Which rows to write is decided in runs.c.

#include "store/run_rows.h"

#include <assert.h>
#include <stdlib.h>

#include "store/run_times.h"

static const char INSERT_RUN[] =
    "INSERT INTO run (id, tenant_id, flow_id, version_id, trigger_kind, state, state_code, verdict,"
    " is_draining, run_number, business_ms, run_time_ms, created_ms, started_ms, ended_ms, "
    "running_ms,"
    " running_since_ms, limit_ms, message, backfill_id, zone, started_local_s, business_local_s, "
    "variables)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
    "?19, ?20, ?21, ?22, ?23, ?24)";
static const char UPDATE_RUN[] =
    "UPDATE run SET version_id = ?4, state = ?5, state_code = ?6, verdict = ?7, is_draining = ?8,"
    " run_number = ?9, started_ms = ?10, ended_ms = ?11, running_ms = ?12, running_since_ms = ?13,"
    " limit_ms = ?14, message = ?15, zone = ?16, started_local_s = ?17, business_local_s = ?18"
    " WHERE id = ?1 AND tenant_id = ?2 AND state = ?3";
static const char TALLY[] = "INSERT INTO run_tally (tenant_id, flow_id, trigger_kind, state_code, "
                            "runs) VALUES (?1, ?2, ?3, ?4, ?5)"
                            " ON CONFLICT (tenant_id, flow_id, trigger_kind, state_code)"
                            " DO UPDATE SET runs = run_tally.runs + excluded.runs";
static const char INSERT_NODE[] = "INSERT INTO node_run (run_id, node_id, id, kind, state, "
                                  "skip_cause, attempt, retries_used, fence, due_ms,"
                                  " queued_ms, started_ms, ended_ms, condition_holds, name)"
                                  " VALUES (?1, ?2, ?3, ?4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?5)";
static_assert(NODE_WAITING == 0 && SKIP_NONE == 0, "INSERT_NODE says 0");
static const char UPDATE_NODE[] =
    "UPDATE node_run SET state = ?4, skip_cause = ?5, attempt = ?6, retries_used = ?7, fence = ?8,"
    " due_ms = ?9, queued_ms = ?10, started_ms = ?11, ended_ms = ?12, condition_holds = ?13, "
    "message = ?14,"
    " outputs = ?15 WHERE run_id = ?1 AND node_id = ?2 AND state = ?3";
static const char RENAME_NODE[] =
    "UPDATE node_run SET name = ?3, kind = ?4 WHERE run_id = ?1 AND node_id = ?2";
static const char DELETE_NODE[] =
    "DELETE FROM node_run WHERE run_id = ?1 AND node_id = ?2 AND state = ?3";

bool run_row_insert(struct sql *sql, const struct run *run, GError **error) {
    char *variables = run->variables != NULL ? json_dumps(run->variables, JSON_COMPACT) : NULL;
    bool is_good =
        query_run(sql, INSERT_RUN,
                  VALUES(INT(run->id), INT(run->tenant_id), INT(run->flow_id),
                         INT(run->plan->version_id), INT(run->trigger), INT(run->state),
                         INT(run_state_code(run->state)), INT(run->verdict), INT(run->is_draining),
                         INT(run->run_number), INT(run->business_ms), INT(run->run_time_ms),
                         INT(run->created_ms), INT(run->started_ms), INT(run->ended_ms),
                         INT(run->running_ms), INT(run->running_since_ms), INT(run->limit_ms),
                         TEXT(run->message), INT(run->backfill_id), TEXT(run->plan->zone),
                         INT(run_local_s(run->plan->zone, run->started_ms)),
                         INT(run_local_s(run->plan->zone, run->business_ms)), TEXT(variables)),
                  error);
    free(variables);
    return is_good;
}

bool run_row_update(struct sql *sql, const struct run *run, enum run_state from, GError **error) {
    return query_change(sql, UPDATE_RUN,
                        VALUES(INT(run->id), INT(run->tenant_id), INT(from),
                               INT(run->plan->version_id), INT(run->state),
                               INT(run_state_code(run->state)), INT(run->verdict),
                               INT(run->is_draining), INT(run->run_number), INT(run->started_ms),
                               INT(run->ended_ms), INT(run->running_ms), INT(run->running_since_ms),
                               INT(run->limit_ms), TEXT(run->message), TEXT(run->plan->zone),
                               INT(run_local_s(run->plan->zone, run->started_ms)),
                               INT(run_local_s(run->plan->zone, run->business_ms))),
                        error);
}

static bool tally(struct sql *sql, const struct run *run, int state_code, int runs,
                  GError **error) {
    return query_run(sql, TALLY,
                     VALUES(INT(run->tenant_id), INT(run->flow_id), INT(run->trigger),
                            INT(state_code), INT(runs)),
                     error);
}

bool run_row_tally(struct sql *sql, const struct run *run, int from, int to, GError **error) {
    int from_code = from == STATE_NONE ? STATE_NONE : run_state_code((enum run_state)from);
    int to_code = run_state_code((enum run_state)to);
    if (from_code == to_code) {
        return true;
    }
    return (from_code == STATE_NONE || tally(sql, run, from_code, -1, error)) &&
           tally(sql, run, to_code, 1, error);
}

bool node_row_insert(struct sql *sql, const struct run *run, int position, GError **error) {
    const struct plan_node *node = &run->plan->nodes[position];
    return query_run(sql, INSERT_NODE,
                     VALUES(INT(run->id), INT(node->id), INT(run->nodes[position].id),
                            INT(node->kind), TEXT(node->name)),
                     error);
}

bool node_row_update(struct sql *sql, const struct run *run, int position, enum node_state from,
                     GError **error) {
    const struct node_run *node = &run->nodes[position];
    char *outputs = node->outputs != NULL ? json_dumps(node->outputs, JSON_COMPACT) : NULL;
    bool is_good = query_change(
        sql, UPDATE_NODE,
        VALUES(INT(run->id), INT(run->plan->nodes[position].id), INT(from), INT(node->state),
               INT(node->skip_cause), INT(node->attempt), INT(node->retries_used), INT(node->fence),
               INT(node->due_ms), INT(node->queued_ms), INT(node->started_ms), INT(node->ended_ms),
               INT(node->condition_holds), TEXT(node->message), TEXT(outputs)),
        error);
    free(outputs);
    return is_good;
}

bool node_row_rename(struct sql *sql, const struct run *run, int position, GError **error) {
    const struct plan_node *node = &run->plan->nodes[position];
    return query_change(sql, RENAME_NODE,
                        VALUES(INT(run->id), INT(node->id), TEXT(node->name), INT(node->kind)),
                        error);
}

bool node_row_delete(struct sql *sql, int64_t run_id, int64_t node_id, enum node_state from,
                     GError **error) {
    return query_change(sql, DELETE_NODE, VALUES(INT(run_id), INT(node_id), INT(from)), error);
}
