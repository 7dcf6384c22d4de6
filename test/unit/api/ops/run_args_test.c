// SPDX-License-Identifier: Apache-2.0
//
// DagVersion and the days of ListTaskFlowInstance, as texts.
#include "api/ops/run_args.h"

#include <string.h>

#include "base/fault.h"
#include "store/flows.h"

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

static void two_words_are_versions(void) {
    expect_version("draft", VERSION_DRAFT);
    expect_version("Live", VERSION_LIVE);
}

static void expect_variables(const char *text, size_t count) {
    g_autoptr(GError) error = NULL;
    json_auto_t *variables = NULL;
    g_assert_true(run_variables_from_text(text, &variables, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(json_object_size(variables), ==, count);
}

static void expect_bad_variables(const char *text, const char *what) {
    g_autoptr(GError) error = NULL;
    json_t *variables = NULL;
    g_assert_false(run_variables_from_text(text, &variables, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_FIELD));
    g_assert_cmpstr(fault_field(error), ==, "RunVariables");
    g_assert_nonnull(strstr(error->message, what));
    g_assert_null(variables);
}

static void variables_are_names_and_texts(void) {
    expect_variables(NULL, 0);
    expect_variables("", 0);
    expect_variables("{}", 0);
    expect_variables("{\"a.b-c_1\":\"\",\"day\":\"2026-01-31\"}", 2);
    expect_bad_variables("[]", "not a JSON object");
    expect_bad_variables("{", "not a JSON object");
    expect_bad_variables("{\"a\":\"1\",\"a\":\"2\"}", "duplicate");
    expect_bad_variables("{\"a\":1}", "variable a is not a text");
    expect_bad_variables("{\"\":\"1\"}", "no name");
    expect_bad_variables("{\"a b\":\"1\"}", "no name");
    expect_bad_variables("{\"a\":\"\\u0000\"}", "not a JSON object");
}

static void variables_are_bounded(void) {
    GString *text = g_string_new("{");
    for (int i = 0; i < RUN_VARIABLES_MAX; i++) {
        g_string_append_printf(text, "\"v%d\":\"\",", i);
    }
    g_autofree char *most = g_strdup_printf("%s\"v1x\":\"\"}", text->str);
    text->str[text->len - 1] = '}';
    expect_variables(text->str, RUN_VARIABLES_MAX);
    expect_bad_variables(most, "at most 100");
    g_string_free(text, TRUE);
    g_autofree char *value = g_strnfill(RUN_VARIABLES_BYTES_MAX, 'x');
    g_autofree char *large = g_strdup_printf("{\"a\":\"%s\"}", value);
    expect_bad_variables(large, "at most 65536");
}

static void anything_else_is_no_version(void) {
    const char *const texts[] = { "0",   "-1",  "+1",  " 1",     "1 ",
                                  "1.0", "[1]", "[ ]", "latest", "9223372036854775808" };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        expect_bad_version(texts[i]);
    }
}

static int64_t day(const char *text, int days) {
    int64_t local_s = -1;
    g_autoptr(GError) error = NULL;
    g_assert_true(run_day_from_text(text, "StartTimeBegin", days, &local_s, &error));
    g_assert_no_error(error);
    return local_s;
}

// What a clock shows knows no zone and no change of the clock: each day has the same length.
static void a_day_is_what_a_clock_shows(void) {
    g_assert_cmpint(day("1970-01-01", 0), ==, 0);
    g_assert_cmpint(day("1970-01-03", 0), ==, 2 * 86400);
    g_assert_cmpint(day("2024-02-28", 1), ==, day("2024-02-29", 0));
    g_assert_cmpint(day("2024-10-27", 1) - day("2024-10-27", 0), ==, 86400);
}

static void what_is_no_day_is_refused_by_name(void) {
    const char *const texts[] = { "yesterday",   "2024-02-30", "2024-1-1",  "2024-01-01 10:00",
                                  "2024-01-01x", "20240101",   "9999-12-31" };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        int64_t local_s = -1;
        g_autoptr(GError) error = NULL;
        g_assert_false(run_day_from_text(texts[i], "StartTimeEnd", 1, &local_s, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_FIELD));
        g_assert_cmpstr(fault_field(error), ==, "StartTimeEnd");
        g_assert_cmpint(local_s, ==, -1);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run_args/no_version_means_the_runs_own", no_version_means_the_runs_own);
    g_test_add_func("/run_args/two_words_are_versions", two_words_are_versions);
    g_test_add_func("/run_args/variables_are_names_and_texts", variables_are_names_and_texts);
    g_test_add_func("/run_args/variables_are_bounded", variables_are_bounded);
    g_test_add_func("/run_args/digits_are_a_version", digits_are_a_version);
    g_test_add_func("/run_args/anything_else_is_no_version", anything_else_is_no_version);
    g_test_add_func("/run_args/a_day_is_what_a_clock_shows", a_day_is_what_a_clock_shows);
    g_test_add_func("/run_args/what_is_no_day_is_refused_by_name",
                    what_is_no_day_is_refused_by_name);
    return g_test_run();
}
