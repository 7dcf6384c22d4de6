// SPDX-License-Identifier: Apache-2.0
//
// Reads the settings leniently: ScheduleParam was made by many clients, so unknown keys pass, and only what is used is judged. The
// cron expression decides when a flow fires; of ScheduleParam only "once" and the events count.

#include "core/schedule.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/fault.h"

enum { SECONDS_PER_DAY = 86400 };

// triggerType of ScheduleParam.
enum param_trigger { PARAM_PERIODIC = 0, PARAM_ONCE = 1, PARAM_EVENT = 2, PARAM_TRIGGER_COUNT };

static bool is_empty(const char *text) {
    return text == NULL || text[0] == '\0';
}

static int64_t local_seconds(const struct civil *civil) {
    return civil_to_days(civil->year, civil->month, civil->day) * SECONDS_PER_DAY +
           civil->hour * 3600 + civil->minute * 60 + civil->second;
}

static bool refuse_param(GError **error, const char *reason) {
    fault_set_field(error, FAULT_INVALID_VALUE, "ScheduleParam", "ScheduleParam: %s", reason);
    return false;
}

static bool read_date(const char *text, const char *field, int64_t *ret_local_s, bool *ret_has_time,
                      GError **error) {
    struct civil civil = { 0 };
    if (!civil_parse(text, &civil, ret_has_time)) {
        fault_set_field(error, FAULT_INVALID_VALUE, field,
                        "%s \"%.40s\" is no date; write yyyy-MM-dd or yyyy-MM-dd HH:mm:ss", field,
                        text);
        return false;
    }
    *ret_local_s = local_seconds(&civil);
    return true;
}

static bool read_dates(const struct schedule_texts *texts, struct schedule *schedule,
                       GError **error) {
    bool has_time = false;
    schedule->begin_s = INT64_MIN;
    schedule->end_s = INT64_MAX;
    if (!is_empty(texts->begin_date) &&
        !read_date(texts->begin_date, "CronBeginDate", &schedule->begin_s, &has_time, error)) {
        return false;
    }
    if (!is_empty(texts->end_date)) {
        if (!read_date(texts->end_date, "CronEndDate", &schedule->end_s, &has_time, error)) {
            return false;
        }
        // proposed: a bare end date includes its day.
        schedule->end_s += has_time ? 0 : SECONDS_PER_DAY - 1;
    }
    if (schedule->end_s < schedule->begin_s) {
        fault_set_field(error, FAULT_INVALID_VALUE, "CronEndDate",
                        "CronEndDate %s is before CronBeginDate %s", texts->end_date,
                        texts->begin_date);
        return false;
    }
    return true;
}

// A whole number as a number or as text, as clients write them. Absent and null give `absent`.
static bool read_number(const json_t *object, const char *key, int64_t absent, int64_t min,
                        int64_t max, int64_t *ret_number, GError **error) {
    const json_t *value = json_object_get(object, key);
    int64_t number = json_integer_value(value);
    bool is_good = json_is_integer(value);
    if (value == NULL || json_is_null(value)) {
        *ret_number = absent;
        return true;
    }
    if (json_is_string(value)) {
        is_good = g_ascii_string_to_signed(json_string_value(value), 10, min, max, &number, NULL);
    }
    if (!is_good || number < min || number > max) {
        g_autofree char *reason = g_strdup_printf("%s must be a whole number from %" G_GINT64_FORMAT
                                                  " to %" G_GINT64_FORMAT,
                                                  key, min, max);
        return refuse_param(error, reason);
    }
    *ret_number = number;
    return true;
}

static bool read_once(const json_t *param, struct schedule *schedule, GError **error) {
    const char *text = json_string_value(json_object_get(param, "specificTime"));
    struct civil civil = { 0 };
    bool has_time = false;
    if (is_empty(text) || !civil_parse(text, &civil, &has_time) || !has_time) {
        return refuse_param(
            error,
            "triggerType 1 means once and needs a specificTime, written yyyy-MM-dd HH:mm[:ss]");
    }
    schedule->kind = SCHEDULE_ONCE;
    schedule->once_s = local_seconds(&civil);
    return true;
}

static bool has_event(const struct schedule *schedule, const struct schedule_event *event) {
    for (guint i = 0; i < schedule->events->len; i++) {
        const struct schedule_event *known =
            &g_array_index(schedule->events, struct schedule_event, i);
        if (known->flow_id == event->flow_id && known->node_id == event->node_id) {
            return true;
        }
    }
    return false;
}

