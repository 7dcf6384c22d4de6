// SPDX-License-Identifier: Apache-2.0
//
// Gregorian arithmetic on plain numbers: no zone, no clock, no locale. The calendar is taken back to year 1 by its present rules.
// A `struct civil` given to a function here is always a real date; only civil_parse judges outside text.

#include "base/civil.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    YEAR_MIN = 1,
    YEAR_MAX = 9999,
    DAYS_PER_ERA = 146097,  // 400 years
    DAYS_TO_EPOCH = 719468, // from 0000-03-01 to 1970-01-01
    SECONDS_PER_DAY = 86400,
};

static bool is_leap_year(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int civil_days_in_month(int year, int month) {
    static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    assert(month >= 1);
    assert(month <= 12);
    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

// Both directions count years from March, so that the leap day is the last of its year, in eras of 400 years.
int64_t civil_to_days(int year, int month, int day) {
    assert(month >= 1 && month <= 12);
    int64_t march_year = month <= 2 ? year - 1 : year;
    int64_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

void civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day) {
    int64_t shifted = days + DAYS_TO_EPOCH;
    int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *ret_day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *ret_month = month;
    *ret_year = (int)(year_of_era + era * 400 + (month <= 2 ? 1 : 0));
}

int civil_weekday(const struct civil *civil) {
    int64_t days = civil_to_days(civil->year, civil->month, civil->day);
    int64_t from_monday = (days + 3) % 7; // 1970-01-01 was a Thursday
    return (int)(from_monday < 0 ? from_monday + 7 : from_monday) + 1;
}

int civil_day_of_year(const struct civil *civil) {
    return (int)(civil_to_days(civil->year, civil->month, civil->day) -
                 civil_to_days(civil->year, 1, 1)) +
           1;
}

bool civil_add(const struct civil *civil, int years, int months, int64_t seconds,
               struct civil *ret_sum) {
    int64_t month_index = ((int64_t)civil->year + years) * 12 + civil->month - 1 + months;
    if (month_index < YEAR_MIN * 12 || month_index >= (YEAR_MAX + 1) * 12) {
        return false;
    }
    struct civil sum = *civil;
    sum.year = (int)(month_index / 12);
    sum.month = (int)(month_index % 12) + 1;
    int day_max = civil_days_in_month(sum.year, sum.month);
    sum.day = sum.day > day_max ? day_max : sum.day;

    int64_t instant = civil_to_days(sum.year, sum.month, sum.day) * SECONDS_PER_DAY +
                      sum.hour * 3600 + sum.minute * 60 + sum.second;
    if (__builtin_add_overflow(instant, seconds, &instant)) {
        return false;
    }
    int64_t days = instant / SECONDS_PER_DAY;
    int64_t rest = instant % SECONDS_PER_DAY;
    if (rest < 0) {
        rest += SECONDS_PER_DAY;
        days--;
    }
    if (days < civil_to_days(YEAR_MIN, 1, 1) || days > civil_to_days(YEAR_MAX, 12, 31)) {
        return false;
    }
    civil_from_days(days, &sum.year, &sum.month, &sum.day);
    sum.hour = (int)(rest / 3600);
    sum.minute = (int)(rest / 60 % 60);
    sum.second = (int)(rest % 60);
    *ret_sum = sum;
    return true;
}

void civil_text(const struct civil *civil, char ret_text[CIVIL_TEXT_BYTES]) {
    int len = snprintf(ret_text, CIVIL_TEXT_BYTES, "%04d-%02d-%02d %02d:%02d:%02d", civil->year,
                       civil->month, civil->day, civil->hour, civil->minute, civil->second);
    assert(len > 0);
    assert(len < CIVIL_TEXT_BYTES);
}

// Reads exactly `count` digits at *text and moves behind them.
static bool take_digits(const char **text, int count, int *ret_number) {
    int number = 0;
    for (int i = 0; i < count; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        number = number * 10 + (c - '0');
    }
    *text += count;
    *ret_number = number;
    return true;
}

static bool take_char(const char **text, char wanted) {
    if (**text != wanted) {
        return false;
    }
    *text += 1;
    return true;
}

static bool take_time(const char **text, struct civil *civil) {
    if (!take_digits(text, 2, &civil->hour) || !take_char(text, ':') ||
        !take_digits(text, 2, &civil->minute)) {
        return false;
    }
    if (take_char(text, ':') && !take_digits(text, 2, &civil->second)) {
        return false;
    }
    return civil->hour <= 23 && civil->minute <= 59 && civil->second <= 59;
}

bool civil_parse(const char *text, struct civil *ret_civil, bool *ret_has_time) {
    struct civil civil = { .year = 0 };
    if (!take_digits(&text, 4, &civil.year) || !take_char(&text, '-') ||
        !take_digits(&text, 2, &civil.month) || !take_char(&text, '-') ||
        !take_digits(&text, 2, &civil.day)) {
        return false;
    }
    if (civil.year < YEAR_MIN || civil.month < 1 || civil.month > 12 || civil.day < 1 ||
        civil.day > civil_days_in_month(civil.year, civil.month)) {
        return false;
    }
    bool has_time = take_char(&text, ' ');
    if ((has_time && !take_time(&text, &civil)) || *text != '\0') {
        return false;
    }
    *ret_civil = civil;
    *ret_has_time = has_time;
    return true;
}
