// SPDX-License-Identifier: Apache-2.0
//
// lexer: the pieces of a text in SQL: blanks, comments, words, what is quoted, and single characters. Any bytes are taken; what is not closed
// reaches to the end. Pure; any thread; the time of reading a whole text grows with its length alone.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/dialect.h"

struct lexer {
    const struct dialect *dialect;
    const char *text; // need not end in NUL
    size_t len;
};

enum lexeme_kind { LEXEME_BLANK, LEXEME_COMMENT, LEXEME_WORD, LEXEME_QUOTED, LEXEME_MARK };

struct lexeme {
    enum lexeme_kind kind;
    size_t at;
    size_t end; // behind its last byte; more than `at`
};

// The piece that begins at `at`, which must be before the end.
struct lexeme lexer_read(const struct lexer *lexer, size_t at);

// Is it that word (capitals), in any case?
bool lexeme_is(const struct lexer *lexer, const struct lexeme *lexeme, const char *word);
// Is it one of them? NULL behind the last; a list of NULL alone has none.
bool lexeme_is_one_of(const struct lexer *lexer, const struct lexeme *lexeme,
                      const char *const *words);
// Is it this single character?
bool lexeme_is_mark(const struct lexer *lexer, const struct lexeme *lexeme, char mark);
