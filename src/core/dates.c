// SPDX-License-Identifier: Apache-2.0
//
// proposed: each date stands for the moment on it at the time of day of the schedule, 00:00 without one (behaviour.md §6). Steps are counted on
// the wall clock, so that a step of 24 hours keeps the time of day. The last date's moment is the last that can be reached: with steps
// of 12 hours, two dates in succession are three runs.

#include "core/dates.h"

#include "base/fault.h"

enum { SECONDS_PER_HOUR = 3600, SECONDS_PER_DAY = 24 * 3600, CRON_MINUTE = 1, CRON_HOUR = 2 };

// A field that is a single number of at most `max`.
static bool read_number(const char *field, int max, int *ret_number) {
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(field, 10, 0, (guint64)max, &number, NULL)) {
        return false;
    }
    *ret_number = (int)number;
    return true;
}

void dates_time_of_day(const char *cron, struct civil *ret_time) {
    struct civil time = { 0 };
    g_auto(GStrv) fields = g_strsplit_set(cron != NULL ? cron : "", " \t", -1);
    const char *words[CRON_HOUR + 1] = { NULL };
    int count = 0;
    for (int i = 0; fields[i] != NULL && count <= CRON_HOUR; i++) {
        if (fields[i][0] != '\0') {
            words[count++] = fields[i];
        }
    }
    if (count <= CRON_HOUR || !read_number(words[CRON_MINUTE], 59, &time.minute) ||
        !read_number(words[CRON_HOUR], 23, &time.hour)) {
        time.hour = time.minute = 0;
    }
    *ret_time = time;
}

static struct civil at_time(const struct civil *date, const struct civil *time_of_day) {
    return (struct civil){ .year = date->year,
                           .month = date->month,
                           .day = date->day,
                           .hour = time_of_day->hour,
                           .minute = time_of_day->minute };
}

static int64_t seconds_of(const struct civil *time) {
    return civil_to_days(time->year, time->month, time->day) * SECONDS_PER_DAY +
           time->hour * SECONDS_PER_HOUR + time->minute * 60;
}

// Every moment and the run time a day after it must be in the calendar.
static bool check_calendar(const struct civil *last, GError **error) {
    struct civil run_time = { 0 };
    if (!civil_add(last, 0, 0, SECONDS_PER_DAY, &run_time)) {
        fault_set_field(error, FAULT_INVALID_VALUE, "BackFillDateEnd",
                        "the run of %04d-%02d-%02d would be for a day beyond the calendar",
                        last->year, last->month, last->day);
        return false;
    }
    return true;
}

bool dates_row(const struct dates_range *range, const struct civil *time_of_day, int count_max,
               GArray **ret_times, GError **error) {
    g_assert(range->interval_hours >= 1);
    g_assert(count_max >= 1);
    struct civil begin = at_time(&range->begin, time_of_day);
    struct civil end = at_time(&range->end, time_of_day);
    int64_t length = seconds_of(&end) - seconds_of(&begin);
    int64_t step = (int64_t)range->interval_hours * SECONDS_PER_HOUR;
    if (length < 0) {
        fault_set_field(error, FAULT_INVALID_VALUE, "BackFillDateEnd",
                        "BackFillDateEnd is before BackFillDateBegin; Asc false runs the dates "
                        "newest first");
        return false;
    }
    int64_t count = length / step + 1;
    if (count > count_max) {
        fault_set_field(error, FAULT_LIMIT_EXCEEDED, "BackFillDateEnd",
                        "the range has %" G_GINT64_FORMAT " runs; one call takes at most %d", count,
                        count_max);
        return false;
    }
    if (!check_calendar(&end, error)) {
        return false;
    }
    GArray *times = g_array_sized_new(FALSE, FALSE, sizeof(struct civil), (guint)count);
    for (int64_t i = 0; i < count; i++) {
        int64_t number = range->is_ascending ? i : count - 1 - i;
        struct civil time = { 0 };
        bool is_in_calendar = civil_add(&begin, 0, 0, number * step, &time);
        g_assert(is_in_calendar);
        g_array_append_val(times, time);
    }
    *ret_times = times;
    return true;
}
