// SPDX-License-Identifier: Apache-2.0
//
// Which published version is deployed (operations.md §2.7, behaviour.md §3.1, §4).
//
// The version's snapshot says what is scheduled; the flow's row gets a copy of its schedule, so that nobody has to read whole
// versions to know when flows fire.

#include "store/deployments.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/fault.h"
#include "store/changes.h"
#include "store/fire.h"
#include "store/schedule_json.h"
#include "store/schedules.h"
#include "store/subscriptions.h"

static const char INSERT_DEPLOYMENT[] =
    "INSERT INTO deployment (id, tenant_id, flow_id, version_id, person_id, owner_id, "
    "created_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char SET_DEPLOYED[] =
    "UPDATE flow SET status = 1, published_version_id = ?3, deploy_id = ?4, changed_ms = ?5,"
    " is_scheduled = ?6, deployed_schedule = ?7 WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static const char SET_UNSCHEDULED[] = "UPDATE flow SET is_scheduled = 0, deployed_schedule = ''"
                                      " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static_assert(FLOW_PUBLISHED == 1, "SET_DEPLOYED says 1");
static const char LAST_PUBLISHED[] =
    "SELECT max(id) FROM version WHERE tenant_id = ?1 AND flow_id = ?2 AND is_published = 1";
static const char FIND_VERSION[] = "SELECT id FROM version"
                                   " WHERE id = ?1 AND tenant_id = ?2 AND flow_id = ?3"
                                   " AND is_published = 1";
static const char GET_SNAPSHOT[] = "SELECT snapshot FROM version"
                                   " WHERE id = ?1 AND tenant_id = ?2 AND flow_id = ?3";

static bool refuse(const struct flow_head *flow, GError **error, const char *reason) {
    fault_set(error, FAULT_FLOW_STATE, "task flow %" G_GINT64_FORMAT " can not be scheduled: %s",
              flow->id, reason);
    return false;
}

// What a version says about scheduling.
struct plan_of_work {
    struct schedule_fields *fields;
    struct schedule schedule; // parsed when fields->is_on
    bool has_rules;
};

static void work_done(struct plan_of_work *work) {
    schedule_fields_free(work->fields);
    schedule_done(&work->schedule);
}

static bool work_read(const char *document, struct plan_of_work *work, GError **error) {
    json_auto_t *root = json_loads(document, 0, NULL);
    if (!json_is_object(root)) {
        fault_set(error, FAULT_INVALID_DATA, "the stored version does not parse");
        return false;
    }
    work->has_rules = json_array_size(json_object_get(root, "slaRules")) > 0;
    return schedule_from_json(json_object_get(root, "schedule"), &work->fields, error);
}

static bool check_period(const struct flow_head *flow, const struct plan_of_work *work,
                         GError **error) {
    if (!work->has_rules || work->schedule.kind != SCHEDULE_CRON ||
        cron_period_minutes(&work->schedule.cron) > SLA_INTERVAL_LIMIT_MIN) {
        return true;
    }
    fault_set(error, FAULT_FLOW_STATE,
              "task flow %" G_GINT64_FORMAT
              " has SLA rules and may fire %d minutes after the fire before; with SLA rules the "
              "period must be more than %d minutes",
              flow->id, cron_period_minutes(&work->schedule.cron), SLA_INTERVAL_LIMIT_MIN);
    return false;
}

