// SPDX-License-Identifier: Apache-2.0
// GDate and GDateTime are the second opinion.
#include <glib.h>

#include "base/civil.h"

static struct civil parse(const char *text) {
    struct civil civil = { 0 };
    bool has_time = false;
    g_assert_true(civil_parse(text, &civil, &has_time));
    return civil;
}

static void assert_sum(const char *start, int years, int months, int64_t seconds,
                       const char *wanted) {
    struct civil civil = parse(start);
    struct civil sum = { 0 };
    char text[CIVIL_TEXT_BYTES];
    g_assert_true(civil_add(&civil, years, months, seconds, &sum));
    civil_text(&sum, text);
    g_assert_cmpstr(text, ==, wanted);
}

static void days_agree_with_the_calendar_of_glib(void) {
    GDate first;
    g_date_clear(&first, 1);
    g_date_set_dmy(&first, 1, G_DATE_JANUARY, 1970);
    int64_t epoch = g_date_get_julian(&first);
    for (int64_t days = civil_to_days(1, 1, 1); days <= civil_to_days(9999, 12, 31); days += 13) {
        GDate date;
        g_date_clear(&date, 1);
        g_date_set_julian(&date, (guint32)(days + epoch));
        struct civil civil = { 0 };
        civil_from_days(days, &civil.year, &civil.month, &civil.day);
        g_assert_cmpint(civil.year, ==, g_date_get_year(&date));
        g_assert_cmpint(civil.month, ==, g_date_get_month(&date));
        g_assert_cmpint(civil.day, ==, g_date_get_day(&date));
        g_assert_cmpint(civil_to_days(civil.year, civil.month, civil.day), ==, days);
        g_assert_cmpint(civil_weekday(&civil), ==, g_date_get_weekday(&date));
        g_assert_cmpint(civil_day_of_year(&civil), ==, g_date_get_day_of_year(&date));
        g_assert_cmpint(civil_days_in_month(civil.year, civil.month), ==,
                        g_date_get_days_in_month(g_date_get_month(&date), g_date_get_year(&date)));
    }
}

static void months_are_added_first_and_the_day_is_cut(void) {
    assert_sum("2024-03-30 09:30:15", 0, -1, 0, "2024-02-29 09:30:15");
    assert_sum("2024-02-29", 1, 0, 0, "2025-02-28 00:00:00");
    assert_sum("2024-01-31", 0, 1, 86400, "2024-03-01 00:00:00");
    assert_sum("2024-01-31", 0, -13, 0, "2022-12-31 00:00:00");
    assert_sum("2024-12-31 23:59:59", 0, 0, 1, "2025-01-01 00:00:00");
    assert_sum("2024-01-01", 0, 0, -1, "2023-12-31 23:59:59");
    assert_sum("1969-06-15 12:00", 0, 0, -86400 * 400, "1968-05-11 12:00:00");
}

static void a_sum_outside_the_calendar_is_refused(void) {
    struct civil last = parse("9999-12-31 23:59:59");
    struct civil first = parse("0001-01-01 00:00:00");
    struct civil sum = { .year = 4711 };
    g_assert_false(civil_add(&last, 0, 0, 1, &sum));
    g_assert_false(civil_add(&last, 0, 1, 0, &sum));
    g_assert_false(civil_add(&last, G_MAXINT, G_MAXINT, G_MAXINT64, &sum));
    g_assert_false(civil_add(&last, 0, 0, G_MAXINT64, &sum));
    g_assert_false(civil_add(&first, 0, 0, -1, &sum));
    g_assert_false(civil_add(&first, 0, -1, 0, &sum));
    g_assert_false(civil_add(&first, 0, 0, G_MININT64, &sum));
    g_assert_cmpint(sum.year, ==, 4711);
}

static void dates_and_times_are_read(void) {
    struct civil civil = { 0 };
    bool has_time = true;
    g_assert_true(civil_parse("2024-02-29", &civil, &has_time));
    g_assert_false(has_time);
    g_assert_cmpint(civil.day, ==, 29);
    g_assert_true(civil_parse("2024-02-29 23:59", &civil, &has_time));
    g_assert_true(has_time);
    g_assert_cmpint(civil.minute, ==, 59);
    g_assert_true(civil_parse("2024-02-29 23:59:58", &civil, &has_time));
    g_assert_cmpint(civil.second, ==, 58);
}

static void what_is_no_date_is_refused(void) {
    static const char *const texts[] = {
        "",
        "2024",
        "2024-2-29",
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "2024-04-31",
        "0000-01-01",
        "2024-01-01 ",
        "2024-01-01T00:00",
        "2024-01-01 24:00",
        "2024-01-01 00:60",
        "2024-01-01 00:00:60",
        "2024-01-01 00:00:00 ",
        "2024-01-01 00:00:",
        " 2024-01-01",
        "2024-01-01x",
        "+024-01-01",
        "2024-01-01 1:00",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct civil civil = { 0 };
        bool has_time = false;
        g_test_message("%s", texts[i]);
        g_assert_false(civil_parse(texts[i], &civil, &has_time));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/civil/days_agree_with_the_calendar_of_glib",
                    days_agree_with_the_calendar_of_glib);
    g_test_add_func("/civil/months_are_added_first_and_the_day_is_cut",
                    months_are_added_first_and_the_day_is_cut);
    g_test_add_func("/civil/a_sum_outside_the_calendar_is_refused",
                    a_sum_outside_the_calendar_is_refused);
    g_test_add_func("/civil/dates_and_times_are_read", dates_and_times_are_read);
    g_test_add_func("/civil/what_is_no_date_is_refused", what_is_no_date_is_refused);
    return g_test_run();
}
