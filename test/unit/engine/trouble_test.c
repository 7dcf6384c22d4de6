// SPDX-License-Identifier: Apache-2.0
//
// What is told of troubles, and that the log has the end only of what it had the beginning of.

#include <glib.h>
#include <string.h>

#include "captured.h"
#include "engine/trouble.h"

static int count(const char *text, const char *part) {
    int found = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        found++;
    }
    return found;
}

static void come(void *trouble) {
    trouble_supervisor(trouble, true);
}

static void go_and_come(void *trouble) {
    trouble_supervisor(trouble, false);
    trouble_supervisor(trouble, true);
}

static void fail_and_come(void *trouble) {
    trouble_launch(trouble, "no memory");
    trouble_launch(trouble, "no memory");
    trouble_supervisor(trouble, true);
}

static void a_start_is_no_trouble_that_ends(void) {
    struct trouble *trouble = trouble_new();
    bool is_blind = false;
    g_autofree char *text = trouble_text(trouble, &is_blind);
    g_assert_nonnull(strstr(text, "recovering"));
    g_assert_true(is_blind);
    g_autofree char *log = captured(come, trouble);
    g_assert_cmpstr(log, ==, "");
    g_assert_null(trouble_text(trouble, &is_blind));
    g_assert_false(is_blind);
    trouble_free(trouble);
}

static void what_begins_after_the_start_is_logged_with_its_end(void) {
    struct trouble *trouble = trouble_new();
    g_autofree char *start = captured(come, trouble);
    g_assert_cmpint(count(start, "event=trouble"), ==, 0);
    for (int i = 0; i < 2; i++) {
        g_autofree char *log = captured(go_and_come, trouble);
        g_assert_cmpint(count(log, "event=trouble kind=supervisor"), ==, 1);
        g_assert_cmpint(count(log, "event=trouble-over kind=supervisor"), ==, 1);
    }
    trouble_free(trouble);
}

static void a_start_that_fails_is_logged_with_its_end(void) {
    struct trouble *trouble = trouble_new();
    g_autofree char *log = captured(fail_and_come, trouble);
    g_assert_cmpint(count(log, "event=trouble kind=supervisor"), ==, 1);
    g_assert_nonnull(strstr(log, "no memory"));
    g_assert_cmpint(count(log, "event=trouble-over kind=supervisor"), ==, 1);
    trouble_free(trouble);
}

#define TEST(name) g_test_add_func("/trouble/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(a_start_is_no_trouble_that_ends);
    TEST(what_begins_after_the_start_is_logged_with_its_end);
    TEST(a_start_that_fails_is_logged_with_its_end);
    return g_test_run();
}
