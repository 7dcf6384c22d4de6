// SPDX-License-Identifier: Apache-2.0
//
// Attempts: a node's tries, each under a fence of its own (reliability.md, Task supervision). A row is committed as DISPATCHED before
// the supervisor hears of the attempt, and closed once.

#include "store/attempts.h"

#include <assert.h>

static const char INSERT_ATTEMPT[] = "INSERT INTO attempt (fence, run_id, node_id, attempt, state, "
                                     "dispatched_ms) VALUES (?1, ?2, ?3, ?4, 0, ?5)";
static const char CLOSE_ATTEMPT[] =
    "UPDATE attempt SET state = ?3 WHERE fence = ?1 AND run_id = ?2 AND state IN (0, ?3)";
static const char LOSE_ATTEMPTS[] = "UPDATE attempt SET state = 2 WHERE run_id = ?1 AND state = 0";
static_assert(ATTEMPT_DISPATCHED == 0 && ATTEMPT_LOST == 2, "the statements say 0 and 2");
bool attempt_row_insert(struct sql *sql, const struct run *run, const struct effect *start,
                        int64_t now_ms, GError **error) {
    return query_run(sql, INSERT_ATTEMPT,
                     VALUES(INT(start->fence), INT(run->id), INT(run->plan->nodes[start->node].id),
                            INT(start->attempt), INT(now_ms)),
                     error);
}

bool attempt_row_close(struct sql *sql, int64_t run_id, int64_t fence, enum attempt_state state,
                       GError **error) {
    return query_change(sql, CLOSE_ATTEMPT, VALUES(INT(fence), INT(run_id), INT(state)), error);
}

bool attempt_rows_lose(struct sql *sql, int64_t run_id, GError **error) {
    return query_run(sql, LOSE_ATTEMPTS, VALUES(INT(run_id)), error);
}
