// SPDX-License-Identifier: Apache-2.0
//
// core/split against SQLite itself: of every script that SQLite's own parser can read to its end, both find the same statements. The scripts are
// put together at random from whole statements and from pieces, and cut and joined where it hurts.
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "core/split.h"
#include "sql/sqlite.h"

enum { SCRIPTS = 20000, PIECES_MAX = 7 };

#define UPDATE_TRIGGER                                                                             \
    "CREATE TEMP TRIGGER r2 AFTER UPDATE OF a ON t WHEN CASE WHEN new.a THEN 1 END BEGIN UPDATE u" \
    " SET a = CASE new.a WHEN 1 THEN 2 ELSE 3 END WHERE a = ';END;'; DELETE FROM u WHERE 0;"       \
    " SELECT 1; END"
#define DELETE_TRIGGER                                                                             \
    "create trigger if not exists end after delete on t begin select end from w; delete from u;"   \
    " end"
static const char *const statements[] = {
    "SELECT 1",
    "SELECT ';', \"a;\", `b;`, [c;] FROM (SELECT 1 AS \"a;\", 2 AS `b;`, 3 AS [c;])",
    "SELECT 'it''s;' || x'3b3b' || 'END;'",
    "SELECT CASE WHEN a THEN 'END' ELSE CASE a WHEN 1 THEN 2 END END FROM t",
    "INSERT INTO t (a) VALUES (1), ('; END;')",
    "CREATE TABLE IF NOT EXISTS trigger_log (a, end TEXT DEFAULT 'x;', \"begin;\" INT)",
    "CREATE TRIGGER r1 AFTER INSERT ON t BEGIN INSERT INTO u VALUES (new.a); END",
    UPDATE_TRIGGER,
    DELETE_TRIGGER,
    "EXPLAIN CREATE TRIGGER r3 AFTER INSERT ON t BEGIN SELECT 1; END",
    "EXPLAIN QUERY PLAN SELECT a FROM t",
    "WITH c AS (SELECT 1) SELECT * FROM c",
    "SELECT $a, :b, @c, ?1, $d(;), $e::f('x)",
    "PRAGMA user_version",
    "BEGIN",
    "END",
    "COMMIT",
    "SAVEPOINT begin",
    "ANALYZE",
};
static const char *const pieces[] = {
    ";",         ";;",        "; ",       " ;\n",    "\n",     "\t",
    "-- a;b'\n", "/* ; ' */", "/* a */ ", "--\n",    "/**/",   "/*/ */",
    "/* open;",  "'",         "\"",       "`",       "[",      "]",
    "(",         ")",         " END ",    " BEGIN ", " CASE ", "CREATE ",
    "TRIGGER ",  "$x",        "-",        "/",       "*",      "\xef\xbb\xbf",
    ".",         "x",         "1",        ":",       "::",     "\xc3\xa9",
};

static struct sql *open_database(void) {
    struct sql *sql = NULL;
    g_autoptr(GError) error = NULL;
    (void)(sqlite_open(":memory:", SQL_USER, &sql, &error) &&
           sql_script(sql, "CREATE TABLE t (a, b, end); CREATE TABLE u (a); CREATE TABLE w (end);",
                      &error));
    g_assert_no_error(error);
    return sql;
}

static char *make_script(GRand *rand) {
    GString *script = g_string_new(NULL);
    int count = g_rand_int_range(rand, 0, PIECES_MAX);
    for (int i = 0; i < count; i++) {
        if (g_rand_int_range(rand, 0, 3) > 0) {
            g_string_append(script,
                            statements[g_rand_int_range(rand, 0, G_N_ELEMENTS(statements))]);
            g_string_append(script, g_rand_int_range(rand, 0, 8) > 0 ? ";" : " ");
        }
        if (g_rand_boolean(rand)) {
            g_string_append(script, pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]);
        }
    }
    if (script->len > 0 && g_rand_int_range(rand, 0, 10) == 0) {
        g_string_truncate(script, (gsize)g_rand_int_range(rand, 0, (gint32)script->len));
    }
    return g_string_free(script, FALSE);
}

// Where SQLite says that its statements end. False: it can not read them all.
static bool read_by_sqlite(struct sql *sql, const char *script, GArray *ends) {
    const char *rest = script;
    while (rest != NULL) {
        struct sql_statement *statement = NULL;
        if (!sql_prepare_user(sql, rest, &statement, &rest, NULL)) {
            return false;
        }
        if (statement != NULL) {
            size_t end = rest != NULL ? (size_t)(rest - script) : strlen(script);
            g_array_append_val(ends, end);
        }
        sql_finish(statement);
    }
    return true;
}

static void check_script(struct sql *sql, const char *script, GArray *ends) {
    struct split split;
    struct split_part part;
    guint count = 0;
    split_init(&split, &dialect_sqlite, script, strlen(script));
    for (; split_next(&split, &part); count++) {
        struct sql_statement *statement = NULL;
        g_autoptr(GError) error = NULL;
        g_assert_cmpuint(count, <, ends->len);
        g_assert_cmpuint(part.at + part.len, ==, g_array_index(ends, size_t, count));
        g_assert_true(sql_prepare_one(sql, script + part.at, part.len, &statement, &error));
        g_assert_nonnull(statement);
        sql_finish(statement);
    }
    g_assert_cmpuint(count, ==, ends->len);
}

static void the_same_statements_as_sqlite(void) {
    struct sql *sql = open_database();
    g_autoptr(GRand) rand = g_rand_new_with_seed(8051129);
    int read_count = 0;
    for (int i = 0; i < SCRIPTS; i++) {
        g_autofree char *script = make_script(rand);
        g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(size_t));
        if (read_by_sqlite(sql, script, ends)) {
            g_test_message("%d: %s", i, script);
            check_script(sql, script, ends);
            read_count++;
        }
    }
    g_assert_cmpint(read_count, >, SCRIPTS / 4);
    sql_close(sql);
}

// What the splitter takes for one statement and the database for two is refused; no part of it is run or forgotten.
static void several_where_one_was_expected_are_refused(void) {
    static const char *const several[] = { "SELECT 1; SELECT 2", "SELECT 1;; x", "SELECT 1; /*" };
    static const char *const one[] = { "SELECT 1", "SELECT 1;", "SELECT 1; -- x", "SELECT 1;; " };
    struct sql *sql = open_database();
    struct sql_statement *statement = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(several); i++) {
        g_assert_false(sql_prepare_one(sql, several[i], strlen(several[i]), &statement, NULL));
        g_assert_null(statement);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(one); i++) {
        g_assert_true(sql_prepare_one(sql, one[i], strlen(one[i]), &statement, NULL));
        g_assert_nonnull(statement);
        sql_finish(statement);
    }
    statement = NULL;
    g_assert_true(sql_prepare_one(sql, "SELECT 1; SELECT 2", 9, &statement, NULL));
    sql_finish(statement);
    sql_close(sql);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/split_sqlite/the_same_statements", the_same_statements_as_sqlite);
    g_test_add_func("/split_sqlite/several_are_refused",
                    several_where_one_was_expected_are_refused);
    return g_test_run();
}
