// SPDX-License-Identifier: Apache-2.0
//
// Every operation that changes something has its words in the operation log.

#include "api/wire/operation.h"
#include "store/audit_words.h"

#include <glib.h>

static void every_changing_operation_has_a_sentence_and_no_other(void) {
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation *operation = &operation_table[i];
        if (operation->is_read != (audit_phrase(operation->action) == NULL)) {
            g_test_message("%s: is that its log in spec/serving.json?", operation->action);
            g_test_fail();
        }
    }
}

static void what_the_server_does_by_itself_has_a_sentence(void) {
    static const char *const actions[] = { "DropNotes", "FoundAnew", "ResetAdministratorKey",
                                           "StopAll" };
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_assert_nonnull(audit_phrase(actions[i]));
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
    g_test_add_func("/audit_words/every_changing_operation_has_a_sentence_and_no_other",
                    every_changing_operation_has_a_sentence_and_no_other);
    g_test_add_func("/audit_words/what_the_server_does_by_itself_has_a_sentence",
                    what_the_server_does_by_itself_has_a_sentence);
    g_test_add_func("/audit_words/modules_are_those_that_were_decided",
                    modules_are_those_that_were_decided);
    return g_test_run();
}
