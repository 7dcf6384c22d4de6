// SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <string.h>

#include "base/fault.h"
#include "core/condition.h"

static const char *given; // the value of "given"

// The variables of these tests: "null" is NULL, "open" is 1, "limit" 10.50, "name" blue, "empty" is empty.
static const char *look_up(const char *name, void *user) {
    static const char *const rows[][2] = {
        { "open", "1" }, { "limit", "10.50" }, { "name", "blue" }, { "empty", "" }, { "low", "-3" },
    };
    if (strcmp(name, "null") == 0) {
        return VAR_NULL;
    }
    if (strcmp(name, "given") == 0) {
        return given;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i][0], name) == 0) {
            return rows[i][1];
        }
    }
    return NULL;
}

static struct condition *build(const char *content) {
    struct condition *condition = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(condition_new(content, &condition, &error));
    g_assert_no_error(error);
    return condition;
}

static bool holds_after(const char *content, int total, int succeeded, int failed) {
    struct condition *condition = build(content);
    struct condition_upstream upstream = { total, succeeded, failed };
    bool holds = false;
    g_autoptr(GError) error = NULL;
    g_assert_true(condition_evaluate(condition, &upstream, look_up, NULL, &holds, &error));
    g_assert_no_error(error);
    condition_free(condition);
    return holds;
}

static bool compare(const char *variable, const char *sign, const char *value) {
    g_autofree char *content = g_strdup_printf(
        "{\"conditions\":[{\"variable\":\"%s\",\"operator\":\"%s\",\"value\":\"%s\"}]}", variable,
        sign, value);
    return holds_after(content, 1, 1, 0);
}

static const char *order_of(const char *variable, const char *value) {
    const char *order = compare(variable, "<", value)   ? "<"
                        : compare(variable, ">", value) ? ">"
                                                        : "=";
    g_assert_cmpint(compare(variable, "==", value), ==, *order == '=');
    g_assert_cmpint(compare(variable, "!=", value), ==, *order != '=');
    g_assert_cmpint(compare(variable, ">=", value), ==, *order != '<');
    g_assert_cmpint(compare(variable, "<=", value), ==, *order != '>');
    return order;
}

static void numbers_compare_as_numbers(void) {
    g_assert_cmpstr(order_of("open", "1"), ==, "=");
    g_assert_cmpstr(order_of("open", "1.000"), ==, "=");
    g_assert_cmpstr(order_of("open", "+01."), ==, "=");
    g_assert_cmpstr(order_of("open", "1.0000000000000000000000001"), ==, "<");
    g_assert_cmpstr(order_of("limit", "9"), ==, ">");
    g_assert_cmpstr(order_of("limit", "10.5"), ==, "=");
    g_assert_cmpstr(order_of("limit", "10.49"), ==, ">");
    g_assert_cmpstr(order_of("limit", "10.501"), ==, "<");
    g_assert_cmpstr(order_of("limit", "123456789012345678901234567890"), ==, "<");
    g_assert_cmpstr(order_of("limit", "-11"), ==, ">");
    g_assert_cmpstr(order_of("low", "-2"), ==, "<");
    g_assert_cmpstr(order_of("low", "-3.5"), ==, ">");
    g_assert_cmpstr(order_of("low", "-3.0"), ==, "=");
    g_assert_cmpstr(order_of("low", "0"), ==, "<");
    g_assert_cmpstr(order_of("open", ".5"), ==, ">");
    g_assert_cmpstr(order_of("open", "-0"), ==, ">");
}

static void other_values_compare_byte_by_byte(void) {
    g_assert_cmpstr(order_of("name", "blue"), ==, "=");
    g_assert_cmpstr(order_of("name", "Blue"), ==, ">");
    g_assert_cmpstr(order_of("name", "blues"), ==, "<");
    g_assert_cmpstr(order_of("limit", "9x"), ==, "<");
    g_assert_cmpstr(order_of("limit", "1e"), ==, "<");
    g_assert_cmpstr(order_of("limit", "1e+"), ==, "<");
    g_assert_cmpstr(order_of("empty", ""), ==, "=");
    g_assert_cmpstr(order_of("empty", "0"), ==, "<");
    g_assert_cmpstr(order_of("open", "."), ==, ">");
    g_assert_cmpstr(order_of("open", "-"), ==, ">");
}

static void values_may_hold_variables(void) {
    g_assert_true(compare("open", "==", "${open}"));
    g_assert_true(compare("limit", "==", "1${empty}0.5"));
    g_assert_true(holds_after("{\"conditions\":[{\"variable\":\"open\",\"operator\":\"==\","
                              "\"value\":1}]}",
                              1, 1, 0));
}

static void exponents_count_without_a_limit(void) {
    g_assert_cmpstr(order_of("limit", "1e1"), ==, ">");
    g_assert_cmpstr(order_of("limit", "1.05e+0001"), ==, "=");
    g_assert_cmpstr(order_of("limit", "1e999999999999999999999999999"), ==, "<");
    g_assert_cmpstr(order_of("limit", "-1e999999999999999999999999999"), ==, ">");
    g_assert_cmpstr(order_of("limit", "1e-999999999999999999999999999"), ==, ">");
    g_assert_cmpstr(order_of("limit", " \\t10.5\\n"), ==, "=");
}

