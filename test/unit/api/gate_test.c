// SPDX-License-Identifier: Apache-2.0
//
// Who may call what: each class of operations, policies, keys; and the page that tells it.
#include "api/gate.h"

#include "base/fault.h"
#include "core/model.h"
#include "store/people.h"

#include <string.h>

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

static char *document_path(void) {
    return g_build_filename(g_getenv("SLUICE_SOURCE"), "docs", "permissions.md", NULL);
}

static char *read_document(void) {
    g_autofree char *path = document_path();
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    (void)g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static void append_class(GString *table, enum access_class wanted) {
    const char *before = "";
    g_string_append_printf(table, "| %s | %s | ", access_class_name(wanted),
                           access_class_text(wanted));
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation *operation = &operation_table[i];
        if (operation->access == wanted) {
            g_string_append_printf(table, "%s`%s`%s", before, operation->action,
                                   operation->makes_keys ? " [1]" : "");
            before = ", ";
        }
    }
    g_string_append(table, " |\n");
}

// With SLUICE_WRITE_DOCS in the environment the page is written instead (scripts/pages.sh).
static void the_operations_of_each_class_are_the_documented_ones(void) {
    static const char head[] = "| Class | Who may | Operations |\n| --- | --- | --- |\n";
    g_autofree char *document = read_document();
    g_auto(GStrv) around = g_strsplit(document, head, 2);
    g_autoptr(GString) table = g_string_new(NULL);
    for (int wanted = 0; wanted < CLASS_COUNT; wanted++) {
        append_class(table, (enum access_class)wanted);
    }
    g_assert_cmpuint(g_strv_length(around), ==, 2);
    g_auto(GStrv) found = g_strsplit(around[1], "\n\n", 2); // an empty line ends it
    g_autofree char *page = g_strconcat(around[0], head, table->str, "\n", found[1], NULL);
    if (g_getenv("SLUICE_WRITE_DOCS") != NULL) {
        g_autofree char *path = document_path();
        g_assert_true(g_file_set_contents(path, page, -1, NULL));
    } else if (strcmp(page, document) != 0) {
        g_error("docs/permissions.md must hold this table, which scripts/pages.sh writes:\n%s%s",
                head, table->str);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gate/sources_are_registered_by_dbas_and_administrators",
                    sources_are_registered_by_dbas_and_administrators);
    g_test_add_func("/gate/a_policy_takes_away_and_never_gives",
                    a_policy_takes_away_and_never_gives);
    g_test_add_func("/gate/a_damaged_policy_forbids_everything",
                    a_damaged_policy_forbids_everything);
    g_test_add_func("/gate/tenant_and_user_must_be_active", tenant_and_user_must_be_active);
    g_test_add_func("/gate/a_temporary_key_makes_no_keys", a_temporary_key_makes_no_keys);
    g_test_add_func("/gate/the_operations_of_each_class_are_the_documented_ones",
                    the_operations_of_each_class_are_the_documented_ones);
    return g_test_run();
}
