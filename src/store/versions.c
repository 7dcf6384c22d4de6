// SPDX-License-Identifier: Apache-2.0
//
// Versions: immutable snapshots of a flow, made by publishing and by try runs (operations.md §2.7, behaviour.md §3.1).
//
// Both kinds live in one table; only published ones are listed and may be named by a caller. A version is never changed.

#include "base/fault.h"
#include "store/change_check.h"
#include "store/changes.h"
#include "store/checks.h"
#include "store/deployments.h"
#include "store/snapshot.h"

#include <assert.h>

static const char LAST_PUBLISHED[] =
    "SELECT max(id) FROM version WHERE tenant_id = ?1 AND flow_id = ?2 AND is_published = 1";
static const char INSERT_VERSION[] =
    "INSERT INTO version (id, tenant_id, flow_id, is_published, "
    "last_version_id, flow_name, owner_id,"
    " owner_name, comment, created_ms, snapshot, revision) VALUES (?1, ?2, "
    "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
static const char SET_OFFLINE[] = "UPDATE flow SET status = 2, changed_ms = ?3"
                                  " WHERE id = ?1 AND tenant_id = ?2 AND status = 1";
static_assert(FLOW_PUBLISHED == 1 && FLOW_OFFLINE == 2, "SET_OFFLINE says 1 and 2");
static const char SET_SNAPSHOT[] =
    "UPDATE flow SET snapshot_version_id = ?3, snapshot_revision = ?4"
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static const char COUNT_VERSIONS[] =
    "SELECT count(*) FROM version WHERE tenant_id = ?1 AND flow_id = ?2 AND is_published = 1";
static const char LIST_VERSIONS[] =
    "SELECT id, last_version_id, flow_name, owner_id, owner_name, comment, created_ms FROM version"
    " WHERE tenant_id = ?1 AND flow_id = ?2 AND is_published = 1 ORDER BY id DESC LIMIT ?3 OFFSET "
    "?4";
static const char FIND_PUBLISHED[] =
    "SELECT id FROM version WHERE id = ?1 AND tenant_id = ?2 AND flow_id = ?3 AND is_published = 1";
// The engine's own reading: the run that names the version has been checked.
static const char GET_SNAPSHOT[] = "SELECT flow_id, snapshot FROM version WHERE id = ?1";

struct version_draft {
    bool is_published;
    int64_t last_version_id;
    const char *comment;
};

static bool insert_version(struct store *store, const struct flow_head *flow,
                           const struct snapshot *snapshot, const struct version_draft *draft,
                           int64_t now_ms, int64_t version_id, GError **error) {
    return query_run(store_change_sql(store), INSERT_VERSION,
                     VALUES(INT(version_id), INT(flow->tenant_id), INT(flow->id),
                            INT(draft->is_published), INT(draft->last_version_id),
                            TEXT(snapshot->flow_name), INT(flow->owner_id),
                            TEXT(snapshot->owner_name), TEXT(draft->comment), INT(now_ms),
                            TEXT(snapshot->document), INT(flow->revision)),
                     error);
}

// Gathering and judging a draft costs what its texts, edges and names make it cost: not here, for what a call's thread is to have done.
static void refuse_stale(const struct flow_head *flow, const char *doing, GError **error) {
    fault_set(error, FAULT_REVISION_STALE,
              "task flow %" G_GINT64_FORMAT
              " was edited while it was being %s; ask again for what is there now",
              flow->id, doing);
}

// The present draft, gathered here when `given` is not that; then it is *ret_own, which the caller frees.
static bool choose_draft(struct store_reader *reader, const struct flow_head *flow,
                         struct draft *given, struct draft **ret_draft, struct draft **ret_own,
                         GError **error) {
    if (draft_is_current(given, flow)) {
        *ret_draft = given;
        return true;
    }
    if (!draft_make(reader, flow, ret_own, error)) {
        return false;
    }
    *ret_draft = *ret_own;
    return true;
}

// A draft that must have been judged can be missing: the flow was not there then, or not the caller's to edit, or the call was a repeat.
static bool check_judged(const struct change *change, const struct flow_head *flow,
                         GError **error) {
    bool must_be_judged = change->is_checked || change->draft != NULL;
    if (!must_be_judged || draft_is_current(change->draft, flow)) {
        return true;
    }
    refuse_stale(flow, "published", error);
    return false;
}