static void a_null_is_its_own_case(void) {
    static const char *const signs[] = { "==", "!=", "<", "<=", ">", ">=" };
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        g_assert_cmpint(compare("null", signs[i], "${null}"), ==, i == 0);
        g_assert_cmpint(compare("null", signs[i], "${empty}"), ==, i == 1);
        g_assert_cmpint(compare("empty", signs[i], "${null}"), ==, i == 1);
        g_assert_cmpint(compare("null", signs[i], "0"), ==, i == 1);
    }
    g_assert_true(compare("open", "==", "${null}1")); // inside a text it is empty
}

// One JSON value of a cell "`…`" as the content writes it.
static json_t *read_cell(const char *cell) {
    g_autofree char *text = g_strdup(cell);
    g_strstrip(text);
    size_t len = strlen(text);
    g_assert_cmpuint(len, >, 2);
    json_t *value = json_loadb(text + 1, len - 2, JSON_DECODE_ANY, NULL);
    g_assert_nonnull(value);
    return value;
}

static void check_row(char **cells) {
    json_t *variable = read_cell(cells[1]);
    g_autofree char *sign = g_strdup(cells[2]);
    g_autofree char *value = g_strdup(cells[3]);
    g_strstrip(sign);
    g_strstrip(value);
    g_autofree char *content =
        g_strdup_printf("{\"conditions\":[{\"variable\":\"given\",\"operator\":\"%.*s\","
                        "\"value\":%.*s}]}",
                        (int)strlen(sign) - 2, sign + 1, (int)strlen(value) - 2, value + 1);
    given = json_is_null(variable) ? VAR_NULL : json_string_value(variable);
    g_test_message("%s with %s", content, given);
    g_assert_cmpint(holds_after(content, 1, 1, 0), ==, strstr(cells[4], "yes") != NULL);
    json_decref(variable);
}

static void the_examples_of_the_page_are_true(void) {
    const char *root = g_getenv("SLUICE_SOURCE");
    g_autofree char *path =
        g_build_filename(root != NULL ? root : ".", "docs", "nodes", "condition.md", NULL);
    g_autofree char *page = NULL;
    g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
    const char *table = strstr(page, "| Variable | Operator | Value | Holds |");
    g_assert_nonnull(table);
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    int count = 0;
    for (int i = 2; lines[i][0] == '|'; i++) {
        g_auto(GStrv) cells = g_strsplit(lines[i], "|", -1);
        g_assert_cmpuint(g_strv_length(cells), ==, 6);
        check_row(cells);
        count++;
    }
    g_assert_cmpint(count, >=, 40);
}

static void a_large_exponent_costs_no_more_than_its_digits(void) {
    g_autoptr(GString) value = g_string_new("1e");
    for (int i = 0; i < 60000; i++) {
        g_string_append_c(value, '9');
    }
    int64_t started_us = g_get_monotonic_time();
    for (int i = 0; i < 100; i++) {
        g_assert_true(compare("open", "<", value->str));
        g_assert_true(compare("open", "<", "1e999999999"));
    }
    g_assert_cmpint(g_get_monotonic_time() - started_us, <, 10 * G_USEC_PER_SEC);
}

