// SPDX-License-Identifier: Apache-2.0
//
// Contract of cron expressions: fires written down by hand, comparison with a walk over all minutes, and each change of any zone's
// clock in seven years.

#include <string.h>

#include "base/civil.h"
#include "base/fault.h"
#include "base/zone.h"
#include "core/cron.h"

enum { MINUTE_S = 60, DAY_S = 86400 };

static int zone_offset(const void *ctx, int64_t instant_s) {
    return zone_offset_s(ctx, instant_s);
}

static int64_t zone_change(const void *ctx, int64_t after_s) {
    return zone_next_change_s(ctx, after_s);
}

static struct cron_zone zone_of(const char *name) {
    return (struct cron_zone){ .ctx = name, .offset_s = zone_offset, .next_change_s = zone_change };
}

static struct cron parse(const char *text) {
    g_autoptr(GError) error = NULL;
    struct cron cron = { 0 };
    (void)cron_parse(text, &cron, &error);
    g_assert_no_error(error);
    return cron;
}

static int64_t local(const char *text) {
    struct civil civil = { 0 };
    bool has_time = false;
    g_assert_true(civil_parse(text, &civil, &has_time));
    return civil_to_days(civil.year, civil.month, civil.day) * DAY_S + civil.hour * 3600 +
           civil.minute * MINUTE_S + civil.second;
}

static char *local_text(int64_t local_s) {
    char text[CIVIL_TEXT_BYTES];
    struct civil civil = zone_civil("UTC", local_s * 1000);
    civil_text(&civil, text);
    return g_strdup(text);
}

