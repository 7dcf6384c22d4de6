// SPDX-License-Identifier: Apache-2.0
//
// backfills: rows of runs for past business dates (behaviour.md §6). A row is durable: what is still to be created survives a restart.
#pragma once

#include "core/dates.h"
#include "core/selection.h"
#include "store/store.h"

enum { BACKFILL_RUNS_MAX = 400 };

enum backfill_state {
    BACKFILL_OPEN,
    BACKFILL_DONE,
    BACKFILL_FAILED,
    BACKFILL_STOPPED,
    BACKFILL_STATE_COUNT
};

struct backfill {
    int64_t id;
    int64_t tenant_id;
    int64_t flow_id;
    int64_t version_id;
    enum backfill_state state;
    struct dates_range range; // as it was asked for; not stored
    int position;             // of the run under way in `business_ms`
    int64_t run_id;           // the run under way
    GArray *business_ms;      // int64_t: business times in the order of their runs
    GArray *filter_node_ids;  // int64_t, may be empty
    GArray *start_node_ids;   // int64_t, empty: the whole graph
    bool with_subtree;
    char *actor;
};
// A request with empty lists; lists and actor are owned.
struct backfill *backfill_new(void);
void backfill_free(struct backfill *backfill);

// A row with its first run. Engine thread, as the next.
bool store_backfill_insert(struct store *store, const struct backfill *backfill, int64_t now_ms,
                           GError **error);
// An open row goes from the run at `backfill->position` to another (position, run_id; it stays open), or ends there.
bool store_backfill_advance(struct store *store, const struct backfill *backfill, int position,
                            int64_t run_id, enum backfill_state state, int64_t now_ms,
                            GError **error);

// FAULT_INVALID_DATA when there is none, or the row is damaged.
bool store_backfill_get(struct store_reader *reader, int64_t tenant_id, int64_t backfill_id,
                        struct backfill **ret_backfill, GError **error);
// A row and the run it waits for.
struct backfill_open {
    int64_t tenant_id;
    int64_t backfill_id;
    int64_t run_id;
};
// The open rows of all tenants, oldest first; GArray of struct backfill_open.
bool store_backfill_list_open(struct store_reader *reader, GArray **ret_open, GError **error);

// What a row leaves out of a version, with the outputs that stand in: for each node the newest successful run of the flow with the same
// business time that has any. NULL when nothing is left out.
bool store_backfill_select(struct store_reader *reader, int64_t tenant_id, int64_t backfill_id,
                           const struct plan *plan, int64_t business_ms,
                           struct selection **ret_selection, GError **error);

// The cron text of a version that runs by the clock; NULL otherwise. The caller frees it.
bool store_backfill_cron(struct store_reader *reader, int64_t tenant_id, int64_t version_id,
                         char **ret_cron, GError **error);
