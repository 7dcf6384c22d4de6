// SPDX-License-Identifier: Apache-2.0
//
// Joins the rules of the core with the time zones of the base.

#include "store/fire.h"

#include "base/zone.h"
#include "store/schedule_json.h"

enum { MS_PER_SECOND = 1000 };

static int offset_s(const void *ctx, int64_t instant_s) {
    return zone_offset_s(ctx, instant_s);
}

static int64_t next_change_s(const void *ctx, int64_t after_s) {
    return zone_next_change_s(ctx, after_s);
}

bool fire_next(const struct schedule *schedule, const char *zone, int64_t after_ms,
               int64_t *ret_fire_ms) {
    struct cron_zone rules = { .ctx = zone, .offset_s = offset_s, .next_change_s = next_change_s };
    int64_t after_s = after_ms / MS_PER_SECOND - (after_ms % MS_PER_SECOND < 0 ? 1 : 0);
    int64_t instant_s = 0;
    if (!schedule_next(schedule, &rules, after_s, &instant_s)) {
        return false;
    }
    *ret_fire_ms = instant_s * MS_PER_SECOND;
    return true;
}

int fire_times(const struct schedule_fields *fields, int64_t after_ms, int max,
               int64_t *ret_fires_ms) {
    struct schedule_texts texts = schedule_texts_of(fields);
    struct schedule schedule = { 0 };
    if (!fields->is_on || !schedule_parse(&texts, &schedule, NULL)) {
        return 0;
    }
    int count = 0;
    while (count < max && fire_next(&schedule, fields->zone, after_ms, &after_ms)) {
        ret_fires_ms[count++] = after_ms;
    }
    schedule_done(&schedule);
    return count;
}

int fire_times_deployed(const char *schedule, int64_t after_ms, int max, int64_t *ret_fires_ms,
                        char **ret_zone) {
    struct schedule_fields *fields = NULL;
    json_auto_t *object = json_loads(schedule, 0, NULL);
    if (object == NULL || !schedule_from_json(object, &fields, NULL)) {
        *ret_zone = NULL;
        return 0;
    }
    int count = fire_times(fields, after_ms, max, ret_fires_ms);
    *ret_zone = g_strdup(fields->zone);
    schedule_fields_free(fields);
    return count;
}
