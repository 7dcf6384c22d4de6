// SPDX-License-Identifier: Apache-2.0
//
// engine: the loop that owns all active runs and is the only writer of durable state (docs/ARCHITECTURE.md).
//
// One thread. A turn: gather (calls, supervisor reports, timers) → decide (run_step) → commit once → reply and act. The functions below may
// be called from any thread; they block until the turn that carries them has been committed, so that success means durable.
// FAULT_UNAVAILABLE while the server stops.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/machine.h"
#include "engine/options.h"
#include "engine/stats.h"
#include "exec/connection.h"
#include "engine/ledger.h"
#include "store/backfills.h"
#include "store/flows.h"
#include "store/origin.h"

struct engine;

// Recovers what the store holds, then serves. The supervisor need not be there yet.
bool engine_start(const struct engine_options *options, struct engine **ret_engine, GError **error);
// Before the end: connection tests, scripts of calls and readings of structures are killed and answered at once (scripts with
// FAULT_OUTCOME_UNKNOWN), and no others begin.
void engine_end_probes(struct engine *engine);
// Ends the loop after the turn under way; running attempts go on under the supervisor. quit_supervisor: tell it to end when idle.
void engine_stop(struct engine *engine, bool quit_supervisor);
void engine_free(struct engine *engine);

// Each of the next five takes the request it comes from (borrowed; NULL for none): its nonce, client token and log row are committed with the
// effect, and a call that was made before under its client token has no effect and the same answer.

// Applies a change; takes it. The result's caller frees it with change_result_done.
bool engine_change(struct engine *engine, const struct origin *origin, struct change *change,
                   struct change_result *ret_result, GError **error);
// The same, and the change stays the caller's, who may post it again.
bool engine_change_kept(struct engine *engine, const struct origin *origin, struct change *change,
                        struct change_result *ret_result, GError **error);
// A run by hand, once and now (TryRunTaskFlow), of a published version or VERSION_DRAFT or VERSION_LIVE. `variables` (borrowed; object name →
// text, NULL none) are that run's alone and stand before those of the flow; each must be one that the version has: FAULT_INVALID_VALUE.
// `draft` (borrowed) is what store_draft_gather gave for VERSION_DRAFT; FAULT_REVISION_STALE: it was edited since, and must be gathered again.
bool engine_try_run(struct engine *engine, const struct origin *origin, const struct caller *caller,
                    int64_t flow_id, int64_t version_id, struct draft *draft, json_t *variables,
                    int64_t *ret_run_id, GError **error);
// A row of runs (BackFill); id, tenant, state and position of `backfill` are the engine's; version_id 0 = the newest published one.
// *ret_result: id of the first run, second_id of the row's first start node (or first root), ids: that of the row, and the number of its runs.
// FAULT_FLOW_NOT_PUBLISHED, FAULT_VERSION_NOT_EXIST, FAULT_NODE_NOT_EXIST, FAULT_LIMIT_EXCEEDED, FAULT_INVALID_VALUE with the field.
bool engine_backfill(struct engine *engine, const struct origin *origin,
                     const struct caller *caller, struct backfill *backfill,
                     struct change_result *ret_result, GError **error);
// SUSPEND, RESUME, STOP, SET_SUCCESS, RERUN or RESTORE. version_id: VERSION_UNSAID is the run's own; resume takes no other; rerun and restore
// take a published one, VERSION_DRAFT (`draft` as above) or VERSION_LIVE.
bool engine_run_action(struct engine *engine, const struct origin *origin,
                       const struct caller *caller, enum run_event_kind action, int64_t flow_id,
                       int64_t run_id, int64_t version_id, struct draft *draft, GError **error);
// What a call leaves behind that changes nothing itself: a key's use, a refusal's log row and nonce. Copied and written with the next turn
// that commits anyway; never waits.
void engine_note(struct engine *engine, const struct note *note);
// Runs a probe of a data source under the supervisor; *ret_result is its JSON line (caller frees). FAULT_UNAVAILABLE after timeout_ms.
bool engine_probe(struct engine *engine, const struct exec_connection *connection,
                  int64_t timeout_ms, char **ret_result, GError **error);

// Runs a script in a database under the supervisor. The call is begun first: its nonce and client token are durable before anything runs;
// the change that logs what happened (CHANGE_SQL_AUDIT, by engine_conclude) gives the token its answer.
struct engine_answer {
    char *line;         // what sluice-sql told (exec/sqlresult.h), or NULL
    bool was_timed_out; // ended because its time was over
    bool is_repeat;     // nothing was run: `repeated` is the answer that the first call got
    struct change_result repeated;
};
void engine_answer_done(struct engine_answer *answer);
// FAULT_UNAVAILABLE: it did not run, or what it did is not known.
bool engine_execute(struct engine *engine, const struct origin *origin, const struct caller *caller,
                    const struct exec_connection *connection, const char *script,
                    int64_t timeout_ms, struct engine_answer *ret_answer, GError **error);
// The change at the end of a call that engine_execute has begun; takes it. Where the store takes no changes it is tried for 10 s;
// FAULT_OUTCOME_UNKNOWN then.
bool engine_conclude(struct engine *engine, const struct origin *origin, struct change *change,
                     GError **error);
// Starts to read the structure of a source (database_id 0: all its databases), or of one database, anew and returns; what is found is stored
// when it is known. FAULT_UNAVAILABLE when too much is to be read already. Jobs do not survive the server.
// *ret_ticket (may be NULL) is for engine_sync_wait.
bool engine_sync(struct engine *engine, const struct caller *caller, int64_t source_id,
                 int64_t database_id, bool with_tables, int64_t *ret_ticket, GError **error);
// Waits until what the ticket was given for is read, or could not be, at most timeout_ms; false: not yet.
bool engine_sync_wait(struct engine *engine, int64_t ticket, int64_t timeout_ms);
// Stops every unfinished run (actor "operator") and waits until all have ended and the supervisor says it is empty; false after the
// deadline, with the count of what still lives.
bool engine_stop_all(struct engine *engine, int64_t timeout_ms, int *ret_alive);

void engine_get_stats(struct engine *engine, struct engine_stats *ret_stats);

// Why no attempt can be started now: a sentence, which the caller frees; NULL when they can. *ret_is_blind (may be NULL): nothing is known
// of the attempts that run either, because no supervisor tells. Any thread.
char *engine_trouble(struct engine *engine, bool *ret_is_blind);
// What the launcher said of the last supervisor it was asked for: NULL it has begun, else why it could not. Any thread.
void engine_note_launch(struct engine *engine, const char *failure);
