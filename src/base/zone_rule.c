// SPDX-License-Identifier: Apache-2.0
//
// A rule names two moments of each year. What holds at an instant follows from the latest such moment, which lies in the same year or in
// the one before; a year more on both sides covers clocks that are far from UTC.

#include "base/zone_rule.h"

#include <string.h>

#include "base/civil.h"

enum {
    SECONDS_PER_MINUTE = 60,
    SECONDS_PER_HOUR = 3600,
    SECONDS_PER_DAY = 86400,
    DAYS_PER_WEEK = 7,
    OFFSET_HOURS_MAX = 24,
    TIME_HOURS_MAX = 167,
    TIME_DEFAULT_S = 2 * SECONDS_PER_HOUR,
    NAME_MIN = 3,
    YEARS_LOOKED_AT = 4, // before, this, and two behind
};

// Reading.

static bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool take(const char **at, char wanted) {
    if (**at != wanted) {
        return false;
    }
    (*at)++;
    return true;
}

// `CET`, or `<+0330>` for a name that has more than letters.
static bool skip_name(const char **at) {
    if (take(at, '<')) {
        *at += strcspn(*at, ">");
        return take(at, '>');
    }
    const char *start = *at;
    while (is_letter(**at)) {
        (*at)++;
    }
    return *at - start >= NAME_MIN;
}

static bool take_number(const char **at, int min, int max, int *ret_number) {
    int number = 0;
    if (!is_digit(**at)) {
        return false;
    }
    while (is_digit(**at) && number <= max) {
        number = number * 10 + (**at - '0');
        (*at)++;
    }
    *ret_number = number;
    return number >= min && number <= max && !is_digit(**at);
}

// `[+-]hh[:mm[:ss]]`
static bool take_time(const char **at, int hours_max, int *ret_s) {
    int sign = take(at, '-') ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    if (sign > 0) {
        (void)take(at, '+');
    }
    if (!take_number(at, 0, hours_max, &hours)) {
        return false;
    }
    if (take(at, ':')) {
        if (!take_number(at, 0, SECONDS_PER_MINUTE - 1, &minutes)) {
            return false;
        }
        if (take(at, ':') && !take_number(at, 0, SECONDS_PER_MINUTE - 1, &seconds)) {
            return false;
        }
    }
    *ret_s = sign * (hours * SECONDS_PER_HOUR + minutes * SECONDS_PER_MINUTE + seconds);
    return true;
}

static bool take_moment(const char **at, struct zone_moment *moment) {
    bool is_good = false;
    moment->time_s = TIME_DEFAULT_S;
    if (take(at, 'M')) {
        moment->kind = ZONE_DAY_MONTH_WEEK;
        is_good = take_number(at, 1, 12, &moment->month) && take(at, '.') &&
                  take_number(at, 1, 5, &moment->week) && take(at, '.') &&
                  take_number(at, 0, 6, &moment->day);
    } else if (take(at, 'J')) {
        moment->kind = ZONE_DAY_WITHOUT_LEAP;
        is_good = take_number(at, 1, 365, &moment->day);
    } else {
        moment->kind = ZONE_DAY_OF_YEAR;
        is_good = take_number(at, 0, 365, &moment->day);
    }
    return is_good && (!take(at, '/') || take_time(at, TIME_HOURS_MAX, &moment->time_s));
}

// POSIX counts offsets to the west.
static bool take_offset(const char **at, int *ret_offset_s) {
    int west_s = 0;
    if (!take_time(at, OFFSET_HOURS_MAX, &west_s)) {
        return false;
    }
    *ret_offset_s = -west_s;
    return true;
}

bool zone_rule_parse(const char *text, struct zone_rule *ret_rule) {
    const char *at = text;
    struct zone_rule rule = { .offset_s = 0 };
    if (!skip_name(&at) || !take_offset(&at, &rule.offset_s)) {
        return false;
    }
    if (*at != '\0') {
        rule.has_other = true;
        rule.other_offset_s = rule.offset_s + SECONDS_PER_HOUR;
        if (!skip_name(&at) || (*at != ',' && !take_offset(&at, &rule.other_offset_s)) ||
            !take(&at, ',') || !take_moment(&at, &rule.begin) || !take(&at, ',') ||
            !take_moment(&at, &rule.end) || *at != '\0') {
            return false;
        }
    }
    *ret_rule = rule;
    return true;
}

// Reckoning.

static bool is_leap(int year) {
    return civil_days_in_month(year, 2) == 29;
}

static int64_t day_of(const struct zone_moment *moment, int year) {
    static const int march = 60; // as J counts
    if (moment->kind == ZONE_DAY_MONTH_WEEK) {
        int64_t first = civil_to_days(year, moment->month, 1);
        struct civil civil = { .year = year, .month = moment->month, .day = 1 };
        int weekday = civil_weekday(&civil) % DAYS_PER_WEEK; // Sunday = 0
        int day = (moment->day - weekday + DAYS_PER_WEEK) % DAYS_PER_WEEK +
                  (moment->week - 1) * DAYS_PER_WEEK;
        if (day >= civil_days_in_month(year, moment->month)) {
            day -= DAYS_PER_WEEK;
        }
        return first + day;
    }
    int64_t first = civil_to_days(year, 1, 1);
    if (moment->kind == ZONE_DAY_OF_YEAR) {
        return first + moment->day;
    }
    return first + moment->day - 1 + (is_leap(year) && moment->day >= march ? 1 : 0);
}

static int64_t begin_of(const struct zone_rule *rule, int year) {
    return day_of(&rule->begin, year) * SECONDS_PER_DAY + rule->begin.time_s - rule->offset_s;
}

static int64_t end_of(const struct zone_rule *rule, int year) {
    return day_of(&rule->end, year) * SECONDS_PER_DAY + rule->end.time_s - rule->other_offset_s;
}

static int year_before(int64_t instant_s) {
    int64_t days = instant_s / SECONDS_PER_DAY - (instant_s % SECONDS_PER_DAY < 0 ? 1 : 0);
    int year = 0;
    int month = 0;
    int day = 0;
    civil_from_days(days, &year, &month, &day);
    return year - 1;
}

// Where an end and a begin fall together (a zone whose other offset holds all the year), the begin wins.
int zone_rule_offset_s(const struct zone_rule *rule, int64_t instant_s) {
    int64_t newest = INT64_MIN;
    int offset_s = rule->offset_s;
    if (!rule->has_other) {
        return offset_s;
    }
    int first = year_before(instant_s);
    for (int year = first; year < first + YEARS_LOOKED_AT; year++) {
        int64_t end = end_of(rule, year);
        int64_t begin = begin_of(rule, year);
        if (end <= instant_s && end > newest) {
            newest = end;
            offset_s = rule->offset_s;
        }
        if (begin <= instant_s && begin >= newest) {
            newest = begin;
            offset_s = rule->other_offset_s;
        }
    }
    return offset_s;
}

int64_t zone_rule_next_change_s(const struct zone_rule *rule, int64_t after_s) {
    int64_t next = INT64_MAX;
    if (!rule->has_other) {
        return next;
    }
    int first = year_before(after_s);
    for (int year = first; year < first + YEARS_LOOKED_AT; year++) {
        int64_t moments[2] = { begin_of(rule, year), end_of(rule, year) };
        for (int i = 0; i < 2; i++) {
            if (moments[i] > after_s && moments[i] < next &&
                zone_rule_offset_s(rule, moments[i]) != zone_rule_offset_s(rule, moments[i] - 1)) {
                next = moments[i];
            }
        }
    }
    return next;
}
