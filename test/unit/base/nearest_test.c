// SPDX-License-Identifier: Apache-2.0
//
// What is near to a mistyped name, and what is not.
#include "base/nearest.h"

static const char *const names[] = { "DagId", "DagName", "DagNames", "NodeId", "NodeName" };

static void check(const char *word, const char *expected) {
    g_autofree char *found = nearest_names(word, names, G_N_ELEMENTS(names));
    g_assert_cmpstr(found, ==, expected);
}

static void test_near(void) {
    check("DagNmae", "DagName or DagNames");
    check("DagI", "DagId");
    check("adgid", "DagId");
    check("dagid", "DagId");
    check("NodId", "NodeId");
    check("DagName", "DagName or DagNames");
}

static void test_far(void) {
    check("", NULL);
    check("x", NULL);
    check("Schedule", NULL);
    g_autofree char *longest = g_strnfill(NEAREST_BYTES_MAX, 'D');
    check(longest, NULL);
    g_autofree char *longer = g_strnfill(100000, 'D');
    check(longer, NULL);
    g_assert_null(nearest_names("DagId", NULL, 0));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nearest/slips_and_case_are_near", test_near);
    g_test_add_func("/nearest/other_words_and_long_ones_are_not", test_far);
    return g_test_run();
}
