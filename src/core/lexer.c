// SPDX-License-Identifier: Apache-2.0
//
// One function for each form; each looks only at bytes that its piece will hold, or at one run of them before it gives up, so that no byte
// is looked at more than a few times.

#include "core/lexer.h"

#include <string.h>

#include <glib.h>

#include "core/byte_order_mark.h"

static bool has(const struct lexer *lexer, enum dialect_trait trait) {
    return (lexer->dialect->traits & (unsigned)trait) != 0;
}

// The byte at that place; '\0' behind the end, which no form asks for.
static char byte_at(const struct lexer *lexer, size_t at) {
    return at < lexer->len ? lexer->text[at] : '\0';
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word_start(char c) {
    return g_ascii_isalnum(c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word_byte(char c) {
    return is_word_start(c) || c == '$';
}

// Behind the first `needle` from `at` on; the end when there is none.
static size_t behind(const struct lexer *lexer, size_t at, const char *needle) {
    size_t from = MIN(at, lexer->len);
    const char *found = memmem(lexer->text + from, lexer->len - from, needle, strlen(needle));
    return found != NULL ? (size_t)(found - lexer->text) + strlen(needle) : lexer->len;
}

// Blanks, and the byte order mark that editors put before a text. `at` itself when there is none.
static size_t blank_end(const struct lexer *lexer, size_t at) {
    for (;;) {
        size_t mark = byte_order_mark_len(lexer->text + at, lexer->len - at);
        if (at < lexer->len && is_blank(lexer->text[at])) {
            at++;
        } else if (mark > 0) {
            at += mark;
        } else {
            return at;
        }
    }
}

static size_t nested_end(const struct lexer *lexer, size_t at) {
    int depth = 1;
    at += 2;
    while (at < lexer->len && depth > 0) {
        char next = byte_at(lexer, at + 1);
        bool opens = lexer->text[at] == '/' && next == '*';
        bool closes = lexer->text[at] == '*' && next == '/';
        depth += opens ? 1 : 0;
        depth -= closes ? 1 : 0;
        at += opens || closes ? 2 : 1;
    }
    return MIN(at, lexer->len);
}

// `at` itself when no comment begins there. Two characters that end the text are left to the database.
static size_t comment_end(const struct lexer *lexer, size_t at) {
    char first = lexer->text[at];
    char second = byte_at(lexer, at + 1);
    char third = byte_at(lexer, at + 2);
    if (first == '#' && has(lexer, DIALECT_HASH_COMMENTS)) {
        return behind(lexer, at, "\n");
    }
    if (first == '-' && second == '-' &&
        (!has(lexer, DIALECT_DASHES_BLANK) || (unsigned char)third <= ' ')) {
        return behind(lexer, at, "\n");
    }
    if (first != '/' || second != '*' || lexer->len - at <= 2) {
        return at;
    }
    if (has(lexer, DIALECT_CODE_COMMENTS) && third == '!') {
        return at;
    }
    return has(lexer, DIALECT_NESTED_COMMENTS) ? nested_end(lexer, at)
                                               : behind(lexer, at + 2, "*/");
}

static size_t quoted_end(const struct lexer *lexer, size_t at, const struct dialect_quote *quote) {
    for (at++; at < lexer->len; at++) {
        char c = lexer->text[at];
        if (c == '\\' && quote->has_backslashes) {
            at++;
        } else if (c == quote->close) {
            if (!quote->is_doubled || byte_at(lexer, at + 1) != quote->close) {
                return at + 1;
            }
            at++;
        }
    }
    return lexer->len;
}

// $tag$ … $tag$; `at` itself when no tag stands there.
static size_t dollar_end(const struct lexer *lexer, size_t at) {
    size_t tag = at + 1;
    if (tag < lexer->len && !g_ascii_isdigit(lexer->text[tag])) {
        while (tag < lexer->len && is_word_start(lexer->text[tag])) {
            tag++;
        }
    }
    if (byte_at(lexer, tag) != '$') {
        return at;
    }
    size_t tag_len = tag + 1 - at;
    for (size_t i = tag + 1; i < lexer->len; i++) {
        const char *found = memchr(lexer->text + i, '$', lexer->len - i);
        if (found == NULL) {
            break;
        }
        i = (size_t)(found - lexer->text);
        if (lexer->len - i >= tag_len && memcmp(found, lexer->text + at, tag_len) == 0) {
            return i + tag_len;
        }
    }
    return lexer->len;
}

// q'[…]', from the quote on; `at` itself when nothing can be a delimiter there.
static size_t delimited_end(const struct lexer *lexer, size_t at) {
    static const char pairs[] = "[]{}()<>";
    char open = byte_at(lexer, at + 1);
    if (open == '\0' || is_blank(open)) {
        return at;
    }
    const char *pair = strchr(pairs, open);
    bool is_opening = pair != NULL && (pair - pairs) % 2 == 0;
    const char close[] = { is_opening ? pair[1] : open, '\'', '\0' };
    return behind(lexer, at + 2, close);
}

// A text whose word before the quote changes how it is read; `end` itself when that is not so.
static size_t prefixed_end(const struct lexer *lexer, size_t at, size_t end) {
    static const struct dialect_quote escaped = { '\'', '\'', true, true };
    static const char *const q_words[] = { "Q", "NQ", NULL };
    struct lexeme word = { LEXEME_WORD, at, end };
    if (byte_at(lexer, end) != '\'') {
        return end;
    }
    if (has(lexer, DIALECT_E_TEXTS) && lexeme_is(lexer, &word, "E")) {
        return quoted_end(lexer, end, &escaped);
    }
    return has(lexer, DIALECT_Q_TEXTS) && lexeme_is_one_of(lexer, &word, q_words)
               ? delimited_end(lexer, end)
               : end;
}

// A variable with its mark, and of some dialects with what stands in parentheses. `at` itself when it is a mere mark.
static size_t variable_end(const struct lexer *lexer, size_t at) {
    bool has_arrays = has(lexer, DIALECT_VARIABLE_ARRAYS);
    bool is_named = false;
    size_t end = at + 1;
    for (; end < lexer->len; end++) {
        char c = lexer->text[end];
        if (is_word_byte(c)) {
            is_named = true;
        } else if (has_arrays && c == '(' && is_named) {
            while (end < lexer->len && !is_blank(lexer->text[end]) && lexer->text[end] != ')') {
                end++;
            }
            return byte_at(lexer, end) == ')' ? end + 1 : end;
        } else if (has_arrays && c == ':' && byte_at(lexer, end + 1) == ':') {
            end++;
        } else {
            break;
        }
    }
    return is_named || end > at + 1 ? end : at;
}

static struct lexeme read_word(const struct lexer *lexer, size_t at) {
    size_t end = at;
    while (end < lexer->len && is_word_byte(lexer->text[end])) {
        end++;
    }
    size_t quoted = prefixed_end(lexer, at, end);
    return (struct lexeme){ quoted > end ? LEXEME_QUOTED : LEXEME_WORD, at, quoted };
}

// /*! and the version behind it, whose comment is code.
static size_t mark_end(const struct lexer *lexer, size_t at) {
    size_t end = at + 1;
    if (has(lexer, DIALECT_CODE_COMMENTS) && lexer->len - at > 2 &&
        memcmp(lexer->text + at, "/*!", 3) == 0) {
        for (end = at + 3; g_ascii_isdigit(byte_at(lexer, end));) {
            end++;
        }
    }
    return end;
}

struct lexeme lexer_read(const struct lexer *lexer, size_t at) {
    g_assert(at < lexer->len);
    char c = lexer->text[at];
    size_t end = blank_end(lexer, at);
    if (end > at) {
        return (struct lexeme){ LEXEME_BLANK, at, end };
    }
    end = comment_end(lexer, at);
    if (end > at) {
        return (struct lexeme){ LEXEME_COMMENT, at, end };
    }
    if (is_word_start(c)) {
        return read_word(lexer, at);
    }
    for (int i = 0; i < DIALECT_QUOTES_MAX && lexer->dialect->quotes[i].open != '\0'; i++) {
        if (c == lexer->dialect->quotes[i].open) {
            return (struct lexeme){ LEXEME_QUOTED, at,
                                    quoted_end(lexer, at, &lexer->dialect->quotes[i]) };
        }
    }
    end = c == '$' && has(lexer, DIALECT_DOLLAR_TEXTS) ? dollar_end(lexer, at) : at;
    if (end > at) {
        return (struct lexeme){ LEXEME_QUOTED, at, end };
    }
    end = c != '\0' && strchr(lexer->dialect->variable_marks, c) != NULL ? variable_end(lexer, at)
                                                                         : at;
    if (end > at) {
        return (struct lexeme){ LEXEME_WORD, at, end };
    }
    return (struct lexeme){ LEXEME_MARK, at, mark_end(lexer, at) };
}

bool lexeme_is(const struct lexer *lexer, const struct lexeme *lexeme, const char *word) {
    size_t len = strlen(word);
    return lexeme->kind == LEXEME_WORD && lexeme->end - lexeme->at == len &&
           g_ascii_strncasecmp(lexer->text + lexeme->at, word, len) == 0;
}

bool lexeme_is_one_of(const struct lexer *lexer, const struct lexeme *lexeme,
                      const char *const *words) {
    for (size_t i = 0; words[i] != NULL; i++) {
        if (lexeme_is(lexer, lexeme, words[i])) {
            return true;
        }
    }
    return false;
}

bool lexeme_is_mark(const struct lexer *lexer, const struct lexeme *lexeme, char mark) {
    return lexeme->kind == LEXEME_MARK && lexer->text[lexeme->at] == mark;
}
