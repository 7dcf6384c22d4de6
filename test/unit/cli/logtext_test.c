// SPDX-License-Identifier: Apache-2.0
#include "cli/logtext.h"
#include "cli/time.h"

#define NOON "2026-01-31T04:00:00.012Z "

static char *shown(bool is_bare, const char *prefix, const char *const *pieces) {
    struct cli_logtext text;
    GString *out = g_string_new(NULL);
    cli_logtext_init(&text, "Asia/Shanghai", prefix, is_bare);
    for (size_t i = 0; pieces[i] != NULL; i++) {
        cli_logtext_take(&text, pieces[i], out);
    }
    cli_logtext_done(&text);
    return g_string_free(out, FALSE);
}

static void times_are_in_the_zone_that_is_shown(void) {
    const char *const pieces[] = { NOON "OUT one\n" NOON "SYS remark\nstatus SUCCEEDED\n", NULL };
    g_autofree char *text = shown(false, "", pieces);
    g_assert_cmpstr(text, ==,
                    "2026-01-31 12:00:00.012 OUT one\n2026-01-31 12:00:00.012 SYS remark\n"
                    "status SUCCEEDED\n");
}

static void bare_is_what_the_node_printed(void) {
    const char *const pieces[] = { NOON "OUT one\n" NOON "SYS remark\n" NOON "ERR \n",
                                   "status FAILED\n", NULL };
    g_autofree char *text = shown(true, "", pieces);
    g_assert_cmpstr(text, ==, "one\n\n");
}

static void pieces_may_end_anywhere_and_mean_the_same(void) {
    static const char whole[] = NOON "OUT one\n" NOON "SYS no\n" NOON "ERR two 二\nshort\n";
    const char *const one[] = { whole, NULL };
    for (int is_bare = 0; is_bare < 2; is_bare++) {
        g_autofree char *expected = shown(is_bare, "n | ", one);
        for (size_t cut = 0; cut < sizeof whole; cut++) {
            g_autofree char *first = g_strndup(whole, cut);
            const char *const two[] = { first, whole + cut, NULL };
            g_autofree char *text = shown(is_bare, "n | ", two);
            g_assert_cmpstr(text, ==, expected);
        }
    }
}

static void a_line_is_shown_before_it_ends(void) {
    const char *const pieces[] = { NOON "OUT 10 %", "…", NULL };
    g_autofree char *text = shown(true, "", pieces);
    g_assert_cmpstr(text, ==, "10 %…");
}

static void the_last_lines_of_a_stream_are_found(void) {
    g_autoptr(GPtrArray) lines = cli_logtext_last(
        NOON "ERR a\n" NOON "OUT b\n" NOON "ERR c\n" NOON "ERR d\nstatus FAILED\n", "ERR", 2);
    g_assert_cmpuint(lines->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(lines, 0), ==, "c");
    g_assert_cmpstr(g_ptr_array_index(lines, 1), ==, "d");
}

static void a_tail_begins_at_a_line(void) {
    g_assert_cmpstr(cli_logtext_tail("a\nb\nc\n", 2), ==, "b\nc\n");
    g_assert_cmpstr(cli_logtext_tail("a\nb\nc", 2), ==, "b\nc");
    g_assert_cmpstr(cli_logtext_tail("a\nb\n", 5), ==, "a\nb\n");
    g_assert_cmpstr(cli_logtext_tail("", 3), ==, "");
}

static void a_time_is_moved_between_zones(void) {
    g_autofree char *moved = cli_time_text("2026-07-01 00:30:00", "Asia/Shanghai", "Europe/Berlin");
    g_autofree char *kept = cli_time_text("2026-07-01 00:30:00", NULL, "Europe/Berlin");
    g_autofree char *empty = cli_time_text("", "Asia/Shanghai", "Europe/Berlin");
    g_assert_cmpstr(moved, ==, "2026-06-30 18:30:00");
    g_assert_cmpstr(kept, ==, "2026-07-01 00:30:00");
    g_assert_cmpstr(empty, ==, "");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli_logtext/times_are_in_the_zone_that_is_shown",
                    times_are_in_the_zone_that_is_shown);
    g_test_add_func("/cli_logtext/bare_is_what_the_node_printed", bare_is_what_the_node_printed);
    g_test_add_func("/cli_logtext/pieces_may_end_anywhere_and_mean_the_same",
                    pieces_may_end_anywhere_and_mean_the_same);
    g_test_add_func("/cli_logtext/a_line_is_shown_before_it_ends", a_line_is_shown_before_it_ends);
    g_test_add_func("/cli_logtext/the_last_lines_of_a_stream_are_found",
                    the_last_lines_of_a_stream_are_found);
    g_test_add_func("/cli_logtext/a_tail_begins_at_a_line", a_tail_begins_at_a_line);
    g_test_add_func("/cli_logtext/a_time_is_moved_between_zones", a_time_is_moved_between_zones);
    return g_test_run();
}
