// SPDX-License-Identifier: Apache-2.0
//
// Reading sluice-sql's answers. Nothing of an answer is trusted: the program may have been killed while it wrote.
#include "exec/sqlresult.h"

#include <string.h>

#include "base/fault.h"

static int64_t number_of(const json_t *entry, const char *name) {
    return MAX(json_integer_value(json_object_get(entry, name)), 0);
}

static bool read_state(const json_t *entry, enum sqlresult_state *ret_state) {
    static const enum sqlresult_state states[] = { SQLRESULT_CANCELLED, SQLRESULT_FAILED,
                                                   SQLRESULT_DONE };
    const json_t *value = json_object_get(entry, "state");
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        if (json_is_integer(value) && json_integer_value(value) == (json_int_t)states[i]) {
            *ret_state = states[i];
            return true;
        }
    }
    return false;
}

static bool is_row(const json_t *row, size_t width) {
    bool is_good = json_is_array(row) && json_array_size(row) == width;
    for (size_t i = 0; is_good && i < width; i++) {
        const json_t *cell = json_array_get(row, i);
        is_good = json_is_null(cell) || json_is_string(cell);
    }
    return is_good;
}

static bool read_rows(const json_t *entry, struct sqlresult *result) {
    const json_t *columns = json_object_get(entry, "columns");
    const json_t *rows = json_object_get(entry, "rows");
    if (columns == NULL && rows == NULL) {
        return true;
    }
    bool is_good = json_is_array(columns) && json_is_array(rows);
    for (size_t i = 0; is_good && i < json_array_size(columns); i++) {
        is_good = json_is_string(json_array_get(columns, i));
    }
    for (size_t i = 0; is_good && i < json_array_size(rows); i++) {
        is_good = is_row(json_array_get(rows, i), json_array_size(columns));
    }
    result->columns = columns;
    result->rows = rows;
    return is_good;
}

static bool read_entry(const json_t *entry, struct sqlresult *ret_result) {
    struct sqlresult result = {
        .at = number_of(entry, "at"),
        .len = number_of(entry, "len"),
        .affected = number_of(entry, "affected"),
        .elapsed_ms = number_of(entry, "ms"),
        .message = json_string_value(json_object_get(entry, "message")),
    };
    if (!json_is_object(entry) || !read_state(entry, &result.state) || !read_rows(entry, &result)) {
        return false;
    }
    *ret_result = result;
    return true;
}

bool sqlresults_read(const char *line, size_t len, struct sqlresults **ret_results,
                     GError **error) {
    json_t *document = line != NULL ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const json_t *list = json_object_get(document, "statements");
    const char *words = json_string_value(json_object_get(document, "error"));
    bool is_good = json_is_object(document) && (json_is_array(list) || words != NULL);
    struct sqlresults *results = g_new(struct sqlresults, 1);
    *results = (struct sqlresults){
        .document = document,
        .items = g_array_new(FALSE, FALSE, sizeof(struct sqlresult)),
        .unlisted_count = number_of(document, "unlisted"),
        .error = words,
    };
    for (size_t i = 0; is_good && i < json_array_size(list); i++) {
        struct sqlresult result = { 0 };
        is_good = read_entry(json_array_get(list, i), &result);
        g_array_append_val(results->items, result);
    }
    if (!is_good) {
        sqlresults_free(results);
        fault_set(error, FAULT_INVALID_DATA, "sluice-sql ended without telling what it did");
        return false;
    }
    *ret_results = results;
    return true;
}

void sqlresults_free(struct sqlresults *results) {
    if (results == NULL) {
        return;
    }
    json_decref(results->document);
    g_array_unref(results->items);
    g_free(results);
}

char *sqlresult_text(const struct sqlresult *result, const char *script) {
    g_assert(script != NULL);
    int64_t size = (int64_t)strlen(script);
    if (result->at > size || result->len > size - result->at) {
        return g_strdup("");
    }
    g_autofree char *text = g_strndup(script + result->at, (gsize)result->len);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return g_strdup(g_strstrip(valid));
}
