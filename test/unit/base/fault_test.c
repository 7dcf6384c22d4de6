// SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <string.h>

#include "base/fault.h"

static void an_error_carries_kind_and_sentence(void) {
    g_autoptr(GError) error = NULL;
    fault_set(&error, FAULT_RUN_STATE, "run %d is %s", 47, "SUCCESS");
    g_assert_cmpstr(error->message, ==, "run 47 is SUCCESS");
    g_assert_true(fault_is(error, FAULT_RUN_STATE));
    g_assert_false(fault_is(error, FAULT_FLOW_STATE));
    g_assert_null(fault_field(error));
}

static void the_field_survives_copy_and_prefix(void) {
    g_autoptr(GError) error = NULL;
    fault_set_field(&error, FAULT_MISSING_FIELD, "DagName", "DagName is needed");
    g_prefix_error(&error, "create: ");
    g_autoptr(GError) copy = g_error_copy(error);
    g_clear_error(&error);
    g_assert_cmpstr(fault_field(copy), ==, "DagName");
    g_assert_cmpstr(copy->message, ==, "create: DagName is needed");
}

static void nobody_needs_to_listen(void) {
    fault_set(NULL, FAULT_INTERNAL, "unheard");
    fault_set_field(NULL, FAULT_INTERNAL, "Field", "unheard");
    g_assert_false(fault_is(NULL, FAULT_INTERNAL));
}

static void a_foreign_error_is_none_of_ours(void) {
    g_autoptr(GError) error = g_error_new_literal(G_FILE_ERROR, FAULT_INTERNAL, "foreign");
    g_assert_false(fault_is(error, FAULT_INTERNAL));
    g_assert_null(fault_field(error));
}

static void every_kind_has_its_own_name(void) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < FAULT_COUNT; i++) {
        const char *name = fault_name((enum fault)i);
        g_assert_nonnull(name);
        g_assert_cmpuint(strlen(name), >, 0);
        g_assert_true(g_hash_table_add(seen, (void *)name));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fault/an_error_carries_kind_and_sentence",
                    an_error_carries_kind_and_sentence);
    g_test_add_func("/fault/the_field_survives_copy_and_prefix",
                    the_field_survives_copy_and_prefix);
    g_test_add_func("/fault/nobody_needs_to_listen", nobody_needs_to_listen);
    g_test_add_func("/fault/a_foreign_error_is_none_of_ours", a_foreign_error_is_none_of_ours);
    g_test_add_func("/fault/every_kind_has_its_own_name", every_kind_has_its_own_name);
    return g_test_run();
}
