// SPDX-License-Identifier: Apache-2.0
//
// fire_reply: the field `NextFireTimes` of replies (spec/extras.json). Any thread.
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "store/payload.h"

enum { FIRE_REPLY_MAX = 5 };

// Adds NextFireTimes: up to five FireTime after `now_ms`, in the schedule's own zone, and its name as TimeZoneId. The list is empty when
// the schedule is off or runs by events.
void reply_fires(json_t *object, const struct schedule_fields *schedule, int64_t now_ms);
// The same for a deployed schedule as its flow keeps it; "" is none, and has no zone.
void reply_fires_deployed(json_t *object, const char *schedule, int64_t now_ms);
