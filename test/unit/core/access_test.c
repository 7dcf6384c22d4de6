// SPDX-License-Identifier: Apache-2.0
//
// Both matrices of permission, printed whole and compared with docs/permissions.md, and what holds over every set of roles.
#include <glib.h>
#include <string.h>

#include "core/access.h"
#include "core/model.h"

enum { ROLE_COUNT = 5, ROLE_SETS = 1 << ROLE_COUNT };

static const char *word(bool is_allowed) {
    return is_allowed ? "yes" : "no";
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

// The table of the code must stand in the document as it is, and the document's table must have no further rows.
static void compare_table(GString *table) {
    g_autofree char *document = read_document();
    g_auto(GStrv) lines = g_strsplit(table->str, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_test_message("%s", *line);
    }
    g_string_append_c(table, '\n'); // an empty line ends it
    if (strstr(document, table->str) == NULL) {
        g_error("docs/permissions.md must hold this table:\n%s", table->str);
    }
}

static void the_matrix_of_flows_is_the_documented_one(void) {
    g_autoptr(GString) table = g_string_new("| Relation |");
    for (int right = 0; right < ACCESS_RIGHT_COUNT; right++) {
        g_string_append_printf(table, " %s |", access_right_name((enum access_right)right));
    }
    g_string_append(table, "\n| --- | --- | --- | --- | --- |\n");
    static const struct {
        unsigned roles;
        const char *text;
    } rows[] = { { ROLE_USER, "" },
                 { ROLE_STRUCT_READ_ONLY, ", with STRUCT_READ_ONLY" },
                 { ROLE_DBA, ", with DBA" },
                 { ROLE_ADMIN, ", with ADMIN" } };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (int relation = 0; relation < RELATION_COUNT; relation++) {
            g_string_append_printf(table, "| %s%s |",
                                   access_relation_name((enum access_relation)relation),
                                   rows[i].text);
            for (int right = 0; right < ACCESS_RIGHT_COUNT; right++) {
                g_string_append_printf(
                    table, " %s |",
                    word(access_allows(rows[i].roles, (enum access_relation)relation,
                                       (enum access_right)right)));
            }
            g_string_append_c(table, '\n');
        }
    }
    compare_table(table);
}

static void the_matrix_of_classes_is_the_documented_one(void) {
    g_autoptr(GString) table =
        g_string_new("| Class | USER | DBA | ADMIN | SECURITY_ADMIN | STRUCT_READ_ONLY | "
                     "first administrator |\n| --- | --- | --- | --- | --- | --- | --- |\n");
    for (int wanted = 0; wanted < CLASS_COUNT; wanted++) {
        g_string_append_printf(table, "| %s |", access_class_name((enum access_class)wanted));
        for (int role = 0; role < ROLE_COUNT; role++) {
            struct caller caller = { .roles = 1U << role };
            g_string_append_printf(table, " %s |",
                                   word(access_permits(&caller, (enum access_class)wanted)));
        }
        struct caller first = { .roles = ROLE_ADMIN | ROLE_DBA, .is_operator = true };
        g_string_append_printf(table, " %s |\n",
                               word(access_permits(&first, (enum access_class)wanted)));
    }
    compare_table(table);
}

// Row by row as behaviour.md §8 has them; the workspace's rows are ours.
static void the_four_rows_of_the_specification_hold(void) {
    static const struct {
        unsigned roles;
        enum access_relation relation;
        bool rights[ACCESS_RIGHT_COUNT];
    } rows[] = {
        { ROLE_USER, RELATION_OWNER, { true, true, true, true } },
        { ROLE_USER, RELATION_COOPERATOR, { true, true, false, false } },
        { ROLE_DBA, RELATION_OTHER, { true, true, true, true } },
        { ROLE_ADMIN, RELATION_OTHER, { true, true, true, true } },
        { ROLE_USER, RELATION_OTHER, { false, false, false, false } },
        { ROLE_SECURITY_ADMIN, RELATION_OTHER, { false, false, false, false } },
        { ROLE_SECURITY_ADMIN, RELATION_OWNER, { true, true, true, true } },
        { ROLE_STRUCT_READ_ONLY, RELATION_OWNER, { true, false, true, true } },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (int right = 0; right < ACCESS_RIGHT_COUNT; right++) {
            g_assert_cmpint(
                access_allows(rows[i].roles, rows[i].relation, (enum access_right)right), ==,
                rows[i].rights[right]);
        }
    }
}

