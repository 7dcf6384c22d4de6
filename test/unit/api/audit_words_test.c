// SPDX-License-Identifier: Apache-2.0
//
// Every operation that changes something has its words in the operation log.

#include "api/operation.h"
#include "store/audit_words.h"

#include <glib.h>

static void every_changing_operation_has_a_sentence(void) {
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation *operation = &operation_table[i];
        if (!operation->is_read && audit_phrase(operation->action) == NULL) {
            g_test_message("%s has no row in store/audit_words.c", operation->action);
            g_test_fail();
        }
    }
}

static void modules_are_those_that_were_decided(void) {
    g_assert_cmpstr(audit_module("CreateTaskFlow"), ==, "DB_TASK");
    g_assert_cmpstr(audit_module("RegisterUser"), ==, "USER_MANAGE");
    g_assert_cmpstr(audit_module("AddInstance"), ==, "INSTANCE_MANAGE");
    g_assert_cmpstr(audit_module("ExecuteScript"), ==, "SQL_CONSOLE");
    g_assert_cmpstr(audit_module("PutUserPolicy"), ==, "PERMISSION");
    g_assert_cmpstr(audit_module("Unheard"), ==, "CONFIG_MANAGE");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/audit_words/every_changing_operation_has_a_sentence",
                    every_changing_operation_has_a_sentence);
    g_test_add_func("/audit_words/modules_are_those_that_were_decided",
                    modules_are_those_that_were_decided);
    return g_test_run();
}
