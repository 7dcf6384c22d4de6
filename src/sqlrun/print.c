// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_print: the form of the log of an SQL node. Not for deciding what happens.
//
// What always holds: one line stays one line, whatever a value holds; a line has a ceiling.
#include "sqlrun/print.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sqlrun/text.h"
#include "sql/word.h"

enum {
    STATEMENT_WIDTH = 160,
    VALUE_WIDTH = 120,
    ANSWER_FD = 4,
};

static void write_text(GString *text_take) {
    (void)fwrite(text_take->str, 1, text_take->len, stdout);
    (void)g_string_free(text_take, TRUE);
    (void)fflush(stdout);
}

void print_started(int number, const char *text, size_t len) {
    g_assert(number > 0);
    g_assert(text != NULL);

    const char *end = text + len;
    const char *start = sql_skip_comments(text, end);
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "statement %d: ", number);
    text_append_statement(line, start, (size_t)(end - start), STATEMENT_WIDTH);
    g_string_append_c(line, '\n');
    write_text(line);
}

void print_table(const struct table *table) {
    GString *text = g_string_new(NULL);
    table_append(table, text);
    write_text(text);
}

static const char *noun(int64_t rows) {
    return rows == 1 ? "row" : "rows";
}

void print_done(int number, int64_t duration_us, int64_t rows, int64_t changed) {
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "statement %d done in %.1f ms", number,
                           (double)duration_us / 1000.0);
    if (rows >= 0) {
        g_string_append_printf(line, ": %" G_GINT64_FORMAT " %s", rows, noun(rows));
    }
    if (rows > TABLE_ROWS_MAX) {
        g_string_append_printf(line, ", of which the first %d are shown", TABLE_ROWS_MAX);
    }
    if (changed >= 0) {
        g_string_append_printf(line, ": %" G_GINT64_FORMAT " %s changed", changed, noun(changed));
    }
    g_string_append_c(line, '\n');
    write_text(line);
}

void print_values(const json_t *values) {
    GString *text = g_string_new(NULL);
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)values, name, value) {
        g_string_append_printf(text, "${%s} = ", name);
        if (json_is_null(value)) {
            g_string_append(text, "NULL");
        } else {
            (void)text_append(text, json_string_value(value), json_string_length(value),
                              VALUE_WIDTH, TEXT_VALUE);
        }
        g_string_append_c(text, '\n');
    }
    write_text(text);
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

// Only a memory file has seals: whatever else stands at that place is somebody else's.
static FILE *answer_file(void) {
    static FILE *file;
    if (file == NULL) {
        file = fcntl(ANSWER_FD, F_GET_SEALS) >= 0 ? fdopen(ANSWER_FD, "w") : stdout;
    }
    return file != NULL ? file : stdout;
}

void print_answer(json_t *answer_take) {
    g_assert(json_is_object(answer_take));

    (void)json_dumpf(answer_take, answer_file(), JSON_COMPACT);
    (void)fputc('\n', answer_file());
    json_decref(answer_take);
}

void print_error_answer(const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    print_answer(json_pack("{s:b, s:s}", "ok", 0, "error", valid));
}

bool print_finish(void) {
    bool is_answered = fflush(answer_file()) == 0 && ferror(answer_file()) == 0;
    return fflush(stdout) == 0 && ferror(stdout) == 0 && is_answered;
}
