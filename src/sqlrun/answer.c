// SPDX-License-Identifier: Apache-2.0
//
// Collecting what statements gave, within a ceiling. Not for running them.
//
// What always holds: the list never grows past ANSWER_BYTES_MAX as the caller's reply writes it, where each row repeats the names of its
// columns; a result that was cut says so in its message. A statement that finds no place in the list is counted.
#include "sqlrun/answer.h"

#include <string.h>

enum {
    HEAD_BYTES = 256,    // of a statement's entry without message, names and rows
    CELL_HEAD_BYTES = 8, // quotes, colon and comma around a value and its name
};

struct answer {
    bool keeps_rows;
    json_t *list;
    json_t *open;       // the entry of the statement that runs, or NULL
    json_t *rows;       // its rows, or NULL
    size_t names_bytes; // of its columns, as each row repeats them
    size_t bytes;
    bool is_cut;
    bool has_more;
    int64_t unlisted_count;
};

struct answer *answer_new(bool keeps_rows) {
    struct answer *answer = g_new0(struct answer, 1);
    answer->keeps_rows = keeps_rows;
    answer->list = json_array();
    return answer;
}

void answer_free(struct answer *answer) {
    if (answer == NULL) {
        return;
    }
    json_decref(answer->list);
    json_decref(answer->open);
    g_free(answer);
}

static size_t entry_bytes_max(void) {
    return HEAD_BYTES + 2 * (size_t)ANSWER_MESSAGE_BYTES_MAX;
}

bool answer_has_room(const struct answer *answer) {
    return json_array_size(answer->list) < ANSWER_STATEMENTS_MAX &&
           answer->bytes + entry_bytes_max() <= ANSWER_BYTES_MAX;
}

void answer_begin(struct answer *answer, size_t at, size_t len) {
    g_assert(answer->open == NULL);
    answer->open = json_pack("{s:I, s:I}", "at", (json_int_t)at, "len", (json_int_t)len);
    answer->rows = NULL;
    answer->names_bytes = 0;
    answer->is_cut = false;
    answer->has_more = false;
}

static json_t *text_value(const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    return json_string(valid);
}

static json_t *blob_value(struct sql_statement *statement, int column) {
    size_t len = 0;
    const unsigned char *bytes = sql_column_blob(statement, column, &len);
    GString *text = g_string_new("0x");
    for (size_t i = 0; i < len && text->len < ANSWER_BYTES_MAX; i++) {
        g_string_append_printf(text, "%02x", bytes[i]);
    }
    json_t *value = json_string(text->str);
    (void)g_string_free(text, TRUE);
    return value;
}

static json_t *cell_value(struct sql_statement *statement, int column) {
    switch (sql_column_type(statement, column)) {
    case SQL_NULL: return json_null();
    case SQL_BLOB: return blob_value(statement, column);
    case SQL_INTEGER:
    case SQL_REAL:
    case SQL_TEXT: break;
    }
    // Zero bytes count as characters that can not be shown, so that no text is cut at one.
    const char *text = sql_column_text(statement, column);
    size_t len = sql_column_text_len(statement, column);
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", (gssize)len);
    return json_string(valid);
}

static size_t size_of(const json_t *value) {
    return json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
}

void answer_columns(struct answer *answer, struct sql_statement *statement) {
    g_assert(answer->open != NULL);
    if (!answer->keeps_rows || answer->rows != NULL) {
        return;
    }
    json_t *columns = json_array();
    int count = sql_column_count(statement);
    for (int column = 0; column < count; column++) {
        (void)json_array_append_new(columns, text_value(sql_column_name(statement, column)));
    }
    answer->rows = json_array();
    answer->names_bytes = size_of(columns) + (size_t)count * CELL_HEAD_BYTES;
    if (answer->bytes + answer->names_bytes + entry_bytes_max() > ANSWER_BYTES_MAX) {
        answer->is_cut = true;
        json_decref(columns);
        columns = json_array();
    } else {
        answer->bytes += answer->names_bytes;
    }
    (void)json_object_set_new(answer->open, "columns", columns);
    (void)json_object_set_new(answer->open, "rows", answer->rows); // lent from here on
}

bool answer_row(struct answer *answer, struct sql_statement *statement) {
    if (!answer->keeps_rows) {
        return false;
    }
    answer_columns(answer, statement);
    answer->has_more = json_array_size(answer->rows) >= ANSWER_ROWS_MAX;
    if (answer->has_more || answer->is_cut) {
        return false;
    }
    json_t *row = json_array();
    int count = sql_column_count(statement);
    for (int column = 0; column < count; column++) {
        (void)json_array_append_new(row, cell_value(statement, column));
    }
    size_t bytes = size_of(row) + answer->names_bytes;
    if (answer->bytes + bytes + entry_bytes_max() > ANSWER_BYTES_MAX) {
        answer->is_cut = true;
        json_decref(row);
        return false;
    }
    answer->bytes += bytes;
    (void)json_array_append_new(answer->rows, row);
    return true;
}

// Of a success there is something to say only where rows are missing; how many there are is in the entry anyway.
static char *make_message(const struct answer *answer) {
    size_t count = json_array_size(answer->rows);
    if (answer->is_cut) {
        return g_strdup_printf("the result is cut after %zu rows: all results of one call may have "
                               "%d KiB together",
                               count, ANSWER_BYTES_MAX / 1024);
    }
    if (answer->has_more) {
        return g_strdup_printf("the result is cut after %zu rows, the most that one call gives",
                               count);
    }
    return NULL;
}

void answer_end(struct answer *answer, enum answer_state state, int64_t affected,
                int64_t elapsed_us, const char *message) {
    g_assert(answer->open != NULL);
    bool has_room = answer_has_room(answer);
    json_t *entry = answer->open;
    answer->open = NULL;
    // The last failure is worth more than the ceiling, which has room for one.
    if (!has_room && state == ANSWER_DONE) {
        answer->unlisted_count++;
        json_decref(entry);
        return;
    }
    (void)json_object_set_new(entry, "state", json_integer(state));
    (void)json_object_set_new(entry, "affected", json_integer(affected));
    (void)json_object_set_new(entry, "ms", json_integer(elapsed_us / 1000));
    g_autofree char *made = message == NULL ? make_message(answer) : NULL;
    if (message != NULL || made != NULL) {
        g_autofree char *cut =
            g_strndup(message != NULL ? message : made, ANSWER_MESSAGE_BYTES_MAX);
        (void)json_object_set_new(entry, "message", text_value(cut));
    }
    answer->bytes += HEAD_BYTES + size_of(json_object_get(entry, "message"));
    (void)json_array_append_new(answer->list, entry);
}

json_t *answer_list(const struct answer *answer, int64_t *ret_unlisted) {
    *ret_unlisted = answer->unlisted_count;
    return json_incref(answer->list);
}
