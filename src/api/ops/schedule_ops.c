// SPDX-License-Identifier: Apache-2.0
//
// schedule_ops: schedules and which version is deployed (operations.md §2.7). The cron expression decides when a flow fires; what
// ScheduleParam says besides is kept for clients that show it.
#include "api/ops/operation_handlers.h"

#include "api/ops/fire_reply.h"
#include "api/wire/reply.h"
#include "api/services.h"
#include "api/ops/unread.h"
#include "base/log.h"
#include "base/zone.h"
#include "store/schedules.h"

#include <string.h>

OWNED_DEFINE(schedule_fields)

static char *text_or_empty(const struct call *call, const char *name) {
    const char *text = args_text(call->args, name);
    return g_strdup(text == NULL ? "" : text);
}

// The number of table 1.5; 0 when none was given.
static int cron_type_of(const struct call *call) {
    static const char *const words[] = { "MINUTE", "HOUR", "DAY", "WEEK", "MONTH" };
    const char *given = args_text(call->args, "CronType");
    for (size_t i = 0; given != NULL && i < G_N_ELEMENTS(words); i++) {
        if (strcmp(given, words[i]) == 0) {
            return (int)i + 1;
        }
    }
    return 0;
}

static struct schedule_fields *describe_schedule(const struct call *call) {
    const char *zone = args_text(call->args, "TimeZoneId");
    struct schedule_fields *fields = g_new0(struct schedule_fields, 1);
    *fields = (struct schedule_fields){
        .is_on = args_bool_or(call->args, "ScheduleSwitch", false),
        .is_event = strcmp(args_text(call->args, "TriggerType"), "Event") == 0,
        .cron_type = cron_type_of(call),
        .cron = text_or_empty(call, "CronStr"),
        .begin_date = text_or_empty(call, "CronBeginDate"),
        .end_date = text_or_empty(call, "CronEndDate"),
        .param = text_or_empty(call, "ScheduleParam"),
        .zone = zone == NULL || zone[0] == '\0' ? NULL : g_strdup(zone),
    };
    return fields;
}

// proposed: a time of day in ScheduleParam that is not that of the cron expression is worth a line in the log, not a refusal.
static void warn_of_contradiction(const struct call *call, const json_t *reply) {
    static const char *const keys[] = { "dateTime", "weekTime", "MonthTime" };
    const json_t *times = json_object_get(json_object_get(reply, "NextFireTimes"), "FireTime");
    const char *fire = json_string_value(json_array_get(times, 0)); // "yyyy-MM-dd HH:mm:ss"
    json_auto_t *param = json_loads(args_text(call->args, "ScheduleParam"), 0, NULL);
    for (size_t i = 0; fire != NULL && i < G_N_ELEMENTS(keys); i++) {
        const char *wanted = json_string_value(json_object_get(param, keys[i]));
        if (wanted != NULL && strncmp(fire + strlen("yyyy-MM-dd "), wanted, strlen("HH:mm")) != 0) {
            log_warn("api", "event=schedule_contradiction flow=%" G_GINT64_FORMAT " key=%s",
                     call_id(call, "DagId"), keys[i]);
        }
    }
}

bool op_update_task_flow_schedule(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_FLOW_SCHEDULE);
    struct store_reader *reader = NULL;
    OWNED(schedule_fields) schedule = NULL; // as it is stored, with the zone that was kept
    int64_t flow_id = call_id(call, "DagId");
    change->flow_id = flow_id;
    change->schedule = describe_schedule(call);
    if (!call_commit_revised(call, change, reply, error)) {
        return false;
    }
    call_warn_keys(call, KEYS_SCHEDULE, "ScheduleParam");
    // The change is durable: a flow that somebody deletes at this moment only has no fires to tell.
    if (call_reader(call, &reader, NULL) &&
        store_schedule_get(reader, call->caller, flow_id, &schedule, NULL)) {
        reply_fires(reply, schedule, zone_now_ms());
        warn_of_contradiction(call, reply);
    }
    return true;
}

bool op_re_deploy_lh_dag_version(struct call *call, json_t *reply, GError **error) {
    int64_t version_id = 0;
    bool is_given = args_int(call->args, "DagVersion", &version_id);
    struct change *change = call_change(call, CHANGE_FLOW_REDEPLOY);
    change->flow_id = call_id(call, "DagId");
    // 0 stands for the newest only when nothing was said; no version has a number below 1.
    change->version_id = is_given && version_id <= 0 ? -1 : version_id;
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    reply_number(reply, "DeployId", result.id);
    return true;
}
