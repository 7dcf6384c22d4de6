// SPDX-License-Identifier: Apache-2.0
//
// Flows: made, renamed, deleted, and their variables (operations.md §2.1, §2.6).
//
// Nodes, edges and versions have their own files. A deleted flow keeps its row; its name is free again.

#include <assert.h>

#include "base/fault.h"
#include "store/changes.h"
#include "store/checks.h"
#include "store/draft_size.h"
#include "store/flow_head.h"
#include "store/scenarios.h"
#include "store/spaces.h"

static const char COUNT_FLOWS[] = "SELECT count(*) FROM flow WHERE tenant_id = ?1 AND status <> 3";
static const char FIND_NAME[] =
    "SELECT id FROM flow WHERE tenant_id = ?1 AND name = ?2 AND status <> 3";
static const char INSERT_FLOW[] =
    "INSERT INTO flow (id, tenant_id, name, description, scenario_id, status, is_scheduled, "
    "creator_id,"
    " owner_id, deploy_id, published_version_id, zone, policy, slot_count_max, node_count, "
    "revision,"
    " snapshot_version_id, snapshot_revision, created_ms, changed_ms, constants, time_variables,"
    " space_id, search_name)"
    " VALUES (?1, ?2, ?3, ?4, ?7, 0, 0, ?5, ?5, 0, 0, coalesce(?9, 'Asia/Shanghai'), 0, 0, 0, 1, "
    "0, 0, ?6, ?6, "
    "'[]',"
    " '{\"variables\":[]}', ?8, lower(?3))";
static_assert(FLOW_DRAFT == 0 && POLICY_COMPLETE_RUNNING == 0, "INSERT_FLOW says 0");
static const char RENAME_FLOW[] =
    "UPDATE flow SET name = ?3, search_name = lower(?3), description = coalesce(?4, description),"
    " revision = revision + (name <> ?3), changed_ms = ?5" // a description is part of no version
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static const char DELETE_FLOW[] = "UPDATE flow SET status = 3, changed_ms = ?3"
                                  " WHERE id = ?1 AND tenant_id = ?2 AND status NOT IN (1, 3)";
static_assert(FLOW_PUBLISHED == 1, "DELETE_FLOW says 1");
static const char COUNT_UNFINISHED[] =
    "SELECT sum(runs) FROM run_tally WHERE tenant_id = ?1 AND flow_id = ?2 AND state_code <= 2";
static const char SET_CONSTANTS[] =
    "UPDATE flow SET constants = ?3, revision = revision + 1, changed_ms = ?4"
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static const char SET_TIME_VARIABLES[] =
    "UPDATE flow SET time_variables = ?3, revision = revision + 1, changed_ms = ?4"
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";

static bool check_name_free(struct store *store, const struct change *change, GError **error) {
    int64_t holder = 0;
    if (!query_int(store->reader.sql, FIND_NAME,
                   VALUES(INT(change->caller.tenant_id), TEXT(change->name)), 0, &holder, error)) {
        return false;
    }
    if (holder != 0 && holder != change->flow_id) {
        fault_set_field(error, FAULT_NAME_EXISTED, "DagName",
                        "a task flow named \"%s\" exists already: %" G_GINT64_FORMAT, change->name,
                        holder);
        return false;
    }
    return true;
}

static bool check_texts(const struct change *change, GError **error) {
    return check_name(change->name, "DagName", FLOW_NAME_MAX, error) &&
           check_length(change->description, "Description", FLOW_DESCRIPTION_MAX, error);
}

// Where a new flow may lie: in the tenant or in a workspace that the caller is in, and there in a scenario of the same place.
static bool check_place(struct store_reader *reader, const struct change *change, GError **error) {
    unsigned roles = 0;
    if (change->space_id != 0 &&
        !store_space_open(reader, &change->caller, change->space_id, &roles, error)) {
        return false;
    }
    return store_scenario_check(reader, &change->caller, change->scenario_id, change->space_id,
                                error);
}

