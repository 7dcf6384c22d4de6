// SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <string.h>

#include "base/log.h"
#include "captured.h"

static void call(void *user) {
    void (**act)(void) = user;
    (*act)();
}

static char *written_by(void (*act)(void)) {
    return captured(call, &act);
}

static void write_one(void) {
    log_info("engine", "event=started run=%d", 47);
}

static void a_line_has_time_level_room_and_pairs(void) {
    g_autofree char *text = written_by(write_one);
    g_assert_true(g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z "
                                       "info engine event=started run=47\\n$",
                                       text, 0, 0));
}

static void write_levels(void) {
    log_debug("a", "n=1");
    log_info("a", "n=2");
    log_warn("a", "n=3");
    log_error("a", "n=4");
}

static void lines_below_the_level_are_not_written(void) {
    log_set_level(LOG_WARN);
    g_autofree char *text = written_by(write_levels);
    log_set_level(LOG_INFO);
    g_assert_null(strstr(text, "n=1"));
    g_assert_null(strstr(text, "n=2"));
    g_assert_nonnull(strstr(text, " warn a n=3\n"));
    g_assert_nonnull(strstr(text, " error a n=4\n"));
}

static void level_names_are_read(void) {
    enum log_level level = LOG_INFO;
    g_assert_true(log_level_from_name("error", &level));
    g_assert_cmpint(level, ==, LOG_ERROR);
    g_assert_false(log_level_from_name("loud", &level));
    g_assert_cmpint(level, ==, LOG_ERROR);
}

static void quoted_text_stays_on_its_line(void) {
    g_autofree char *text = log_quote("say \"hi\"\nand \\ go");
    g_assert_cmpstr(text, ==, "\"say \\\"hi\\\"\\nand \\\\ go\"");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/a_line_has_time_level_room_and_pairs",
                    a_line_has_time_level_room_and_pairs);
    g_test_add_func("/log/lines_below_the_level_are_not_written",
                    lines_below_the_level_are_not_written);
    g_test_add_func("/log/level_names_are_read", level_names_are_read);
    g_test_add_func("/log/quoted_text_stays_on_its_line", quoted_text_stays_on_its_line);
    return g_test_run();
}
