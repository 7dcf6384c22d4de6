// SPDX-License-Identifier: Apache-2.0
//
// The word of a statement, whatever stands around it.
#include <glib.h>
#include <string.h>

#include "sql/word.h"

static const struct {
    const char *text;
    const char *word;
} CASES[] = {
    { "select 1", "SELECT" },
    { "  -- INSERT\n /* DROP */ ;Select 1", "SELECT" },
    { "(SELECT 1) UNION SELECT 2", "SELECT" },
    { "INSERT INTO t VALUES ('DELETE')", "INSERT" },
    { "create table t (a)", "CREATE_TABLE" },
    { "CREATE TEMP TABLE IF NOT EXISTS t (a)", "CREATE_TABLE" },
    { "CREATE OR REPLACE /* TABLE */ VIEW v AS SELECT 1", "CREATE_VIEW" },
    { "CREATE UNIQUE INDEX i ON t (a)", "CREATE_INDEX" },
    { "CREATE", "CREATE" },
    { "DROP TRIGGER r", "DROP_TRIGGER" },
    { "ALTER TABLE t ADD COLUMN view TEXT", "ALTER_TABLE" },
    { "WITH n AS (SELECT 1) SELECT * FROM n", "SELECT" },
    { "WITH \"insert\" AS (DELETE FROM t RETURNING a) INSERT INTO u SELECT 1", "INSERT" },
    { "WITH", "WITH" },
    { "PRAGMA user_version", "PRAGMA" },
    { "", "OTHER" },
    { "-- nothing", "OTHER" },
    { "/* open", "OTHER" },
    { "'text'", "OTHER" },
    { "(((", "OTHER" },
};

static void a_statement_has_one_word(void) {
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        char word[SQL_WORD_BYTES];
        sql_word(CASES[i].text, strlen(CASES[i].text), word);
        g_test_message("%s", CASES[i].text);
        g_assert_cmpstr(word, ==, CASES[i].word);
    }
}

static void a_word_of_any_length_fits(void) {
    g_autofree char *text = g_strnfill(5000, 'x');
    char word[SQL_WORD_BYTES];
    sql_word(text, strlen(text), word);
    g_assert_cmpint(strlen(word), ==, SQL_WORD_BYTES - 1);
}

static void only_so_many_bytes_are_read(void) {
    char word[SQL_WORD_BYTES];
    sql_word("SELECTED", 6, word);
    g_assert_cmpstr(word, ==, "SELECT");
    static const char *const OPEN[] = {
        "'", "\"", "[", "`", "--", "/*", "WITH '", "CREATE [", "]"
    };
    for (size_t i = 0; i < G_N_ELEMENTS(OPEN); i++) {
        sql_word(OPEN[i], strlen(OPEN[i]), word);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/word/a_statement_has_one_word", a_statement_has_one_word);
    g_test_add_func("/word/a_word_of_any_length_fits", a_word_of_any_length_fits);
    g_test_add_func("/word/only_so_many_bytes_are_read", only_so_many_bytes_are_read);
    return g_test_run();
}
