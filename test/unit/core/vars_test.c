// SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <string.h>

#include "base/fault.h"
#include "core/vars.h"

#include "../base/colliding.h"

static const char *look_up(const char *name, void *user) {
    int *count = user;
    if (count != NULL) {
        *count += 1;
    }
    if (strcmp(name, "bizdate") == 0) {
        return "2024-03-30";
    }
    if (strcmp(name, "6_month_ago") == 0) {
        return "2023-09-30";
    }
    if (strcmp(name, "nested") == 0) {
        return "${bizdate}";
    }
    return strcmp(name, "a.b-c") == 0 ? "" : NULL;
}

static void names_have_their_letters_and_length(void) {
    g_autofree char *longest = g_strnfill(VAR_NAME_MAX, 'x');
    g_autofree char *too_long = g_strnfill(VAR_NAME_MAX + 1, 'x');
    g_assert_true(var_name_is_valid("6_month_ago", 11));
    g_assert_true(var_name_is_valid("loop.item-1", 11));
    g_assert_true(var_name_is_valid(longest, VAR_NAME_MAX));
    g_assert_false(var_name_is_valid(too_long, VAR_NAME_MAX + 1));
    g_assert_false(var_name_is_valid("", 0));
    g_assert_false(var_name_is_valid("a b", 3));
    g_assert_false(var_name_is_valid("变量", strlen("变量")));
}

static void environment_names_are_safe(void) {
    g_autofree char *name = var_environment_name("a.b-c_9");
    g_assert_cmpstr(name, ==, "TF_VAR_a_b_c_9");
}

