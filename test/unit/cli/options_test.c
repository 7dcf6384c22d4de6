// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include "base/fault.h"

static bool read_line(const char *line, struct cli_options *ret_options, char ***ret_argv,
                      GError **error) {
    char **argv = g_strsplit(line, " ", 0);
    *ret_argv = argv;
    return cli_options_read((int)g_strv_length(argv), argv, ret_options, error);
}

static void words_and_options_may_be_mixed(void) {
    struct cli_options options;
    char **argv = NULL;
    g_assert_true(read_line("sluice -o json run log --node=a -f 7 -- -x", &options, &argv, NULL));
    g_assert_cmpstr(options.values[OPTION_OUTPUT], ==, "json");
    g_assert_cmpstr(options.values[OPTION_NODE], ==, "a");
    g_assert_true(cli_options_has(&options, OPTION_FOLLOW));
    g_assert_cmpstr(cli_options_word(&options, 2), ==, "7");
    g_assert_cmpstr(cli_options_word(&options, 3), ==, "-x");
    g_assert_null(cli_options_word(&options, 4));
    g_assert_cmpstr(cli_options_misplaced(&options, OPTIONS_COMMON | OPTION_BIT(OPTION_NODE)), ==,
                    "follow");
    cli_options_done(&options);
    g_strfreev(argv);
}

static void version_takes_a_value_behind_the_commands_that_run_one(void) {
    struct cli_options options;
    char **argv = NULL;
    g_assert_true(
        read_line("sluice run start a --version live --set x=1 --set y=2", &options, &argv, NULL));
    g_assert_cmpstr(options.values[OPTION_OF_VERSION], ==, "live");
    g_assert_false(cli_options_has(&options, OPTION_VERSION));
    g_assert_cmpuint(options.sets->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(options.sets, 1), ==, "y=2");
    cli_options_done(&options);
    g_strfreev(argv);
    static const char *const again[] = { "sluice run rerun a 1 --version live",
                                         "sluice run restore a 1 --version=live" };
    for (size_t i = 0; i < G_N_ELEMENTS(again); i++) {
        g_assert_true(read_line(again[i], &options, &argv, NULL));
        g_assert_cmpstr(options.values[OPTION_OF_VERSION], ==, "live");
        g_assert_false(cli_options_has(&options, OPTION_VERSION));
        cli_options_done(&options);
        g_strfreev(argv);
    }
    g_assert_true(read_line("sluice run list --version", &options, &argv, NULL));
    g_assert_true(cli_options_has(&options, OPTION_VERSION));
    cli_options_done(&options);
    g_strfreev(argv);
}

static void bytes_that_are_no_text_are_refused(void) {
    char *argv[] = { (char[]){ "sluice" }, (char[]){ "call" }, (char[]){ "A=\xff" } };
    struct cli_options options;
    g_autoptr(GError) error = NULL;
    g_assert_false(cli_options_read(G_N_ELEMENTS(argv), argv, &options, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_VALUE));
}

static void unknown_repeated_and_empty_options_are_refused(void) {
    static const char *const lines[] = { "sluice --nodes a", "sluice -x", "sluice -o json -o table",
                                         "sluice --data", "sluice --follow=yes" };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        struct cli_options options;
        char **argv = NULL;
        g_autoptr(GError) error = NULL;
        g_assert_false(read_line(lines[i], &options, &argv, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_VALUE));
        g_strfreev(argv);
    }
}

static void an_output_is_a_table_or_json(void) {
    struct cli_options options;
    char **argv = NULL;
    g_autoptr(GError) error = NULL;
    bool is_json = false;
    g_assert_true(read_line("sluice -o xml", &options, &argv, NULL));
    g_assert_false(cli_options_output(&options, &is_json, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_VALUE));
    cli_options_done(&options);
    g_strfreev(argv);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli_options/words_and_options_may_be_mixed", words_and_options_may_be_mixed);
    g_test_add_func("/cli_options/version_takes_a_value_behind_the_commands_that_run_one",
                    version_takes_a_value_behind_the_commands_that_run_one);
    g_test_add_func("/cli_options/bytes_that_are_no_text_are_refused",
                    bytes_that_are_no_text_are_refused);
    g_test_add_func("/cli_options/unknown_repeated_and_empty_options_are_refused",
                    unknown_repeated_and_empty_options_are_refused);
    g_test_add_func("/cli_options/an_output_is_a_table_or_json", an_output_is_a_table_or_json);
    return g_test_run();
}
