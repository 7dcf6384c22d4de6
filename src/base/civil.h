// SPDX-License-Identifier: Apache-2.0
//
// civil: a local date and time of day as plain numbers, and arithmetic on it by the Gregorian calendar. Pure; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct civil {
    int year;  // 1 … 9999
    int month; // 1 … 12
    int day;   // 1 … 31
    int hour;  // 0 … 23
    int minute;
    int second;
    int millisecond;
    int utc_offset_minutes; // east is positive; arithmetic leaves it alone
};

enum { CIVIL_TEXT_BYTES = 32 };

int civil_days_in_month(int year, int month);

// Days since 1970-01-01 of a date, and back.
int64_t civil_to_days(int year, int month, int day);
void civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day);

// Monday = 1 … Sunday = 7.
int civil_weekday(const struct civil *civil);
// 1 … 366.
int civil_day_of_year(const struct civil *civil);

// Adds years and months (the day is cut to the month's last day), then the seconds (which may be days and weeks).
// False, and nothing set, when the result leaves year 1 … 9999.
bool civil_add(const struct civil *civil, int years, int months, int64_t seconds,
               struct civil *ret_sum);

// "yyyy-MM-dd HH:mm:ss", the form of times on the wire (operations.md §0.7).
void civil_text(const struct civil *civil, char ret_text[CIVIL_TEXT_BYTES]);

// Reads "yyyy-MM-dd" or "yyyy-MM-dd HH:mm[:ss]"; *ret_has_time says which. False when it is neither or no real date.
bool civil_parse(const char *text, struct civil *ret_civil, bool *ret_has_time);
