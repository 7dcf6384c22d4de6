// SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <string.h>

#include "base/fault.h"
#include "core/condition.h"

// The variables of these tests: "open" is 1, "limit" 10.50, "name" blue, "empty" is empty.
static const char *look_up(const char *name, void *user) {
    static const char *const rows[][2] = {
        { "open", "1" }, { "limit", "10.50" }, { "name", "blue" }, { "empty", "" }, { "low", "-3" },
    };
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
    g_assert_cmpstr(order_of("limit", "1e1"), ==, "<"); // no exponents
    g_assert_cmpstr(order_of("limit", " 9"), ==, ">");
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
        "{\"conditions\":[{\"variable\":\"open\",\"operator\":\"==\",\"value\":1.5}]}",
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
    g_test_add_func("/condition/values_may_hold_variables", values_may_hold_variables);
    g_test_add_func("/condition/run_states_count_the_upstream", run_states_count_the_upstream);
    g_test_add_func("/condition/entries_combine_by_logic", entries_combine_by_logic);
    g_test_add_func("/condition/an_unknown_variable_fails_even_behind_a_decided_answer",
                    an_unknown_variable_fails_even_behind_a_decided_answer);
    g_test_add_func("/condition/bad_content_is_refused", bad_content_is_refused);
    return g_test_run();
}
