// SPDX-License-Identifier: Apache-2.0
//
// The permission table and the tables of handlers say the same.
#include "api/gate.h"

#include "api/handlers.h"
#include "base/fault.h"
#include "core/model.h"
#include "store/people.h"

#include <string.h>

static void every_handler_has_a_policy_and_the_other_way_round(void) {
    const char *action = NULL;
    if (!gate_is_complete(api_handlers, &action)) {
        g_error("%s has no policy row, or no handler", action);
    }
}

static void every_handler_is_an_operation_of_the_specification(void) {
    for (size_t i = 0; api_handlers[i] != NULL; i++) {
        for (const struct op_handler *handler = api_handlers[i]; handler->action != NULL;
             handler++) {
            g_assert_nonnull(operation_find(handler->action));
            g_assert_nonnull(handler->run);
        }
    }
}

static void a_handler_that_is_missing_is_found(void) {
    const struct op_handler unknown[] = { { "NoSuchAction", NULL }, { NULL, NULL } };
    const struct op_handler *const tables[] = { unknown, NULL };
    const char *action = NULL;
    g_assert_false(gate_is_complete(tables, &action));
    g_assert_cmpstr(action, ==, "NoSuchAction");
}

// Asks the gate for a key of a normal user of an active tenant, changed as the test wants.
static bool ask(const struct key_row *row, const char *action, GError **error) {
    struct key_row owner = *row;
    struct api_key key = { .caller = &owner.caller, .owner = &owner };
    return gate_permit(NULL, &key, operation_find(action), error);
}

static struct key_row key_of(unsigned roles) {
    return (struct key_row){
        .caller = { .tenant_id = 1, .user_id = 2, .roles = roles, .name = "somebody" },
        .is_active = true,
        .is_tenant_active = true,
        .person_state = PERSON_NORMAL,
    };
}

static void expect_refusal(const struct key_row *row, const char *action, enum fault fault) {
    g_autoptr(GError) error = NULL;
    g_assert_false(ask(row, action, &error));
    g_assert_cmpstr(fault_name((enum fault)error->code), ==, fault_name(fault));
}

static void expect(unsigned roles, const char *action, bool is_permitted, enum fault fault) {
    struct key_row row = key_of(roles);
    if (is_permitted) {
        g_assert_true(ask(&row, action, NULL));
    } else {
        expect_refusal(&row, action, fault);
    }
}

static void sources_are_registered_by_dbas_and_administrators(void) {
    expect(ROLE_USER, "RegisterInstance", false, FAULT_NO_PERMISSION);
    expect(ROLE_SECURITY_ADMIN | ROLE_STRUCT_READ_ONLY, "RegisterInstance", false,
           FAULT_NO_PERMISSION);
    expect(ROLE_DBA, "RegisterInstance", true, FAULT_INTERNAL);
    expect(ROLE_ADMIN, "RegisterInstance", true, FAULT_INTERNAL);
    expect(ROLE_USER, "ListInstances", true, FAULT_INTERNAL);
}

static void an_operation_without_a_row_is_refused(void) {
    const struct operation unknown = { .action = "NoSuchAction" };
    struct key_row row = key_of(ROLE_ADMIN);
    struct api_key key = { .caller = &row.caller, .owner = &row };
    g_autoptr(GError) error = NULL;
    g_assert_false(gate_permit(NULL, &key, &unknown, &error));
    g_assert_true(fault_is(error, FAULT_NOT_SUPPORTED));
}

static void a_policy_takes_away_and_never_gives(void) {
    struct key_row row = key_of(ROLE_USER);
    row.policy = (char *)"{\"Version\":\"1\",\"Statement\":["
                         "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},"
                         "{\"Effect\":\"Deny\",\"Action\":\"dms:Delete*\",\"Resource\":\"*\"}]}";
    g_assert_true(ask(&row, "CreateTaskFlow", NULL));
    expect_refusal(&row, "DeleteTaskFlow", FAULT_FORBIDDEN_BY_POLICY);
    expect_refusal(&row, "RegisterInstance", FAULT_NO_PERMISSION); // the roles come first
    row.policy = (char *)"{\"Version\":\"1\",\"Statement\":"
                         "{\"Effect\":\"Allow\",\"Action\":\"dms:ListUsers\",\"Resource\":\"*\"}}";
    row.caller.roles = ROLE_ADMIN | ROLE_DBA; // administrators are bound by theirs, too
    g_assert_true(ask(&row, "ListUsers", NULL));
    expect_refusal(&row, "GetUser", FAULT_FORBIDDEN_BY_POLICY);
}

