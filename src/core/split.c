// SPDX-License-Identifier: Apache-2.0
//
// Goes from piece to piece (core/lexer); core/split_body says which semicolons end a statement. A separator that stands in a line of its own, and
// the command that sets another one, are looked for where a line begins.

#include "core/split.h"

#include <string.h>

#include <glib.h>

#include "core/split_body.h"

void split_init(struct split *split, const struct dialect *dialect, const char *text, size_t len) {
    g_assert(dialect != NULL);
    g_assert(text != NULL);
    *split = (struct split){
        .lexer = { .dialect = dialect, .text = text, .len = len },
        .is_line_start = true,
    };
}

static void step_over(struct split *split, const struct lexeme *lexeme) {
    const char *text = split->lexer.text + lexeme->at;
    size_t len = lexeme->end - lexeme->at;
    if (lexeme->kind == LEXEME_BLANK) {
        split->is_line_start = split->is_line_start || memchr(text, '\n', len) != NULL;
    } else {
        split->is_line_start = lexeme->kind == LEXEME_COMMENT && text[len - 1] == '\n';
    }
    split->at = lexeme->end;
}

// Behind the line's end when only blanks are left on it; 0 otherwise.
static size_t line_end(const struct lexer *lexer, size_t at) {
    while (at < lexer->len && lexer->text[at] != '\n') {
        if (!g_ascii_isspace(lexer->text[at])) {
            return 0;
        }
        at++;
    }
    return MIN(at + 1, lexer->len);
}

// Where the text goes on behind a line that separates, as GO does; 0: the piece does not begin one.
static size_t separator_line_end(const struct split *split, const struct lexeme *lexeme) {
    const char *line = split->lexer.dialect->separator_line;
    if (line == NULL || !split->is_line_start) {
        return 0;
    }
    bool is_mark = !g_ascii_isalpha(line[0]);
    bool is_meant = is_mark ? lexeme_is_mark(&split->lexer, lexeme, line[0])
                            : lexeme_is(&split->lexer, lexeme, line);
    return is_meant ? line_end(&split->lexer, lexeme->end) : 0;
}

// The delimiter that the script has set, in a piece of it: a word may hold it as well. *ret_at is where it stands.
static bool find_delimiter(const struct split *split, const struct lexeme *lexeme, size_t *ret_at) {
    const struct lexer *lexer = &split->lexer;
    size_t len = strlen(split->delimiter);
    size_t stop = lexeme->kind == LEXEME_WORD ? lexeme->end : lexeme->at + 1;
    for (size_t at = lexeme->at; lexeme->kind != LEXEME_BLANK && at < stop; at++) {
        if (lexer->len - at >= len && memcmp(lexer->text + at, split->delimiter, len) == 0) {
            *ret_at = at;
            return true;
        }
    }
    return false;
}

// DELIMITER and what it sets, in a line of their own. False: the piece does not begin that.
static bool take_delimiter(struct split *split, const struct lexeme *lexeme) {
    const struct lexer *lexer = &split->lexer;
    if ((lexer->dialect->traits & DIALECT_DELIMITER) == 0 || !split->is_line_start ||
        !lexeme_is(lexer, lexeme, "DELIMITER")) {
        return false;
    }
    size_t at = lexeme->end;
    while (at < lexer->len && (lexer->text[at] == ' ' || lexer->text[at] == '\t')) {
        at++;
    }
    size_t end = at;
    while (end < lexer->len && !g_ascii_isspace(lexer->text[end]) && lexer->text[end] != '\0') {
        end++;
    }
    size_t next = line_end(lexer, end);
    if (at == lexeme->end || end == at || end - at > SPLIT_DELIMITER_MAX || next == 0) {
        return false;
    }
    bool is_own = end - at == 1 && lexer->text[at] == ';';
    memcpy(split->delimiter, lexer->text + at, end - at);
    split->delimiter[is_own ? 0 : end - at] = '\0';
    split->at = next;
    split->is_line_start = true;
    return true;
}