static void over_all_roles_a_managing_one_may_everything_and_a_reader_runs_nothing(void) {
    for (unsigned roles = 1; roles < ROLE_SETS; roles++) {
        bool manages = (roles & (ROLE_DBA | ROLE_ADMIN)) != 0;
        g_assert_cmpint(access_manages(roles), ==, manages);
        struct caller caller = { .roles = roles };
        bool may_run = manages || (roles & ROLE_STRUCT_READ_ONLY) == 0;
        g_assert_cmpint(access_permits(&caller, CLASS_RUNS), ==, may_run);
        g_assert_true(access_permits(&caller, CLASS_MEMBER));
        for (int relation = 0; relation < RELATION_COUNT; relation++) {
            bool views = access_allows(roles, (enum access_relation)relation, ACCESS_VIEW);
            for (int right = 0; right < ACCESS_RIGHT_COUNT; right++) {
                bool is_allowed =
                    access_allows(roles, (enum access_relation)relation, (enum access_right)right);
                g_assert_true(!manages || is_allowed);
                g_assert_true(!is_allowed || views); // nobody changes what they can not see
                g_assert_true(!is_allowed || right != ACCESS_OPERATE || may_run);
            }
        }
    }
}

static void each_relation_may_what_the_weaker_one_may(void) {
    for (int relation = 1; relation < RELATION_COUNT; relation++) {
        for (int right = 0; right < ACCESS_RIGHT_COUNT; right++) {
            bool weaker = access_allows(ROLE_USER, (enum access_relation)(relation - 1),
                                        (enum access_right)right);
            g_assert_true(!weaker || access_allows(ROLE_USER, (enum access_relation)relation,
                                                   (enum access_right)right));
        }
    }
}

static void without_a_role_nothing_is_permitted(void) {
    struct caller nobody = { .is_operator = true };
    for (int wanted = 0; wanted < CLASS_COUNT; wanted++) {
        g_assert_false(access_permits(&nobody, (enum access_class)wanted));
    }
}

static void only_the_first_administrator_makes_tenants(void) {
    struct caller administrator = { .roles = ROLE_ADMIN | ROLE_DBA };
    g_assert_false(access_permits(&administrator, CLASS_OPERATOR));
    administrator.is_operator = true;
    g_assert_true(access_permits(&administrator, CLASS_OPERATOR));
    administrator.roles = ROLE_USER; // was demoted
    g_assert_false(access_permits(&administrator, CLASS_OPERATOR));
}

// proposed: no rights on single databases; who may run nothing in flows runs no SQL either.
static void every_user_but_a_reader_of_structures_runs_sql(void) {
    for (unsigned roles = 1; roles < ROLE_SETS; roles++) {
        bool manages = (roles & (ROLE_DBA | ROLE_ADMIN)) != 0;
        bool may_run = manages || (roles & ROLE_STRUCT_READ_ONLY) == 0;
        g_assert_cmpint(access_runs_sql(roles), ==, may_run);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/access/the_matrix_of_flows_is_the_documented_one",
                    the_matrix_of_flows_is_the_documented_one);
    g_test_add_func("/access/the_matrix_of_classes_is_the_documented_one",
                    the_matrix_of_classes_is_the_documented_one);
    g_test_add_func("/access/the_four_rows_of_the_specification_hold",
                    the_four_rows_of_the_specification_hold);
    g_test_add_func(
        "/access/over_all_roles_a_managing_one_may_everything_and_a_reader_runs_nothing",
        over_all_roles_a_managing_one_may_everything_and_a_reader_runs_nothing);
    g_test_add_func("/access/each_relation_may_what_the_weaker_one_may",
                    each_relation_may_what_the_weaker_one_may);
    g_test_add_func("/access/without_a_role_nothing_is_permitted",
                    without_a_role_nothing_is_permitted);
    g_test_add_func("/access/only_the_first_administrator_makes_tenants",
                    only_the_first_administrator_makes_tenants);
    g_test_add_func("/access/every_user_but_a_reader_of_structures_runs_sql",
                    every_user_but_a_reader_of_structures_runs_sql);
    return g_test_run();
}
