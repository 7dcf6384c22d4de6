// SPDX-License-Identifier: Apache-2.0
//
// word: what kind of statement a text is, by its words alone, the same for all databases: "SELECT", "INSERT", "CREATE_TABLE" (operations.md
// §5, SqlType). Not for deciding what may run. Pure; any thread.
#pragma once

#include <stddef.h>

enum { SQL_WORD_BYTES = 32 };

// Where the words of a statement begin: behind blanks, semicolons and comments; at most `end`.
const char *sql_skip_comments(const char *text, const char *end);

// The word in capitals; "OTHER" when the statement does not begin with one. Never fails, whatever the text is.
void sql_word(const char *text, size_t len, char ret_word[SQL_WORD_BYTES]);