bool change_flow_create(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    const struct caller *caller = &change->caller;
    int64_t count = 0;
    if (!check_texts(change, error) || !check_place(&store->reader, change, error) ||
        !check_name_free(store, change, error) ||
        !query_int(store->reader.sql, COUNT_FLOWS, VALUES(INT(caller->tenant_id)), 0, &count,
                   error)) {
        return false;
    }
    if (count >= FLOWS_PER_TENANT_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "the tenant has %" G_GINT64_FORMAT " task flows; at most %d", count,
                  FLOWS_PER_TENANT_MAX);
        return false;
    }
    result->id = store_next_id(store, COUNTER_ID);
    return query_run(store_change_sql(store), INSERT_FLOW,
                     VALUES(INT(result->id), INT(caller->tenant_id), TEXT(change->name),
                            TEXT(change->description != NULL ? change->description : ""),
                            INT(caller->user_id), INT(now_ms), INT(change->scenario_id),
                            INT(change->space_id), TEXT(change->zone)),
                     error);
}

bool change_flow_rename(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct flow_head head = { 0 };
    return flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &head,
                          error) &&
           check_texts(change, error) && check_name_free(store, change, error) &&
           query_change(store_change_sql(store), RENAME_FLOW,
                        VALUES(INT(head.id), INT(head.tenant_id), TEXT(change->name),
                               TEXT(change->description), INT(now_ms)),
                        error);
}

bool change_flow_delete(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct flow_head head = { 0 };
    int64_t unfinished = 0;
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &head,
                        error) ||
        !query_int(store->reader.sql, COUNT_UNFINISHED, VALUES(INT(head.tenant_id), INT(head.id)),
                   0, &unfinished, error)) {
        return false;
    }
    if (head.status == FLOW_PUBLISHED) {
        fault_set(error, FAULT_FLOW_STATE,
                  "task flow %" G_GINT64_FORMAT " is published; take it offline before deleting it",
                  head.id);
        return false;
    }
    if (unfinished > 0) {
        fault_set(error, FAULT_FLOW_STATE,
                  "task flow %" G_GINT64_FORMAT " has %" G_GINT64_FORMAT
                  " runs that have not ended; stop them before deleting it",
                  head.id, unfinished);
        return false;
    }
    return query_change(store_change_sql(store), DELETE_FLOW,
                        VALUES(INT(head.id), INT(head.tenant_id), INT(now_ms)), error);
}

bool change_flow_constants(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error) {
    struct flow_head head = { 0 };
    g_autofree char *checked = NULL;
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &head,
                        error) ||
        (!change->is_checked && !check_constants(change->document, &checked, error))) {
        return false;
    }
    const char *constants = change->is_checked ? change->document : checked;
    const struct draft_text text = { DRAFT_CONSTANTS, "DagConstants", constants };
    return draft_size_put(store, &head, 0, &text, 1, error) &&
           query_change(store_change_sql(store), SET_CONSTANTS,
                        VALUES(INT(head.id), INT(head.tenant_id), TEXT(constants), INT(now_ms)),
                        error);
}

bool change_flow_time_variables(struct store *store, const struct change *change, int64_t now_ms,
                                struct change_result *result, GError **error) {
    struct flow_head head = { 0 };
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &head,
                        error)) {
        return false;
    }
    if (change->document == NULL || *change->document == '\0') {
        fault_set_field(error, FAULT_MISSING_FIELD, "TimeVariables", "TimeVariables is needed");
        return false;
    }
    const struct draft_text text = { DRAFT_TIME_VARIABLES, "TimeVariables", change->document };
    return (change->is_checked || check_time_variables(change->document, error)) &&
           draft_size_put(store, &head, 0, &text, 1, error) &&
           query_change(
               store_change_sql(store), SET_TIME_VARIABLES,
               VALUES(INT(head.id), INT(head.tenant_id), TEXT(change->document), INT(now_ms)),
               error);
}