bool change_flow_publish(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    struct version_draft version = { .is_published = true,
                                     .comment = change->comment != NULL ? change->comment : "" };
    struct draft *draft = NULL;
    struct draft *own =
        NULL; // mostly none: the draft was gathered and judged on the caller's thread
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                        error) ||
        !check_length(change->comment, "VersionComments", VERSION_COMMENT_MAX, error) ||
        !query_int(store->reader.sql, LAST_PUBLISHED, VALUES(INT(flow.tenant_id), INT(flow.id)), 0,
                   &version.last_version_id, error) ||
        !check_judged(change, &flow, error) ||
        !choose_draft(&store->reader, &flow, change->draft, &draft, &own, error)) {
        return false;
    }
    int64_t version_id = store_next_id(store, COUNTER_ID);
    struct deployment deployment = { .version_id = version_id,
                                     .schedule = draft_snapshot(draft)->schedule,
                                     .person_id = change->caller.user_id,
                                     .is_new = true };
    bool is_good =
        (own == NULL ||
         change_check_draft(&store->reader, flow.tenant_id, own, &result->remarks, error)) &&
        insert_version(store, &flow, draft_snapshot(draft), &version, now_ms, version_id, error) &&
        deployment_make(store, &flow, &deployment, now_ms, &result->id, error);
    draft_free(own);
    return is_good;
}

bool change_flow_offline(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                        error)) {
        return false;
    }
    if (flow.status != FLOW_PUBLISHED) {
        fault_set(error, FAULT_FLOW_NOT_PUBLISHED,
                  "task flow %" G_GINT64_FORMAT
                  " is %s; only a published flow can be taken offline",
                  flow.id, flow_status_name(flow.status));
        return false;
    }
    return deployment_end(store, &flow, error) &&
           query_change(store_change_sql(store), SET_OFFLINE,
                        VALUES(INT(flow.id), INT(flow.tenant_id), INT(now_ms)), error);
}

// `draft` is the present one.
static bool make_try_version(struct store *store, const struct flow_head *flow, struct draft *draft,
                             int64_t now_ms, int64_t *ret_version_id, GError **error) {
    struct version_draft version = { .comment = "" };
    int64_t version_id = store_next_id(store, COUNTER_ID);
    bool is_good =
        insert_version(store, flow, draft_snapshot(draft), &version, now_ms, version_id, error) &&
        query_change(
            store_change_sql(store), SET_SNAPSHOT,
            VALUES(INT(flow->id), INT(flow->tenant_id), INT(version_id), INT(flow->revision)),
            error);
    if (is_good) {
        draft_note_version(draft, version_id);
        *ret_version_id = version_id;
    }
    return is_good;
}

static bool version_of_draft(struct store *store, const struct caller *caller, int64_t flow_id,
                             struct draft *draft, int64_t now_ms, int64_t *ret_version_id,
                             GError **error) {
    struct flow_head flow = { 0 };
    if (!flow_head_open(&store->reader, caller, flow_id, ACCESS_OPERATE, &flow, error)) {
        return false;
    }
    if (flow.node_count == 0) {
        fault_set(error, FAULT_FLOW_STATE,
                  "task flow %" G_GINT64_FORMAT " has no nodes; add one before a try run", flow.id);
        return false;
    }
    if (flow.snapshot_version_id != 0 && flow.snapshot_revision == flow.revision) {
        *ret_version_id = flow.snapshot_version_id;
        return true;
    }
    if (!draft_is_current(draft, &flow)) {
        refuse_stale(&flow, "made ready to run", error);
        return false;
    }
    return make_try_version(store, &flow, draft, now_ms, ret_version_id, error);
}

bool store_version_for_try(struct store *store, const struct caller *caller, int64_t flow_id,
                           int64_t now_ms, int64_t *ret_version_id, GError **error) {
    struct draft *draft = NULL;
    bool is_good = store_draft_gather(&store->reader, caller, flow_id, &draft, error) &&
                   version_of_draft(store, caller, flow_id, draft, now_ms, ret_version_id, error);
    draft_free(draft);
    return is_good;
}

bool store_version_check_published(struct store_reader *reader, const struct caller *caller,
                                   int64_t flow_id, int64_t version_id, GError **error) {
    struct flow_head flow = { 0 };
    int64_t found = 0;
    if (!flow_head_open(reader, caller, flow_id, ACCESS_VIEW, &flow, error) ||
        !query_int(reader->sql, FIND_PUBLISHED,
                   VALUES(INT(version_id), INT(flow.tenant_id), INT(flow.id)), 0, &found, error)) {
        return false;
    }
    if (found == 0) {
        fault_set_field(error, FAULT_VERSION_NOT_EXIST, "DagVersion",
                        "task flow %" G_GINT64_FORMAT " has no published version %" G_GINT64_FORMAT,
                        flow.id, version_id);
    }
    return found != 0;
}

