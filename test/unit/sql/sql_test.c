// SPDX-License-Identifier: Apache-2.0
//
// The door to databases, on a real SQLite file.

#include "sql/sqlite.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/fault.h"

static char *scratch;

static char *scratch_path(const char *name) {
    return g_build_filename(scratch, name, NULL);
}

static struct sql *open_file(const char *name, enum sql_mode mode) {
    g_autofree char *path = scratch_path(name);
    g_autoptr(GError) error = NULL;
    struct sql *sql = NULL;
    bool is_open = sqlite_open(path, mode, &sql, &error);
    g_assert_no_error(error);
    g_assert_true(is_open);
    return sql;
}

static void script(struct sql *sql, const char *text) {
    g_autoptr(GError) error = NULL;
    bool is_good = sql_script(sql, text, &error);
    g_assert_no_error(error);
    g_assert_true(is_good);
}

static int64_t number(struct sql *sql, const char *text) {
    g_autoptr(GError) error = NULL;
    struct sql_statement *statement = NULL;
    enum sql_step step = SQL_DONE;
    const char *rest = NULL;
    g_assert_true(sql_prepare_user(sql, text, &statement, &rest, &error));
    g_assert_true(sql_step(statement, &step, &error));
    g_assert_cmpint(step, ==, SQL_ROW);
    int64_t value = sql_column_int(statement, 0);
    sql_finish(statement);
    return value;
}

static void values_come_back_as_they_were_bound(void) {
    static const char INSERT[] = "INSERT INTO t (a, b, c, d) VALUES (?1, ?2, ?3, ?4)";
    static const char SELECT[] = "SELECT a, b, c, d FROM t";
    struct sql *sql = open_file("values.db", SQL_STORE_WRITER);
    struct sql_statement *statement = NULL;
    enum sql_step step = SQL_DONE;
    int64_t changed = 0;
    script(sql, "CREATE TABLE t (a, b, c, d)");
    g_assert_true(sql_prepare(sql, INSERT, &statement, NULL));
    sql_bind_int(statement, 1, INT64_C(1) << 53);
    sql_bind_text(statement, 2, "Größe");
    sql_bind_blob(statement, 3, "\0\1\2", 3);
    sql_bind_null(statement, 4);
    g_assert_true(sql_run(statement, &changed, NULL));
    g_assert_cmpint(changed, ==, 1);
    g_assert_false(sql_is_query(statement));
    struct sql_statement *again = NULL;
    g_assert_true(sql_prepare(sql, INSERT, &again, NULL));
    g_assert_true(again == statement);

    size_t len = 0;
    g_assert_true(sql_prepare(sql, SELECT, &statement, NULL));
    g_assert_true(sql_is_query(statement) && sql_is_readonly(statement));
    g_assert_true(sql_step(statement, &step, NULL));
    g_assert_cmpint(sql_column_count(statement), ==, 4);
    g_assert_cmpstr(sql_column_name(statement, 1), ==, "b");
    g_assert_cmpint(sql_column_int(statement, 0), ==, INT64_C(1) << 53);
    g_assert_cmpstr(sql_column_text(statement, 1), ==, "Größe");
    g_assert_cmpint(sql_column_type(statement, 2), ==, SQL_BLOB);
    const void *bytes = sql_column_blob(statement, 2, &len);
    g_assert_cmpmem(bytes, len, "\0\1\2", 3);
    g_assert_cmpint(sql_column_type(statement, 3), ==, SQL_NULL);
    g_assert_null(sql_column_text(statement, 3));
    g_assert_true(sql_step(statement, &step, NULL));
    g_assert_cmpint(step, ==, SQL_DONE);
    sql_close(sql);
}

static void users_statements_are_split_where_they_end(void) {
    struct sql *sql = open_file("split.db", SQL_USER);
    const char *rest =
        "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('a;b'); -- the end; really\n  ";
    struct sql_statement *statement = NULL;
    int count = 0;
    while (rest != NULL) {
        g_assert_true(sql_prepare_user(sql, rest, &statement, &rest, NULL));
        if (statement != NULL) {
            g_assert_true(sql_run(statement, NULL, NULL));
            count++;
        }
        sql_finish(statement);
    }
    g_assert_cmpint(count, ==, 2);
    g_assert_cmpint(number(sql, "SELECT count(*) FROM t WHERE a = 'a;b'"), ==, 1);
    sql_close(sql);
}

