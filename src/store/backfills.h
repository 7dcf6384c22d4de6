// SPDX-License-Identifier: Apache-2.0
//
// backfills: rows of runs for past business dates (behaviour.md §6). A row is durable: what is still to be created survives a restart.
#pragma once

#include "store/store.h"

enum { BACKFILL_RUNS_MAX = 400 };

enum backfill_state { BACKFILL_OPEN, BACKFILL_DONE, BACKFILL_FAILED, BACKFILL_STOPPED };

struct backfill {
    int64_t id;
    int64_t tenant_id;
    int64_t flow_id;
    int64_t version_id;
    enum backfill_state state;
    int position;            // of the run under way in `business_ms`
    GArray *business_ms;     // int64_t: business times in the order of their runs
    GArray *filter_node_ids; // int64_t, may be empty
    GArray *start_node_ids;  // int64_t, empty: the whole graph
    bool with_subtree;
    char *actor;
};
void backfill_free(struct backfill *backfill);

bool store_backfill_insert(struct store *store, const struct backfill *backfill, int64_t now_ms,
                           GError **error);
bool store_backfill_get(struct store_reader *reader, int64_t backfill_id,
                        struct backfill **ret_backfill, GError **error);
// The next run has been made, or the row has ended.
bool store_backfill_advance(struct store *store, int64_t backfill_id, int position,
                            enum backfill_state state, int64_t now_ms, GError **error);
