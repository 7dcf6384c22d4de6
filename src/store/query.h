// SPDX-License-Identifier: Apache-2.0
//
// query: one call for "prepare this constant, bind these values, and run it". Private to this folder.
//
//     query_run(sql, DELETE_EDGE, VALUES(INT(edge_id), INT(flow_id)), error)
//
// Values are bound to ?1, ?2 … in their order. A text is borrowed until the call returns; NULL binds NULL.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sql/sql.h"

struct query_value {
    enum sql_type type;
    int64_t integer;
    const void *data;
    size_t len;
};

struct query_values {
    const struct query_value *items;
    size_t count;
};

#define INT(value) ((struct query_value){ .type = SQL_INTEGER, .integer = (value) })
#define TEXT(value) ((struct query_value){ .type = SQL_TEXT, .data = (value) })
#define BLOB(value, size) ((struct query_value){ .type = SQL_BLOB, .data = (value), .len = (size) })
#define VALUES(...)                                                                                \
    ((struct query_values){ .items = (const struct query_value[]){ __VA_ARGS__ },                  \
                            .count =                                                               \
                                G_N_ELEMENTS(((const struct query_value[]){ __VA_ARGS__ })) })
#define NO_VALUES ((struct query_values){ 0 })

// Prepares and binds; rows come from query_next. Whoever leaves before the last row calls sql_reset.
bool query_start(struct sql *sql, const char *text, struct query_values values,
                 struct sql_statement **ret_statement, GError **error);
// The next row: *ret_row is false at the end.
bool query_next(struct sql_statement *statement, bool *ret_row, GError **error);
// Starts and takes the first row. When there is one the caller reads it and calls sql_reset; otherwise that has been done.
bool query_one(struct sql *sql, const char *text, struct query_values values,
               struct sql_statement **ret_statement, bool *ret_row, GError **error);
// One number; `absent` when there is no row or it is NULL.
bool query_int(struct sql *sql, const char *text, struct query_values values, int64_t absent,
               int64_t *ret_value, GError **error);
// A statement without a result.
bool query_run(struct sql *sql, const char *text, struct query_values values, GError **error);
// A conditional change that must hit exactly one row; otherwise stored state and memory differ: FAULT_INTERNAL.
bool query_change(struct sql *sql, const char *text, struct query_values values, GError **error);

// What `instr(lower(…), ?) > 0` finds of `search` anywhere in a text: it in lower case. NULL and "" find all: NULL. The caller frees it.
// Not LIKE: SQLite parses a statement anew whenever a pattern is bound to it, and takes twice as long for each row.
char *query_needle(const char *search);

// A copy of a text column, or NULL.
char *query_text(struct sql_statement *statement, int column);
// A stored number that must lie in 0 … count-1 (an enumeration); otherwise FAULT_INVALID_DATA naming `what`.
bool query_enum(struct sql_statement *statement, int column, int count, const char *what,
                int *ret_value, GError **error);
