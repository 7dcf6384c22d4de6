// SPDX-License-Identifier: Apache-2.0
// The worked examples of behaviour.md §5.4, every letter of §5.3, every rule of §5.2.
#include <glib.h>
#include <string.h>

#include "base/fault.h"
#include "core/pattern.h"

static struct civil at(const char *text) {
    struct civil civil = { 0 };
    bool has_time = false;
    g_assert_true(civil_parse(text, &civil, &has_time));
    civil.utc_offset_minutes = 480;
    return civil;
}

static void assert_text_in(enum var_language language, const char *business, const char *pattern,
                           const char *wanted) {
    struct civil civil = at(business);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(var_pattern_check(pattern, &error));
    g_assert_no_error(error);
    g_assert_true(var_pattern_format(pattern, &civil, language, &text, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, wanted);
}

static void assert_text(const char *business, const char *pattern, const char *wanted) {
    assert_text_in(VAR_CHINESE, business, pattern, wanted);
}

static void documented_examples_hold(void) {
    assert_text("2021-08-11 11:05:21", "yyyy-MM-dd|-6M", "2021-02-11");
    assert_text("2021-08-11 11:05:21", "yyyyMM01", "20210801");
    assert_text("2021-08-11 11:05:21", "HH:mm:ss", "11:05:21");
    assert_text("2023-08-21", "yyyy-MM-dd|+1d", "2023-08-22");
}

static void our_examples_hold(void) {
    static const char business[] = "2024-03-30 09:30:15";
    assert_text(business, "yyyy-MM-dd", "2024-03-30");
    assert_text(business, "yyyy-MM-dd|+1d", "2024-03-31");
    assert_text(business, "yyyy-MM-dd|-1M", "2024-02-29");
    assert_text(business, "yyyyMM|-1M", "202402");
    assert_text(business, "yyyy-MM-dd|+0m+0h-2d+0w+0M+1y", "2025-03-28");
    assert_text(business, "yyyy-MM-dd HH:00:00|-1h", "2024-03-30 08:00:00");
    assert_text(business, "e", "6");
    assert_text(business, "D", "90");
}

static void letters_write_numbers(void) {
    static const char business[] = "2024-03-05 07:08:09";
    assert_text(business, "y yy yyy yyyy yyyyy", "2024 24 2024 2024 02024");
    assert_text(business, "M MM d dd", "3 03 5 05");
    assert_text(business, "H HH h hh K KK k kk", "7 07 7 07 7 07 7 07");
    assert_text(business, "m mm s ss", "8 08 9 09");
    assert_text(business, "D DD DDD", "65 65 065");
    assert_text("2024-01-05", "D DD DDD", "5 05 005");
    assert_text(business, "z", "UTC+08:00");
    assert_text("0099-03-05", "y yy yyyy", "0099 99 0099");
}

static void hours_count_as_in_java(void) {
    assert_text("2024-03-05 00:00:00", "H h K k a", "0 12 0 24 上午");
    assert_text("2024-03-05 12:00:00", "H h K k a", "12 12 0 12 下午");
    assert_text("2024-03-05 23:00:00", "H h K k a", "23 11 11 23 下午");
}

static void names_are_chinese_or_english(void) {
    assert_text("2021-08-11 11:05:21", "Gyyyy", "公元2021");
    assert_text("2021-08-11 11:05:21", "MMM E a", "八月 星期三 上午");
    assert_text("2024-12-29 11:05:21", "MMM E EEEE", "十二月 星期日 星期日");
    assert_text_in(VAR_ENGLISH, "2021-08-11 13:05:21", "Gyyyy MMM MMMM E EEEE a",
                   "AD2021 Aug August Wed Wednesday PM");
}

static void weekdays_count_from_monday(void) {
    assert_text("2024-03-25", "e", "1");
    assert_text("2024-03-31", "e", "7");
    assert_text("2024-03-30", "e|+1d", "7");
    assert_text("2024-03-31", "e|+1d", "1"); // with a day added, Sunday is 1
}

static void weeks_belong_to_the_year_and_month_of_their_sunday(void) {
    assert_text("2024-03-30", "Y w ww W", "2024 13 13 5");          // its Sunday is 31 March
    assert_text("2024-12-29", "Y w W", "2024 52 5");                // a Sunday
    assert_text("2024-12-30", "Y yyyy w ww W", "2025 2024 1 01 1"); // its Sunday is 5 January
    assert_text("2023-01-01", "Y w W", "2023 1 1");                 // a Sunday
    assert_text("2023-01-02", "Y w W", "2023 2 2");
    assert_text("2021-08-31", "YY W", "21 1"); // its Sunday is in September
    for (int day = 0; day < 3000; day++) {     // never a sixth week
        struct civil start = at("2020-01-01");
        struct civil civil = { 0 };
        g_autofree char *text = NULL;
        g_assert_true(civil_add(&start, 0, 0, (int64_t)day * 86400, &civil));
        g_assert_true(var_pattern_format("W", &civil, VAR_CHINESE, &text, NULL));
        g_assert_true(text[0] >= '1' && text[0] <= '5' && text[1] == '\0');
    }
}

static void zones_have_signs_and_minutes(void) {
    struct civil civil = at("2024-03-05");
    g_autofree char *west = NULL;
    g_autofree char *zero = NULL;
    civil.utc_offset_minutes = -210;
    g_assert_true(var_pattern_format("z", &civil, VAR_CHINESE, &west, NULL));
    civil.utc_offset_minutes = 0;
    g_assert_true(var_pattern_format("z", &civil, VAR_CHINESE, &zero, NULL));
    g_assert_cmpstr(west, ==, "UTC-03:30");
    g_assert_cmpstr(zero, ==, "UTC+00:00");
}

static void other_text_is_literal(void) {
    assert_text("2024-03-05", "yyyy'T'dd", "2024T05");
    assert_text("2024-03-05", "''yyyy'it''s|+1d'", "'2024it's|+1d");
    assert_text("2024-03-05", "yyyy年MM月dd日", "2024年03月05日");
    assert_text("2024-03-05", "_{}$1/yyyy", "_{}$1/2024");
    assert_text("2024-03-05", "yyyy|", "2024");
}

static void offsets_come_in_any_order(void) {
    assert_text("2024-01-31", "yyyy-MM-dd|+1d+1M", "2024-03-01"); // the month first
    assert_text("2024-02-29", "yyyy-MM-dd|+1y", "2025-02-28");
    assert_text("2024-02-29", "yyyy-MM-dd|-1w", "2024-02-22");
    assert_text("2024-02-29 00:00:00", "yyyy-MM-dd HH:mm|-1m", "2024-02-28 23:59");
    assert_text("2024-01-01", "yyyy-MM-dd|+9999d", "2051-05-18");
}

static void assert_refused(const char *pattern, const char *named) {
    g_autoptr(GError) error = NULL;
    struct civil civil = at("2024-03-05");
    char *text = NULL;
    g_test_message("%s", pattern);
    g_assert_false(var_pattern_check(pattern, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    g_assert_nonnull(strstr(error->message, named));
    g_assert_false(var_pattern_format(pattern, &civil, VAR_CHINESE, &text, NULL));
    g_assert_null(text);
}

static void what_is_not_understood_is_named(void) {
    assert_refused("", "empty");
    assert_refused("|+1d", "empty");
    assert_refused("bizdate", "letter b");
    assert_refused("yyyyX", "letter X");
    assert_refused("yyyy'T", "closing quote");
    assert_refused("yyyy|1d", "sign");
    assert_refused("yyyy|+d", "+d");
    assert_refused("yyyy|+12345d", "+12345d");
    assert_refused("yyyy|+1", "+1");
    assert_refused("yyyy|+1x", "+1x");
    assert_refused("yyyy|+1d-2d", "twice");
    assert_refused("yyyy|+1d|+2h", "sign");
    assert_refused("yyyy|+1d ", "sign");
    assert_refused("yyyyyyyyyy", "too often");
    g_autofree char *huge = g_strnfill(VAR_PATTERN_MAX + 1, '-');
    assert_refused(huge, "longer");
}

static void offsets_out_of_the_calendar_fail_when_used(void) {
    struct civil civil = at("2024-03-05");
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    g_assert_true(var_pattern_check("yyyy|-9999y", NULL));
    g_assert_false(var_pattern_format("yyyy|-9999y", &civil, VAR_CHINESE, &text, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pattern/documented_examples_hold", documented_examples_hold);
    g_test_add_func("/pattern/our_examples_hold", our_examples_hold);
    g_test_add_func("/pattern/letters_write_numbers", letters_write_numbers);
    g_test_add_func("/pattern/hours_count_as_in_java", hours_count_as_in_java);
    g_test_add_func("/pattern/names_are_chinese_or_english", names_are_chinese_or_english);
    g_test_add_func("/pattern/weekdays_count_from_monday", weekdays_count_from_monday);
    g_test_add_func("/pattern/weeks_belong_to_the_year_and_month_of_their_sunday",
                    weeks_belong_to_the_year_and_month_of_their_sunday);
    g_test_add_func("/pattern/zones_have_signs_and_minutes", zones_have_signs_and_minutes);
    g_test_add_func("/pattern/other_text_is_literal", other_text_is_literal);
    g_test_add_func("/pattern/offsets_come_in_any_order", offsets_come_in_any_order);
    g_test_add_func("/pattern/what_is_not_understood_is_named", what_is_not_understood_is_named);
    g_test_add_func("/pattern/offsets_out_of_the_calendar_fail_when_used",
                    offsets_out_of_the_calendar_fail_when_used);
    return g_test_run();
}
