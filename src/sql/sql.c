// SPDX-License-Identifier: Apache-2.0
//
// The door to all databases: calls the driver, keeps the statements that are used again and again, and spells transactions.
//
// What differs between databases is in their drivers; nothing here knows a client library. A cached statement lives as long as its
// connection; its key is the address of a constant, so that finding it needs no comparison of texts.

#include "sql/sql.h"

#include "base/fault.h"
#include "sql/driver.h"

static const char COMMIT[] = "COMMIT";
static const char ROLLBACK[] = "ROLLBACK";
static const char SAVEPOINT[] = "SAVEPOINT change";
static const char RELEASE[] = "RELEASE SAVEPOINT change";
static const char ROLLBACK_TO[] = "ROLLBACK TO SAVEPOINT change";

bool sql_open(const struct sql_driver *driver, const struct sql_target *target,
              struct sql **ret_sql, GError **error) {
    g_assert(driver != NULL && target != NULL);
    g_assert(ret_sql != NULL);
    struct sql *sql = NULL;
    if (!driver->open(target, &sql, error)) {
        return false;
    }
    sql->driver = driver;
    sql->cache =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)sql_finish);
    *ret_sql = sql;
    return true;
}

void sql_close(struct sql *sql) {
    if (sql == NULL) {
        return;
    }
    g_hash_table_unref(sql->cache);
    sql->driver->close(sql);
}

void sql_cancel(struct sql *sql) {
    sql->driver->cancel(sql);
}

void sql_set_timeout(struct sql *sql, int64_t timeout_ms) {
    g_assert(timeout_ms >= 0);
    sql->driver->set_timeout(sql, timeout_ms);
}

void sql_set_patience(struct sql *sql, int64_t wait_ms) {
    g_assert(wait_ms >= 0);
    sql->driver->set_patience(sql, wait_ms);
}

bool sql_is_cramped(struct sql *sql) {
    return sql->driver->is_cramped(sql);
}

bool sql_prepare(struct sql *sql, const char *text, struct sql_statement **ret_statement,
                 GError **error) {
    struct sql_statement *statement = g_hash_table_lookup(sql->cache, text);
    if (statement != NULL) {
        sql->driver->reset(statement);
        *ret_statement = statement;
        return true;
    }
    if (!sql->driver->prepare(sql, text, -1, &statement, NULL, error)) {
        return false;
    }
    g_assert(statement != NULL);
    statement->sql = sql;
    g_hash_table_insert(sql->cache, (void *)text, statement);
    *ret_statement = statement;
    return true;
}

bool sql_prepare_user(struct sql *sql, const char *text, struct sql_statement **ret_statement,
                      const char **ret_rest, GError **error) {
    const char *rest = text;
    struct sql_statement *statement = NULL;
    while (statement == NULL && *rest != '\0') {
        if (!sql->driver->prepare(sql, rest, -1, &statement, &rest, error)) {
            return false;
        }
    }
    if (statement != NULL) {
        statement->sql = sql;
    }
    *ret_statement = statement;
    *ret_rest = *rest == '\0' ? NULL : rest;
    return true;
}

// Is there a further statement in these bytes, or something that the database can not read?
static bool has_more(struct sql *sql, const char *text, const char *end) {
    struct sql_statement *statement = NULL;
    bool is_read = true;
    while (is_read && statement == NULL && text < end) {
        is_read = sql->driver->prepare(sql, text, end - text, &statement, &text, NULL);
    }
    if (statement != NULL) {
        statement->sql = sql;
        sql_finish(statement);
    }
    return !is_read || statement != NULL;
}

bool sql_prepare_one(struct sql *sql, const char *text, size_t len,
                     struct sql_statement **ret_statement, GError **error) {
    struct sql_statement *statement = NULL;
    const char *rest = text;
    if (!sql->driver->prepare(sql, text, (gssize)len, &statement, &rest, error)) {
        return false;
    }
    if (statement != NULL) {
        statement->sql = sql;
    }
    if (has_more(sql, rest, text + len)) {
        sql_finish(statement);
        fault_set(error, FAULT_INVALID_DATA,
                  "the database reads several statements where one was expected; a semicolon or an "
                  "END is missing or too many");
        return false;
    }
    *ret_statement = statement;
    return true;
}

void sql_finish(struct sql_statement *statement) {
    if (statement != NULL) {
        statement->sql->driver->finish(statement);
    }
}

void sql_bind_int(struct sql_statement *statement, int position, int64_t value) {
    statement->sql->driver->bind_int(statement, position, value);
}

void sql_bind_text(struct sql_statement *statement, int position, const char *value) {
    statement->sql->driver->bind_text(statement, position, value);
}

void sql_bind_blob(struct sql_statement *statement, int position, const void *value, size_t len) {
    statement->sql->driver->bind_blob(statement, position, value, len);
}

void sql_bind_null(struct sql_statement *statement, int position) {
    statement->sql->driver->bind_text(statement, position, NULL);
}

bool sql_step(struct sql_statement *statement, enum sql_step *ret_step, GError **error) {
    return statement->sql->driver->step(statement, ret_step, error);
}

bool sql_run(struct sql_statement *statement, int64_t *ret_changed, GError **error) {
    enum sql_step step = SQL_DONE;
    if (!sql_step(statement, &step, error)) {
        return false;
    }
    if (step == SQL_ROW) {
        sql_reset(statement);
    }
    if (ret_changed != NULL) {
        *ret_changed = sql_changes(statement->sql);
    }
    return true;
}

