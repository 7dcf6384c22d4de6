// SPDX-License-Identifier: Apache-2.0
//
// revisions: how often a list, graph or document that is replaced as a whole has been changed, and by whom last (docs/extensions.md, Revision).
//
// What has never been changed has revision 0. Every change of the thing raises it by one, by whichever operation it comes, also where it is
// only touched on the way: edges go with a node, stakeholders with a user. Numbers belong to a tenant's own objects and are never used again.
#pragma once

#include "store/flows.h"

// The number is stored.
enum revision_of {
    REVISION_NONE,
    REVISION_EDGES,          // of a flow, as those down to REVISION_SLA
    REVISION_CONSTANTS,      // of all its nodes
    REVISION_TIME_VARIABLES, // of all its nodes
    REVISION_PEOPLE,         // owner and stakeholders
    REVISION_SCHEDULE,
    REVISION_NOTIFICATION,
    REVISION_SLA,
    REVISION_NODE,   // of a node: its name and all its documents
    REVISION_USER,   // of a user: nick, roles, limits, state
    REVISION_POLICY, // of a user
    REVISION_SOURCE, // of a data source
};

// The present one of an object that the caller has been shown to see; its tenant is the caller's.
bool store_revision_get(struct store_reader *reader, const struct caller *caller,
                        enum revision_of what, int64_t object_id, int64_t *ret_revision,
                        GError **error);

// Around a change, inside its savepoint. Before: raises what the change touches on the way. After: refuses a change whose caller knew another
// revision (FAULT_REVISION_STALE, which names who changed it and when), raises what was changed, and puts the new number into the result.
bool revisions_before(struct store *store, const struct change *change, int64_t now_ms,
                      GError **error);
bool revisions_after(struct store *store, const struct change *change, struct change_result *result,
                     int64_t now_ms, GError **error);
