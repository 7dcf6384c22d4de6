// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_print: what sluice-sql writes. To standard output, which is the attempt's log, one block for each statement, for readers:
//
//     statement 2: SELECT id, name FROM person
//     id | name
//     ---+-----
//      1 | Zoë
//     statement 2 done in 0.4 ms: 1 row
//
// And the answer, which is for the server: into the memory file on descriptor 4 that the supervisor gives (base/frame.h); as the last line of
// standard output when there is none. Every function may be called at any time; whether all could be written is known by print_finish.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlrun/table.h"

// The statement, at once, so that the log shows what runs.
void print_started(int number, const char *text, size_t len);
// The first rows of a query.
void print_table(const struct table *table);
// How long it took, and what it did: rows ≥ 0 of a query, changed ≥ 0 of a change, -1 where it does not apply.
void print_done(int number, int64_t duration_us, int64_t rows, int64_t changed);
// The values of an assignment: an object name → text or null.
void print_values(const json_t *values);
void print_line(const char *format, ...) G_GNUC_PRINTF(1, 2);

// Takes the answer; of an error it is {"ok":false,"error":…}.
void print_answer(json_t *answer_take);
void print_error_answer(const char *text);
// Writes out everything; false when something was lost.
bool print_finish(void);
