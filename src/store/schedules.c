// SPDX-License-Identifier: Apache-2.0
//
// Schedules of drafts. What is stored here runs nothing: a schedule takes effect with the version that is deployed (deployments.c).
//
// Texts are stored as they came; they are parsed here only to refuse what could never work.

#include "store/schedules.h"

#include "base/fault.h"
#include "base/zone.h"
#include "store/changes.h"
#include "store/flow_head.h"
#include "store/schedule_json.h"
#include "store/schedule_rows.h"
#include "store/subscriptions.h"

static const char SET_SCHEDULE[] =
    "UPDATE flow SET schedule_on = ?3, is_event = ?4, cron_type = ?5, cron = ?6, cron_begin = ?7,"
    " cron_end = ?8, schedule_param = ?9, zone = coalesce(?10, zone), revision = revision + 1, "
    "changed_ms = ?11"
    " WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";

// The caller must see what he subscribes to; a foreign tenant's flow looks like one that does not exist.
static bool check_sources(struct store *store, const struct change *change,
                          const struct flow_head *flow, const struct schedule *schedule,
                          GError **error) {
    for (guint i = 0; i < schedule->events->len; i++) {
        const struct schedule_event *event =
            &g_array_index(schedule->events, struct schedule_event, i);
        struct flow_head source = { 0 };
        bool exists = false;
        if (!flow_head_open(&store->reader, &change->caller, event->flow_id, ACCESS_VIEW, &source,
                            error) ||
            !subscriptions_find_source(&store->reader, flow, event, &exists, error)) {
            return false;
        }
        if (!exists) {
            fault_set(error, FAULT_NODE_NOT_EXIST,
                      "task flow %" G_GINT64_FORMAT " has no node %" G_GINT64_FORMAT,
                      event->flow_id, event->node_id);
            return false;
        }
    }
    return true;
}

static bool check_cycle(struct store *store, const struct flow_head *flow,
                        const struct schedule *schedule, GError **error) {
    g_autofree char *path = NULL;
    if (!subscriptions_find_cycle(&store->reader, flow, false, schedule, &path, error)) {
        return false;
    }
    if (path != NULL) {
        fault_set_field(error, FAULT_INVALID_VALUE, "ScheduleParam",
                        "the task flows would wait for each other: %s", path);
    }
    return path == NULL;
}

static bool save(struct store *store, const struct flow_head *flow,
                 const struct schedule_fields *fields, const struct schedule *schedule,
                 int64_t now_ms, GError **error) {
    return subscriptions_set(store, flow, false, fields->is_on ? schedule : NULL, error) &&
           query_change(store_change_sql(store), SET_SCHEDULE,
                        VALUES(INT(flow->id), INT(flow->tenant_id), INT(fields->is_on),
                               INT(fields->is_event), INT(fields->cron_type), TEXT(fields->cron),
                               TEXT(fields->begin_date), TEXT(fields->end_date),
                               TEXT(fields->param), TEXT(fields->zone), INT(now_ms)),
                        error);
}

bool change_flow_schedule(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    const struct schedule_fields *fields = change->schedule;
    struct flow_head flow = { 0 };
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                        error)) {
        return false;
    }
    if (fields->zone != NULL && !zone_is_known(fields->zone)) {
        fault_set_field(error, FAULT_INVALID_VALUE, "TimeZoneId",
                        "\"%.64s\" is no time zone; give an IANA name such as Asia/Shanghai",
                        fields->zone);
        return false;
    }
    struct schedule_texts texts = schedule_texts_of(fields);
    struct schedule schedule = { 0 };
    if (!schedule_parse(&texts, &schedule, error)) {
        return false;
    }
    bool is_good = check_sources(store, change, &flow, &schedule, error) &&
                   check_cycle(store, &flow, &schedule, error) &&
                   save(store, &flow, fields, &schedule, now_ms, error);
    schedule_done(&schedule);
    return is_good;
}

bool store_schedule_get(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                        struct schedule_fields **ret_schedule, GError **error) {
    struct flow_head flow = { 0 };
    return flow_head_open(reader, caller, flow_id, ACCESS_VIEW, &flow, error) &&
           schedule_rows_read(reader, &flow, ret_schedule, error);
}
