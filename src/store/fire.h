// SPDX-License-Identifier: Apache-2.0
//
// fire: when a schedule fires next: core/schedule.h with the system's time zones. No database; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/schedule.h"
#include "store/payload.h"

// The first fire after an instant, both in milliseconds since 1970 in UTC; false when there is none.
bool fire_next(const struct schedule *schedule, const char *zone, int64_t after_ms,
               int64_t *ret_fire_ms);

// Up to `max` fires after an instant, in order; gives how many. A schedule that is off, runs by events or does not parse has none.
int fire_times(const struct schedule_fields *fields, int64_t after_ms, int max,
               int64_t *ret_fires_ms);
// The same for a deployed schedule as the flow's row keeps it (JSON text, "" none); *ret_zone is its zone, freed by the caller.
int fire_times_deployed(const char *schedule, int64_t after_ms, int max, int64_t *ret_fires_ms,
                        char **ret_zone);