// Goes over all that is no statement. False at the end.
static bool find_start(struct split *split) {
    while (split->at < split->lexer.len) {
        struct lexeme lexeme = lexer_read(&split->lexer, split->at);
        size_t next = separator_line_end(split, &lexeme);
        size_t at = 0;
        if (next != 0) {
            split->at = next;
        } else if (split->delimiter[0] != '\0' && find_delimiter(split, &lexeme, &at) &&
                   at == lexeme.at) {
            split->at += strlen(split->delimiter);
            split->is_line_start = false;
        } else if (lexeme.kind == LEXEME_BLANK || lexeme.kind == LEXEME_COMMENT ||
                   (split->delimiter[0] == '\0' && lexeme_is_mark(&split->lexer, &lexeme, ';'))) {
            step_over(split, &lexeme);
        } else if (!take_delimiter(split, &lexeme)) {
            return true;
        }
    }
    return false;
}

// Does the piece end the statement? *ret_end is where it ends then, and split->at behind the separator.
static bool take_end(struct split *split, const struct body *body, const struct lexeme *lexeme,
                     size_t *ret_end) {
    const struct dialect *dialect = split->lexer.dialect;
    size_t next = separator_line_end(split, lexeme);
    if (next != 0) {
        *ret_end = lexeme->at;
        split->at = next;
        split->is_line_start = true;
        return true;
    }
    if (split->delimiter[0] != '\0') {
        bool is_found = find_delimiter(split, lexeme, ret_end);
        if (is_found) {
            split->at = *ret_end + strlen(split->delimiter);
            split->is_line_start = false;
        }
        return is_found;
    }
    if ((dialect->traits & DIALECT_BATCHES) != 0 || !lexeme_is_mark(&split->lexer, lexeme, ';') ||
        !body_may_end(body, dialect)) {
        return false;
    }
    *ret_end = (dialect->traits & DIALECT_SEMICOLON_APART) != 0 ? lexeme->at : lexeme->end;
    step_over(split, lexeme);
    return true;
}

bool split_next(struct split *split, struct split_part *ret_part) {
    if (!find_start(split)) {
        return false;
    }
    struct body body;
    size_t start = split->at;
    size_t end = split->lexer.len;
    body_init(&body);
    while (split->at < split->lexer.len) {
        struct lexeme lexeme = lexer_read(&split->lexer, split->at);
        if (take_end(split, &body, &lexeme, &end)) {
            break;
        }
        body_take(&body, &split->lexer, &lexeme);
        step_over(split, &lexeme);
    }
    g_assert(end > start);
    *ret_part = (struct split_part){ .at = start, .len = end - start };
    return true;
}

// Do the first words of the text say this, word for word?
static bool begins_with(const struct lexer *lexer, const char *words) {
    const char *word = words;
    size_t at = 0;
    while (*word != '\0' && at < lexer->len) {
        struct lexeme lexeme = lexer_read(lexer, at);
        at = lexeme.end;
        if (lexeme.kind == LEXEME_BLANK || lexeme.kind == LEXEME_COMMENT) {
            continue;
        }
        size_t len = strcspn(word, " ");
        if (lexeme.kind != LEXEME_WORD || lexeme.end - lexeme.at != len ||
            g_ascii_strncasecmp(lexer->text + lexeme.at, word, len) != 0) {
            return false;
        }
        word += len + (word[len] == ' ' ? 1 : 0);
    }
    return *word == '\0';
}

bool split_is_alone(const struct dialect *dialect, const char *text, size_t len) {
    struct lexer lexer = { .dialect = dialect, .text = text, .len = len };
    for (size_t i = 0; dialect->alone[i] != NULL; i++) {
        if (begins_with(&lexer, dialect->alone[i])) {
            return true;
        }
    }
    return false;
}
