// SPDX-License-Identifier: Apache-2.0
//
// Owners and stakeholders of flows (operations.md §2.3, behaviour.md §8).
//
// Rights over the flow follow a new owner at once, and so do the runs of a flow outside of workspaces. In a workspace the owner is part
// of the version: what is published goes on under the owner it was published with until a version is published or deployed again. Either
// way the draft has changed.

#include "store/sharing.h"

#include <assert.h>

#include "base/fault.h"
#include "store/changes.h"
#include "store/flow_head.h"
#include "store/named_person.h"
#include "store/persons.h"

enum { COOPERATORS_PER_FLOW_MAX = 1000 };

static const char SET_OWNER[] =
    "UPDATE flow SET owner_id = ?3, revision = revision + 1, changed_ms = ?4"
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static const char COUNT_MEMBERSHIP[] =
    "SELECT count(*) FROM space_member WHERE space_id = ?1 AND person_id = ?2";
// A cooperator row is reached through its flow, which carries the tenant.
static const char CLEAR_COOPERATORS[] = "DELETE FROM cooperator WHERE flow_id = ?1";
static const char ADD_COOPERATOR[] =
    "INSERT INTO cooperator (flow_id, person_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
static const char LIST_COOPERATORS[] =
    "SELECT p.id, p.uid, p.name, p.email FROM cooperator c JOIN person p ON p.id = c.person_id"
    " WHERE c.flow_id = ?1 AND p.tenant_id = ?2 AND p.state <> 2 ORDER BY c.person_id";
static_assert(PERSON_DELETED == 2, "LIST_COOPERATORS says 2");

// The new owner of a workspace's flow must be a member there, whichever operation names one.
static bool check_membership(struct store_reader *reader, const struct flow_head *flow,
                             int64_t user_id, const char *field, GError **error) {
    int64_t memberships = 0;
    if (flow->space_id == 0) {
        return true;
    }
    if (!query_int(reader->sql, COUNT_MEMBERSHIP, VALUES(INT(flow->space_id), INT(user_id)), 0,
                   &memberships, error)) {
        return false;
    }
    if (memberships == 0) {
        fault_set_field(error, FAULT_INVALID_VALUE, field,
                        "user %" G_GINT64_FORMAT " is no member of workspace %" G_GINT64_FORMAT
                        ", which the flow belongs to; add the member first",
                        user_id, flow->space_id);
    }
    return memberships > 0;
}

static bool set_owner(struct store *store, const struct change *change,
                      const struct flow_head *flow, const char *field, int64_t now_ms,
                      GError **error) {
    return named_person_check(&store->reader, &change->caller, change->user_id, field, error) &&
           check_membership(&store->reader, flow, change->user_id, field, error) &&
           query_change(
               store_change_sql(store), SET_OWNER,
               VALUES(INT(flow->id), INT(flow->tenant_id), INT(change->user_id), INT(now_ms)),
               error);
}

bool change_flow_owner(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    return flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_CHANGE_OWNER,
                          &flow, error) &&
           set_owner(store, change, &flow, "NewOwnerId", now_ms, error);
}

bool change_space_flow_owner(struct store *store, const struct change *change, int64_t now_ms,
                             struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_CHANGE_OWNER,
                        &flow, error)) {
        return false;
    }
    if (flow.space_id == 0) {
        fault_set_field(error, FAULT_INVALID_VALUE, "DagId",
                        "task flow %" G_GINT64_FORMAT
                        " belongs to no workspace; UpdateTaskFlowOwner changes its owner",
                        flow.id);
        return false;
    }
    return set_owner(store, change, &flow, "OwnerUserId", now_ms, error);
}

bool change_flow_cooperators(struct store *store, const struct change *change, int64_t now_ms,
                             struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    guint count = change->user_ids != NULL ? change->user_ids->len : 0;
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                        error)) {
        return false;
    }
    if (count > COOPERATORS_PER_FLOW_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "CooperatorIds",
                        "CooperatorIds names %u users; at most %d", count,
                        COOPERATORS_PER_FLOW_MAX);
        return false;
    }
    if ((count > 0 && !named_person_check_all(&store->reader, &change->caller, change->user_ids,
                                              "CooperatorIds", error)) ||
        !query_run(store_change_sql(store), CLEAR_COOPERATORS, VALUES(INT(flow.id)), error)) {
        return false;
    }
    for (guint i = 0; i < count; i++) {
        int64_t user_id = g_array_index(change->user_ids, int64_t, i);
        if (!query_run(store_change_sql(store), ADD_COOPERATOR, VALUES(INT(flow.id), INT(user_id)),
                       error)) {
            return false;
        }
    }
    return true;
}

void cooperator_row_free(struct cooperator_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->login_name);
    g_free(row->nick_name);
    g_free(row->email);
    g_free(row);
}

bool store_cooperator_list(struct store_reader *reader, const struct caller *caller,
                           int64_t flow_id, GPtrArray **ret_cooperators, GError **error) {
    struct flow_head flow = { 0 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    g_autoptr(GPtrArray) cooperators =
        g_ptr_array_new_with_free_func((GDestroyNotify)cooperator_row_free);
    if (!flow_head_open(reader, caller, flow_id, ACCESS_VIEW, &flow, error) ||
        !query_start(reader->sql, LIST_COOPERATORS, VALUES(INT(flow.id), INT(flow.tenant_id)), &row,
                     error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_cooperators = g_steal_pointer(&cooperators);
            return true;
        }
        struct cooperator_row *cooperator = g_new(struct cooperator_row, 1);
        *cooperator = (struct cooperator_row){
            .user_id = sql_column_int(row, 0),
            .login_name = query_text(row, 1),
            .nick_name = query_text(row, 2),
            .email = query_text(row, 3),
        };
        g_ptr_array_add(cooperators, cooperator);
    }
    return false;
}
