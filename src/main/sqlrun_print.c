// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_print: the form of the log of an SQL node. Not for deciding what happens.
//
// What always holds: one line stays one line, whatever a value holds; a line has a ceiling.
#include "main/sqlrun_print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sql/word.h"

enum {
    CELL_BYTES = 200,
    BLOB_BYTES = 32,
    COLUMNS_MAX = 200,
    EXCERPT_BYTES = 160,
};

// Appends text on one line: control characters and backslashes written as escapes, cut between two characters.
static void append_escaped(GString *line, const char *text, size_t len, size_t bytes_max) {
    size_t kept = len;
    if (kept > bytes_max) {
        for (kept = bytes_max; kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80; kept--) {
        }
    }
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)kept);
    for (const char *at = valid; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '\t') {
            g_string_append(line, "\\t");
        } else if (byte == '\n') {
            g_string_append(line, "\\n");
        } else if (byte == '\\') {
            g_string_append(line, "\\\\");
        } else if (byte < 0x20 || byte == 0x7f) {
            g_string_append_printf(line, "\\x%02x", byte);
        } else {
            g_string_append_c(line, *at);
        }
    }
    if (kept < len) {
        g_string_append(line, "…");
    }
}

static void write_line(GString *line_take) {
    g_string_append_c(line_take, '\n');
    (void)fwrite(line_take->str, 1, line_take->len, stdout);
    (void)g_string_free(line_take, TRUE);
}

void print_started(int number, const char *text, size_t len) {
    g_assert(number > 0);
    g_assert(text != NULL);

    const char *end = text + len;
    const char *start = sql_skip_comments(text, end);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *second = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "statement %d started %s.%03dZ: ", number, second,
                           g_date_time_get_microsecond(now) / 1000);
    g_autofree char *excerpt =
        g_strndup(start, MIN((size_t)(end - start), (size_t)EXCERPT_BYTES * 4));
    (void)g_strdelimit(excerpt, "\r\n\t", ' ');
    append_escaped(line, g_strchomp(excerpt), strlen(excerpt), EXCERPT_BYTES);
    write_line(line);
    (void)fflush(stdout);
}

void print_columns(struct sql_statement *statement) {
    GString *line = g_string_new(NULL);
    int count = sql_column_count(statement);
    for (int column = 0; column < count && column < COLUMNS_MAX; column++) {
        const char *name = sql_column_name(statement, column);
        g_string_append(line, column > 0 ? "\t" : "");
        append_escaped(line, name != NULL ? name : "", name != NULL ? strlen(name) : 0, CELL_BYTES);
    }
    write_line(line);
}

static void append_blob(GString *line, struct sql_statement *statement, int column) {
    size_t len = 0;
    const unsigned char *bytes = sql_column_blob(statement, column, &len);
    g_string_append(line, "x'");
    for (size_t i = 0; i < len && i < BLOB_BYTES; i++) {
        g_string_append_printf(line, "%02x", bytes[i]);
    }
    g_string_append(line, len > BLOB_BYTES ? "…'" : "'");
}

static void append_cell(GString *line, struct sql_statement *statement, int column) {
    switch (sql_column_type(statement, column)) {
    case SQL_NULL: g_string_append(line, "NULL"); return;
    case SQL_BLOB: append_blob(line, statement, column); return;
    case SQL_INTEGER:
    case SQL_REAL:
    case SQL_TEXT: break;
    }
    const char *text = sql_column_text(statement, column);
    append_escaped(line, text != NULL ? text : "", text != NULL ? strlen(text) : 0, CELL_BYTES);
}

void print_row(struct sql_statement *statement) {
    GString *line = g_string_new(NULL);
    int count = sql_column_count(statement);
    for (int column = 0; column < count && column < COLUMNS_MAX; column++) {
        g_string_append(line, column > 0 ? "\t" : "");
        append_cell(line, statement, column);
    }
    if (count > COLUMNS_MAX) {
        g_string_append_printf(line, "\t… %d more columns", count - COLUMNS_MAX);
    }
    write_line(line);
}

void print_done(int number, int64_t duration_us, int64_t rows, int64_t changed) {
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "statement %d done after %.1f ms", number,
                           (double)duration_us / 1000.0);
    if (rows >= 0) {
        g_string_append_printf(line, ", %" G_GINT64_FORMAT " %s", rows, rows == 1 ? "row" : "rows");
    }
    if (changed >= 0) {
        g_string_append_printf(line, ", %" G_GINT64_FORMAT " %s affected", changed,
                               changed == 1 ? "row" : "rows");
    }
    write_line(line);
    (void)fflush(stdout);
}

void print_line(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    // A text of the database's may have several lines; it is worth having whole.
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    (void)fputs(valid, stdout);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
}

void print_answer(json_t *answer_take) {
    g_assert(json_is_object(answer_take));

    (void)json_dumpf(answer_take, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(answer_take);
}

void print_error_answer(const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    print_answer(json_pack("{s:b, s:s}", "ok", 0, "error", valid));
}

bool print_finish(void) {
    return fflush(stdout) == 0 && ferror(stdout) == 0;
}