static bool read_events(const json_t *param, struct schedule *schedule, GError **error) {
    const json_t *list = json_object_get(param, "events");
    const json_t *hears = json_object_get(param, "listenTryRun");
    int64_t wait = 0;
    if (list != NULL && !json_is_null(list) &&
        (!json_is_array(list) || json_array_size(list) > SCHEDULE_EVENTS_MAX)) {
        return refuse_param(error,
                            "events must be a list of at most 100 {\"dagId\":…,\"nodeId\":…}");
    }
    if (!read_number(param, "timeout", SCHEDULE_WAIT_DEFAULT_MIN, 1, SCHEDULE_WAIT_MAX_MIN, &wait,
                     error)) {
        return false;
    }
    if (hears != NULL && !json_is_boolean(hears) && !json_is_null(hears)) {
        return refuse_param(error, "listenTryRun must be true or false");
    }
    schedule->kind = SCHEDULE_EVENT;
    schedule->wait_minutes = (int)wait;
    schedule->hears_try_runs = !json_is_false(hears);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct schedule_event event = { .flow_id = 0 };
        if (!read_number(item, "dagId", 0, 0, INT64_MAX, &event.flow_id, error) ||
            !read_number(item, "nodeId", 0, 0, INT64_MAX, &event.node_id, error)) {
            return false;
        }
        if (event.flow_id == 0) {
            return refuse_param(error, "each of events needs the dagId of a task flow");
        }
        if (!has_event(schedule, &event)) {
            g_array_append_val(schedule->events, event);
        }
    }
    return true;
}

static json_t *load_param(const char *text, GError **error) {
    json_error_t where;
    if (strlen(text) > SCHEDULE_PARAM_BYTES_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "ScheduleParam",
                        "ScheduleParam has %zu bytes; at most %d", strlen(text),
                        SCHEDULE_PARAM_BYTES_MAX);
        return NULL;
    }
    json_t *param = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (!json_is_object(param)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "ScheduleParam",
                        "ScheduleParam must be a JSON object; %s (line %d, column %d)",
                        param == NULL ? where.text : "it is another value",
                        param == NULL ? where.line : 1, param == NULL ? where.column : 1);
        json_decref(param);
        return NULL;
    }
    return param;
}

static bool read_param(const struct schedule_texts *texts, struct schedule *schedule,
                       GError **error) {
    json_auto_t *param = load_param(is_empty(texts->param) ? "{}" : texts->param, error);
    int64_t trigger = 0;
    if (param == NULL ||
        !read_number(param, "triggerType", texts->is_event ? PARAM_EVENT : PARAM_PERIODIC, 0,
                     PARAM_TRIGGER_COUNT - 1, &trigger, error)) {
        return false;
    }
    if (texts->is_event) {
        return read_events(param, schedule, error);
    }
    if (trigger == PARAM_EVENT) {
        return refuse_param(error, "triggerType 2 belongs to TriggerType Event");
    }
    return trigger == PARAM_PERIODIC || read_once(param, schedule, error);
}

static bool read_cron(const struct schedule_texts *texts, struct schedule *schedule,
                      GError **error) {
    g_autoptr(GError) cause = NULL;
    if (is_empty(texts->cron)) {
        bool is_needed = texts->is_on && schedule->kind == SCHEDULE_CRON;
        if (is_needed) {
            fault_set_field(error, FAULT_MISSING_FIELD, "CronStr",
                            "CronStr is needed unless the flow runs once or by events");
        }
        return !is_needed;
    }
    if (!cron_parse(texts->cron, &schedule->cron, &cause)) {
        fault_set_field(error, FAULT_INVALID_VALUE, "CronStr", "CronStr, %s", cause->message);
        return false;
    }
    schedule->has_cron = true;
    return true;
}

bool schedule_parse(const struct schedule_texts *texts, struct schedule *ret_schedule,
                    GError **error) {
    struct schedule schedule = { .kind = SCHEDULE_CRON,
                                 .events =
                                     g_array_new(FALSE, FALSE, sizeof(struct schedule_event)) };
    if (!read_param(texts, &schedule, error) || !read_cron(texts, &schedule, error) ||
        !read_dates(texts, &schedule, error)) {
        schedule_done(&schedule);
        return false;
    }
    *ret_schedule = schedule;
    return true;
}

void schedule_done(struct schedule *schedule) {
    g_clear_pointer(&schedule->events, g_array_unref);
}

bool schedule_next(const struct schedule *schedule, const struct cron_zone *zone, int64_t after_s,
                   int64_t *ret_instant_s) {
    if (schedule->begin_s != INT64_MIN) {
        after_s = MAX(after_s, cron_instant(zone, schedule->begin_s) - 1);
    }
    int64_t instant = 0;
    switch (schedule->kind) {
    case SCHEDULE_CRON:
        if (!schedule->has_cron || !cron_next(&schedule->cron, zone, after_s, &instant)) {
            return false;
        }
        break;
    case SCHEDULE_ONCE: instant = cron_instant(zone, schedule->once_s); break;
    case SCHEDULE_EVENT: return false;
    }
    bool is_over =
        schedule->end_s != INT64_MAX && instant > cron_last_instant(zone, schedule->end_s);
    if (instant <= after_s || is_over) {
        return false;
    }
    *ret_instant_s = instant;
    return true;
}
