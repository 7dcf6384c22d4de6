// SPDX-License-Identifier: Apache-2.0
//
// DagVersion and the days of ListTaskFlowInstance, as texts.
#include "api/run_args.h"

#include "base/fault.h"

static void expect_version(const char *text, int64_t expected) {
    int64_t version_id = -1;
    g_autoptr(GError) error = NULL;
    g_assert_true(run_version_from_text(text, &version_id, &error));
    g_assert_no_error(error);
    g_assert_cmpint(version_id, ==, expected);
}

static void expect_bad_version(const char *text) {
    int64_t version_id = -1;
    g_autoptr(GError) error = NULL;
    g_assert_false(run_version_from_text(text, &version_id, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_FIELD));
    g_assert_cmpstr(fault_field(error), ==, "DagVersion");
    g_assert_cmpint(version_id, ==, -1);
}

static void no_version_means_the_runs_own(void) {
    expect_version(NULL, 0);
    expect_version("", 0);
    expect_version("[]", 0);
}

static void digits_are_a_version(void) {
    expect_version("15123", 15123);
    expect_version("0007", 7);
}

static void anything_else_is_no_version(void) {
    const char *const texts[] = { "0",   "-1",  "+1",  " 1",     "1 ",
                                  "1.0", "[1]", "[ ]", "latest", "9223372036854775808" };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        expect_bad_version(texts[i]);
    }
}

static int64_t day(const char *text, const char *zone, int days) {
    int64_t instant_ms = -1;
    g_autoptr(GError) error = NULL;
    g_assert_true(run_day_from_text(text, "StartTimeBegin", zone, days, &instant_ms, &error));
    g_assert_no_error(error);
    return instant_ms;
}

static void a_day_begins_in_its_zone(void) {
    g_assert_cmpint(day("1970-01-01", "UTC", 0), ==, 0);
    g_assert_cmpint(day("1970-01-01", "Asia/Shanghai", 0), ==, -8 * 3600 * 1000LL);
    g_assert_cmpint(day("2024-02-28", "Asia/Shanghai", 1), ==,
                    day("2024-02-29", "Asia/Shanghai", 0));
    // The last day of summer time is an hour longer.
    int64_t length_ms =
        day("2024-10-27", "Europe/Berlin", 1) - day("2024-10-27", "Europe/Berlin", 0);
    g_assert_cmpint(length_ms, ==, 25 * 3600 * 1000LL);
}

static void what_is_no_day_is_refused_by_name(void) {
    const char *const texts[] = { "yesterday",   "2024-02-30", "2024-1-1",  "2024-01-01 10:00",
                                  "2024-01-01x", "20240101",   "9999-12-31" };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        int64_t instant_ms = -1;
        g_autoptr(GError) error = NULL;
        g_assert_false(run_day_from_text(texts[i], "StartTimeEnd", "UTC", 1, &instant_ms, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_FIELD));
        g_assert_cmpstr(fault_field(error), ==, "StartTimeEnd");
        g_assert_cmpint(instant_ms, ==, -1);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run_args/no_version_means_the_runs_own", no_version_means_the_runs_own);
    g_test_add_func("/run_args/digits_are_a_version", digits_are_a_version);
    g_test_add_func("/run_args/anything_else_is_no_version", anything_else_is_no_version);
    g_test_add_func("/run_args/a_day_begins_in_its_zone", a_day_begins_in_its_zone);
    g_test_add_func("/run_args/what_is_no_day_is_refused_by_name",
                    what_is_no_day_is_refused_by_name);
    return g_test_run();
}