bool store_version_for_run(struct store *store, const struct caller *caller, int64_t flow_id,
                           int64_t wanted, struct draft *draft, int64_t now_ms,
                           int64_t *ret_version_id, GError **error) {
    struct flow_head flow = { 0 };
    if (wanted == VERSION_DRAFT) {
        return version_of_draft(store, caller, flow_id, draft, now_ms, ret_version_id, error);
    }
    if (!flow_head_open(&store->reader, caller, flow_id, ACCESS_OPERATE, &flow, error)) {
        return false;
    }
    if (wanted == VERSION_LIVE && flow.status != FLOW_PUBLISHED) {
        fault_set_field(error, FAULT_FLOW_NOT_PUBLISHED, "DagVersion",
                        "task flow %" G_GINT64_FORMAT
                        " is %s, so nothing of it is live; publish it, or give the digits of a "
                        "version that was published",
                        flow.id, flow_status_name(flow.status));
        return false;
    }
    int64_t version_id = wanted == VERSION_LIVE ? flow.published_version_id : wanted;
    if (!store_version_check_published(&store->reader, caller, flow_id, version_id, error)) {
        return false;
    }
    *ret_version_id = version_id;
    return true;
}

// proposed: the flow need not be published at the moment; a version that was is enough (behaviour.md §1.3, §6).
bool store_version_for_backfill(struct store_reader *reader, const struct caller *caller,
                                int64_t flow_id, int64_t wanted, int64_t *ret_version_id,
                                GError **error) {
    struct flow_head flow = { 0 };
    int64_t latest = 0;
    if (!flow_head_open(reader, caller, flow_id, ACCESS_OPERATE, &flow, error) ||
        !query_int(reader->sql, LAST_PUBLISHED, VALUES(INT(flow.tenant_id), INT(flow.id)), 0,
                   &latest, error)) {
        return false;
    }
    if (latest == 0) {
        fault_set(error, FAULT_FLOW_NOT_PUBLISHED,
                  "task flow %" G_GINT64_FORMAT
                  " was never published; publish it before a backfill",
                  flow.id);
        return false;
    }
    if (wanted != 0 && !store_version_check_published(reader, caller, flow_id, wanted, error)) {
        return false;
    }
    *ret_version_id = wanted != 0 ? wanted : latest;
    return true;
}

void version_row_free(struct version_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->flow_name);
    g_free(row->owner_name);
    g_free(row->comment);
    g_free(row);
}

static struct version_row *read_version(struct sql_statement *row) {
    struct version_row *version = g_new(struct version_row, 1);
    *version = (struct version_row){
        .id = sql_column_int(row, 0),
        .last_version_id = sql_column_int(row, 1),
        .flow_name = query_text(row, 2),
        .owner_id = sql_column_int(row, 3),
        .owner_name = query_text(row, 4),
        .comment = query_text(row, 5),
        .created_ms = sql_column_int(row, 6),
    };
    return version;
}

bool store_version_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                        int page_index, int page_size, GPtrArray **ret_versions, int64_t *ret_total,
                        GError **error) {
    g_assert(page_index >= 1 && page_size >= 1);
    struct flow_head flow = { 0 };
    int64_t total = 0;
    struct sql_statement *row = NULL;
    bool has_row = false;
    g_autoptr(GPtrArray) versions =
        g_ptr_array_new_with_free_func((GDestroyNotify)version_row_free);
    if (!flow_head_open_history(reader, caller, flow_id, &flow, error) ||
        !query_int(reader->sql, COUNT_VERSIONS, VALUES(INT(flow.tenant_id), INT(flow.id)), 0,
                   &total, error) ||
        !query_start(reader->sql, LIST_VERSIONS,
                     VALUES(INT(flow.tenant_id), INT(flow.id), INT(page_size),
                            INT((int64_t)(page_index - 1) * page_size)),
                     &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_versions = g_steal_pointer(&versions);
            *ret_total = total;
            return true;
        }
        g_ptr_array_add(versions, read_version(row));
    }
    return false;
}

bool store_plan_load(struct store_reader *reader, int64_t version_id, struct plan **ret_plan,
                     GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_SNAPSHOT, VALUES(INT(version_id)), &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_VERSION_NOT_EXIST, "there is no version %" G_GINT64_FORMAT,
                  version_id);
        return false;
    }
    struct plan *plan = NULL;
    const char *snapshot = sql_column_text(row, 1);
    int64_t flow_id = sql_column_int(row, 0);
    bool is_good = plan_new(version_id, snapshot != NULL ? snapshot : "", &plan, error);
    sql_reset(row);
    if (!is_good) {
        g_prefix_error(error, "version %" G_GINT64_FORMAT ": ", version_id);
        return false;
    }
    if (plan->flow_id != flow_id) {
        fault_set(error, FAULT_INVALID_DATA,
                  "version %" G_GINT64_FORMAT " holds the snapshot of another flow", version_id);
        plan_unref(plan);
        return false;
    }
    *ret_plan = plan;
    return true;
}
