// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_extract: picks cells out of a result. Not for running the query.
//
// What always holds: a value never grows past its limit, however large the result is, and is never cut; what has no room fails; an index outside the result never becomes an
// empty value unless the output says so by a default.
#include "sqlrun/extract.h"

#include <string.h>

#include "base/fault.h"
#include "core/vars.h"

enum { ALL = -1 };

struct wanted {
    char *name;
    json_int_t row;
    json_int_t column;
    char *combiner;
    char *fallback; // NULL: an index outside fails
    GString *value;
    bool has_value; // some cell was taken: the next one is joined
    bool is_null;   // it is one cell, which holds NULL
};

struct extract {
    GPtrArray *wanted; // of struct wanted *
    int row_count;
};

static void wanted_free(void *user) {
    struct wanted *wanted = user;
    g_free(wanted->name);
    g_free(wanted->combiner);
    g_free(wanted->fallback);
    (void)g_string_free(wanted->value, TRUE);
    g_free(wanted);
}

static struct wanted *read_wanted(const json_t *output) {
    const char *name = json_string_value(json_object_get(output, "name"));
    const json_t *row = json_object_get(output, "row");
    const json_t *column = json_object_get(output, "column");
    const char *combiner = json_string_value(json_object_get(output, "combiner"));
    const char *fallback = json_string_value(json_object_get(output, "default"));
    if (name == NULL || !json_is_integer(row) || !json_is_integer(column) ||
        json_integer_value(row) < ALL || json_integer_value(column) < ALL ||
        json_integer_value(row) + json_integer_value(column) == 2 * ALL) {
        return NULL;
    }
    struct wanted *wanted = g_new(struct wanted, 1);
    *wanted = (struct wanted){
        .name = g_strdup(name),
        .row = json_integer_value(row),
        .column = json_integer_value(column),
        .combiner = g_strdup(combiner != NULL ? combiner : ""),
        .fallback = g_strdup(fallback),
        .value = g_string_new(""),
    };
    return wanted;
}

bool extract_new(const json_t *outputs, struct extract **ret_extract, GError **error) {
    g_assert(ret_extract != NULL);

    if (json_array_size(outputs) > EXTRACT_OUTPUTS_MAX) {
        fault_set(error, FAULT_INVALID_DATA, "an assignment may have at most %d outputs",
                  EXTRACT_OUTPUTS_MAX);
        return false;
    }
    struct extract *extract = g_new0(struct extract, 1);
    extract->wanted = g_ptr_array_new_with_free_func(wanted_free);
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        struct wanted *wanted = read_wanted(json_array_get(outputs, i));
        if (wanted == NULL) {
            extract_free(extract);
            fault_set(
                error, FAULT_INVALID_DATA,
                "output %zu needs a name, and a row and a column from 0, at most one of them -1",
                i + 1);
            return false;
        }
        g_ptr_array_add(extract->wanted, wanted);
    }
    *ret_extract = extract;
    return true;
}

void extract_free(struct extract *extract) {
    if (extract == NULL) {
        return;
    }
    g_ptr_array_unref(extract->wanted);
    g_free(extract);
}

static bool refuse_cell(const struct wanted *wanted, int row, int column, const char *fault,
                        GError **error) {
    fault_set(error, FAULT_INVALID_DATA, "row %d, column %d of the result, wanted for ${%s}, %s",
              row, column, wanted->name, fault);
    return false;
}

// The cell's text, which lives until the next step: whole, or refused.
static bool read_cell(const struct wanted *wanted, struct sql_statement *statement, int row,
                      int column, const char **ret_text, GError **error) {
    if (sql_column_type(statement, column) == SQL_NULL) {
        *ret_text = "";
        return true;
    }
    const char *text = sql_column_text(statement, column);
    size_t len = sql_column_text_len(statement, column);
    size_t shown = text != NULL ? strlen(text) : 0;
    if (text != NULL && !g_utf8_validate(text, (gssize)shown, NULL)) {
        return refuse_cell(wanted, row, column, "is not UTF-8 text", error);
    }
    if (shown < len) {
        g_autofree char *fault =
            g_strdup_printf("has a zero byte at place %zu of %zu bytes, which the value of a "
                            "variable can not hold",
                            shown, len);
        return refuse_cell(wanted, row, column, fault, error);
    }
    *ret_text = text != NULL ? text : "";
    return true;
}

