// SPDX-License-Identifier: Apache-2.0
//
// What is told of troubles, and that the log has the end only of what it had the beginning of. Lines are read back from a pipe put in the
// place of standard error.

#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "engine/trouble.h"

static char *logged_by(void (*act)(struct trouble *trouble), struct trouble *trouble) {
    int ends[2];
    int kept = dup(STDERR_FILENO);
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_assert_cmpint(dup2(ends[1], STDERR_FILENO), ==, STDERR_FILENO);
    g_assert_cmpint(close(ends[1]), ==, 0);
    act(trouble);
    g_assert_cmpint(dup2(kept, STDERR_FILENO), ==, STDERR_FILENO); // the last writer: the pipe ends
    g_assert_cmpint(close(kept), ==, 0);
    char text[4096];
    ssize_t len = 0;
    for (ssize_t got = 1; got > 0; len += got) {
        got = read(ends[0], text + len, sizeof text - (size_t)len);
        g_assert_cmpint(got, >=, 0);
    }
    g_assert_cmpint(close(ends[0]), ==, 0);
    return g_strndup(text, (size_t)len);
}

static int count(const char *text, const char *part) {
    int found = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        found++;
    }
    return found;
}

static void come(struct trouble *trouble) {
    trouble_supervisor(trouble, true);
}

static void go_and_come(struct trouble *trouble) {
    trouble_supervisor(trouble, false);
    trouble_supervisor(trouble, true);
}

static void fail_and_come(struct trouble *trouble) {
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
    g_autofree char *log = logged_by(come, trouble);
    g_assert_cmpstr(log, ==, "");
    g_assert_null(trouble_text(trouble, &is_blind));
    g_assert_false(is_blind);
    trouble_free(trouble);
}

static void what_begins_after_the_start_is_logged_with_its_end(void) {
    struct trouble *trouble = trouble_new();
    g_autofree char *start = logged_by(come, trouble);
    g_assert_cmpint(count(start, "event=trouble"), ==, 0);
    for (int i = 0; i < 2; i++) {
        g_autofree char *log = logged_by(go_and_come, trouble);
        g_assert_cmpint(count(log, "event=trouble kind=supervisor"), ==, 1);
        g_assert_cmpint(count(log, "event=trouble-over kind=supervisor"), ==, 1);
    }
    trouble_free(trouble);
}

static void a_start_that_fails_is_logged_with_its_end(void) {
    struct trouble *trouble = trouble_new();
    g_autofree char *log = logged_by(fail_and_come, trouble);
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