static void assert_substituted(const char *text, const char *wanted) {
    g_autofree char *result = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(vars_substitute(text, look_up, NULL, true, &result, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(result, ==, wanted);
}

static void references_are_replaced_in_one_pass(void) {
    assert_substituted("", "");
    assert_substituted("WHERE d = '${bizdate}'", "WHERE d = '2024-03-30'");
    assert_substituted("${bizdate}${6_month_ago}${a.b-c}.", "2024-03-302023-09-30.");
    assert_substituted("${nested}", "${bizdate}");
    assert_substituted("日期${bizdate}。", "日期2024-03-30。");
}

static void a_doubled_sign_gives_the_reference_itself(void) {
    assert_substituted("$${bizdate}", "${bizdate}");
    assert_substituted("$${unknown}", "${unknown}");
    assert_substituted("$$${bizdate}", "$${bizdate}");
    assert_substituted("$${not valid}", "$${not valid}");
    assert_substituted("$$ $", "$$ $");
}

static void what_is_no_reference_stays(void) {
    static const char *const texts[] = { "$",           "${",       "${}",       "${a b}",
                                         "${HOME:-x}",  "$bizdate", "{bizdate}", "${bizdate",
                                         "$ {bizdate}", "${{a}}",   "a$b${c d}$" };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_substituted(texts[i], texts[i]);
    }
    assert_substituted("${${bizdate}}", "${2024-03-30}");
    g_autofree char *name = g_strnfill(VAR_NAME_MAX + 1, 'x');
    g_autofree char *text = g_strdup_printf("${%s}", name);
    assert_substituted(text, text);
}

static void what_is_fixed_of_a_text_is_told(void) {
    static const char *const rows[][2] = {
        { "", "" },
        { "a${b", "a${b" },
        { "$${a}$", "${a}$" },
        { "$$${a}", "$${a}" },
        { "a${b}", NULL },
        { "${}${a b}$", "${}${a b}$" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = vars_fixed_text(rows[i][0]);
        g_assert_cmpstr(text, ==, rows[i][1]);
    }
    const char *at = "x$y${a}$${b}";
    static const char *const pieces[] = { "x", "$y", "${a}", "${b}" };
    struct vars_piece piece;
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_assert_true(vars_piece_next(&at, &piece));
        g_autofree char *text = g_strndup(piece.text, piece.len);
        g_assert_cmpstr(text, ==, pieces[i]);
        g_assert_cmpint(piece.is_reference, ==, i == 2);
    }
    g_assert_false(vars_piece_next(&at, &piece));
}

static void an_unknown_name_is_named_when_strict(void) {
    g_autoptr(GError) error = NULL;
    char *result = NULL;
    g_assert_false(
        vars_substitute("${bizdate} ${bzidate}", look_up, NULL, true, &result, NULL, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    g_assert_nonnull(strstr(error->message, "bzidate"));
    g_assert_null(result);
}

static void an_unknown_name_stays_and_is_noted_once(void) {
    g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    g_assert_true(vars_substitute("${HOME}/${x}/${HOME}/${bizdate}", look_up, NULL, false, &first,
                                  unknown, NULL));
    g_assert_cmpstr(first, ==, "${HOME}/${x}/${HOME}/2024-03-30");
    g_assert_cmpuint(unknown->len, ==, 2);
    g_assert_true(vars_substitute("${x}${y}", look_up, NULL, false, &second, unknown, NULL));
    g_assert_cmpuint(unknown->len, ==, 3);
    g_assert_cmpstr(g_ptr_array_index(unknown, 2), ==, "y");
    g_autofree char *third = NULL;
    g_assert_true(vars_substitute("${x}", look_up, NULL, false, &third, NULL, NULL));
    g_assert_cmpstr(third, ==, "${x}");
}

static const char *look_up_large(const char *name, void *user) {
    (void)name;
    return user;
}

static void the_result_has_a_ceiling(void) {
    g_autofree char *value = g_strnfill(VAR_VALUE_MAX, 'x');
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < VAR_TEXT_MAX / VAR_VALUE_MAX; i++) {
        g_string_append(text, "${v}");
    }
    char *result = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(vars_substitute(text->str, look_up_large, value, true, &result, NULL, NULL));
    g_assert_cmpuint(strlen(result), ==, VAR_TEXT_MAX);
    g_clear_pointer(&result, g_free);
    g_string_append_c(text, '.');
    g_assert_false(vars_substitute(text->str, look_up_large, value, true, &result, NULL, &error));
    g_assert_true(fault_is(error, FAULT_LIMIT_EXCEEDED));
}

static void time_grows_with_the_text_only(void) {
    static const char *const units[] = { "${", "$", "$${",
                                         "${aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
    int64_t start_us = g_get_monotonic_time();
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        size_t count = 1024 * 1024 / strlen(units[i]);
        g_autoptr(GString) text = g_string_new(NULL);
        for (size_t j = 0; j < count; j++) {
            g_string_append(text, units[i]);
        }
        assert_substituted(text->str, text->str);
    }
    // Quadratic work would take minutes.
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 5 * G_USEC_PER_SEC);
}

static void strings_inside_json_are_replaced_and_keys_stay(void) {
    json_t *value = json_loads("{\"${bizdate}\":[\"${bizdate}\",1,2.5,true,null,{\"a\":\"x${q}\"}],"
                               "\"s\":\"${nested}\"}",
                               0, NULL);
    json_t *wanted =
        json_loads("{\"${bizdate}\":[\"2024-03-30\",1,2.5,true,null,{\"a\":\"x${q}\"}],"
                   "\"s\":\"${bizdate}\"}",
                   0, NULL);
    g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
    json_t *result = NULL;
    json_t *none = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(vars_substitute_json(value, look_up, NULL, false, &result, unknown, NULL));
    g_assert_true(json_equal(result, wanted));
    g_assert_cmpuint(unknown->len, ==, 1);
    g_assert_false(vars_substitute_json(value, look_up, NULL, true, &none, NULL, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    g_assert_null(none);
    json_decref(value);
    json_decref(wanted);
    json_decref(result);
}

static void time_variable_documents_are_read(void) {
    static const char *const empty[] = { NULL, "", "{}", "{\"variables\":[]}" };
    json_t *list = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(vars_time_parse("{\"variables\":[{\"name\":\"var\",\"pattern\":"
                                  "\"yyyy-MM-dd|+0m+0h-2d+0w+0M+1y\",\"more\":1},"
                                  "{\"name\":\"6_month_ago\",\"pattern\":\"yyyyMM01\"}]}",
                                  &list, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(json_array_size(list), ==, 2);
    const json_t *second = json_array_get(list, 1);
    g_assert_cmpuint(json_object_size(json_array_get(list, 0)), ==, 2);
    g_assert_cmpstr(json_string_value(json_object_get(second, "name")), ==, "6_month_ago");
    g_assert_cmpstr(json_string_value(json_object_get(second, "pattern")), ==, "yyyyMM01");
    json_decref(list);
    for (size_t i = 0; i < G_N_ELEMENTS(empty); i++) {
        json_t *none = NULL;
        g_assert_true(vars_time_parse(empty[i], &none, NULL));
        g_assert_cmpuint(json_array_size(none), ==, 0);
        json_decref(none);
    }
}

static void bad_time_variables_are_refused(void) {
    static const char *const texts[] = {
        "x",
        "[]",
        "{\"variables\":{}}",
        "{\"variables\":[1]}",
        "{\"variables\":[{}]}",
        "{\"variables\":[{\"name\":\"a\"}]}",
        "{\"variables\":[{\"pattern\":\"yyyy\"}]}",
        "{\"variables\":[{\"name\":\"a b\",\"pattern\":\"yyyy\"}]}",
        "{\"variables\":[{\"name\":\"a\",\"pattern\":\"quux\"}]}",
        "{\"variables\":[{\"name\":\"a\",\"pattern\":\"y\"},{\"name\":\"a\",\"pattern\":\"M\"}]}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        json_t *list = NULL;
        g_autoptr(GError) error = NULL;
        g_test_message("%s", texts[i]);
        g_assert_false(vars_time_parse(texts[i], &list, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_DATA));
        g_assert_null(list);
    }
}

#define OUTPUT(method) "{\"outputs\":[{\"extractMethod\":" method ",\"variableName\":\"ids\"}]}"
#define MATRIX(inside) OUTPUT("\"{" inside "}\"")
#define WITH_DEFAULT(inside, value)                                                                \
    "{\"outputs\":[{\"extractMethod\":\"{" inside                                                  \
    "}\",\"variableName\":\"ids\",\"default\":" value "}]}"
#define ROW "\\\"row\\\":"
#define COLUMN ",\\\"column\\\":"
#define COMBINER ",\\\"combiner\\\":\\\",\\\""

static void output_documents_are_checked(void) {
    static const struct {
        const char *text;
        bool is_sql_good;
        bool is_script_good;
    } rows[] = {
        { "", true, true },
        { "{}", true, true },
        { "{\"outputs\":[]}", true, true },
        { MATRIX(ROW "0" COLUMN "-1" COMBINER), true, false },
        { MATRIX(ROW "-1" COLUMN "2" COMBINER), true, false },
        { MATRIX(ROW "0" COLUMN "0"), true, false },
        { MATRIX(ROW "0" COLUMN "-1"), false, false },
        { MATRIX(ROW "-1" COLUMN "-1" COMBINER), false, false },
        { MATRIX(ROW "-2" COLUMN "0" COMBINER), false, false },
        { MATRIX(ROW "0.5" COLUMN "0" COMBINER), false, false },
        { MATRIX(ROW "0"), false, false },
        { MATRIX(ROW "9999" COLUMN "0"), true, false },
        { MATRIX(ROW "10000" COLUMN "0"), false, false },
        { WITH_DEFAULT(ROW "10000" COLUMN "0", "\"none\""), true, false },
        { WITH_DEFAULT(ROW "10000" COLUMN "0", "7"), false, false },
        { OUTPUT("{\"row\":0,\"column\":0}"), false, false },
        { OUTPUT("\"json\""), false, true },
        { OUTPUT("\"\""), false, false },
        { OUTPUT("1"), false, false },
        { "{\"outputs\":[{\"variableName\":\"ids\"}]}", false, false },
        { "{\"outputs\":[{\"extractMethod\":\"json\"}]}", false, false },
        { "{\"outputs\":[{\"extractMethod\":\"json\",\"variableName\":\"a\"},"
          "{\"extractMethod\":\"json\",\"variableName\":\"a\"}]}",
          false, false },
        { "{\"outputs\":1}", false, false },
        { "[]", false, false },
        { "{", false, false },
    };
    g_assert_true(vars_output_check(NULL, true, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) sql_error = NULL;
        g_autoptr(GError) script_error = NULL;
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(vars_output_check(rows[i].text, true, &sql_error), ==, rows[i].is_sql_good);
        g_assert_cmpint(vars_output_check(rows[i].text, false, &script_error), ==,
                        rows[i].is_script_good);
        g_assert_cmpint(fault_is(sql_error, FAULT_INVALID_DATA), ==, !rows[i].is_sql_good);
        g_assert_cmpint(fault_is(script_error, FAULT_INVALID_DATA), ==, !rows[i].is_script_good);
    }
}

static void assert_left_out(const char *line, const char *wanted_text, const char *reason) {
    json_t *outputs = NULL;
    json_t *wanted = json_loads(wanted_text, 0, NULL);
    g_autofree char *left_out = NULL;
    vars_script_outputs(line, strlen(line), &outputs, &left_out);
    g_assert_true(json_equal(outputs, wanted));
    g_assert_cmpstr(left_out, ==, reason);
    json_decref(outputs);
    json_decref(wanted);
}

static void assert_outputs(const char *line, const char *wanted_text) {
    assert_left_out(line, wanted_text, NULL);
}

static void numbers_and_truth_values_are_taken_as_they_are_written(void) {
    assert_outputs("{\"v\": 5}", "{\"v\":\"5\"}");
    assert_outputs("{\"v\": 1.50}", "{\"v\":\"1.50\"}");
    assert_outputs("{\"v\":-0.10E+05,\"w\":true,\"x\":false}",
                   "{\"v\":\"-0.10E+05\",\"w\":\"true\",\"x\":\"false\"}");
    assert_outputs("{\"v\":123456789012345678901234567890,\"w\":1e999}",
                   "{\"v\":\"123456789012345678901234567890\",\"w\":\"1e999\"}");
    assert_outputs("{\"1\": \"-2 \\\" 3\"}", "{\"1\":\"-2 \\\" 3\"}");
}

// A line that was meant as an object: whoever wrote it learns what keeps it from being one.
static void a_line_that_is_no_object_is_told_why(void) {
    static const struct {
        const char *line;
        const char *words;
    } rows[] = {
        { "{\"a\":\"\xff\"}", "byte 7 of it (0xff) is not UTF-8" },
        { "{\"\xc3\xa4\":\"\xc3\"}", "byte 8 of it (0xc3) is not UTF-8" },
        { "\xef\xbb\xbf{\"v\":5}", "it begins with a byte order mark" },
        { "{\"v\": 5", "'}' expected near end of file" },
        { "{\"v\": 05}", "'}' expected near '\"5\"'" },
        { "{\"v\": 5.}", "'}' expected near '.'" },
        { "{\"v\": 5 6}", "'}' expected near '\"6\"'" },
        { "{5: 6}", "string or '}' expected near '5'" },
        { "{\"v\": NaN}", "invalid token near 'NaN'" },
        { "{'v': 5}", "string or '}' expected near '''" },
        { "{\"a\":\"1\"} done", "end of file expected near 'done'" },
        { "{\"a\":\"\x1b\"}", "control character 0x1b near '\"'" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *wanted =
            g_strconcat("the last line is no JSON object: ", rows[i].words, NULL);
        assert_left_out(rows[i].line, "{}", wanted);
    }
    json_t *outputs = NULL;
    g_autofree char *left_out = NULL;
    vars_script_outputs("{\"v\":5}\0x", 9, &outputs, &left_out);
    g_assert_true(g_str_has_prefix(left_out, "the last line is no JSON object: "));
    json_decref(outputs);
}

static void what_is_not_taken_is_named_with_its_reason(void) {
    assert_left_out("{\"a\":\"1\",\"b\":null}", "{\"a\":\"1\"}",
                    "\"b\" is null, not a text, a number, true or false");
    assert_left_out("{\"a\":{\"x\":1},\"b\":[2],\"c\":3}", "{\"c\":\"3\"}",
                    "\"a\" is an object, not a text, a number, true or false; "
                    "\"b\" is a list, not a text, a number, true or false");
    assert_left_out("{\"a\":\"1\",\"b c\":\"2\"}", "{\"a\":\"1\"}",
                    "\"b c\" is no name for a variable, which has 1 to 64 characters out of "
                    "A-Z a-z 0-9 _ . -");
    assert_left_out("{\"a\":\"x\\u0000y\"}", "{}", "\"a\" has a zero character at byte 1");
    g_autofree char *value = g_strnfill(VAR_VALUE_MAX + 1, 'x');
    g_autofree char *line = g_strdup_printf("{\"a\":\"%s\",\"b\":\"%s\"}", value, value + 1);
    json_t *outputs = NULL;
    g_autofree char *left_out = NULL;
    vars_script_outputs(line, strlen(line), &outputs, &left_out);
    g_assert_cmpstr(left_out, ==, "\"a\" has 65537 bytes, more than 65536");
    g_assert_cmpuint(json_object_size(outputs), ==, 1);
    json_decref(outputs);
}

static void what_is_not_taken_is_listed_within_bounds(void) {
    g_autoptr(GString) line = g_string_new("{\"first\":null");
    for (int i = 0; i < 2000; i++) {
        g_string_append_printf(line, ",\"name\\n%d\":[]", i);
    }
    g_string_append(line, "}");
    json_t *outputs = NULL;
    g_autofree char *left_out = NULL;
    vars_script_outputs(line->str, line->len, &outputs, &left_out);
    g_assert_cmpuint(strlen(left_out), <, 1400);
    g_assert_nonnull(strstr(left_out, "; and 19"));
    g_assert_null(strchr(left_out, '\n'));
    json_decref(outputs);
}

static void the_last_line_of_a_script_gives_outputs(void) {
    assert_outputs("{\"hello\": \"world\"}", "{\"hello\": \"world\"}");
    assert_outputs("  {\"a\":\"1\",\"b\":\"\"} \r", "{\"a\":\"1\",\"b\":\"\"}");
    assert_outputs("[\"a\"]", "{}");
    assert_outputs("done", "{}");
    assert_outputs("", "{}");
    assert_outputs("total: {5}", "{}");
    assert_outputs("\xff", "{}");
}

static void a_declared_output_that_is_missing_is_named(void) {
    json_t *outputs = json_pack("{s:s}", "there", "");
    g_autoptr(GError) error = NULL;
    g_assert_true(vars_outputs_complete(NULL, outputs, NULL));
    g_assert_true(
        vars_outputs_complete("{\"outputs\":[{\"variableName\":\"there\"}]}", outputs, NULL));
    g_assert_false(vars_outputs_complete(
        "{\"outputs\":[{\"variableName\":\"there\"},{\"variableName\":\"gone\"}]}", outputs,
        &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    g_assert_nonnull(strstr(error->message, "gone"));
    json_decref(outputs);
}

// {"KEY":[{NAME_KEY:name,REST},…]} of names that collide.
static char *colliding_list(const char *key, const char *name_key, const char *rest) {
    GString *text = g_string_new(NULL);
    g_string_printf(text, "{\"%s\":[", key);
    for (unsigned i = 0; i < COLLIDING_COUNT; i++) {
        char name[COLLIDING_BYTES];
        colliding_name(i, name);
        g_string_append_printf(text, "%s{\"%s\":\"%s\",%s}", i == 0 ? "" : ",", name_key, name,
                               rest);
    }
    g_string_append(text, "]}");
    return g_string_free(text, FALSE);
}

static void names_that_were_chosen_to_collide_cost_no_more(void) {
    g_autofree char *outputs =
        colliding_list("outputs", "variableName", "\"extractMethod\":\"json\"");
    g_autofree char *times = colliding_list("variables", "name", "\"pattern\":\"yyyy\"");
    g_autoptr(GString) references = g_string_new(NULL);
    for (unsigned i = 0; i < COLLIDING_COUNT; i++) {
        char name[COLLIDING_BYTES];
        colliding_name(i, name);
        g_string_append_printf(references, "${%s}", name);
    }
    double start_s = colliding_cpu_s();
    g_assert_true(vars_output_check(outputs, false, NULL));
    colliding_assert_cheap(start_s);

    json_t *variables = NULL;
    start_s = colliding_cpu_s();
    g_assert_true(vars_time_parse(times, &variables, NULL));
    colliding_assert_cheap(start_s);
    g_assert_cmpuint(json_array_size(variables), ==, COLLIDING_COUNT);
    json_decref(variables);

    g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;
    start_s = colliding_cpu_s();
    g_assert_true(vars_substitute(references->str, look_up, NULL, false, &text, unknown, NULL));
    colliding_assert_cheap(start_s);
    g_assert_cmpuint(unknown->len, ==, COLLIDING_COUNT);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vars/names_have_their_letters_and_length",
                    names_have_their_letters_and_length);
    g_test_add_func("/vars/environment_names_are_safe", environment_names_are_safe);
    g_test_add_func("/vars/references_are_replaced_in_one_pass",
                    references_are_replaced_in_one_pass);
    g_test_add_func("/vars/a_doubled_sign_gives_the_reference_itself",
                    a_doubled_sign_gives_the_reference_itself);
    g_test_add_func("/vars/what_is_no_reference_stays", what_is_no_reference_stays);
    g_test_add_func("/vars/what_is_fixed_of_a_text_is_told", what_is_fixed_of_a_text_is_told);
    g_test_add_func("/vars/an_unknown_name_is_named_when_strict",
                    an_unknown_name_is_named_when_strict);
    g_test_add_func("/vars/an_unknown_name_stays_and_is_noted_once",
                    an_unknown_name_stays_and_is_noted_once);
    g_test_add_func("/vars/the_result_has_a_ceiling", the_result_has_a_ceiling);
    g_test_add_func("/vars/time_grows_with_the_text_only", time_grows_with_the_text_only);
    g_test_add_func("/vars/strings_inside_json_are_replaced_and_keys_stay",
                    strings_inside_json_are_replaced_and_keys_stay);
    g_test_add_func("/vars/time_variable_documents_are_read", time_variable_documents_are_read);
    g_test_add_func("/vars/bad_time_variables_are_refused", bad_time_variables_are_refused);
    g_test_add_func("/vars/output_documents_are_checked", output_documents_are_checked);
    g_test_add_func("/vars/the_last_line_of_a_script_gives_outputs",
                    the_last_line_of_a_script_gives_outputs);
    g_test_add_func("/vars/numbers_and_truth_values_are_taken_as_they_are_written",
                    numbers_and_truth_values_are_taken_as_they_are_written);
    g_test_add_func("/vars/a_line_that_is_no_object_is_told_why",
                    a_line_that_is_no_object_is_told_why);
    g_test_add_func("/vars/what_is_not_taken_is_named_with_its_reason",
                    what_is_not_taken_is_named_with_its_reason);
    g_test_add_func("/vars/what_is_not_taken_is_listed_within_bounds",
                    what_is_not_taken_is_listed_within_bounds);
    g_test_add_func("/vars/a_declared_output_that_is_missing_is_named",
                    a_declared_output_that_is_missing_is_named);
    g_test_add_func("/vars/names_that_were_chosen_to_collide_cost_no_more",
                    names_that_were_chosen_to_collide_cost_no_more);
    return g_test_run();
}