static bool take_cell(struct wanted *wanted, struct sql_statement *statement, int row, int column,
                      GError **error) {
    const char *text = NULL;
    if (!read_cell(wanted, statement, row, column, &text, error)) {
        return false;
    }
    const char *combiner = wanted->has_value ? wanted->combiner : "";
    size_t len = wanted->value->len + strlen(combiner) + strlen(text);
    if (len > EXTRACT_VALUE_BYTES) {
        fault_set(error, FAULT_INVALID_DATA,
                  "the value of ${%s} has %zu bytes with row %d, column %d; it may have %d KiB",
                  wanted->name, len, row, column, EXTRACT_VALUE_BYTES / 1024);
        return false;
    }
    g_string_append(wanted->value, combiner);
    g_string_append(wanted->value, text);
    wanted->is_null = wanted->row != ALL && wanted->column != ALL &&
                      sql_column_type(statement, column) == SQL_NULL;
    wanted->has_value = true;
    return true;
}

bool extract_row(struct extract *extract, struct sql_statement *statement, GError **error) {
    g_assert(extract != NULL);
    g_assert(statement != NULL);

    int row = extract->row_count;
    int count = sql_column_count(statement);
    for (guint i = 0; i < extract->wanted->len; i++) {
        struct wanted *wanted = g_ptr_array_index(extract->wanted, i);
        if (wanted->row != ALL && wanted->row != row) {
            continue;
        }
        if (row >= VAR_ROWS_MAX) {
            fault_set(error, FAULT_INVALID_DATA,
                      "the result has more than %d rows, the most that an assignment reads, and "
                      "${%s} takes them all",
                      VAR_ROWS_MAX, wanted->name);
            return false;
        }
        for (int column = 0; column < count; column++) {
            if ((wanted->column == ALL || wanted->column == column) &&
                !take_cell(wanted, statement, row, column, error)) {
                return false;
            }
        }
    }
    extract->row_count++;
    return true;
}

bool extract_wants_more(const struct extract *extract) {
    g_assert(extract != NULL);

    for (guint i = 0; i < extract->wanted->len; i++) {
        const struct wanted *wanted = g_ptr_array_index(extract->wanted, i);
        bool is_ahead = wanted->row >= extract->row_count && wanted->row < VAR_ROWS_MAX;
        if (wanted->row == ALL || is_ahead) {
            return true;
        }
    }
    return false;
}

int extract_row_count(const struct extract *extract) {
    return extract->row_count;
}

// What is asked for and not there, or NULL. The caller frees it.
static char *outside(const struct wanted *wanted, int row_count, int column_count) {
    if (wanted->row != ALL && wanted->row >= VAR_ROWS_MAX) {
        return g_strdup_printf("row %" JSON_INTEGER_FORMAT
                               " requested, only the first %d rows are read",
                               wanted->row, VAR_ROWS_MAX);
    }
    if (wanted->row != ALL && wanted->row >= row_count) {
        return g_strdup_printf("row %" JSON_INTEGER_FORMAT " requested, result has %d rows",
                               wanted->row, row_count);
    }
    if (wanted->column != ALL && wanted->column >= column_count) {
        return g_strdup_printf("column %" JSON_INTEGER_FORMAT " requested, result has %d columns",
                               wanted->column, column_count);
    }
    return NULL;
}

bool extract_finish(const struct extract *extract, int column_count, json_t **ret_values,
                    GError **error) {
    g_assert(extract != NULL);
    g_assert(ret_values != NULL);

    json_t *values = json_object();
    for (guint i = 0; i < extract->wanted->len; i++) {
        const struct wanted *wanted = g_ptr_array_index(extract->wanted, i);
        g_autofree char *missing = outside(wanted, extract->row_count, column_count);
        if (missing != NULL && wanted->fallback == NULL) {
            json_decref(values);
            fault_set(error, FAULT_INVALID_DATA, "output ${%s}: %s", wanted->name, missing);
            return false;
        }
        const char *text = missing != NULL ? wanted->fallback : wanted->value->str;
        bool is_null = missing == NULL && wanted->is_null;
        (void)json_object_set_new(values, wanted->name, is_null ? json_null() : json_string(text));
    }
    *ret_values = values;
    return true;
}