void sql_reset(struct sql_statement *statement) {
    statement->sql->driver->reset(statement);
}

void sql_reset_all(struct sql *sql) {
    GHashTableIter iter;
    void *statement = NULL;
    g_hash_table_iter_init(&iter, sql->cache);
    while (g_hash_table_iter_next(&iter, NULL, &statement)) {
        sql->driver->reset(statement);
    }
}

int sql_column_count(struct sql_statement *statement) {
    return statement->sql->driver->column_count(statement);
}

const char *sql_column_name(struct sql_statement *statement, int column) {
    return statement->sql->driver->column_name(statement, column);
}

enum sql_type sql_column_type(struct sql_statement *statement, int column) {
    return statement->sql->driver->column_type(statement, column);
}

int64_t sql_column_int(struct sql_statement *statement, int column) {
    return statement->sql->driver->column_int(statement, column);
}

const char *sql_column_text(struct sql_statement *statement, int column) {
    return statement->sql->driver->column_text(statement, column);
}

size_t sql_column_text_len(struct sql_statement *statement, int column) {
    return statement->sql->driver->column_text_len(statement, column);
}

const void *sql_column_blob(struct sql_statement *statement, int column, size_t *ret_len) {
    return statement->sql->driver->column_blob(statement, column, ret_len);
}

int64_t sql_changes(struct sql *sql) {
    return sql->driver->changes(sql);
}

bool sql_is_query(struct sql_statement *statement) {
    return statement->sql->driver->column_count(statement) > 0;
}

bool sql_is_readonly(struct sql_statement *statement) {
    return statement->sql->driver->is_readonly(statement);
}

static bool run_constant(struct sql *sql, const char *text, GError **error) {
    struct sql_statement *statement = NULL;
    return sql_prepare(sql, text, &statement, error) && sql_run(statement, NULL, error);
}

bool sql_begin(struct sql *sql, GError **error) {
    return run_constant(sql, sql->driver->begin_text, error);
}

bool sql_commit(struct sql *sql, GError **error) {
    return run_constant(sql, COMMIT, error);
}

// Rolling back fails only when the database has done so itself, or is broken, which the next statement reports.
void sql_rollback(struct sql *sql) {
    (void)run_constant(sql, ROLLBACK, NULL);
}

bool sql_in_transaction(struct sql *sql) {
    return sql->driver->in_transaction(sql);
}

bool sql_savepoint(struct sql *sql, GError **error) {
    return run_constant(sql, SAVEPOINT, error);
}

bool sql_release(struct sql *sql, GError **error) {
    return run_constant(sql, RELEASE, error);
}

void sql_rollback_to_savepoint(struct sql *sql) {
    (void)run_constant(sql, ROLLBACK_TO, NULL);
    (void)run_constant(sql, RELEASE, NULL);
}

bool sql_catalogue(struct sql *sql, const struct sql_catalogue *catalogue, int64_t skipped_count,
                   GError **error) {
    g_assert(skipped_count >= 0);
    return sql->driver->catalogue(sql, catalogue, skipped_count, error);
}

bool sql_probe(struct sql *sql, char **ret_version, GError **error) {
    struct sql_statement *statement = NULL;
    enum sql_step step = SQL_DONE;
    if (!sql_prepare(sql, sql->driver->probe_text, &statement, error) ||
        !sql_step(statement, &step, error)) {
        return false;
    }
    g_assert(step == SQL_ROW);
    *ret_version = g_strdup(sql_column_text(statement, 0));
    sql_reset(statement);
    return true;
}

bool sql_check(struct sql *sql, GError **error) {
    struct sql_statement *statement = NULL;
    enum sql_step step = SQL_DONE;
    if (!sql_prepare(sql, sql->driver->check_text, &statement, error) ||
        !sql_step(statement, &step, error)) {
        return false;
    }
    const char *complaint = step == SQL_ROW ? sql_column_text(statement, 0) : NULL;
    bool is_sound = complaint != NULL && g_str_equal(complaint, "ok");
    if (!is_sound) {
        fault_set(error, FAULT_IO, "the database is damaged: %s",
                  complaint != NULL ? complaint : "no answer");
    }
    sql_reset(statement);
    return is_sound;
}

int64_t sql_scan_steps(struct sql *sql) {
    int64_t steps = 0;
    GHashTableIter iter;
    void *statement = NULL;
    g_hash_table_iter_init(&iter, sql->cache);
    while (g_hash_table_iter_next(&iter, NULL, &statement)) {
        steps += sql->driver->scan_steps(statement);
    }
    return steps;
}

bool sql_script(struct sql *sql, const char *constant_text, GError **error) {
    const char *rest = constant_text;
    while (rest != NULL) {
        struct sql_statement *statement = NULL;
        if (!sql_prepare_user(sql, rest, &statement, &rest, error)) {
            return false;
        }
        enum sql_step step = statement != NULL ? SQL_ROW : SQL_DONE;
        bool is_good = true;
        while (is_good && step == SQL_ROW) {
            is_good = sql_step(statement, &step, error);
        }
        sql_finish(statement);
        if (!is_good) {
            return false;
        }
    }
    return true;
}