static bool check_events(struct store *store, const struct flow_head *flow,
                         const struct schedule *schedule, GError **error) {
    g_autofree char *path = NULL;
    if (schedule->events->len == 0) {
        return refuse(flow, error, "it runs by events, but its ScheduleParam names none");
    }
    for (guint i = 0; i < schedule->events->len; i++) {
        const struct schedule_event *event =
            &g_array_index(schedule->events, struct schedule_event, i);
        bool exists = false;
        if (!subscriptions_find_source(&store->reader, flow, event, &exists, error)) {
            return false;
        }
        if (!exists) {
            g_autofree char *reason = g_strdup_printf("it waits for task flow %" G_GINT64_FORMAT
                                                      ", node %" G_GINT64_FORMAT ", which is gone",
                                                      event->flow_id, event->node_id);
            return refuse(flow, error, reason);
        }
    }
    if (!subscriptions_find_cycle(&store->reader, flow, true, schedule, &path, error)) {
        return false;
    }
    if (path != NULL) {
        g_autofree char *reason =
            g_strdup_printf("the deployed task flows would wait for each other: %s", path);
        return refuse(flow, error, reason);
    }
    return true;
}

// Sets fields->is_on to what is effective.
static bool work_check(struct store *store, const struct flow_head *flow, struct plan_of_work *work,
                       bool is_new, int64_t now_ms, GError **error) {
    struct schedule_texts texts = schedule_texts_of(work->fields);
    int64_t fire_ms = 0;
    if (!work->fields->is_on) {
        return true;
    }
    if (!schedule_parse(&texts, &work->schedule, error)) {
        return false;
    }
    if (!check_period(flow, work, error)) {
        return false;
    }
    if (work->schedule.kind == SCHEDULE_EVENT) {
        return check_events(store, flow, &work->schedule, error);
    }
    if (fire_next(&work->schedule, work->fields->zone, now_ms, &fire_ms)) {
        return true;
    }
    // proposed: a new version whose schedule will never fire is refused; an older one may come back, its switch reads as off.
    work->fields->is_on = false;
    return !is_new || refuse(flow, error,
                             "its schedule has no future fire; change CronStr, the dates or "
                             "specificTime, or switch the schedule off");
}

static bool save(struct store *store, const struct flow_head *flow,
                 const struct deployment *deployment, const struct plan_of_work *work,
                 int64_t now_ms, int64_t id, GError **error) {
    bool is_on = work->fields->is_on;
    json_auto_t *object = NULL;
    if (!schedule_to_json(work->fields, &object, error)) {
        return false;
    }
    char *text = json_dumps(object, JSON_COMPACT);
    struct sql *sql = store_change_sql(store);
    bool is_good =
        subscriptions_set(store, flow, true, is_on ? &work->schedule : NULL, error) &&
        query_run(sql, INSERT_DEPLOYMENT,
                  VALUES(INT(id), INT(flow->tenant_id), INT(flow->id), INT(deployment->version_id),
                         INT(deployment->person_id), INT(flow->owner_id), INT(now_ms)),
                  error) &&
        query_change(sql, SET_DEPLOYED,
                     VALUES(INT(flow->id), INT(flow->tenant_id), INT(deployment->version_id),
                            INT(id), INT(now_ms), INT(is_on), TEXT(is_on ? text : "")),
                     error);
    free(text);
    return is_good;
}

bool deployment_make(struct store *store, const struct flow_head *flow,
                     const struct deployment *deployment, int64_t now_ms, int64_t *ret_id,
                     GError **error) {
    struct plan_of_work work = { .fields = NULL };
    int64_t id = store_next_id(store, COUNTER_ID);
    bool is_good = work_read(deployment->schedule, &work, error) &&
                   work_check(store, flow, &work, deployment->is_new, now_ms, error) &&
                   save(store, flow, deployment, &work, now_ms, id, error);
    work_done(&work);
    if (is_good) {
        *ret_id = id;
    }
    return is_good;
}

bool deployment_end(struct store *store, const struct flow_head *flow, GError **error) {
    return subscriptions_set(store, flow, true, NULL, error) &&
           query_change(store_change_sql(store), SET_UNSCHEDULED,
                        VALUES(INT(flow->id), INT(flow->tenant_id)), error);
}