// Local times, from just behind `from`.
static const struct {
    const char *text;
    const char *from;
    const char *fires[4];
} fires_of[] = {
    { "0 0 1 * * ? *",
      "2024-02-27",
      { "2024-02-27 01:00:00", "2024-02-28 01:00:00", "2024-02-29 01:00:00",
        "2024-03-01 01:00:00" } },
    { "30 * * * * ?", "2024-01-01 00:00:30", { "2024-01-01 00:01:30", "2024-01-01 00:02:30" } },
    { "0 /20 * * * ?", "2024-01-01 10:21", { "2024-01-01 10:40:00", "2024-01-01 11:00:00" } },
    { "0 7/20 22-2 ? * *", "2024-01-01 02:46", { "2024-01-01 02:47:00", "2024-01-01 22:07:00" } },
    { "0 0 22-2/2 * * ?",
      "2024-01-01 00:00",
      { "2024-01-01 02:00:00", "2024-01-01 22:00:00", "2024-01-02 00:00:00" } },
    { "0 0 12 L * ?",
      "2024-01-31 12:00",
      { "2024-02-29 12:00:00", "2024-03-31 12:00:00", "2024-04-30 12:00:00" } },
    { "0 0 12 L-3 * ?", "2023-01-31", { "2023-02-25 12:00:00", "2023-03-28 12:00:00" } },
    { "0 0 12 L-30 * ?", "2024-01-02", { "2024-03-01 12:00:00", "2024-05-01 12:00:00" } },
    { "0 0 12 15W * ?",
      "2024-06-01",
      { "2024-06-14 12:00:00", "2024-07-15 12:00:00", "2024-08-15 12:00:00",
        "2024-09-16 12:00:00" } },
    { "0 0 12 1W * ?", "2024-05-30", { "2024-06-03 12:00:00", "2024-07-01 12:00:00" } },
    { "0 0 12 31W * ?", "2024-03-01", { "2024-03-29 12:00:00", "2024-05-31 12:00:00" } },
    { "0 0 12 LW * ?",
      "2024-05-01",
      { "2024-05-31 12:00:00", "2024-06-28 12:00:00", "2024-07-31 12:00:00",
        "2024-08-30 12:00:00" } },
    { "0 0 12 ? * 6L", "2024-05-01", { "2024-05-31 12:00:00", "2024-06-28 12:00:00" } },
    { "0 0 12 ? * friL", "2024-05-01", { "2024-05-31 12:00:00", "2024-06-28 12:00:00" } },
    { "0 0 12 ? * 6#3", "2024-05-01", { "2024-05-17 12:00:00", "2024-06-21 12:00:00" } },
    { "0 0 12 ? * 7#5", "2024-05-01", { "2024-06-29 12:00:00", "2024-08-31 12:00:00" } },
    { "0 0 12 ? * L", "2024-05-01", { "2024-05-04 12:00:00", "2024-05-11 12:00:00" } },
    { "0 0 12 ? * FRI-MON",
      "2024-05-07",
      { "2024-05-10 12:00:00", "2024-05-11 12:00:00", "2024-05-12 12:00:00",
        "2024-05-13 12:00:00" } },
    { "0 0 12 ? * 1,wed", "2024-05-07", { "2024-05-08 12:00:00", "2024-05-12 12:00:00" } },
    { "0 0 0 29 2 ?", "2024-03-01", { "2028-02-29 00:00:00", "2032-02-29 00:00:00" } },
    { "0 0 0 29 2 ?", "2096-03-01", { NULL } },
    { "0 0 0 1 NOV-FEB ?",
      "2024-01-01 00:00",
      { "2024-02-01 00:00:00", "2024-11-01 00:00:00", "2024-12-01 00:00:00",
        "2025-01-01 00:00:00" } },
    { "0 0 0 1 1 ? 2026/2", "2024-01-01", { "2026-01-01 00:00:00", "2028-01-01 00:00:00" } },
    { "0 0 0 1 1 ? 2030-2031,2099",
      "2024-01-01",
      { "2030-01-01 00:00:00", "2031-01-01 00:00:00", "2099-01-01 00:00:00", NULL } },
    { "0 0 0 31 4 ?", "2024-01-01", { NULL } },
    { "0 0 0 ? 2 2#5", "2024-01-01", { "2044-02-29 00:00:00" } },
    { "0 0 0 1 1 ? 1970", "2024-01-01", { NULL } },
    { "0 5,10 3 1,15,31 * ?",
      "2024-01-15 03:07",
      { "2024-01-15 03:10:00", "2024-01-31 03:05:00", "2024-01-31 03:10:00",
        "2024-02-01 03:05:00" } },
    { "0 0 12 1-31/99 * ?", "2024-01-01", { "2024-01-01 12:00:00", "2024-02-01 12:00:00" } },
    { "0 5/0 12 * * ?", "2024-01-01", { "2024-01-01 12:05:00", "2024-01-02 12:05:00" } },
    { "0 */0 12 * * ?", "2024-01-01 12:30", { "2024-01-01 12:31:00", "2024-01-01 12:32:00" } },
    { "0 0 12 1W,15W * ?", "2024-06-01", { "2024-06-03 12:00:00", "2024-06-14 12:00:00" } },
    { "0 0 12 ? * 6#3,2", "2024-05-07", { "2024-05-13 12:00:00", "2024-05-17 12:00:00" } },
};

static void expressions_fire_as_written(void) {
    for (size_t i = 0; i < G_N_ELEMENTS(fires_of); i++) {
        struct cron cron = parse(fires_of[i].text);
        int64_t at = local(fires_of[i].from);
        for (size_t n = 0; n < G_N_ELEMENTS(fires_of[i].fires); n++) {
            bool is_found = cron_next_local(&cron, at + 1, &at);
            g_autofree char *text = is_found ? local_text(at) : NULL;
            if (n > 0 && fires_of[i].fires[n] == NULL && fires_of[i].fires[0] != NULL && is_found) {
                break; // the row tells no more
            }
            g_test_message("%s", fires_of[i].text);
            g_assert_cmpstr(text, ==, fires_of[i].fires[n]);
            if (!is_found) {
                break;
            }
        }
    }
}

