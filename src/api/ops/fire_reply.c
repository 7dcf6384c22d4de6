// SPDX-License-Identifier: Apache-2.0
//
// fire_reply: instants become local times of the schedule's zone.
#include "api/ops/fire_reply.h"

#include "api/wire/reply.h"
#include "base/civil.h"
#include "base/zone.h"
#include "store/fire.h"

static void reply_times(json_t *object, const char *zone, const int64_t *fires_ms, int count) {
    json_t *list = reply_list(object, "NextFireTimes", "FireTime");
    reply_text(json_object_get(object, "NextFireTimes"), "TimeZoneId", zone);
    for (int i = 0; i < count; i++) {
        char text[CIVIL_TEXT_BYTES];
        struct civil civil = zone_civil(zone, fires_ms[i]);
        civil_text(&civil, text);
        json_array_append_new(list, json_string(text));
    }
}

void reply_fires(json_t *object, const struct schedule_fields *schedule, int64_t now_ms) {
    int64_t fires_ms[FIRE_REPLY_MAX];
    int count = fire_times(schedule, now_ms, FIRE_REPLY_MAX, fires_ms);
    reply_times(object, schedule->zone, fires_ms, count);
}

void reply_fires_deployed(json_t *object, const char *schedule, int64_t now_ms) {
    int64_t fires_ms[FIRE_REPLY_MAX];
    g_autofree char *zone = NULL;
    int count = fire_times_deployed(schedule, now_ms, FIRE_REPLY_MAX, fires_ms, &zone);
    reply_times(object, zone, fires_ms, count);
}
