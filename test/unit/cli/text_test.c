// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/text.h"

static void chinese_characters_take_two_columns(void) {
    g_assert_cmpuint(cli_text_width("抽取 a"), ==, 6);
    g_assert_cmpuint(cli_text_width("e\u0301"), ==, 1);
    g_assert_cmpuint(cli_text_width(""), ==, 0);
}

static void control_characters_never_reach_the_terminal(void) {
    g_autofree char *clean = cli_text_clean("a\033[31mb\nc\xff"
                                            "d\u202e",
                                            0);
    g_assert_cmpstr(clean, ==, "a?[31mb?c?d?");
}

// What scripts print, with everything a terminal would obey.
static const char hostile[] = "a\tb\r\033]0;t\007\033[2J\x7f\xc2\x85\xc2\x9b"
                              "31m\u00a0é抽\xff\n";
static const char harmless[] = "a\tb^M^[]0;t^G^[[2J\\u007f\\u0085\\u009b31m\u00a0é抽\\xff\n";

static void control_characters_of_output_are_readable(void) {
    g_autofree char *visible = cli_text_visible(hostile);
    g_assert_cmpstr(visible, ==, harmless);
}

static void what_turns_or_hides_text_is_readable(void) {
    static const gunichar hidden[] = { 0xad,   0x61c,  0x200b, 0x200c, 0x200d, 0x200e, 0x200f,
                                       0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e,
                                       0x2060, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff };
    for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++) {
        char bytes[7] = "";
        (void)g_unichar_to_utf8(hidden[i], bytes);
        g_autofree char *text = g_strconcat("a", bytes, "b", NULL);
        g_autofree char *visible = cli_text_visible(text);
        g_autofree char *expected = g_strdup_printf("a\\u%04xb", (unsigned)hidden[i]);
        g_assert_cmpstr(visible, ==, expected);
        g_autofree char *clean = cli_text_clean(text, 0);
        g_assert_cmpstr(clean, ==, "a?b");
    }
    g_autofree char *tag = cli_text_visible("\"\U000e0041\"");
    g_assert_cmpstr(tag, ==, "\"\\udb40\\udc41\""); // as JSON writes it
    g_autofree char *others = cli_text_visible("日本 עברית العربية é\u0301 😀");
    g_assert_cmpstr(others, ==, "日本 עברית العربية é\u0301 😀");
}

// Writes to what `end` is the other end of and compares all that comes out there.
static void expect_put(int fd_take, int end_take, const char *expected) {
    char text[256] = "";
    size_t len = 0;
    FILE *stream = fdopen(fd_take, "w");
    g_assert_nonnull(stream);
    cli_text_put(stream, hostile);
    g_assert_cmpint(fflush(stream), ==, 0);
    while (len < strlen(expected)) {
        ssize_t got = read(end_take, text + len, sizeof text - len - 1);
        g_assert_cmpint(got, >, 0);
        len += (size_t)got;
    }
    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpint(fclose(stream), ==, 0);
    g_assert_cmpint(close(end_take), ==, 0);
}

static void output_is_made_readable_on_a_terminal_alone(void) {
    struct termios mode;
    int ends[2];
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(master, >=, 0);
    g_assert_cmpint(grantpt(master), ==, 0);
    g_assert_cmpint(unlockpt(master), ==, 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(tcgetattr(terminal, &mode), ==, 0);
    mode.c_oflag &= ~(tcflag_t)OPOST;
    g_assert_cmpint(tcsetattr(terminal, TCSANOW, &mode), ==, 0);
    expect_put(terminal, master, harmless);
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    expect_put(ends[1], ends[0], hostile);
}

static void long_text_is_cut_within_its_columns(void) {
    g_autofree char *latin = cli_text_clean("abcdef", 4);
    g_autofree char *wide = cli_text_clean("抽取数据", 5);
    g_autofree char *fits = cli_text_clean("abcd", 4);
    g_assert_cmpstr(latin, ==, "abc…");
    g_assert_cmpstr(wide, ==, "抽取…");
    g_assert_cmpstr(fits, ==, "abcd");
}

static void a_drawn_line_is_cut_without_counting_its_colours(void) {
    static const struct {
        const char *line;
        unsigned columns;
        const char *cut;
    } rows[] = {
        { "abcd", 4, "abcd" },
        { "abcdef", 4, "abc…" },
        { "抽取数据", 5, "抽取…" },
        { "a\033[31mbcd\033[0m", 4, "a\033[31mbcd\033[0m" },
        { "a\033[31mbcd\033[0mef", 4, "a\033[31mbc…\033[0m" },
        { "ab", 0, "…" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) line = g_string_new(rows[i].line);
        cli_text_clip(line, rows[i].columns);
        g_assert_cmpstr(line->str, ==, rows[i].cut);
    }
}

static void a_table_of_wide_names_is_straight(void) {
    static const char *const headers[] = { "A", "NAME", "C", NULL };
    struct cli_table *table = cli_table_new(headers);
    cli_table_add(table, g_strsplit("1 每日 x", " ", 0));
    cli_table_add(table, g_strsplit("22 ab y", " ", 0));
    g_autofree char *text = cli_table_text(table);
    g_assert_cmpstr(text, ==, "A   NAME  C\n1   每日  x\n22  ab    y\n");
    cli_table_free(table);
}

static void a_state_is_known_by_name_and_by_code(void) {
    g_assert_cmpstr(cli_state_find("STOPPED", 3)->name, ==, "STOPPED");
    g_assert_cmpstr(cli_state_find(NULL, 3)->name, ==, "FAILED");
    g_assert_cmpstr(cli_state_find("NEW WORD", 1)->name, ==, "RUNNING");
    g_assert_cmpstr(cli_state_find("NEW WORD", 77)->name, ==, "UNKNOWN");
    g_assert_cmpstr(cli_state_find(NULL, -1)->name, ==, "UNKNOWN");
}

static void durations_read_well(void) {
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = { { 0, "0 ms" },
                 { 999, "999 ms" },
                 { 1500, "1.5 s" },
                 { 61000, "1 m 01 s" },
                 { 7500000, "2 h 05 m" } };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = cli_text_duration(rows[i].ms);
        g_assert_cmpstr(text, ==, rows[i].text);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli_text/chinese_characters_take_two_columns",
                    chinese_characters_take_two_columns);
    g_test_add_func("/cli_text/control_characters_never_reach_the_terminal",
                    control_characters_never_reach_the_terminal);
    g_test_add_func("/cli_text/control_characters_of_output_are_readable",
                    control_characters_of_output_are_readable);
    g_test_add_func("/cli_text/what_turns_or_hides_text_is_readable",
                    what_turns_or_hides_text_is_readable);
    g_test_add_func("/cli_text/output_is_made_readable_on_a_terminal_alone",
                    output_is_made_readable_on_a_terminal_alone);
    g_test_add_func("/cli_text/long_text_is_cut_within_its_columns",
                    long_text_is_cut_within_its_columns);
    g_test_add_func("/cli_text/a_drawn_line_is_cut_without_counting_its_colours",
                    a_drawn_line_is_cut_without_counting_its_colours);
    g_test_add_func("/cli_text/a_table_of_wide_names_is_straight",
                    a_table_of_wide_names_is_straight);
    g_test_add_func("/cli_text/a_state_is_known_by_name_and_by_code",
                    a_state_is_known_by_name_and_by_code);
    g_test_add_func("/cli_text/durations_read_well", durations_read_well);
    return g_test_run();
}
