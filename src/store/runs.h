// SPDX-License-Identifier: Apache-2.0
//
// runs: runs, their nodes, attempts and event rows.
//
// Each move of a run or node is an event row beside the changed row, in the same transaction; folding the events gives the stored state
// (behaviour.md §3, reliability.md G3). Rows are changed conditionally: the row must be in the state the move starts from.
#pragma once

#include "core/machine.h"
#include "store/store.h"

// A new WAITING run with all its node rows and the first event rows (engine thread). event_seq of the run is advanced.
bool store_run_insert(struct store *store, struct run *run, const char *actor, GError **error);

// Stores what one or several run_step calls changed: `effects` says which rows. event_seq of the run is advanced. `actor` (may be
// NULL) stands in the event rows. EFFECT_PLAN_CHANGED must be the first effect of its list: save what came before it separately,
// since positions belong to one plan.
bool store_run_save(struct store *store, struct run *run, const struct effects *effects,
                    int64_t now_ms, const char *actor, GError **error);

// What is known of an attempt that ended; stored with EFFECT_CLOSED.
struct attempt_end {
    int64_t fence;
    enum attempt_state state;
    int64_t started_ms;
    int64_t ended_ms;
    int exit_code;   // -1 when it did not exit by itself
    int exit_signal; // 0 none
    int64_t user_us;
    int64_t system_us;
    int64_t maxrss_kib;
    int64_t output_bytes;
    int64_t dropped_bytes;
};
bool store_attempt_close(struct store *store, const struct attempt_end *end, GError **error);

// Runs that have not ended, oldest first; GArray of int64_t.
bool store_run_unfinished(struct store_reader *reader, GArray **ret_run_ids, GError **error);
// The run's version, to find its plan first.
bool store_run_version(struct store_reader *reader, int64_t run_id, int64_t *ret_version_id,
                       GError **error);
// The state of a run that the engine knows of. FAULT_RUN_NOT_EXIST.
bool store_run_state(struct store_reader *reader, int64_t run_id, enum run_state *ret_state,
                     GError **error);
// A run as the machine's value, with derived fields. Stored text that does not parse is FAULT_INVALID_DATA.
bool store_run_load(struct store_reader *reader, int64_t run_id, struct plan *plan,
                    struct run **ret_run, GError **error);
// Marks a run that can not be loaded as FAILED with a message, so that it does not stop the server (reliability.md R11).
bool store_run_quarantine(struct store *store, int64_t run_id, int64_t now_ms, const char *message,
                          GError **error);

// Does the run belong to the flow and the tenant, and may the caller do this? Runs of a deleted flow can be viewed (behaviour.md §3.1);
// nothing else can be done to them. FAULT_FLOW_NOT_EXIST, FAULT_RUN_NOT_EXIST, FAULT_NO_PERMISSION.
bool store_run_check(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                     int64_t run_id, enum access_right right, GError **error);

struct run_row {
    int64_t id;
    int64_t flow_id;
    char *flow_name;
    int64_t version_id;
    int64_t backfill_id; // 0 none
    bool is_published_version;
    enum run_trigger trigger;
    enum run_state state;
    int run_number;
    int64_t business_ms;
    int64_t run_time_ms;
    int64_t created_ms;
    int64_t started_ms;
    int64_t ended_ms;
    char *message;
    char *owner_name;
    char *zone; // of its version
    // Only of store_run_get:
    char *variables;             // of the run alone, JSON text {name: text}; NULL none
    int64_t deployed_version_id; // of the flow now; 0 none
    bool is_draft_edited;        // since the run's version was made of it
};
void run_row_free(struct run_row *row);

struct run_filter {
    int64_t flow_id;
    int page_index; // from 1
    int page_size;
    int state_code; // wire code 0 … 5, or -1 for any
    int trigger;    // or -1
    // Half-open range over the start or business time as it is shown: seconds since 1970 on the clock of the run's own zone. 0 and
    // INT64_MAX: any, also runs that have not started.
    int64_t from_local_s;
    int64_t until_local_s;
    bool by_business_time;
};
// Newest first. GPtrArray of struct run_row *.
bool store_run_list(struct store_reader *reader, const struct caller *caller,
                    const struct run_filter *filter, GPtrArray **ret_runs, int64_t *ret_total,
                    GError **error);
bool store_run_get(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                   int64_t run_id, struct run_row **ret_run, GError **error);

struct node_run_row {
    int64_t id;
    int64_t node_id;
    char *name;
    enum node_kind kind;
    enum node_state state;
    enum skip_cause skip_cause;
    int attempt;
    int64_t started_ms;
    int64_t ended_ms;
    char *message;
};
void node_run_row_free(struct node_run_row *row);
// In the version's order. GPtrArray of struct node_run_row *.
bool store_node_run_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                         int64_t run_id, GPtrArray **ret_nodes, GError **error);

// The attempt of a node in a run: number 0 = the newest. FAULT_LOG_NOT_EXIST when there was none.
struct attempt_row {
    int64_t fence;
    int attempt;
    enum attempt_state state;
    bool is_open;
    bool node_succeeded; // for the closing line of a log
    char *
        message; // g_free; NULL or what the server made of its end, where the attempt itself does not tell
};
bool store_attempt_get(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                       int64_t run_id, int64_t node_id, int attempt,
                       struct attempt_row *ret_attempt, GError **error);