// The wanted version, or the newest for 0.
static bool choose_version(struct store_reader *reader, const struct flow_head *flow,
                           int64_t wanted, int64_t *ret_version_id, GError **error) {
    int64_t newest = 0;
    int64_t found = 0;
    if (!query_int(reader->sql, LAST_PUBLISHED, VALUES(INT(flow->tenant_id), INT(flow->id)), 0,
                   &newest, error)) {
        return false;
    }
    if (newest == 0) {
        fault_set(error, FAULT_FLOW_NOT_PUBLISHED,
                  "task flow %" G_GINT64_FORMAT " has never been published; publish it first",
                  flow->id);
        return false;
    }
    int64_t version_id = wanted != 0 ? wanted : newest;
    if (!query_int(reader->sql, FIND_VERSION,
                   VALUES(INT(version_id), INT(flow->tenant_id), INT(flow->id)), 0, &found,
                   error)) {
        return false;
    }
    if (found == 0) {
        fault_set_field(error, FAULT_VERSION_NOT_EXIST, "DagVersion",
                        "task flow %" G_GINT64_FORMAT " has no published version %" G_GINT64_FORMAT,
                        flow->id, version_id);
        return false;
    }
    *ret_version_id = version_id;
    return true;
}

static bool read_snapshot(struct store_reader *reader, const struct flow_head *flow,
                          int64_t version_id, json_t **ret_root, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_SNAPSHOT,
                   VALUES(INT(version_id), INT(flow->tenant_id), INT(flow->id)), &row, &has_row,
                   error)) {
        return false;
    }
    const char *text = has_row ? sql_column_text(row, 0) : NULL;
    json_t *root = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (has_row) {
        sql_reset(row);
    }
    if (!json_is_object(root)) {
        json_decref(root);
        fault_set(error, FAULT_INVALID_DATA, "the stored version does not parse");
        return false;
    }
    *ret_root = root;
    return true;
}

bool deployment_read(struct store_reader *reader, const struct flow_head *flow, int64_t wanted,
                     int64_t *ret_version_id, char **ret_schedule, GError **error) {
    int64_t version_id = 0;
    json_auto_t *root = NULL;
    if (!choose_version(reader, flow, wanted, &version_id, error) ||
        !read_snapshot(reader, flow, version_id, &root, error)) {
        return false;
    }
    json_auto_t *part = json_object();
    json_object_set(part, "schedule", json_object_get(root, "schedule"));
    json_object_set(part, "slaRules", json_object_get(root, "slaRules"));
    char *text = json_dumps(part, JSON_COMPACT);
    *ret_schedule = g_strdup(text);
    *ret_version_id = version_id;
    free(text);
    return true;
}

// A version never changes: what was read of it on the call's thread stands, if it is still the one. Else *ret_own, which the caller frees.
static bool choose_schedule(struct store_reader *reader, const struct flow_head *flow,
                            const struct change *change, struct deployment *deployment,
                            char **ret_own, GError **error) {
    if (!choose_version(reader, flow, change->version_id, &deployment->version_id, error)) {
        return false;
    }
    if (change->read_version_id == deployment->version_id) {
        deployment->schedule = change->document;
        return true;
    }
    if (change->is_checked) {
        fault_set(error, FAULT_REVISION_STALE,
                  "task flow %" G_GINT64_FORMAT
                  " was published while it was being deployed; ask again for the version that is "
                  "the newest now",
                  flow->id);
        return false;
    }
    bool is_good =
        deployment_read(reader, flow, change->version_id, &deployment->version_id, ret_own, error);
    deployment->schedule = *ret_own;
    return is_good;
}

// proposed: redeploying brings an offline flow back. The version runs as the flow's present owner from then on (operations.md §2.3,
// ChangeLhDagOwner); all other settings come with the version.
bool change_flow_redeploy(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    g_autofree char *own = NULL; // mostly none
    struct deployment deployment = { .person_id = change->caller.user_id };
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                        error) ||
        !choose_schedule(&store->reader, &flow, change, &deployment, &own, error)) {
        return false;
    }
    return deployment_make(store, &flow, &deployment, now_ms, &result->id, error);
}
