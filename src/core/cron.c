// SPDX-License-Identifier: Apache-2.0
//
// Parsing makes sets of bits; finding a fire walks them: years, months, the days of one month, hours, minutes. So an expression
// without a future fire ends after the months that are left until CRON_YEAR_MAX.

#include "core/cron.h"

#include <string.h>

#include "base/civil.h"
#include "base/fault.h"

enum {
    SECONDS_PER_DAY = 86400,
    SECONDS_PER_HOUR = 3600,
    MINUTES_PER_HOUR = 60,
    HOURS_PER_DAY = 24,
    DAYS_PER_WEEK = 7,
    MONTHS_PER_YEAR = 12,
    SUNDAY = 1,
    SATURDAY = 7,
    DAYS_BEFORE_LAST_MAX = 30,
    WEEKS_IN_MONTH_MAX = 5,
    NUMBER_MAX = 9999,
    NAME_LETTERS = 3,
    // No zone is further from UTC, nor is any change of the clock greater.
    OFFSET_MAX_S = 2 * SECONDS_PER_DAY,
};

enum field_kind {
    FIELD_SECOND,
    FIELD_MINUTE,
    FIELD_HOUR,
    FIELD_DAY,
    FIELD_MONTH,
    FIELD_WEEKDAY,
    FIELD_YEAR,
    FIELD_COUNT
};

struct field {
    const char *name;
    int min;
    int max;
    int step_max;      // of `*/n` and `5/n`; the steps of a range have no limit
    const char *names; // three letters each, the first for `min`; or NULL
};

