// SPDX-License-Identifier: Apache-2.0
//
// schedule: the settings of a schedule as a value, and when it fires (behaviour.md §4.1–§4.3).
//
// Three kinds: by a cron expression, once, and by events of other flows. The last has no fire times of its own. Pure; any thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/cron.h"

enum schedule_kind { SCHEDULE_CRON, SCHEDULE_ONCE, SCHEDULE_EVENT };

enum {
    SCHEDULE_EVENTS_MAX = 100,
    SCHEDULE_WAIT_DEFAULT_MIN = 1080, // of events: as long as a run may take
    SCHEDULE_WAIT_MAX_MIN = 30 * 24 * 60,
    SCHEDULE_PARAM_BYTES_MAX = 65536,
};

// As they come from the wire; NULL and "" mean not given.
struct schedule_texts {
    bool is_on;
    bool is_event;
    const char *cron;
    const char *begin_date; // "yyyy-MM-dd" or with a time
    const char *end_date;   // a bare date includes its day
    const char *param;      // ScheduleParam: a JSON object
};

// What a flow waits for: a run of another flow, or a node in it, became successful.
struct schedule_event {
    int64_t flow_id;
    int64_t node_id; // 0: the flow itself
};

struct schedule {
    enum schedule_kind kind;
    bool has_cron; // false: switched off, and no expression given
    struct cron cron;
    int64_t once_s;  // local seconds, as the two below
    int64_t begin_s; // no fire before the first moment that shows this or more
    int64_t end_s;   // nor after the last moment that shows this or less
    GArray *events;  // of struct schedule_event, without doubles; never NULL
    int wait_minutes;
    bool hears_try_runs;
};

// Faults name the wire's parameter: FAULT_MISSING_FIELD for CronStr, otherwise FAULT_INVALID_VALUE, or FAULT_INVALID_FIELD when
// ScheduleParam is no JSON object. schedule_done frees what a schedule holds; a zeroed one is fine.
bool schedule_parse(const struct schedule_texts *texts, struct schedule *ret_schedule,
                    GError **error);
void schedule_done(struct schedule *schedule);

// The first fire after an instant (seconds since 1970 in UTC); false when there is none. The switch is not looked at.
bool schedule_next(const struct schedule *schedule, const struct cron_zone *zone, int64_t after_s,
                   int64_t *ret_instant_s);
