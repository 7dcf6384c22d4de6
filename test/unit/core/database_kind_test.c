// SPDX-License-Identifier: Apache-2.0
//
// The table of kinds of databases: each is found by its words, and what is known of it fits together.
#include <glib.h>
#include <string.h>

#include "base/fault.h"
#include "core/database_kind.h"

static void a_kind_is_found_by_its_words_in_any_case(void) {
    g_assert_cmpstr(database_kind_find("SQLite")->word, ==, "sqlite");
    g_assert_cmpstr(database_kind_find("mysql")->word, ==, "mysql");
    g_assert_cmpstr(database_kind_find("POLARDB_ORACLE")->word, ==, "polardb-o");
    g_assert_cmpstr(database_kind_find("polardb_postgresql")->word, ==, "polardb-pg");
    g_assert_null(database_kind_find("14")); // a number is no word of InstanceType
    g_assert_null(database_kind_find("mysq"));
    g_assert_null(database_kind_find(""));
    g_assert_null(database_kind_find(NULL));
    g_assert_cmpstr(database_kind_find_numbered("14")->word, ==, "adb_mysql");
    g_assert_cmpstr(database_kind_find_numbered("18")->word, ==, "adb_postgresql");
    g_assert_cmpstr(database_kind_find_numbered("Dm")->word, ==, "dm");
    g_assert_null(database_kind_find_numbered("0"));
    g_assert_null(database_kind_find_numbered("014"));
    g_assert_null(database_kind_find_numbered(NULL));
    g_assert_cmpstr(database_kind_word("MySQL"), ==, "mysql");
    g_assert_cmpstr(database_kind_word("Other"), ==, "Other");
}

static void a_port_means_the_kind_that_is_known_by_it(void) {
    static const struct {
        int port;
        const char *word;
    } guesses[] = { { 0, "sqlite" },       { 3306, "mysql" },  { 5432, "postgresql" },
                    { 1433, "sqlserver" }, { 1521, "oracle" }, { 6379, "redis" },
                    { 27017, "mongo" } };
    for (size_t i = 0; i < G_N_ELEMENTS(guesses); i++) {
        g_assert_cmpstr(database_kind_by_port(guesses[i].port)->word, ==, guesses[i].word);
    }
    g_assert_null(database_kind_by_port(1));
    g_assert_null(database_kind_by_port(-1));
    g_assert_null(database_kind_by_port(65536));
}

// No word stands for two kinds, and what belongs together is there together.
static void the_table_fits_together(void) {
    const struct database_kind *kind = NULL;
    for (size_t i = 0; (kind = database_kind_at(i)) != NULL; i++) {
        g_test_message("%s", kind->word);
        g_assert_true(database_kind_find(kind->word) == kind);
        g_assert_true(kind->alias == NULL || database_kind_find(kind->alias) == kind);
        g_autofree char *lower = g_ascii_strdown(kind->word, -1);
        g_assert_cmpstr(kind->word, ==, lower);
        g_assert_cmpint(kind->default_port, >=, 0);
        g_assert_cmpint(kind->default_port, <=, 65535);
        g_assert_true(kind->address == ADDRESS_HOST || kind->default_port == 0);
        g_assert_true(kind->driver == NULL || kind->dialect != NULL);
        g_assert_true(kind->default_schema == NULL || kind->default_schema[0] != '\0');
    }
    g_assert_null(database_kind_at(1000));
}

static void what_is_not_served_is_refused_with_what_is(void) {
    const struct database_kind *kind = NULL;
    g_autoptr(GError) known = NULL;
    g_autoptr(GError) unknown = NULL;
    g_autoptr(GError) nothing = NULL;
    g_assert_true(database_kind_require("SQLITE", &kind, NULL));
    g_assert_cmpstr(kind->word, ==, "sqlite");
    g_assert_false(database_kind_require("POLARDB_ORACLE", &kind, &known));
    g_assert_true(fault_is(known, FAULT_NOT_SUPPORTED));
    g_assert_cmpstr(fault_field(known), ==, "InstanceType");
    g_assert_nonnull(strstr(known->message, "polardb-o"));
    g_assert_nonnull(strstr(known->message, "there is: sqlite"));
    g_assert_false(database_kind_require("access", &kind, &unknown));
    g_assert_true(fault_is(unknown, FAULT_INVALID_VALUE));
    g_assert_nonnull(strstr(unknown->message, "served is sqlite, and known besides is mysql, "));
    g_assert_false(database_kind_require(NULL, &kind, &nothing));
    g_assert_true(database_kind_serves(ADDRESS_FILE));
    g_assert_false(database_kind_serves(ADDRESS_HOST));
}

static void check_address(const char *word, const char *host, int port, const char *field) {
    g_autoptr(GError) error = NULL;
    g_test_message("%s %s %d", word, host, port);
    bool is_good = database_kind_check_address(database_kind_find(word), host, port, &error);
    g_assert_cmpint(is_good, ==, field == NULL);
    if (field != NULL) {
        g_assert_true(fault_is(error, FAULT_INVALID_FIELD));
        g_assert_cmpstr(fault_field(error), ==, field);
    }
}

static void an_address_is_written_as_the_kinds_are(void) {
    g_autofree char *longest = g_strnfill(4095, 'a');
    g_autofree char *too_long = g_strnfill(4096, 'a');
    g_autofree char *long_host = g_strnfill(256, 'a');
    longest[0] = '/';
    too_long[0] = '/';
    check_address("sqlite", "/srv/a.db", 0, NULL);
    check_address("sqlite", longest, 0, NULL);
    check_address("sqlite", too_long, 0, "Host");
    check_address("sqlite", "/srv/a.db", 5432, "Port");
    check_address("sqlite", "/srv/a.db", -1, "Port");
    check_address("sqlite", "srv/a.db", 0, "Host");
    check_address("sqlite", "/srv/", 0, "Host");
    check_address("sqlite", "", 0, "Host");
    check_address("postgresql", "db.example.org", 5432, NULL);
    check_address("postgresql", "10.0.0.7", 1, NULL);
    check_address("postgresql", "fe80::1%eth0", 65535, NULL);
    check_address("postgresql", "db", 0, "Port");
    check_address("postgresql", "db", 65536, "Port");
    check_address("postgresql", "", 5432, "Host");
    check_address("postgresql", "-h", 5432, "Host");
    check_address("postgresql", "/run/postgresql", 5432, "Host");
    check_address("postgresql", "db host=other", 5432, "Host");
    check_address("mysql", "db\n", 3306, "Host");
    check_address("mysql", long_host, 3306, "Host");
    check_address("mysql", long_host + 1, 3306, NULL);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/database_kind/words", a_kind_is_found_by_its_words_in_any_case);
    g_test_add_func("/database_kind/ports", a_port_means_the_kind_that_is_known_by_it);
    g_test_add_func("/database_kind/table", the_table_fits_together);
    g_test_add_func("/database_kind/served", what_is_not_served_is_refused_with_what_is);
    g_test_add_func("/database_kind/addresses", an_address_is_written_as_the_kinds_are);
    return g_test_run();
}