static const struct field fields[FIELD_COUNT] = {
    [FIELD_SECOND] = { "second", 0, 59, 59, NULL },
    [FIELD_MINUTE] = { "minute", 0, 59, 59, NULL },
    [FIELD_HOUR] = { "hour", 0, 23, 23, NULL },
    [FIELD_DAY] = { "day of month", 1, 31, 31, NULL },
    [FIELD_MONTH] = { "month", 1, 12, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC" },
    [FIELD_WEEKDAY] = { "day of week", 1, 7, 7, "SUNMONTUEWEDTHUFRISAT" },
    [FIELD_YEAR] = { "year", CRON_YEAR_MIN, CRON_YEAR_MAX, NUMBER_MAX, NULL },
};

// Where reading stands, and the values of the present field: bit n stands for n, of years for CRON_YEAR_MIN + n.
struct reader {
    const char *text;
    const char *at;
    enum field_kind kind;
    uint64_t bits[3];
    bool is_open;   // the field is "?"
    bool is_whole;  // the field is "*"
    int last_count; // how often `L` and `#` stand in the field
    int nth_count;
    struct cron *cron;
};

static bool refuse(const struct reader *reader, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static bool refuse(const struct reader *reader, GError **error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *reason = g_strdup_vprintf(format, args);
    va_end(args);
    fault_set(error, FAULT_INVALID_DATA, "field %d (%s), character %d: %s", (int)reader->kind + 1,
              fields[reader->kind].name, (int)(reader->at - reader->text) + 1, reason);
    return false;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_field_end(char c) {
    return c == '\0' || is_blank(c);
}

static bool is_item_end(char c) {
    return c == ',' || is_field_end(c);
}

static bool take(struct reader *reader, char wanted) {
    if (g_ascii_toupper(*reader->at) != wanted) {
        return false;
    }
    reader->at++;
    return true;
}

static void set_value(struct reader *reader, int value) {
    int bit = reader->kind == FIELD_YEAR ? value - CRON_YEAR_MIN : value;
    reader->bits[bit / 64] |= UINT64_C(1) << (bit % 64);
}

// Digits as a number from min to max; the place of a fault is the number's first digit.
static bool take_number(struct reader *reader, int min, int max, int *ret_number, GError **error) {
    const char *start = reader->at;
    int number = 0;
    while (g_ascii_isdigit(*reader->at)) {
        number = MIN(number * 10 + (*reader->at - '0'), NUMBER_MAX + 1);
        reader->at++;
    }
    bool is_empty = reader->at == start;
    if (is_empty || number < min || number > max) {
        reader->at = start;
        return is_empty ? refuse(reader, error, "a number from %d to %d is expected", min, max)
                        : refuse(reader, error, "only numbers from %d to %d will do", min, max);
    }
    *ret_number = number;
    return true;
}

static bool take_value(struct reader *reader, int *ret_value, GError **error) {
    const struct field *field = &fields[reader->kind];
    if (field->names == NULL || !g_ascii_isalpha(*reader->at)) {
        return take_number(reader, field->min, field->max, ret_value, error);
    }
    for (int i = 0; field->names[i * NAME_LETTERS] != '\0'; i++) {
        if (g_ascii_strncasecmp(reader->at, field->names + (size_t)i * NAME_LETTERS,
                                NAME_LETTERS) == 0) {
            reader->at += NAME_LETTERS;
            *ret_value = field->min + i;
            return true;
        }
    }
    return refuse(reader, error, "no such name; names have three letters, such as %.3s",
                  field->names);
}

// "/step" behind `first`, if it is there, and then all values; `last` below `first` wraps around the field's end. As in Quartz the step
// is bounded unless a range stands before it, and a step of 0 is none.
static bool take_steps(struct reader *reader, int first, int last, bool is_range, GError **error) {
    const struct field *field = &fields[reader->kind];
    int step = 0;
    if (take(reader, '/')) {
        if (!take_number(reader, is_range ? 1 : 0, is_range ? NUMBER_MAX : field->step_max, &step,
                         error)) {
            return false;
        }
        last = is_range || step == 0 ? last : field->max;
    }
    int span = field->max - field->min + 1;
    if (last < first && reader->kind == FIELD_YEAR) {
        return refuse(reader, error, "the range of years ends before it begins");
    }
    last += last < first ? span : 0;
    for (int value = first; value <= last; value += MAX(step, 1)) {
        set_value(reader, field->min + (value - field->min) % span);
    }
    return true;
}

// `L`, `L-3`, `LW` of the days of a month; the L is taken.
static bool take_last_day(struct reader *reader, GError **error) {
    int before = 0;
    reader->last_count++;
    if (take(reader, '-') && !take_number(reader, 0, DAYS_BEFORE_LAST_MAX, &before, error)) {
        return false;
    }
    if (take(reader, 'W')) {
        reader->cron->near_last_days |= 1U << before;
    } else {
        reader->cron->last_days |= 1U << before;
    }
    return true;
}

// What may stand behind a single value of a day field: `W`, `L`, `#n`. *ret_taken is false when nothing of that is there.
static bool take_suffix(struct reader *reader, int value, bool *ret_taken, GError **error) {
    *ret_taken = true;
    if (reader->kind == FIELD_DAY && take(reader, 'W')) {
        reader->cron->near_days |= 1U << value;
        return true;
    }
    if (reader->kind == FIELD_WEEKDAY && take(reader, 'L')) {
        reader->cron->last_weekdays |= (uint8_t)(1U << value);
        reader->last_count++;
        return true;
    }
    if (reader->kind == FIELD_WEEKDAY && take(reader, '#')) {
        int nth = 0;
        if (!take_number(reader, 1, WEEKS_IN_MONTH_MAX, &nth, error)) {
            return false;
        }
        reader->cron->nth_weekdays[nth] |= (uint8_t)(1U << value);
        reader->nth_count++;
        return true;
    }
    *ret_taken = false;
    return true;
}

// A number or name, alone, with a suffix, or as the beginning of a range.
static bool take_single(struct reader *reader, GError **error) {
    int first = 0;
    bool is_taken = false;
    if (!take_value(reader, &first, error) || !take_suffix(reader, first, &is_taken, error)) {
        return false;
    }
    if (is_taken) {
        return true;
    }
    int last = first;
    bool is_range = take(reader, '-');
    return (!is_range || take_value(reader, &last, error)) &&
           take_steps(reader, first, last, is_range, error);
}

static bool take_item(struct reader *reader, GError **error) {
    const struct field *field = &fields[reader->kind];
    if (take(reader, '*')) {
        reader->is_whole |= is_item_end(*reader->at);
        return take_steps(reader, field->min, field->max, false, error);
    }
    if (*reader->at == '/') {
        return take_steps(reader, field->min, field->max, false, error);
    }
    if (reader->kind == FIELD_DAY && take(reader, 'L')) {
        return take_last_day(reader, error);
    }
    if (reader->kind == FIELD_WEEKDAY && g_ascii_toupper(*reader->at) == 'L' &&
        is_item_end(reader->at[1])) {
        reader->at++;
        reader->last_count++;
        set_value(reader, SATURDAY);
        return true;
    }
    return take_single(reader, error);
}

// Quartz refuses these too.
static bool check_field(struct reader *reader, const char *start, bool is_list, GError **error) {
    bool is_last_in_list = reader->last_count > 0 && is_list;
    if (is_last_in_list || reader->nth_count > 1) {
        reader->at = start;
        return refuse(reader, error,
                      is_last_in_list ? "L can not stand in a list with other days"
                                      : "# can stand in a field only once");
    }
    return true;
}

static bool take_field(struct reader *reader, GError **error) {
    const char *start = reader->at;
    bool is_list = false;
    memset(reader->bits, 0, sizeof reader->bits);
    reader->is_whole = false;
    reader->last_count = 0;
    reader->nth_count = 0;
    reader->is_open = (reader->kind == FIELD_DAY || reader->kind == FIELD_WEEKDAY) &&
                      *reader->at == '?' && is_field_end(reader->at[1]);
    if (reader->is_open) {
        reader->at++;
        return true;
    }
    for (;;) {
        if (!take_item(reader, error)) {
            return false;
        }
        if (is_field_end(*reader->at)) {
            return check_field(reader, start, is_list, error);
        }
        if (*reader->at != ',') {
            return refuse(reader, error, "this character does not belong here");
        }
        is_list = true;
        reader->at++;
    }
}

static bool set_second(const struct reader *reader, GError **error) {
    uint64_t seconds = reader->bits[0];
    if ((seconds & (seconds - 1)) != 0) {
        return refuse(reader, error,
                      "more than one second; the smallest period is one minute, so give one "
                      "number, such as 0");
    }
    reader->cron->second = __builtin_ctzll(seconds);
    return true;
}

// Quartz wants exactly one "?" in the two day fields; "*" in both is every day.
static bool set_weekdays(const struct reader *reader, bool is_day_open, bool is_day_whole,
                         GError **error) {
    if (is_day_open == reader->is_open && !(is_day_whole && reader->is_whole)) {
        return refuse(reader, error,
                      "one of day of month and day of week must be ?, the other one not");
    }
    reader->cron->weekdays = (uint8_t)reader->bits[0];
    reader->cron->by_weekday = is_day_open;
    return true;
}

static bool take_all(struct reader *reader, GError **error) {
    bool is_day_open = false;
    bool is_day_whole = false;
    for (int kind = FIELD_SECOND; kind < FIELD_COUNT; kind++) {
        while (is_blank(*reader->at)) {
            reader->at++;
        }
        reader->kind = (enum field_kind)kind;
        bool is_missing = *reader->at == '\0';
        if (is_missing && kind != FIELD_YEAR) {
            return refuse(reader, error,
                          "the expression ends here; it has 6 or 7 fields: second minute hour "
                          "day-of-month month day-of-week [year]");
        }
        if (is_missing) {
            memset(reader->bits, 0xff, sizeof reader->bits);
        } else if (!take_field(reader, error)) {
            return false;
        }
        struct cron *cron = reader->cron;
        switch ((enum field_kind)kind) {
        case FIELD_SECOND:
            if (!set_second(reader, error)) {
                return false;
            }
            break;
        case FIELD_MINUTE: cron->minutes = reader->bits[0]; break;
        case FIELD_HOUR: cron->hours = (uint32_t)reader->bits[0]; break;
        case FIELD_DAY:
            cron->days = (uint32_t)reader->bits[0];
            is_day_open = reader->is_open;
            is_day_whole = reader->is_whole;
            break;
        case FIELD_MONTH: cron->months = (uint32_t)reader->bits[0]; break;
        case FIELD_WEEKDAY:
            if (!set_weekdays(reader, is_day_open, is_day_whole, error)) {
                return false;
            }
            break;
        case FIELD_YEAR: memcpy(cron->years, reader->bits, sizeof cron->years); break;
        case FIELD_COUNT: g_assert_not_reached();
        }
    }
    return true;
}

bool cron_parse(const char *text, struct cron *ret_cron, GError **error) {
    struct cron cron = { .second = 0 };
    struct reader reader = { .text = text, .at = text, .cron = &cron };
    if (strlen(text) > CRON_TEXT_MAX) {
        fault_set(error, FAULT_INVALID_DATA, "the expression has more than %d bytes",
                  CRON_TEXT_MAX);
        return false;
    }
    if (!take_all(&reader, error)) {
        return false;
    }
    while (is_blank(*reader.at)) {
        reader.at++;
    }
    if (*reader.at != '\0') {
        return refuse(&reader, error, "nothing may follow the year, the seventh and last field");
    }
    *ret_cron = cron;
    return true;
}

// Days of one month.

// In the same month: Saturday goes back to Friday, Sunday on to Monday, unless that leaves the month.
static int nearest_workday(int day, int weekday, int last) {
    if (weekday == SATURDAY) {
        return day > 1 ? day - 1 : day + 2;
    }
    if (weekday == SUNDAY) {
        return day < last ? day + 1 : day - 2;
    }
    return day;
}

static uint32_t weekday_days(const struct cron *cron, int first_weekday, int last) {
    uint32_t days = 0;
    for (int day = 1; day <= last; day++) {
        unsigned bit = 1U << ((first_weekday - 1 + day - 1) % DAYS_PER_WEEK + 1);
        int nth = (day - 1) / DAYS_PER_WEEK + 1;
        bool is_last = day + DAYS_PER_WEEK > last;
        if ((cron->weekdays & bit) != 0 || (cron->nth_weekdays[nth] & bit) != 0 ||
            (is_last && (cron->last_weekdays & bit) != 0)) {
            days |= 1U << day;
        }
    }
    return days;
}

static uint32_t matching_days(const struct cron *cron, int year, int month) {
    int last = civil_days_in_month(year, month);
    struct civil first = { .year = year, .month = month, .day = 1 };
    int first_weekday = civil_weekday(&first) % DAYS_PER_WEEK + 1; // Monday = 1 becomes Sunday = 1
    if (cron->by_weekday) {
        return weekday_days(cron, first_weekday, last);
    }
    uint32_t days = 0;
    for (int day = 1; day <= last; day++) {
        int weekday = (first_weekday - 1 + day - 1) % DAYS_PER_WEEK + 1;
        unsigned from_last = 1U << (last - day);
        if ((cron->days >> day & 1U) != 0 || (cron->last_days & from_last) != 0) {
            days |= 1U << day;
        }
        if ((cron->near_days >> day & 1U) != 0 || (cron->near_last_days & from_last) != 0) {
            days |= 1U << nearest_workday(day, weekday, last);
        }
    }
    return days;
}

// The first time of day that is not before `from` seconds after midnight, or -1.
static int next_time(const struct cron *cron, int from) {
    for (int hour = from / SECONDS_PER_HOUR; hour < HOURS_PER_DAY; hour++) {
        if ((cron->hours >> hour & 1U) == 0) {
            continue;
        }
        int rest = MAX(from - hour * SECONDS_PER_HOUR, 0);
        int minute = rest / MINUTES_PER_HOUR + (rest % MINUTES_PER_HOUR > cron->second ? 1 : 0);
        uint64_t minutes = minute < MINUTES_PER_HOUR ? cron->minutes >> minute << minute : 0;
        if (minutes != 0) {
            return hour * SECONDS_PER_HOUR + __builtin_ctzll(minutes) * MINUTES_PER_HOUR +
                   cron->second;
        }
    }
    return -1;
}

static bool is_matching_month(const struct cron *cron, int year, int month) {
    int bit = year - CRON_YEAR_MIN;
    return (cron->years[bit / 64] >> (bit % 64) & 1U) != 0 && (cron->months >> month & 1U) != 0;
}

bool cron_next_local(const struct cron *cron, int64_t from_s, int64_t *ret_local_s) {
    int64_t begin_s = civil_to_days(CRON_YEAR_MIN, 1, 1) * SECONDS_PER_DAY;
    int64_t end_s = civil_to_days(CRON_YEAR_MAX + 1, 1, 1) * SECONDS_PER_DAY;
    from_s = MAX(from_s, begin_s);
    if (from_s >= end_s) {
        return false;
    }
    int year = 0;
    int month = 0;
    int day = 0;
    int time = (int)(from_s % SECONDS_PER_DAY);
    for (civil_from_days(from_s / SECONDS_PER_DAY, &year, &month, &day); year <= CRON_YEAR_MAX;
         month = month % MONTHS_PER_YEAR + 1, year += month == 1 ? 1 : 0, day = 1, time = 0) {
        if (!is_matching_month(cron, year, month)) {
            continue;
        }
        uint32_t days = matching_days(cron, year, month);
        for (; day <= civil_days_in_month(year, month); day++, time = 0) {
            int found = (days >> day & 1U) != 0 ? next_time(cron, time) : -1;
            if (found >= 0) {
                *ret_local_s = civil_to_days(year, month, day) * SECONDS_PER_DAY + found;
                return true;
            }
        }
    }
    return false;
}

// Instants. Time is walked in stretches between two changes of the clock.

int64_t cron_instant(const struct cron_zone *zone, int64_t local_s) {
    int64_t at = local_s - OFFSET_MAX_S;
    for (;;) {
        int offset = zone->offset_s(zone->ctx, at);
        int64_t change = zone->next_change_s(zone->ctx, at);
        if (change == INT64_MAX || local_s < change + offset) {
            return MAX(local_s - offset, at);
        }
        at = change;
    }
}

int64_t cron_last_instant(const struct cron_zone *zone, int64_t local_s) {
    int64_t last = INT64_MIN;
    int64_t at = local_s - OFFSET_MAX_S;
    while (at <= local_s + OFFSET_MAX_S) {
        int64_t candidate = local_s - zone->offset_s(zone->ctx, at);
        int64_t change = zone->next_change_s(zone->ctx, at);
        if (candidate >= at) {
            last = MIN(candidate, change - 1);
        }
        at = change;
    }
    return last;
}

// The greatest local time that the clock has shown up to an instant.
static int64_t reached_until(const struct cron_zone *zone, int64_t instant_s) {
    int64_t reached = INT64_MIN;
    int64_t at = instant_s - OFFSET_MAX_S;
    while (at <= instant_s) {
        int64_t change = zone->next_change_s(zone->ctx, at);
        reached = MAX(reached, MIN(change - 1, instant_s) + zone->offset_s(zone->ctx, at));
        at = change;
    }
    return reached;
}

// Each moment whose local time matches. Between two changes local time runs evenly; `from` to `found` has been searched already.
static bool next_elapsed(const struct cron *cron, const struct cron_zone *zone, int64_t after_s,
                         int64_t *ret_instant_s) {
    int64_t end_s = civil_to_days(CRON_YEAR_MAX + 1, 1, 1) * SECONDS_PER_DAY + OFFSET_MAX_S;
    int64_t from = INT64_MAX;
    int64_t found = INT64_MIN;
    int64_t at = after_s + 1;
    while (at < end_s) {
        int offset_s = zone->offset_s(zone->ctx, at);
        int64_t change = zone->next_change_s(zone->ctx, at);
        int64_t local = at + offset_s;
        if (local < from || local > found) {
            from = local;
            found = cron_next_local(cron, from, &found) ? found : INT64_MAX;
        }
        if (found != INT64_MAX && found - offset_s < change) {
            *ret_instant_s = found - offset_s;
            return true;
        }
        at = change;
    }
    return false;
}

bool cron_next(const struct cron *cron, const struct cron_zone *zone, int64_t after_s,
               int64_t *ret_instant_s) {
    static const uint32_t every_hour = (1U << HOURS_PER_DAY) - 1;
    if (cron->hours == every_hour) {
        return next_elapsed(cron, zone, after_s, ret_instant_s);
    }
    // A local time fires at the first moment that shows it or more, so those that were shown have fired.
    int64_t local = 0;
    if (!cron_next_local(cron, reached_until(zone, after_s) + 1, &local)) {
        return false;
    }
    *ret_instant_s = cron_instant(zone, local);
    return true;
}

int cron_period_minutes(const struct cron *cron) {
    int least = HOURS_PER_DAY * MINUTES_PER_HOUR;
    int previous = -1;
    int first = -1;
    for (int time = 0; time < HOURS_PER_DAY * MINUTES_PER_HOUR; time++) {
        bool fires = (cron->hours >> (time / MINUTES_PER_HOUR) & 1U) != 0 &&
                     (cron->minutes >> (time % MINUTES_PER_HOUR) & 1U) != 0;
        if (!fires) {
            continue;
        }
        least = previous >= 0 ? MIN(least, time - previous) : least;
        first = first < 0 ? time : first;
        previous = time;
    }
    return MIN(least, first + HOURS_PER_DAY * MINUTES_PER_HOUR - previous);
}
