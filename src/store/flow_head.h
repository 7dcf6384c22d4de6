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
    int64_t scenario_id;  // 0: the default scenario
    int64_t space_id;     // 0: in no workspace
    unsigned space_roles; // the caller's in that workspace: set of enum space_role
    enum access_relation relation;
};

// May this caller, who stands to the flow like this, do that? FAULT_NO_PERMISSION otherwise.
bool flow_check_right(const struct caller *caller, enum access_relation relation, int64_t flow_id,
                      enum access_right right, GError **error);

// FAULT_FLOW_NOT_EXIST for an unknown, deleted or foreign flow, FAULT_NO_PERMISSION when the caller may not do `right`.
bool flow_head_open(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    enum access_right right, struct flow_head *ret_head, GError **error);
// The same for reading what a flow has done, which stays when the flow is deleted, for those who could view it (behaviour.md §3.1): its
// runs, its versions and its last graph.
bool flow_head_open_history(struct store_reader *reader, const struct caller *caller,
                            int64_t flow_id, struct flow_head *ret_head, GError **error);
// A later statement did not find the flow's row: FAULT_FLOW_NOT_EXIST; false.
bool flow_head_gone(int64_t flow_id, GError **error);

// Three columns of a statement over `flow f`: how the person of the parameter (a text like "?2") stands to the flow besides owning it.
#define FLOW_STANDING(person)                                                                      \
    " EXISTS (SELECT 1 FROM cooperator c WHERE c.flow_id = f.id AND c.person_id = " person "),"    \
    " EXISTS (SELECT 1 FROM developer d WHERE d.flow_id = f.id AND d.person_id = " person "),"     \
    " coalesce((SELECT m.roles FROM space_member m WHERE m.space_id = f.space_id"                  \
    " AND m.person_id = " person "), 0)"

// The strongest relation of the caller, from those three columns, the first of which is `column`.
enum access_relation flow_relation(const struct caller *caller, int64_t owner_id,
                                   struct sql_statement *row, int column);

// Ids of the flows that a caller who manages nothing can see, for `IN`: ?1 is the tenant, ?2 the person. Each branch has its index:
// a person sees few of the tenant's flows. CROSS JOIN keeps the order: from the person's workspaces to their flows. What it names may be
// deleted; the statement around it asks for the flow's row.
#define FLOWS_SEEN                                                                                 \
    "(SELECT o.id FROM flow o WHERE o.tenant_id = ?1 AND o.owner_id = ?2 AND o.status <> 3"        \
    " UNION SELECT c.flow_id FROM cooperator c WHERE c.person_id = ?2"                             \
    " UNION SELECT d.flow_id FROM developer d WHERE d.person_id = ?2"                              \
    " UNION SELECT s.id FROM space_member m CROSS JOIN flow s WHERE m.person_id = ?2"              \
    " AND s.tenant_id = ?1 AND s.space_id = m.space_id AND s.status <> 3)"

// The draft was edited: its revision grows and its nodes by `nodes_added`.
bool flow_head_touch(struct store *store, const struct flow_head *head, int nodes_added,
                     int64_t now_ms, GError **error);
