// SPDX-License-Identifier: Apache-2.0
//
// dates: the business times of a backfill: from the first date to the last in steps of hours (behaviour.md §6). Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/civil.h"

// What was asked for. Of begin and end only the date counts.
struct dates_range {
    struct civil begin;
    struct civil end; // the same date for a single run
    int interval_hours;
    bool is_ascending;
};

// The time of day of a cron text with seconds first ("0 30 2 * * ?"): its hour and minute when both are single numbers, otherwise 00:00. NULL
// and "" are 00:00. The date in *ret_time is left 0.
void dates_time_of_day(const char *cron, struct civil *ret_time);

// The business times, in the order of their runs: a GArray of struct civil, at least one. FAULT_INVALID_VALUE for a range that
// ends before it begins or leaves the calendar, FAULT_LIMIT_EXCEEDED for more than count_max; both name the field.
bool dates_row(const struct dates_range *range, const struct civil *time_of_day, int count_max,
               GArray **ret_times, GError **error);
