// SPDX-License-Identifier: Apache-2.0
//
// sqlresult: what sluice-sql tells about the statements it ran, of a node as well as of a call. Values only; any thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

// The wire's numbers (operations.md §1.10).
enum sqlresult_state {
    SQLRESULT_CANCELLED = -2,
    SQLRESULT_FAILED = -1,
    SQLRESULT_DONE = 1,
};

// Texts and JSON belong to the results. at and len are bytes of the script and may be nonsense: see sqlresult_text.
struct sqlresult {
    int64_t at;
    int64_t len;
    enum sqlresult_state state;
    int64_t affected; // of a query the rows that were read
    int64_t elapsed_ms;
    const char *message;   // or NULL
    const json_t *columns; // array of texts, or NULL when it was no query or rows were not kept
    const json_t *rows;    // array of arrays of text or null; NULL as columns
};

struct sqlresults {
    json_t *document;
    GArray *items;          // of struct sqlresult
    int64_t unlisted_count; // statements that were run and found no place
    const char *error;      // why the script ended early, or NULL
};

// Reads an answer line. FAULT_INVALID_DATA when it is none: the program was killed, or could not write.
bool sqlresults_read(const char *line, size_t len, struct sqlresults **ret_results, GError **error);
void sqlresults_free(struct sqlresults *results);

// The statement's own text out of the script; "" when the places lie outside. The caller frees it.
char *sqlresult_text(const struct sqlresult *result, const char *script);
