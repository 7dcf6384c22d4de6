// SPDX-License-Identifier: Apache-2.0
//
// Gathering costs what reading, writing and reading again the whole draft cost; it is done where only its caller waits.

#include "store/draft.h"

#include "store/snapshot.h"

struct draft {
    int64_t flow_id;
    int64_t revision;
    struct snapshot snapshot;
    struct plan *plan;  // NULL: taken
    int64_t version_id; // that was made of it; 0: none
};

bool draft_make(struct store_reader *reader, const struct flow_head *flow, struct draft **ret_draft,
                GError **error) {
    struct draft *draft = g_new0(struct draft, 1);
    draft->flow_id = flow->id;
    draft->revision = flow->revision;
    if (!snapshot_make(reader, flow, &draft->snapshot, error) ||
        !plan_new(flow->id, draft->snapshot.document, &draft->plan, error)) {
        draft_free(draft);
        return false;
    }
    *ret_draft = draft;
    return true;
}

bool draft_is_current(const struct draft *draft, const struct flow_head *flow) {
    return draft != NULL && draft->flow_id == flow->id && draft->revision == flow->revision;
}

const struct snapshot *draft_snapshot(const struct draft *draft) {
    return &draft->snapshot;
}

const struct plan *draft_plan(const struct draft *draft) {
    g_assert(draft->plan != NULL);
    return draft->plan;
}

void draft_note_version(struct draft *draft, int64_t version_id) {
    draft->version_id = version_id;
}

bool store_draft_gather(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                        struct draft **ret_draft, GError **error) {
    struct flow_head flow = { 0 };
    *ret_draft = NULL;
    bool is_open = flow_head_open(reader, caller, flow_id, ACCESS_OPERATE, &flow, NULL);
    bool is_stored = flow.snapshot_version_id != 0 && flow.snapshot_revision == flow.revision;
    return !is_open || flow.node_count == 0 || is_stored ||
           draft_make(reader, &flow, ret_draft, error);
}

struct plan *draft_take_plan(struct draft *draft, int64_t version_id) {
    if (draft == NULL || draft->plan == NULL || draft->version_id != version_id) {
        return NULL;
    }
    draft->plan->version_id = version_id;
    return g_steal_pointer(&draft->plan);
}

void draft_free(struct draft *draft) {
    if (draft == NULL) {
        return;
    }
    snapshot_done(&draft->snapshot);
    plan_unref(draft->plan);
    g_free(draft);
}
