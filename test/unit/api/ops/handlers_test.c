// SPDX-License-Identifier: Apache-2.0
//
// The generated table of handlers: one for each operation, in the order of theirs.
#include "api/ops/operation_handlers.h"

static void every_operation_has_a_handler(void) {
    for (size_t i = 0; i < operation_count; i++) {
        g_assert_true(operation_handlers[i] != NULL);
    }
}

static void handlers_stand_in_the_order_of_operations(void) {
    static const struct {
        const char *action;
        op_fn handler;
    } some[] = { { "AddInstance", op_add_instance },
                 { "ListDAGVersions", op_list_dag_versions },
                 { "UpdateUser", op_update_user } };
    for (size_t i = 0; i < G_N_ELEMENTS(some); i++) {
        size_t row = (size_t)(operation_find(some[i].action) - operation_table);
        g_assert_true(operation_handlers[row] == some[i].handler);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/handlers/every_operation_has_a_handler", every_operation_has_a_handler);
    g_test_add_func("/handlers/handlers_stand_in_the_order_of_operations",
                    handlers_stand_in_the_order_of_operations);
    return g_test_run();
}
