// SPDX-License-Identifier: Apache-2.0
//
// draft: the draft of a flow, gathered and read on a request's thread, so that the engine's turn need only store it. It is of one revision:
// a turn that finds another one refuses the run or the publish (store/versions), and the request's thread gathers it again (api/services).
#pragma once

#include "core/access.h"
#include "core/plan.h"

struct draft; // immutable but for its plan; one thread at a time
struct flow_head;
struct snapshot;
struct store_reader;

// Gathers what a run of the draft would need. *ret_draft is NULL, and that is no error, when there is nothing to gather: the caller may not,
// the flow is not there or has no nodes, or a version of this revision is stored already. FAULT_LIMIT_EXCEEDED, FAULT_INVALID_DATA.
bool store_draft_gather(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                        struct draft **ret_draft, GError **error);
// Its plan, as that of the version which was made of it; the caller owns the reference. NULL when `version_id` was not made of it, or the
// plan was taken before.
struct plan *draft_take_plan(struct draft *draft, int64_t version_id);
void draft_free(struct draft *draft);

// For this folder.

// Gathers the draft of an open flow, whatever is stored of it.
bool draft_make(struct store_reader *reader, const struct flow_head *flow, struct draft **ret_draft,
                GError **error);
// Is it the flow's present draft? NULL is not.
bool draft_is_current(const struct draft *draft, const struct flow_head *flow);
const struct snapshot *draft_snapshot(const struct draft *draft);
// Not after draft_take_plan.
const struct plan *draft_plan(const struct draft *draft);
// This version was made of it.
void draft_note_version(struct draft *draft, int64_t version_id);