static void run_states_count_the_upstream(void) {
    static const struct {
        const char *state;
        bool after_success;  // 2 of 2 succeeded
        bool after_one_each; // 1 succeeded, 1 failed
        bool after_failure;  // 2 failed
        bool after_skip;     // 1 succeeded, 1 branch-skipped
    } rows[] = {
        { "all_success", true, false, false, false }, { "all_done", true, true, true, true },
        { "all_failed", false, false, true, false },  { "one_success", true, true, false, true },
        { "one_failed", false, true, true, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *content =
            g_strdup_printf("{\"conditions\":[{\"state\":\"%s\"}]}", rows[i].state);
        struct condition *condition = build(content);
        g_assert_cmpint(condition_state(condition), ==, (int)i);
        condition_free(condition);
        g_assert_cmpint(holds_after(content, 2, 2, 0), ==, rows[i].after_success);
        g_assert_cmpint(holds_after(content, 2, 1, 1), ==, rows[i].after_one_each);
        g_assert_cmpint(holds_after(content, 2, 0, 2), ==, rows[i].after_failure);
        g_assert_cmpint(holds_after(content, 2, 1, 0), ==, rows[i].after_skip);
    }
}

#define TRUE_ENTRY "{\"variable\":\"open\",\"operator\":\"==\",\"value\":\"1\"}"
#define FALSE_ENTRY "{\"variable\":\"open\",\"operator\":\"==\",\"value\":\"2\"}"
#define STATE_ENTRY "{\"state\":\"one_failed\"}"

static void entries_combine_by_logic(void) {
    g_assert_true(holds_after("{\"conditions\":[" TRUE_ENTRY "," TRUE_ENTRY "]}", 1, 1, 0));
    g_assert_false(holds_after("{\"conditions\":[" TRUE_ENTRY "," FALSE_ENTRY "]}", 1, 1, 0));
    g_assert_true(
        holds_after("{\"logic\":\"OR\",\"conditions\":[" FALSE_ENTRY "," TRUE_ENTRY "]}", 1, 1, 0));
    g_assert_false(holds_after(
        "{\"logic\":\"OR\",\"conditions\":[" FALSE_ENTRY "," STATE_ENTRY "]}", 1, 1, 0));
    g_assert_true(holds_after("{\"logic\":\"OR\",\"conditions\":[" FALSE_ENTRY "," STATE_ENTRY "]}",
                              1, 0, 1));
    g_assert_false(holds_after(
        "{\"logic\":\"AND\",\"conditions\":[" TRUE_ENTRY "," STATE_ENTRY "]}", 1, 1, 0));
    struct condition *condition = build("{\"conditions\":[" TRUE_ENTRY "]}");
    g_assert_cmpint(condition_state(condition), ==, CONDITION_ALL_SUCCESS);
    condition_free(condition);
}

static void an_unknown_variable_fails_even_behind_a_decided_answer(void) {
    static const char *const contents[] = {
        "{\"conditions\":[" FALSE_ENTRY
        ",{\"variable\":\"nothing\",\"operator\":\"==\",\"value\":\"\"}]}",
        "{\"logic\":\"OR\",\"conditions\":[" TRUE_ENTRY
        ",{\"variable\":\"open\",\"operator\":\"==\",\"value\":\"${nothing}\"}]}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
        struct condition *condition = build(contents[i]);
        struct condition_upstream upstream = { 1, 1, 0 };
        bool holds = true;
        g_autoptr(GError) error = NULL;
        g_assert_false(condition_evaluate(condition, &upstream, look_up, NULL, &holds, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_DATA));
        g_assert_nonnull(strstr(error->message, "nothing"));
        condition_free(condition);
    }
}

static void bad_content_is_refused(void) {
    static const char *const contents[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"conditions\":[]}",
        "{\"conditions\":{}}",
        "{\"conditions\":[1]}",
        "{\"conditions\":[{}]}",
        "{\"conditions\":[" STATE_ENTRY "," STATE_ENTRY "]}",
        "{\"conditions\":[{\"state\":\"done\"}]}",
        "{\"conditions\":[{\"state\":1}]}",
        "{\"logic\":\"XOR\",\"conditions\":[" TRUE_ENTRY "]}",
        "{\"logic\":1,\"conditions\":[" TRUE_ENTRY "]}",
        "{\"conditions\":[{\"variable\":\"${open}\",\"operator\":\"==\",\"value\":\"1\"}]}",
        "{\"conditions\":[{\"variable\":\"open\",\"operator\":\"=\",\"value\":\"1\"}]}",
        "{\"conditions\":[{\"variable\":\"open\",\"value\":\"1\"}]}",
        "{\"conditions\":[{\"variable\":\"open\",\"operator\":\"==\"}]}",
        "{\"conditions\":[{\"variable\":\"open\",\"operator\":\"==\",\"value\":[1]}]}",
        "{\"conditions\":[{\"variable\":\"open\",\"operator\":\"==\",\"value\":01}]}",
        "{\"conditions\":[{\"variable\":\"open\",\"operator\":\"==\",\"value\":.5}]}",
        "{\"conditions\":[{\"variable\":\"open\",\"operator\":\"==\",\"value\":1e}]}",
        "{\"conditions\":[{\"variable\":\"open\",\"state\":\"all_done\"}]}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
        struct condition *condition = NULL;
        g_autoptr(GError) error = NULL;
        g_test_message("%s", contents[i]);
        g_assert_false(condition_new(contents[i], &condition, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_DATA));
        g_assert_null(condition);
    }
    condition_free(NULL);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/condition/numbers_compare_as_numbers", numbers_compare_as_numbers);
    g_test_add_func("/condition/other_values_compare_byte_by_byte",
                    other_values_compare_byte_by_byte);
    g_test_add_func("/condition/exponents_count_without_a_limit", exponents_count_without_a_limit);
    g_test_add_func("/condition/a_null_is_its_own_case", a_null_is_its_own_case);
    g_test_add_func("/condition/the_examples_of_the_page_are_true",
                    the_examples_of_the_page_are_true);
    g_test_add_func("/condition/a_large_exponent_costs_no_more_than_its_digits",
                    a_large_exponent_costs_no_more_than_its_digits);
    g_test_add_func("/condition/values_may_hold_variables", values_may_hold_variables);
    g_test_add_func("/condition/run_states_count_the_upstream", run_states_count_the_upstream);
    g_test_add_func("/condition/entries_combine_by_logic", entries_combine_by_logic);
    g_test_add_func("/condition/an_unknown_variable_fails_even_behind_a_decided_answer",
                    an_unknown_variable_fails_even_behind_a_decided_answer);
    g_test_add_func("/condition/bad_content_is_refused", bad_content_is_refused);
    return g_test_run();
}
