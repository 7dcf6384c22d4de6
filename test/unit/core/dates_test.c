// SPDX-License-Identifier: Apache-2.0
//
// The business times of a backfill: both ends, steps, order, limits, and the time of day out of a cron text.

#include "core/dates.h"

#include "base/fault.h"

static struct dates_range range_of(const char *begin, const char *end, int interval_hours,
                                   bool is_ascending) {
    struct dates_range range = { .interval_hours = interval_hours, .is_ascending = is_ascending };
    bool has_time = false;
    g_assert_true(civil_parse(begin, &range.begin, &has_time));
    g_assert_true(civil_parse(end, &range.end, &has_time));
    return range;
}

static char *row_text(const struct dates_range *range, int hour, int minute) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) times = NULL;
    const struct civil time_of_day = { .hour = hour, .minute = minute };
    (void)dates_row(range, &time_of_day, 400, &times, &error);
    g_assert_no_error(error);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < times->len; i++) {
        char time[CIVIL_TEXT_BYTES];
        civil_text(&g_array_index(times, struct civil, i), time);
        time[16] = '\0'; // without the seconds
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", time);
    }
    return g_string_free(text, FALSE);
}

static void assert_row(struct dates_range range, int hour, int minute, const char *wanted) {
    g_autofree char *text = row_text(&range, hour, minute);
    g_assert_cmpstr(text, ==, wanted);
}

static void assert_refused(struct dates_range range, enum fault kind, const char *field) {
    g_autoptr(GError) error = NULL;
    GArray *times = NULL;
    const struct civil midnight = { 0 };
    g_assert_false(dates_row(&range, &midnight, 400, &times, &error));
    g_assert_null(times);
    g_test_message("%s", error->message);
    g_assert_cmpstr(fault_name((enum fault)error->code), ==, fault_name(kind));
    g_assert_cmpstr(fault_field(error), ==, field);
}

static void both_ends_of_a_range_are_included(void) {
    assert_row(range_of("2024-02-28", "2024-03-01", 24, true), 0, 0,
               "2024-02-28 00:00, 2024-02-29 00:00, 2024-03-01 00:00");
    assert_row(range_of("2024-02-28", "2024-02-28", 24, true), 0, 0, "2024-02-28 00:00");
}

static void the_newest_comes_first_when_descending(void) {
    assert_row(range_of("2024-01-01", "2024-01-03", 24, false), 2, 30,
               "2024-01-03 02:30, 2024-01-02 02:30, 2024-01-01 02:30");
}

static void steps_of_hours_go_from_the_first_date_to_the_moment_of_the_last(void) {
    assert_row(range_of("2024-01-01", "2024-01-02", 12, true), 0, 0,
               "2024-01-01 00:00, 2024-01-01 12:00, 2024-01-02 00:00");
    assert_row(range_of("2024-01-01", "2024-01-02", 18, true), 6, 0,
               "2024-01-01 06:00, 2024-01-02 00:00");
    assert_row(range_of("2024-01-01", "2024-01-02", 18, false), 6, 0,
               "2024-01-02 00:00, 2024-01-01 06:00");
    assert_row(range_of("2024-01-01", "2024-01-31", 1000000, true), 0, 0, "2024-01-01 00:00");
}

static void four_hundred_runs_are_allowed_and_one_more_is_not(void) {
    struct dates_range range = range_of("2024-01-01", "2025-02-03", 24, true); // 400 days
    g_autofree char *text = row_text(&range, 0, 0);
    g_assert_true(g_str_has_suffix(text, "2025-02-03 00:00"));
    assert_refused(range_of("2024-01-01", "2025-02-04", 24, true), FAULT_LIMIT_EXCEEDED,
                   "BackFillDateEnd");
    assert_refused(range_of("0001-01-01", "9999-12-30", 1, true), FAULT_LIMIT_EXCEEDED,
                   "BackFillDateEnd");
}

static void a_range_that_ends_before_it_begins_is_refused(void) {
    assert_refused(range_of("2024-01-02", "2024-01-01", 24, true), FAULT_INVALID_VALUE,
                   "BackFillDateEnd");
    assert_refused(range_of("2024-01-02", "2024-01-01", 24, false), FAULT_INVALID_VALUE,
                   "BackFillDateEnd");
}

static void a_run_time_beyond_the_calendar_is_refused(void) {
    assert_refused(range_of("9999-12-31", "9999-12-31", 24, true), FAULT_INVALID_VALUE,
                   "BackFillDateEnd");
}

static void the_time_of_day_is_that_of_a_cron_with_single_numbers(void) {
    static const struct {
        const char *cron;
        int hour;
        int minute;
    } rows[] = {
        { "0 30 2 * * ?", 2, 30 },
        { "0  5 23 ? * MON", 23, 5 },
        { "0 0/5 2 * * ?", 0, 0 },
        { "0 30 2,14 * * ?", 0, 0 },
        { "0 30 * * * ?", 0, 0 },
        { "0 60 2 * * ?", 0, 0 },
        { "0 30 24 * * ?", 0, 0 },
        { "", 0, 0 },
        { NULL, 0, 0 },
        { "nonsense", 0, 0 },
        { "0 30", 0, 0 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct civil time = { .hour = 9 };
        dates_time_of_day(rows[i].cron, &time);
        g_test_message("%s", rows[i].cron != NULL ? rows[i].cron : "(none)");
        g_assert_cmpint(time.hour, ==, rows[i].hour);
        g_assert_cmpint(time.minute, ==, rows[i].minute);
    }
}

#define TEST(name) g_test_add_func("/dates/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(both_ends_of_a_range_are_included);
    TEST(the_newest_comes_first_when_descending);
    TEST(steps_of_hours_go_from_the_first_date_to_the_moment_of_the_last);
    TEST(four_hundred_runs_are_allowed_and_one_more_is_not);
    TEST(a_range_that_ends_before_it_begins_is_refused);
    TEST(a_run_time_beyond_the_calendar_is_refused);
    TEST(the_time_of_day_is_that_of_a_cron_with_single_numbers);
    return g_test_run();
}
