// SPDX-License-Identifier: Apache-2.0
#include "exec/attempt.h"

static void a_new_spec_is_complete_and_empty(void) {
    struct attempt_spec *spec = attempt_spec_new("/bin/true");
    g_assert_cmpstr(spec->program, ==, "/bin/true");
    g_assert_cmpuint(spec->arguments->len, ==, 0);
    g_assert_cmpuint(spec->environment->len, ==, 0);
    g_assert_cmpuint(spec->contents->len, ==, 0);
    g_assert_null(spec->work_dir);
    g_assert_cmpint(spec->timeout_ms, ==, 0);
    g_assert_cmpint(spec->grace_ms, ==, ATTEMPT_GRACE_MS);
    g_assert_cmpuint(spec->result_max_bytes, ==, ATTEMPT_RESULT_SCRIPT_BYTES);
    attempt_spec_free(spec);
}

static void count(void *user) {
    (*(int *)user)++;
}

static void a_spec_owns_what_is_in_it(void) {
    int freed = 0;
    struct attempt_spec *spec = attempt_spec_new("@sql");
    g_ptr_array_add(spec->arguments, g_strdup("sluice-sql"));
    g_ptr_array_add(spec->environment, g_strdup("A=b"));
    g_ptr_array_add(spec->contents, g_bytes_new_with_free_func("x", 1, count, &freed));
    spec->work_dir = g_strdup("/tmp");
    attempt_spec_free(spec);
    g_assert_cmpint(freed, ==, 1);
    attempt_spec_free(NULL);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attempt/a_new_spec_is_complete_and_empty", a_new_spec_is_complete_and_empty);
    g_test_add_func("/attempt/a_spec_owns_what_is_in_it", a_spec_owns_what_is_in_it);
    return g_test_run();
}
