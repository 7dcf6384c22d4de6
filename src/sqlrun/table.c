// SPDX-License-Identifier: Apache-2.0
//
// Cells are kept as they will be shown, so a table's memory is bounded whatever the values are.
#include "sqlrun/table.h"

#include <string.h>

#include "sqlrun/text.h"

enum {
    LINE_WIDTH = 160,
    CELL_WIDTH = 40,
    LONE_CELL_WIDTH = 120, // of a result with one column
    COLUMNS_MAX = 60,      // more never fit a line
    BLOB_BYTES = 16,
    NAMES_WIDTH = 120,
};

struct cell {
    char *text;
    size_t width;
    bool is_number;
};

struct column {
    size_t width;
    bool is_right; // holds numbers alone
};

struct table {
    int column_count; // of the result
    int kept_count;   // of them, those whose cells are kept
    struct column *columns;
    GArray *cells; // of struct cell, row by row, the names first
    int row_count;
};

static void clear_cell(void *user) {
    g_free(((struct cell *)user)->text);
}

static size_t cell_width_max(const struct table *table) {
    return table->column_count == 1 ? LONE_CELL_WIDTH : CELL_WIDTH;
}

static void add_cell(struct table *table, int column, GString *text_take, size_t width,
                     bool is_number) {
    struct column *it = &table->columns[column];
    it->width = MAX(it->width, width);
    it->is_right = it->is_right && is_number;
    struct cell cell = { .text = g_string_free(text_take, FALSE),
                         .width = width,
                         .is_number = is_number };
    g_array_append_val(table->cells, cell);
}

struct table *table_new(struct sql_statement *statement) {
    struct table *table = g_new0(struct table, 1);
    table->column_count = sql_column_count(statement);
    table->kept_count = MIN(table->column_count, COLUMNS_MAX);
    table->columns = g_new0(struct column, (gsize)MAX(table->kept_count, 1));
    table->cells = g_array_new(FALSE, FALSE, sizeof(struct cell));
    g_array_set_clear_func(table->cells, clear_cell);
    for (int column = 0; column < table->kept_count; column++) {
        const char *name = sql_column_name(statement, column);
        GString *text = g_string_new(NULL);
        name = name != NULL ? name : "";
        size_t width = text_append(text, name, strlen(name), cell_width_max(table), TEXT_VALUE);
        table->columns[column].is_right = true;
        add_cell(table, column, text, width, true);
    }
    return table;
}

void table_free(struct table *table) {
    if (table == NULL) {
        return;
    }
    g_free(table->columns);
    g_array_unref(table->cells);
    g_free(table);
}

// "x'00ff'", of a long one its beginning and its length.
static size_t append_blob(GString *text, struct sql_statement *statement, int column) {
    size_t len = 0;
    const unsigned char *bytes = sql_column_blob(statement, column, &len);
    g_string_append(text, "x'");
    for (size_t i = 0; i < len && i < BLOB_BYTES; i++) {
        g_string_append_printf(text, "%02x", bytes[i]);
    }
    size_t width = text->len + 1;
    g_string_append(text, len > BLOB_BYTES ? "…'" : "'");
    if (len > BLOB_BYTES) {
        gsize before = text->len;
        g_string_append_printf(text, " (%zu bytes)", len);
        width += 1 + text->len - before;
    }
    return width;
}

void table_row(struct table *table, struct sql_statement *statement) {
    if (table->row_count >= TABLE_ROWS_MAX) {
        return;
    }
    table->row_count++;
    for (int column = 0; column < table->kept_count; column++) {
        enum sql_type type = sql_column_type(statement, column);
        GString *text = g_string_new(NULL);
        size_t width = 0;
        if (type == SQL_NULL) {
            g_string_append(text, "NULL");
            width = text->len;
        } else if (type == SQL_BLOB) {
            width = append_blob(text, statement, column);
        } else {
            const char *value = sql_column_text(statement, column);
            size_t len = sql_column_text_len(statement, column);
            width = text_append(text, value != NULL ? value : "", len, cell_width_max(table),
                                TEXT_VALUE);
        }
        add_cell(table, column, text, width, type == SQL_INTEGER || type == SQL_REAL);
    }
}

// How many columns a line has room for; one at least.
static int fitting_count(const struct table *table) {
    static const size_t between = sizeof " | " - 1;
    size_t width = 0;
    int count = 0;
    while (count < table->kept_count &&
           (count == 0 || width + between + table->columns[count].width <= LINE_WIDTH)) {
        width += (count > 0 ? between : 0) + table->columns[count].width;
        count++;
    }
    return count;
}

static void append_fill(GString *text, char fill, size_t count) {
    for (size_t i = 0; i < count; i++) {
        g_string_append_c(text, fill);
    }
}

static void append_line(const struct table *table, int row, int shown_count, GString *text) {
    for (int i = 0; i < shown_count; i++) {
        const struct cell *cell =
            &g_array_index(table->cells, struct cell, row * table->kept_count + i);
        const struct column *column = &table->columns[i];
        size_t fill = column->width - cell->width;
        g_string_append(text, i > 0 ? " | " : "");
        append_fill(text, ' ', column->is_right ? fill : 0);
        g_string_append(text, cell->text);
        append_fill(text, ' ', column->is_right || i == shown_count - 1 ? 0 : fill);
    }
    g_string_append_c(text, '\n');
}

static void append_rule(const struct table *table, int shown_count, GString *text) {
    for (int i = 0; i < shown_count; i++) {
        g_string_append(text, i > 0 ? "-+-" : "");
        append_fill(text, '-', table->columns[i].width);
    }
    g_string_append_c(text, '\n');
}

static void append_hidden(const struct table *table, int shown_count, GString *text) {
    g_autoptr(GString) names = g_string_new(NULL);
    for (int i = shown_count; i < table->kept_count; i++) {
        const struct cell *cell = &g_array_index(table->cells, struct cell, i);
        g_string_append_printf(names, "%s%s", i > shown_count ? ", " : "", cell->text);
    }
    if (table->kept_count < table->column_count) {
        g_string_append(names, ", …");
    }
    int count = table->column_count - shown_count;
    g_string_append_printf(text, "(%d more %s: ", count, count == 1 ? "column" : "columns");
    (void)text_append(text, names->str, names->len, NAMES_WIDTH, TEXT_PLAIN);
    g_string_append(text, ")\n");
}

void table_append(const struct table *table, GString *text) {
    int shown_count = fitting_count(table);
    append_line(table, 0, shown_count, text);
    append_rule(table, shown_count, text);
    for (int row = 1; row <= table->row_count; row++) {
        append_line(table, row, shown_count, text);
    }
    if (shown_count < table->column_count) {
        append_hidden(table, shown_count, text);
    }
}
