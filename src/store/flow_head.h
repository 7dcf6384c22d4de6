// SPDX-License-Identifier: Apache-2.0
//
// flow_head: a flow's identity, state and the caller's right to it, checked in one place. Private to this folder.
//
// Every operation on a flow, its nodes, edges, versions or runs begins here, so that the tenant and the right can not be forgotten.
#pragma once

#include "core/access.h"
#include "core/model.h"
#include "store/private.h"

struct flow_head {
    int64_t id;
    int64_t tenant_id;
    enum flow_status status;
    int64_t owner_id;
    int64_t published_version_id;
    int64_t revision;            // grows with every edit of the draft
    int64_t snapshot_version_id; // the newest snapshot of the draft, 0 none
    int64_t snapshot_revision;   // the revision it was made of
    int64_t node_count;
    enum access_relation relation;
};

// FAULT_FLOW_NOT_EXIST for an unknown, deleted or foreign flow, FAULT_NO_PERMISSION when the caller may not do `right`.
bool flow_head_open(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    enum access_right right, struct flow_head *ret_head, GError **error);

// How a caller stands to a flow.
enum access_relation flow_relation(const struct caller *caller, int64_t owner_id,
                                   bool is_cooperator);

// The draft was edited: its revision grows and its nodes by `nodes_added`.
bool flow_head_touch(struct store *store, const struct flow_head *head, int nodes_added,
                     int64_t now_ms, GError **error);