static void a_damaged_policy_forbids_everything(void) {
    struct key_row row = key_of(ROLE_ADMIN);
    row.policy = (char *)"{\"Version\":\"1\"";
    expect_refusal(&row, "ListUsers", FAULT_INVALID_DATA);
    row.policy = (char *)"";
    expect_refusal(&row, "ListUsers", FAULT_INVALID_DATA);
}

static void tenant_and_user_must_be_active(void) {
    struct key_row row = key_of(ROLE_ADMIN);
    row.person_state = PERSON_DISABLED;
    expect_refusal(&row, "ListUsers", FAULT_USER_STATE);
    row.person_state = PERSON_DELETED;
    expect_refusal(&row, "ListUsers", FAULT_USER_NOT_EXIST);
    row.is_tenant_active = false;
    expect_refusal(&row, "ListUsers", FAULT_TENANT_STATE);
}

static void a_temporary_key_makes_no_keys(void) {
    struct key_row row = key_of(ROLE_ADMIN);
    row.caller.is_operator = true;
    row.caller.is_temporary = true;
    expect_refusal(&row, "CreateAccessKey", FAULT_NO_PERMISSION);
    expect_refusal(&row, "CreateSessionKey", FAULT_NO_PERMISSION);
    expect_refusal(&row, "CreateTenant", FAULT_NO_PERMISSION);
    expect_refusal(&row, "UpdateAccessKey",
                   FAULT_NO_PERMISSION); // a disabled key that is enabled again stays
    expect_refusal(&row, "DeleteAccessKey", FAULT_NO_PERMISSION);
    g_assert_true(ask(&row, "ListAccessKeys", NULL));
    row.caller.is_temporary = false;
    g_assert_true(ask(&row, "CreateTenant", NULL));
}

static char *read_document(void) {
    g_autofree char *path =
        g_build_filename(g_getenv("SLUICE_SOURCE"), "docs", "permissions.md", NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    (void)g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static void append_class(GString *table, enum access_class wanted) {
    const char *action = NULL;
    enum access_class class = CLASS_COUNT;
    bool makes_keys = false;
    const char *before = "";
    g_string_append_printf(table, "| %s | %s | ", access_class_name(wanted),
                           access_class_text(wanted));
    for (size_t i = 0; gate_row_at(i, &action, &class, &makes_keys); i++) {
        if (class == wanted) {
            g_string_append_printf(table, "%s`%s`%s", before, action, makes_keys ? " [1]" : "");
            before = ", ";
        }
    }
    g_string_append(table, " |\n");
}

static void the_operations_of_each_class_are_the_documented_ones(void) {
    g_autofree char *document = read_document();
    g_autoptr(GString) table =
        g_string_new("| Class | Who may | Operations |\n| --- | --- | --- |\n");
    for (int wanted = 0; wanted < CLASS_COUNT; wanted++) {
        append_class(table, (enum access_class)wanted);
    }
    g_string_append_c(table, '\n'); // an empty line ends it
    if (strstr(document, table->str) == NULL) {
        g_error("docs/permissions.md must hold this table:\n%s", table->str);
    }
}

static void the_rows_are_sorted(void) {
    const char *action = NULL;
    enum access_class class = CLASS_COUNT;
    bool makes_keys = false;
    const char *last = "";
    size_t count = 0;
    while (gate_row_at(count, &action, &class, &makes_keys)) {
        g_assert_cmpstr(last, <, action);
        last = action;
        count++;
    }
    g_assert_cmpuint(count, ==, operation_count);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/every_handler_has_a_policy_and_the_other_way_round",
                    every_handler_has_a_policy_and_the_other_way_round);
    g_test_add_func("/gate/every_handler_is_an_operation_of_the_specification",
                    every_handler_is_an_operation_of_the_specification);
    g_test_add_func("/gate/a_handler_that_is_missing_is_found", a_handler_that_is_missing_is_found);
    g_test_add_func("/gate/sources_are_registered_by_dbas_and_administrators",
                    sources_are_registered_by_dbas_and_administrators);
    g_test_add_func("/gate/an_operation_without_a_row_is_refused",
                    an_operation_without_a_row_is_refused);
    g_test_add_func("/gate/a_policy_takes_away_and_never_gives",
                    a_policy_takes_away_and_never_gives);
    g_test_add_func("/gate/a_damaged_policy_forbids_everything",
                    a_damaged_policy_forbids_everything);
    g_test_add_func("/gate/tenant_and_user_must_be_active", tenant_and_user_must_be_active);
    g_test_add_func("/gate/a_temporary_key_makes_no_keys", a_temporary_key_makes_no_keys);
    g_test_add_func("/gate/the_operations_of_each_class_are_the_documented_ones",
                    the_operations_of_each_class_are_the_documented_ones);
    g_test_add_func("/gate/the_rows_are_sorted", the_rows_are_sorted);
    return g_test_run();
}
