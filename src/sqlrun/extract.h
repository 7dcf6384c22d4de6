// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_extract: cells of a query's result become the output variables of an SQL assignment (behaviour.md §2.4).
//
// Row and column count from 0; -1 means all, the values joined by the combiner. A NULL stays one where it is the only cell, and is the empty
// text among others. One object for one result, fed row by row: nothing is kept but the values asked for.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "sql/sql.h"

enum {
    EXTRACT_VALUE_BYTES = 64 * 1024,
    EXTRACT_OUTPUTS_MAX = 1000,
};

struct extract;

// `outputs` as in the request. FAULT_INVALID_DATA when an entry has no name or asks for all rows and all columns.
bool extract_new(const json_t *outputs, struct extract **ret_extract, GError **error);
void extract_free(struct extract *extract);

// Takes the present row. FAULT_INVALID_DATA when a value grows too long or is no text, or the row is one too many.
bool extract_row(struct extract *extract, struct sql_statement *statement, GError **error);
// Would another row matter? Of an output that takes all rows one behind VAR_ROWS_MAX does: it is an error.
bool extract_wants_more(const struct extract *extract);
int extract_row_count(const struct extract *extract);

// The values, an object name → text or null that the caller owns. FAULT_INVALID_DATA: a row or column is outside the result and its output has no
// default.
bool extract_finish(const struct extract *extract, int column_count, json_t **ret_values,
                    GError **error);
