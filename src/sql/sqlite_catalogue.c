// SPDX-License-Identifier: Apache-2.0
//
// What a SQLite file holds, by the pragmas that list it. Its one database is "main"; there is no level between database and table.
//
// SQLite keeps no number of rows. Up to COUNTED_MAX they are counted; of more, the largest row id is the estimate, and where there is none
// the number that was counted. A view that can not be read any more is listed without columns: its fault is its own.

#include "sql/sqlite_catalogue.h"

#include <string.h>

#include "base/fault.h"

enum { COUNTED_MAX = 10000 };

static const char LIST_DATABASES[] = "SELECT 'main', encoding FROM pragma_encoding";
// Tables that a virtual table keeps for itself, and SQLite's own, are nobody's.
static const char LIST_TABLES[] =
    "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow'"
    " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT -1 OFFSET ?1";
// A single INTEGER key of a table with row ids is the row id, which SQLite gives itself.
static const char LIST_COLUMNS[] =
    "SELECT name, type, dflt_value, \"notnull\", pk > 0 AND upper(type) = 'INTEGER' AND ?2 = 0"
    " AND 1 = (SELECT count(*) FROM pragma_table_xinfo(?1) WHERE pk > 0)"
    " FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid";

static bool list_databases(struct sql *sql, const struct sql_catalogue *catalogue, GError **error) {
    struct sql_statement *row = NULL;
    enum sql_step step = SQL_DONE;
    if (!sql_prepare(sql, LIST_DATABASES, &row, error) || !sql_step(row, &step, error)) {
        return false;
    }
    g_assert(step == SQL_ROW);
    struct sql_database database = { .name = sql_column_text(row, 0),
                                     .encoding = sql_column_text(row, 1) };
    catalogue->database(&database, catalogue->user);
    sql_reset(row);
    return true;
}

// The number that a query gives; -1 when it gives none, whatever the reason.
static int64_t ask_number(struct sql *sql, const char *text) {
    struct sql_statement *row = NULL;
    const char *rest = NULL;
    enum sql_step step = SQL_DONE;
    int64_t number = -1;
    if (sql_prepare_user(sql, text, &row, &rest, NULL) && sql_step(row, &step, NULL) &&
        step == SQL_ROW && sql_column_type(row, 0) == SQL_INTEGER) {
        number = sql_column_int(row, 0);
    }
    sql_finish(row);
    return number;
}

static char *quote_name(const char *name) {
    GString *quoted = g_string_new("\"");
    for (const char *at = name; *at != '\0'; at++) {
        g_string_append(quoted, *at == '"' ? "\"" : "");
        g_string_append_c(quoted, *at);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}

static int64_t estimate_rows(struct sql *sql, const char *table) {
    g_autofree char *name = quote_name(table);
    g_autofree char *count = g_strdup_printf(
        "SELECT count(*) FROM (SELECT 1 FROM main.%s LIMIT %d)", name, COUNTED_MAX + 1);
    int64_t counted = ask_number(sql, count);
    if (counted <= COUNTED_MAX) {
        return counted;
    }
    g_autofree char *highest = g_strdup_printf("SELECT max(rowid) FROM main.%s", name);
    return MAX(counted, ask_number(sql, highest));
}

// The numbers in parentheses behind a declared type: a length of texts, precision and scale of others.
static void read_size(struct sql_column *column) {
    const char *open = column->type != NULL ? strchr(column->type, '(') : NULL;
    if (open == NULL) {
        return;
    }
    char *end = NULL;
    gint64 first = g_ascii_strtoll(open + 1, &end, 10);
    gint64 second = *end == ',' ? g_ascii_strtoll(end + 1, NULL, 10) : 0;
    g_autofree char *upper = g_ascii_strup(column->type, -1);
    bool is_text = strstr(upper, "CHAR") != NULL || strstr(upper, "TEXT") != NULL ||
                   strstr(upper, "CLOB") != NULL || strstr(upper, "BLOB") != NULL ||
                   strstr(upper, "BINARY") != NULL;
    if (is_text) {
        column->data_length = CLAMP(first, 0, G_MAXINT64);
    } else {
        column->precision = (int)CLAMP(first, 0, G_MAXINT);
        column->scale = (int)CLAMP(second, 0, G_MAXINT);
    }
}

static void tell_column(const struct sql_catalogue *catalogue, struct sql_statement *row) {
    bool is_auto_increment = sql_column_int(row, 4) != 0;
    struct sql_column column = {
        .name = sql_column_text(row, 0),
        .type = sql_column_text(row, 1),
        .default_value = sql_column_text(row, 2),
        .is_nullable = sql_column_int(row, 3) == 0 && !is_auto_increment,
        .is_auto_increment = is_auto_increment,
    };
    read_size(&column);
    catalogue->column(&column, catalogue->user);
}

static bool list_columns(struct sql *sql, const struct sql_catalogue *catalogue, const char *table,
                         bool has_own_key, bool is_view, GError **error) {
    struct sql_statement *row = NULL;
    enum sql_step step = SQL_ROW;
    GError *fault = NULL;
    if (!sql_prepare(sql, LIST_COLUMNS, &row, error)) {
        return false;
    }
    sql_bind_text(row, 1, table);
    sql_bind_int(row, 2, has_own_key);
    while (sql_step(row, &step, &fault)) {
        if (step == SQL_DONE) {
            return true;
        }
        tell_column(catalogue, row);
    }
    if (is_view && fault_is(fault, FAULT_INVALID_DATA)) {
        g_error_free(fault);
        return true;
    }
    g_propagate_error(error, fault);
    return false;
}

static bool tell_table(struct sql *sql, const struct sql_catalogue *catalogue, const char *name,
                       const char *type, bool has_own_key, bool *ret_goes_on, GError **error) {
    bool is_view = strcmp(type, "view") == 0;
    struct sql_table table = {
        .schema = "",
        .name = name,
        .kind = is_view ? "VIEW" : "NORMAL",
        .row_count = strcmp(type, "table") == 0 ? estimate_rows(sql, name) : -1,
        .bytes = -1,
    };
    *ret_goes_on = catalogue->table(&table, catalogue->user);
    return !*ret_goes_on || catalogue->column == NULL ||
           list_columns(sql, catalogue, name, has_own_key, is_view, error);
}

static bool list_tables(struct sql *sql, const struct sql_catalogue *catalogue,
                        int64_t skipped_count, GError **error) {
    struct sql_statement *row = NULL;
    if (!sql_prepare(sql, LIST_TABLES, &row, error)) {
        return false;
    }
    sql_bind_int(row, 1, skipped_count);
    for (;;) {
        enum sql_step step = SQL_DONE;
        bool goes_on = false;
        if (!sql_step(row, &step, error)) {
            return false;
        }
        if (step == SQL_DONE) {
            return true;
        }
        g_autofree char *name = g_strdup(sql_column_text(row, 0));
        g_autofree char *type = g_strdup(sql_column_text(row, 1));
        bool is_told =
            tell_table(sql, catalogue, name, type, sql_column_int(row, 2) != 0, &goes_on, error);
        if (!is_told || !goes_on) {
            sql_reset(row);
            return is_told;
        }
    }
}

bool sqlite_catalogue(struct sql *sql, const struct sql_catalogue *catalogue, int64_t skipped_count,
                      GError **error) {
    return (catalogue->database == NULL || list_databases(sql, catalogue, error)) &&
           (catalogue->table == NULL || list_tables(sql, catalogue, skipped_count, error));
}
