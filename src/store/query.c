// SPDX-License-Identifier: Apache-2.0
//
// Running the store's statements with few words. It knows no table.

#include "store/query.h"

#include "base/fault.h"

static void bind(struct sql_statement *statement, int position, const struct query_value *value) {
    switch (value->type) {
    case SQL_INTEGER: sql_bind_int(statement, position, value->integer); return;
    case SQL_TEXT: sql_bind_text(statement, position, value->data); return;
    case SQL_BLOB:
        if (value->data != NULL) {
            sql_bind_blob(statement, position, value->data, value->len);
            return;
        }
        sql_bind_null(statement, position);
        return;
    case SQL_NULL:
    case SQL_REAL: break;
    }
    g_assert_not_reached();
}

bool query_start(struct sql *sql, const char *text, struct query_values values,
                 struct sql_statement **ret_statement, GError **error) {
    struct sql_statement *statement = NULL;
    if (!sql_prepare(sql, text, &statement, error)) {
        return false;
    }
    for (size_t i = 0; i < values.count; i++) {
        bind(statement, (int)i + 1, &values.items[i]);
    }
    *ret_statement = statement;
    return true;
}

bool query_next(struct sql_statement *statement, bool *ret_row, GError **error) {
    enum sql_step step = SQL_DONE;
    if (!sql_step(statement, &step, error)) {
        return false;
    }
    *ret_row = step == SQL_ROW;
    return true;
}

bool query_one(struct sql *sql, const char *text, struct query_values values,
               struct sql_statement **ret_statement, bool *ret_row, GError **error) {
    struct sql_statement *statement = NULL;
    if (!query_start(sql, text, values, &statement, error) ||
        !query_next(statement, ret_row, error)) {
        return false;
    }
    *ret_statement = statement;
    return true;
}

bool query_int(struct sql *sql, const char *text, struct query_values values, int64_t absent,
               int64_t *ret_value, GError **error) {
    struct sql_statement *statement = NULL;
    bool has_row = false;
    if (!query_one(sql, text, values, &statement, &has_row, error)) {
        return false;
    }
    bool is_there = has_row && sql_column_type(statement, 0) != SQL_NULL;
    *ret_value = is_there ? sql_column_int(statement, 0) : absent;
    sql_reset(statement);
    return true;
}

bool query_run(struct sql *sql, const char *text, struct query_values values, GError **error) {
    struct sql_statement *statement = NULL;
    return query_start(sql, text, values, &statement, error) && sql_run(statement, NULL, error);
}

bool query_change(struct sql *sql, const char *text, struct query_values values, GError **error) {
    struct sql_statement *statement = NULL;
    int64_t changed = 0;
    if (!query_start(sql, text, values, &statement, error) ||
        !sql_run(statement, &changed, error)) {
        return false;
    }
    if (changed != 1) {
        fault_set(error, FAULT_INTERNAL,
                  "a stored row was not in the state that it has in memory (%" G_GINT64_FORMAT
                  " rows): %s",
                  changed, text);
        return false;
    }
    return true;
}

char *query_text(struct sql_statement *statement, int column) {
    return g_strdup(sql_column_text(statement, column));
}

bool query_enum(struct sql_statement *statement, int column, int count, const char *what,
                int *ret_value, GError **error) {
    int64_t value = sql_column_int(statement, column);
    if (value < 0 || value >= count) {
        fault_set(error, FAULT_INVALID_DATA, "the store holds %" G_GINT64_FORMAT " as %s", value,
                  what);
        return false;
    }
    *ret_value = (int)value;
    return true;
}

char *query_needle(const char *search) {
    bool finds_all = search == NULL || *search == '\0';
    return finds_all ? NULL : g_ascii_strdown(search, -1); // as the database's lower()
}
