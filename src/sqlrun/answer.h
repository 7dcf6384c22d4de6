// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_answer: what sluice-sql answers about the statements it ran: a list of
//
//   {"at":0, "len":12, "state":1, "affected":3, "ms":0.4, "message":TEXT, "columns":[TEXT,…], "rows":[[TEXT or null,…],…]}
//
// at and len are bytes of the script; state is 1 done, -1 failed, -2 cancelled; affected counts the rows of a query that were read, or those
// that were changed. columns and rows only of queries, and only when rows are kept (exec/sqlresult.h reads it).
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sql/sql.h"

enum {
    ANSWER_ROWS_MAX = 1000,        // operations.md §4.3
    ANSWER_STATEMENTS_MAX = 2000,  // that are listed
    ANSWER_BYTES_MAX = 960 * 1024, // of all statements together; the answer's line may have 1 MiB
    ANSWER_MESSAGE_BYTES_MAX = 2048,
};

enum answer_state { ANSWER_CANCELLED = -2, ANSWER_FAILED = -1, ANSWER_DONE = 1 };

struct answer;

struct answer *answer_new(bool keeps_rows);
void answer_free(struct answer *answer);

// Is there room for one more statement?
bool answer_has_room(const struct answer *answer);
void answer_begin(struct answer *answer, size_t at, size_t len);
// The present row of the statement that was begun. False: it and those behind it are not kept.
bool answer_row(struct answer *answer, struct sql_statement *statement);
// Names of the columns, also of an empty result.
void answer_columns(struct answer *answer, struct sql_statement *statement);
// message NULL: made from what is known.
void answer_end(struct answer *answer, enum answer_state state, int64_t affected,
                int64_t elapsed_us, const char *message);

// The list; a new reference. *ret_unlisted counts statements that are not in it.
json_t *answer_list(const struct answer *answer, int64_t *ret_unlisted);