static void what_is_wrong_is_said_with_its_place(void) {
    static const struct {
        const char *text;
        const char *reason;
    } rows[] = {
        { "", "field 1 (second), character 1: the expression ends here; it has 6 or 7 fields" },
        { "0 0 1 * *", "field 6 (day of week), character 10: the expression ends here" },
        { "0 0 1 * * ? * *", "field 7 (year), character 15: nothing may follow" },
        { "0 60 1 * * ?", "field 2 (minute), character 3: only numbers from 0 to 59" },
        { "* 0 1 * * ?", "field 1 (second), character 2: more than one second" },
        { "0,30 0 1 * * ?", "more than one second" },
        { "0 0 24 * * ?", "field 3 (hour)" },
        { "0 0 1 0 * ?", "field 4 (day of month), character 7: only numbers from 1 to 31" },
        { "0 0 1 * 13 ?", "field 5 (month)" },
        { "0 0 1 * JAM ?", "field 5 (month), character 9: no such name" },
        { "0 0 1 ? * 8", "field 6 (day of week)" },
        { "0 0 1 ? * 6#6", "character 13: only numbers from 1 to 5" },
        { "0 0 1 ? * ?", "one of day of month and day of week must be ?" },
        { "0 0 1 1 * *", "one of day of month and day of week must be ?" },
        { "0 0 1 1 * MON", "one of day of month and day of week must be ?" },
        { "0 0 ? * * ?", "field 3 (hour), character 5: a number from 0 to 23" },
        { "0 0 1 ?,1 * ?", "field 4 (day of month)" },
        { "0 0-9/0 1 * * ?", "field 2 (minute), character 7" },
        { "0 0/ 1 * * ?", "field 2 (minute), character 5" },
        { "0 / 1 * * ?", "field 2 (minute), character 4" },
        { "0 0/61 1 * * ?", "field 2 (minute), character 5" },
        { "0 */60 1 * * ?", "field 2 (minute), character 5: only numbers from 0 to 59" },
        { "0 5/60 1 * * ?", "field 2 (minute), character 5: only numbers from 0 to 59" },
        { "0 0 */24 * * ?", "field 3 (hour), character 7: only numbers from 0 to 23" },
        { "0 0 /24 * * ?", "field 3 (hour), character 6: only numbers from 0 to 23" },
        { "0 0 1 */32 * ?", "field 4 (day of month), character 9" },
        { "0 0 1 1 */13 ?", "field 5 (month), character 11" },
        { "0 0 1 ? * */8", "field 6 (day of week), character 13" },
        { "0 0 1 ? * 6L,2", "field 6 (day of week), character 11: L can not stand in a list" },
        { "0 0 1 ? * 2,L", "field 6 (day of week), character 11: L can not stand in a list" },
        { "0 0 1 ? * 6L,2L", "field 6 (day of week), character 11: L can not stand in a list" },
        { "0 0 1 ? * 6#3,2#1", "field 6 (day of week), character 11: # can stand in a field" },
        { "0 0 1 1,L * ?", "field 4 (day of month), character 7: L can not stand in a list" },
        { "0 0 1 LW,15 * ?", "field 4 (day of month), character 7: L can not stand in a list" },
        { "0 0 1 L-3,L * ?", "field 4 (day of month), character 7: L can not stand in a list" },
        { "0 0 1 ? * MONDAY", "field 6 (day of week), character 14: this character" },
        { "0 1- 1 * * ?", "field 2 (minute), character 5: a number" },
        { "0 1,,2 1 * * ?", "field 2 (minute), character 5: a number" },
        { "0 1,2, 1 * * ?", "field 2 (minute), character 7: a number" },
        { "0 0 1 15W-17 * ?", "field 4 (day of month), character 10: this character" },
        { "0 0 1 L-31 * ?", "character 9: only numbers from 0 to 30" },
        { "0 0 1 1 1 ? 2030-2020", "the range of years ends before it begins" },
        { "0 0 1 1 1 ? 2100", "field 7 (year)" },
        { "0 0 1 1 1 ? 99999999999999999999", "field 7 (year)" },
        { "0 -1 1 * * ?", "field 2 (minute)" },
        { "0 0 1 L * L W", "field 6" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        struct cron cron = { 0 };
        g_assert_false(cron_parse(rows[i].text, &cron, &error));
        g_assert_error(error, FAULT, FAULT_INVALID_DATA);
        g_test_message("%s: %s", rows[i].text, error->message);
        g_assert_nonnull(strstr(error->message, rows[i].reason));
    }
    g_autofree char *endless = g_strnfill(CRON_TEXT_MAX + 1, '1');
    struct cron cron = { 0 };
    g_assert_false(cron_parse(endless, &cron, NULL));
}

static void the_period_is_the_least_distance(void) {
    static const struct {
        const char *text;
        int minutes;
    } rows[] = {
        { "0 0 1 * * ?", 1440 },  { "0 0 1,23 * * ?", 120 },    { "0 * * * * ?", 1 },
        { "0 0/30 * * * ?", 30 }, { "0 0,59 0/2 * * ?", 59 },   { "0 0 * * * ?", 60 },
        { "0 0,59 * * * ?", 1 },  { "0 10,50 0,23 * * ?", 20 }, { "0 0 0/2 1 1 ?", 120 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct cron cron = parse(rows[i].text);
        g_assert_cmpint(cron_period_minutes(&cron), ==, rows[i].minutes);
    }
}

// The other reading of an expression: the same random choice as text, and as a question to each minute.

struct wanted {
    bool minutes[60], hours[24], months[13];
    bool is_by_weekday;
    bool days[32], weekdays[8];
    int special; // of the day: 0 none, 1 L-n, 2 nW, 3 LW, 4 nL, 5 n#m
    int n, m;
};

static void choose_set(GRand *random, bool *set, int min, int max, GString *text) {
    int form = g_rand_int_range(random, 0, 5);
    int first = g_rand_int_range(random, min, max + 1);
    int last = g_rand_int_range(random, min, max + 1);
    int step = g_rand_int_range(random, 1, (max - min) / 2 + 2);
    if (form == 0) {
        first = min, last = max, step = 1;
        g_string_append_printf(text, "*");
    } else if (form == 1) {
        last = max;
        g_string_append_printf(text, "%d/%d", first, step);
    } else if (form == 2) {
        g_string_append_printf(text, "%d-%d/%d", first, last, step);
    } else if (form == 3) {
        step = 1;
        g_string_append_printf(text, "%d-%d", first, last);
    } else {
        last = first;
        g_string_append_printf(text, "%d", first);
    }
    for (int value = first;; value = value == max ? min : value + 1) {
        int distance = value >= first ? value - first : value - first + (max - min + 1);
        set[value] |= distance % step == 0;
        if (value == last) {
            break;
        }
    }
    if (form == 4) {
        int other = g_rand_int_range(random, min, max + 1);
        g_string_append_printf(text, ",%d", other);
        set[other] = true;
    }
}

static void choose_day(GRand *random, struct wanted *wanted, GString *day, GString *weekday) {
    wanted->special = g_rand_int_range(random, -2, 6);
    wanted->is_by_weekday = wanted->special >= 4 || wanted->special == -1;
    wanted->n = g_rand_int_range(random, 1, wanted->special == 2 ? 32 : 8);
    wanted->m = g_rand_int_range(random, 1, 6);
    g_string_assign(day, "?");
    g_string_assign(weekday, "?");
    switch (wanted->special) {
    case 1: g_string_printf(day, "L-%d", wanted->n); break;
    case 2: g_string_printf(day, "%dW", wanted->n); break;
    case 3: g_string_assign(day, "LW"); break;
    case 4: g_string_printf(weekday, "%dL", wanted->n); break;
    case 5: g_string_printf(weekday, "%d#%d", wanted->n, wanted->m); break;
    case -1: choose_set(random, wanted->weekdays, 1, 7, g_string_truncate(weekday, 0)); break;
    default: choose_set(random, wanted->days, 1, 31, g_string_truncate(day, 0)); break;
    }
}

static int weekday_of(int year, int month, int day) { // Sunday = 1
    return (int)((civil_to_days(year, month, day) + 4) % 7) + 1;
}

static bool is_nearest(const struct civil *now, int target) {
    int last = civil_days_in_month(now->year, now->month);
    if (target > last || weekday_of(now->year, now->month, now->day) % 7 < 2) {
        return false; // no such day, or now is a weekend
    }
    for (int distance = 0; distance < 3; distance++) { // the first workday met is the nearest
        for (int sign = -1; sign <= 1; sign += 2) {
            int day = target + sign * distance;
            if (day >= 1 && day <= last && weekday_of(now->year, now->month, day) % 7 >= 2) {
                return day == now->day;
            }
        }
    }
    return false;
}

static bool is_wanted(const struct wanted *wanted, const struct civil *now) {
    int last = civil_days_in_month(now->year, now->month);
    int weekday = weekday_of(now->year, now->month, now->day);
    bool is_day = false;
    switch (wanted->special) {
    case 1: is_day = now->day == last - wanted->n; break;
    case 2: is_day = is_nearest(now, wanted->n); break;
    case 3: is_day = is_nearest(now, last); break;
    case 4: is_day = weekday == wanted->n && now->day > last - 7; break;
    case 5: is_day = weekday == wanted->n && (now->day + 6) / 7 == wanted->m; break;
    default: is_day = wanted->is_by_weekday ? wanted->weekdays[weekday] : wanted->days[now->day];
    }
    return is_day && wanted->minutes[now->minute] && wanted->hours[now->hour] &&
           wanted->months[now->month];
}

static void fires_are_those_of_a_walk_over_all_minutes(void) {
    enum { ROUNDS = 150, DAYS = 75 };
    GRand *random = g_rand_new_with_seed(20240229);
    for (int round = 0; round < ROUNDS; round++) {
        struct wanted wanted = { .special = 0 };
        g_autoptr(GString) text = g_string_new("0 ");
        g_autoptr(GString) day = g_string_new(NULL);
        g_autoptr(GString) weekday = g_string_new(NULL);
        g_autoptr(GString) month = g_string_new(NULL);
        choose_set(random, wanted.minutes, 0, 59, text);
        g_string_append_c(text, ' ');
        choose_set(random, wanted.hours, 0, 23, text);
        choose_day(random, &wanted, day, weekday);
        choose_set(random, wanted.months, 1, 12, month);
        g_string_append_printf(text, " %s %s %s", day->str, month->str, weekday->str);
        g_test_message("%s", text->str);
        struct cron cron = parse(text->str);
        int64_t begin = civil_to_days(2024, g_rand_int_range(random, 1, 13), 1) * DAY_S;
        int64_t next = 0;
        bool has_next = cron_next_local(&cron, begin, &next);
        for (int64_t at = begin; at < begin + (int64_t)DAYS * DAY_S; at += MINUTE_S) {
            struct civil civil = { .hour = (int)(at % DAY_S / 3600),
                                   .minute = (int)(at % 3600 / MINUTE_S) };
            civil_from_days(at / DAY_S, &civil.year, &civil.month, &civil.day);
            bool fires = has_next && next == at;
            g_assert_true(fires == is_wanted(&wanted, &civil));
            if (fires) {
                has_next = cron_next_local(&cron, at + 1, &next);
            }
        }
    }
    g_rand_free(random);
}

// Zones.

static void assert_instants(const char *zone_name, const char *text, const char *from_utc,
                            const char *const *wanted_utc) {
    struct cron_zone zone = zone_of(zone_name);
    struct cron cron = parse(text);
    int64_t at = local(from_utc);
    for (; *wanted_utc != NULL; wanted_utc++) {
        g_assert_true(cron_next(&cron, &zone, at, &at));
        g_autofree char *got = local_text(at);
        g_assert_cmpstr(got, ==, *wanted_utc);
    }
}

// proposed: behaviour.md §4.2. Berlin skips 02:00–03:00 on 2024-03-31 and has it twice on 2024-10-27.
static void a_skipped_time_fires_behind_the_gap_and_a_double_one_once(void) {
    assert_instants("Europe/Berlin", "0 30 2 * * ?", "2024-03-30 00:00:00",
                    (const char *[]){ "2024-03-30 01:30:00", "2024-03-31 01:00:00",
                                      "2024-04-01 00:30:00", NULL });
    assert_instants("Europe/Berlin", "0 30 2 * * ?", "2024-10-26 00:00:00",
                    (const char *[]){ "2024-10-26 00:30:00", "2024-10-27 00:30:00",
                                      "2024-10-28 01:30:00", NULL });
    assert_instants("Europe/Berlin", "0 0/20 2,3 * * ?", "2024-03-31 00:00:00",
                    (const char *[]){ "2024-03-31 01:00:00", "2024-03-31 01:20:00",
                                      "2024-03-31 01:40:00", "2024-04-01 00:00:00", NULL });
    assert_instants("Asia/Shanghai", "0 0 1 * * ?", "2024-03-30 17:00:00",
                    (const char *[]){ "2024-03-31 17:00:00", NULL });
}

static void an_expression_of_every_hour_follows_elapsed_time(void) {
    assert_instants("Europe/Berlin", "0 30 * * * ?", "2024-03-31 00:00:00",
                    (const char *[]){ "2024-03-31 00:30:00", "2024-03-31 01:30:00",
                                      "2024-03-31 02:30:00", NULL });
    assert_instants("Europe/Berlin", "0 30 * * * ?", "2024-10-26 23:45:00",
                    (const char *[]){ "2024-10-27 00:30:00", "2024-10-27 01:30:00",
                                      "2024-10-27 02:30:00", NULL });
    // Lord Howe's clock moves by half an hour: the fires keep their minute, so twenty minutes do not always pass between them.
    assert_instants("Australia/Lord_Howe", "0 0/20 * * * ?", "2024-04-06 14:30:00",
                    (const char *[]){ "2024-04-06 14:40:00", "2024-04-06 15:10:00",
                                      "2024-04-06 15:30:00", NULL });
}

// A clock that went back leaves no later local time that matches, and yet fires are left.
static void no_fire_is_lost_before_a_clock_goes_back(void) {
    assert_instants("Europe/Berlin", "0 0/30 12 31 10 ? 2027", "2027-10-30 00:00:00",
                    (const char *[]){ "2027-10-31 11:00:00", "2027-10-31 11:30:00", NULL });
    assert_instants("Europe/Berlin", "0 0 12 1 11 ? 2027", "2027-11-01 10:29:59",
                    (const char *[]){ "2027-11-01 11:00:00", NULL });
    // Havana's clock goes back at 01:00: midnight's hour is there twice, and nothing of that day comes behind it.
    assert_instants("America/Havana", "0 0/30 * 7 11 ? 2027", "2027-11-07 04:29:00",
                    (const char *[]){ "2027-11-07 04:30:00", "2027-11-07 05:00:00", NULL });
    // The last minutes of an October and of every hour of it, twice: Beirut goes back at the month's end.
    assert_instants("Asia/Beirut", "0 0/30 * 30 10 ? 2027", "2027-10-30 20:29:00",
                    (const char *[]){ "2027-10-30 20:30:00", "2027-10-30 21:00:00",
                                      "2027-10-30 21:30:00", NULL });
}

// From 2038 on a zone's file holds a rule and no moments; Dublin's has its second offset in winter, behind the first.
static void rules_of_zones_hold_for_ever(void) {
    assert_instants("Europe/Dublin", "0 30 1 ? 3 1L 2038", "2038-01-01 00:00:00",
                    (const char *[]){ "2038-03-28 01:00:00", NULL });
    assert_instants("Europe/Dublin", "0 30 1 ? 10 1L", "2090-01-01 00:00:00",
                    (const char *[]){ "2090-10-29 00:30:00", "2091-10-28 00:30:00", NULL });
    assert_instants("Africa/Casablanca", "0 0 12 1 1 ? 2090", "2038-01-01 00:00:00",
                    (const char *[]){ "2090-01-01 11:00:00", NULL });
}

static void a_local_time_has_a_first_and_a_last_moment(void) {
    static const struct {
        const char *zone, *local, *first, *last;
    } rows[] = {
        { "Europe/Berlin", "2027-07-01 12:00", "2027-07-01 10:00:00", "2027-07-01 10:00:00" },
        { "Europe/Berlin", "2027-10-31 02:30", "2027-10-31 00:30:00", "2027-10-31 01:30:00" },
        { "Europe/Berlin", "2027-10-31 02:59:59", "2027-10-31 00:59:59", "2027-10-31 01:59:59" },
        { "Europe/Berlin", "2027-10-31 03:00", "2027-10-31 02:00:00", "2027-10-31 02:00:00" },
        { "Europe/Berlin", "2027-03-28 02:30", "2027-03-28 01:00:00", "2027-03-28 00:59:59" },
        { "Europe/Berlin", "2027-03-28 03:00", "2027-03-28 01:00:00", "2027-03-28 01:00:00" },
        { "Europe/Berlin", "2027-03-28 01:59:59", "2027-03-28 00:59:59", "2027-03-28 00:59:59" },
        { "UTC", "2027-03-28 01:59:59", "2027-03-28 01:59:59", "2027-03-28 01:59:59" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct cron_zone zone = zone_of(rows[i].zone);
        g_autofree char *first = local_text(cron_instant(&zone, local(rows[i].local)));
        g_autofree char *last = local_text(cron_last_instant(&zone, local(rows[i].local)));
        g_assert_cmpstr(first, ==, rows[i].first);
        g_assert_cmpstr(last, ==, rows[i].last);
    }
}

static void collect_zones(const char *root, const char *folder, GPtrArray *names) {
    g_autofree char *path = g_build_filename(root, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *entry = dir != NULL ? g_dir_read_name(dir) : NULL; entry != NULL;
         entry = g_dir_read_name(dir)) {
        g_autofree char *name =
            *folder != '\0' ? g_build_filename(folder, entry, NULL) : g_strdup(entry);
        g_autofree char *full = g_build_filename(root, name, NULL);
        if (g_file_test(full, G_FILE_TEST_IS_DIR)) {
            collect_zones(root, name, names);
        } else if (zone_is_known(name)) {
            g_ptr_array_add(names, g_steal_pointer(&name));
        }
    }
}

static bool matches_minute(const struct cron *cron, int64_t local_s) {
    int64_t found = 0;
    return cron_next_local(cron, local_s, &found) && found == local_s;
}

// What should fire from one instant to another, found without changes of the clock being known: each minute is looked at.
static void reference(const char *zone, const struct cron *cron, bool is_elapsed, int64_t from,
                      int64_t until, GArray *fires) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    if (is_elapsed) {
        for (int64_t at = from; at < until; at += MINUTE_S) {
            struct civil civil = zone_civil(zone, at * 1000);
            char text[CIVIL_TEXT_BYTES];
            civil_text(&civil, text);
            if (matches_minute(cron, local(text))) {
                g_array_append_val(fires, at);
            }
        }
        return;
    }
    for (int64_t at = from - DAY_S; at < until + DAY_S; at += MINUTE_S) {
        struct civil civil = zone_civil("UTC", at * 1000);
        if (!matches_minute(cron, at)) {
            continue;
        }
        int64_t instant = zone_instant_ms(zone, &civil) / 1000;
        if (instant >= from && instant < until &&
            g_hash_table_add(seen, (void *)(uintptr_t)instant)) {
            g_array_append_val(fires, instant);
        }
    }
}

static void compare_around(const char *zone_name, const char *text, int64_t change) {
    struct cron_zone zone = zone_of(zone_name);
    struct cron cron = parse(text);
    g_autoptr(GArray) fires = g_array_new(FALSE, FALSE, sizeof(int64_t));
    bool is_elapsed = cron.hours == (1U << 24) - 1;
    int64_t from = (change / MINUTE_S - 5 * 60) * MINUTE_S;
    int64_t until = from + 10 * 3600;
    reference(zone_name, &cron, is_elapsed, from, until, fires);
    int64_t at = from - 1;
    for (guint i = 0; i < fires->len; i++) {
        g_assert_true(cron_next(&cron, &zone, at, &at));
        if (at != g_array_index(fires, int64_t, i)) {
            g_test_message("%s, %s: fire %u", zone_name, text, i);
        }
        g_assert_cmpint(at, ==, g_array_index(fires, int64_t, i));
    }
    g_assert_true(!cron_next(&cron, &zone, at, &at) || at >= until);
}

static void every_change_of_every_zones_clock_is_passed_well(void) {
    static const char *const texts[] = { "0 30 2 * * ?", "0 0/15 0-4,23 * * ?", "0 5/25 * * * ?" };
    const char *folder = g_getenv("TZDIR") != NULL ? g_getenv("TZDIR") : "/usr/share/zoneinfo";
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    collect_zones(folder, "", names);
    g_assert_cmpuint(names->len, >, 300);
    int64_t begin = local("2024-01-01");
    int64_t end = local("2031-01-01");
    int changes = 0;
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        for (int64_t at = zone_next_change_s(name, begin); at < end;
             at = zone_next_change_s(name, at)) {
            // Zones that do the same thing at the same moment are one.
            char *key = g_strdup_printf("%" G_GINT64_FORMAT " %d %d", at,
                                        zone_offset_s(name, at - 1), zone_offset_s(name, at));
            if (!g_hash_table_add(seen, key)) {
                continue;
            }
            changes++;
            for (size_t text = 0; text < G_N_ELEMENTS(texts); text++) {
                compare_around(name, texts[text], at);
            }
        }
    }
    g_test_message("%d changes in %u zones", changes, names->len);
    g_assert_cmpint(changes, >, 100);
}

static void an_expression_that_never_fires_ends_at_once(void) {
    static const char *const texts[] = { "0 0 0 30 2 ?", "0 0 0 31 4,6,9,11 ?", "0 0 0 L-30 2 ?",
                                         "0 * * * * ? 1970" };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct cron_zone zone = zone_of("America/New_York");
        struct cron cron = parse(texts[i]);
        int64_t fire = 0;
        gint64 begin = g_get_monotonic_time();
        g_assert_false(cron_next(&cron, &zone, local("2024-01-01"), &fire));
        g_assert_cmpint(g_get_monotonic_time() - begin, <, G_USEC_PER_SEC);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cron/expressions fire as written", expressions_fire_as_written);
    g_test_add_func("/cron/no fire is lost before a clock goes back",
                    no_fire_is_lost_before_a_clock_goes_back);
    g_test_add_func("/cron/rules of zones hold for ever", rules_of_zones_hold_for_ever);
    g_test_add_func("/cron/a local time has a first and a last moment",
                    a_local_time_has_a_first_and_a_last_moment);
    g_test_add_func("/cron/what is wrong is said with its place",
                    what_is_wrong_is_said_with_its_place);
    g_test_add_func("/cron/the period is the least distance", the_period_is_the_least_distance);
    g_test_add_func("/cron/fires are those of a walk over all minutes",
                    fires_are_those_of_a_walk_over_all_minutes);
    g_test_add_func("/cron/a skipped time fires behind the gap, a double one once",
                    a_skipped_time_fires_behind_the_gap_and_a_double_one_once);
    g_test_add_func("/cron/an expression of every hour follows elapsed time",
                    an_expression_of_every_hour_follows_elapsed_time);
    g_test_add_func("/cron/every change of every zone's clock is passed well",
                    every_change_of_every_zones_clock_is_passed_well);
    g_test_add_func("/cron/an expression that never fires ends at once",
                    an_expression_that_never_fires_ends_at_once);
    return g_test_run();
}
