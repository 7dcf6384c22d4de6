// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_print: what sluice-sql writes to standard output, which is the attempt's log: one block for each statement, and the answer as the
// last line. Every function may be called at any time; whether all could be written is known by print_finish.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/sql.h"

enum { PRINT_ROWS_MAX = 100 }; // rows of a query that are shown (behaviour.md §2.3)

// "statement 2 started …: INSERT INTO …", at once, so that the log shows what runs.
void print_started(int number, const char *text, size_t len);
// The names of the columns, and one row; tabs between, long values cut.
void print_columns(struct sql_statement *statement);
void print_row(struct sql_statement *statement);
// "statement 2 done after 12.3 ms", and what it did: rows ≥ 0 of a query, changed ≥ 0 of a change, -1 where it does not apply.
void print_done(int number, int64_t duration_us, int64_t rows, int64_t changed);
void print_line(const char *format, ...) G_GNUC_PRINTF(1, 2);

// The last line. Takes the answer; of an error it is {"ok":false,"error":…}.
void print_answer(json_t *answer_take);
void print_error_answer(const char *text);
// Writes out everything; false when something was lost.
bool print_finish(void);