static void refused_sql_carries_the_databases_text(void) {
    struct sql *sql = open_file("refused.db", SQL_USER);
    g_autoptr(GError) error = NULL;
    struct sql_statement *statement = NULL;
    const char *rest = NULL;
    g_assert_false(sql_prepare_user(sql, "SELEC 1", &statement, &rest, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    g_assert_nonnull(strstr(error->message, "near \"SELEC\""));
    sql_close(sql);
}

static void a_user_can_not_attach_another_file(void) {
    struct sql *sql = open_file("attach.db", SQL_USER);
    g_autoptr(GError) error = NULL;
    g_assert_false(sql_script(sql, "ATTACH DATABASE ':memory:' AS other", &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    sql_close(sql);
}

static const char ENDLESS[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

static void a_statement_ends_at_its_time_limit(void) {
    struct sql *sql = open_file("limit.db", SQL_USER);
    g_autoptr(GError) error = NULL;
    sql_set_timeout(sql, 50);
    g_assert_false(sql_script(sql, ENDLESS, &error));
    g_assert_true(fault_is(error, FAULT_UNAVAILABLE));
    g_assert_nonnull(strstr(error->message, "too long"));
    g_assert_cmpint(number(sql, "SELECT 7"), ==, 7);
    sql_close(sql);
}

static void *cancel_until_told(void *user) {
    struct sql *sql = user;
    for (int i = 0; i < 100; i++) {
        g_usleep(5000);
        sql_cancel(sql);
    }
    return NULL;
}

static void a_statement_can_be_cancelled_from_another_thread(void) {
    struct sql *sql = open_file("cancel.db", SQL_USER);
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_new("cancel", cancel_until_told, sql);
    g_assert_false(sql_script(sql, ENDLESS, &error));
    g_assert_true(fault_is(error, FAULT_UNAVAILABLE));
    g_thread_join(thread);
    sql_close(sql);
}

static void a_statement_behind_a_lock_can_be_cancelled(void) {
    struct sql *holder = open_file("lock.db", SQL_USER);
    struct sql *waiter = open_file("lock.db", SQL_USER);
    g_autoptr(GError) error = NULL;
    script(holder, "CREATE TABLE t (a)");
    g_assert_true(sql_begin(holder, NULL));
    script(holder, "INSERT INTO t VALUES (1)");
    GThread *thread = g_thread_new("cancel", cancel_until_told, waiter);
    int64_t began_us = g_get_monotonic_time();
    g_assert_false(sql_script(waiter, "INSERT INTO t VALUES (2)", &error));
    g_assert_cmpint(g_get_monotonic_time() - began_us, <, 10 * G_USEC_PER_SEC);
    g_assert_true(fault_is(error, FAULT_UNAVAILABLE));
    g_thread_join(thread);
    sql_rollback(holder);
    sql_close(waiter);
    sql_close(holder);
}

static void a_savepoint_takes_back_only_what_came_after_it(void) {
    struct sql *sql = open_file("save.db", SQL_STORE_WRITER);
    script(sql, "CREATE TABLE t (a)");
    g_assert_true(sql_begin(sql, NULL));
    script(sql, "INSERT INTO t VALUES (1)");
    g_assert_true(sql_savepoint(sql, NULL));
    script(sql, "INSERT INTO t VALUES (2)");
    sql_rollback_to_savepoint(sql);
    g_assert_true(sql_savepoint(sql, NULL));
    script(sql, "INSERT INTO t VALUES (3)");
    g_assert_true(sql_release(sql, NULL));
    g_assert_true(sql_commit(sql, NULL));
    g_assert_cmpint(number(sql, "SELECT sum(a) FROM t"), ==, 4);
    sql_close(sql);
}

static void a_reader_can_not_write_and_sees_commits(void) {
    struct sql *writer = open_file("reader.db", SQL_STORE_WRITER);
    script(writer, "CREATE TABLE t (a)");
    struct sql *reader = open_file("reader.db", SQL_STORE_READER);
    g_autoptr(GError) error = NULL;
    g_assert_false(sql_script(reader, "INSERT INTO t VALUES (1)", &error));
    g_assert_true(fault_is(error, FAULT_IO));
    script(writer, "INSERT INTO t VALUES (1)");
    g_assert_cmpint(number(reader, "SELECT count(*) FROM t"), ==, 1);
    sql_close(reader);
    sql_close(writer);
}

static void the_store_writes_ahead_and_syncs_every_commit(void) {
    struct sql *sql = open_file("modes.db", SQL_STORE_WRITER);
    g_assert_cmpint(number(sql, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), ==, 1);
    g_assert_cmpint(number(sql, "SELECT synchronous FROM pragma_synchronous"), ==, 2);
    sql_close(sql);
}

static void the_log_is_used_again_instead_of_growing(void) {
    struct sql *sql = open_file("wal.db", SQL_STORE_WRITER);
    g_autofree char *path = scratch_path("wal.db-wal");
    script(sql, "CREATE TABLE t (a)");
    for (int i = 0; i < 40; i++) {
        script(sql, "INSERT INTO t VALUES (zeroblob(1048576)); DELETE FROM t");
    }
    GStatBuf status;
    g_assert_cmpint(g_stat(path, &status), ==, 0);
    g_assert_cmpint(status.st_size, <, 16 * 1024 * 1024);
    sql_close(sql);
}

static void a_file_that_is_no_database_is_refused(void) {
    g_autofree char *path = scratch_path("text.db");
    struct sql *sql = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(
        g_file_set_contents(path,
                            "This is a text of more than a hundred letters, which no database "
                            "begins with, so that opening it must fail with a clear fault.",
                            -1, NULL));
    g_assert_false(sqlite_open(path, SQL_STORE_WRITER, &sql, &error));
    g_assert_true(fault_is(error, FAULT_IO));
}

static void an_open_transaction_is_seen(void) {
    struct sql *sql = open_file("open.db", SQL_USER);
    g_assert_false(sql_in_transaction(sql));
    script(sql, "BEGIN");
    g_assert_true(sql_in_transaction(sql));
    script(sql, "CREATE TABLE t (a)");
    g_assert_true(sql_in_transaction(sql));
    script(sql, "COMMIT");
    g_assert_false(sql_in_transaction(sql));
    script(sql, "SAVEPOINT s");
    g_assert_true(sql_in_transaction(sql));
    sql_rollback(sql);
    g_assert_false(sql_in_transaction(sql));
    g_assert_true(sql_begin(sql, NULL));
    g_assert_true(sql_in_transaction(sql));
    sql_close(sql);
}

static void walks_without_an_index_are_counted(void) {
    static const char BY_KEY[] = "SELECT b FROM t WHERE a = 3";
    static const char BY_OTHER[] = "SELECT a FROM t WHERE b = 3";
    struct sql *sql = open_file("walks.db", SQL_STORE_WRITER);
    struct sql_statement *statement = NULL;
    script(sql, "CREATE TABLE t (a INTEGER PRIMARY KEY, b);"
                "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4)");
    g_assert_true(sql_prepare(sql, BY_KEY, &statement, NULL) && sql_run(statement, NULL, NULL));
    g_assert_cmpint(sql_scan_steps(sql), ==, 0);
    g_assert_true(sql_prepare(sql, BY_OTHER, &statement, NULL) && sql_run(statement, NULL, NULL));
    g_assert_cmpint(sql_scan_steps(sql), >, 0);
    g_assert_true(sql_check(sql, NULL));
    sql_close(sql);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    scratch = g_strdup("/var/tmp/sluice-sql-XXXXXX");
    g_assert_nonnull(g_mkdtemp(scratch));
    g_test_add_func("/sql/values_come_back_as_they_were_bound",
                    values_come_back_as_they_were_bound);
    g_test_add_func("/sql/users_statements_are_split_where_they_end",
                    users_statements_are_split_where_they_end);
    g_test_add_func("/sql/refused_sql_carries_the_databases_text",
                    refused_sql_carries_the_databases_text);
    g_test_add_func("/sql/a_user_can_not_attach_another_file", a_user_can_not_attach_another_file);
    g_test_add_func("/sql/a_statement_ends_at_its_time_limit", a_statement_ends_at_its_time_limit);
    g_test_add_func("/sql/a_statement_can_be_cancelled_from_another_thread",
                    a_statement_can_be_cancelled_from_another_thread);
    g_test_add_func("/sql/a_statement_behind_a_lock_can_be_cancelled",
                    a_statement_behind_a_lock_can_be_cancelled);
    g_test_add_func("/sql/a_savepoint_takes_back_only_what_came_after_it",
                    a_savepoint_takes_back_only_what_came_after_it);
    g_test_add_func("/sql/a_reader_can_not_write_and_sees_commits",
                    a_reader_can_not_write_and_sees_commits);
    g_test_add_func("/sql/the_store_writes_ahead_and_syncs_every_commit",
                    the_store_writes_ahead_and_syncs_every_commit);
    g_test_add_func("/sql/the_log_is_used_again_instead_of_growing",
                    the_log_is_used_again_instead_of_growing);
    g_test_add_func("/sql/a_file_that_is_no_database_is_refused",
                    a_file_that_is_no_database_is_refused);
    g_test_add_func("/sql/walks_without_an_index_are_counted", walks_without_an_index_are_counted);
    g_test_add_func("/sql/an_open_transaction_is_seen", an_open_transaction_is_seen);
    int code = g_test_run();
    GDir *dir = g_dir_open(scratch, 0, NULL);
    for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
        g_autofree char *path = scratch_path(name);
        (void)g_unlink(path);
    }
    g_dir_close(dir);
    (void)g_rmdir(scratch);
    g_free(scratch);
    return code;
}
