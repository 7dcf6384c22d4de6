// SPDX-License-Identifier: Apache-2.0
//
// The word of a statement: its verb; of CREATE, DROP, ALTER and the like the verb and the kind of thing; of WITH the verb behind the queries
// in parentheses. Quoted texts, names and comments hide what is in them.

#include "sql/word.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

enum { WORDS_MAX = 8 }; // between CREATE and the kind of thing

// The end of the comment that begins at `at`; `at` itself when none does.
static const char *comment_end(const char *at, const char *end) {
    size_t left = (size_t)(end - at);
    if (left >= 2 && at[0] == '-' && at[1] == '-') {
        const char *stop = memchr(at, '\n', left);
        return stop != NULL ? stop + 1 : end;
    }
    if (left >= 2 && at[0] == '/' && at[1] == '*') {
        const char *stop = g_strstr_len(at + 2, (gssize)(left - 2), "*/");
        return stop != NULL ? stop + 2 : end;
    }
    return at;
}

const char *sql_skip_comments(const char *text, const char *end) {
    const char *at = text;
    while (at < end) {
        const char *next = comment_end(at, end);
        if (next == at && (g_ascii_isspace(*at) || *at == ';')) {
            next = at + 1;
        }
        if (next == at) {
            break;
        }
        at = next;
    }
    return at;
}

static bool is_letter(char c) {
    return g_ascii_isalnum(c) || c == '_';
}

// The end of what begins at `at`: a word, a quoted text or a single character.
static const char *token_end(const char *at, const char *end) {
    if (is_letter(*at)) {
        while (at < end && is_letter(*at)) {
            at++;
        }
        return at;
    }
    char quote = *at == '[' ? ']' : *at;
    if (*at == ']' || *at == '\0' || strchr("'\"`]", quote) == NULL) {
        return at + 1;
    }
    const char *stop = memchr(at + 1, quote, (size_t)(end - at - 1));
    return stop != NULL ? stop + 1 : end; // a doubled quote is two texts side by side
}

static bool is_one_of(const char *at, const char *stop, const char *const *words) {
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(stop - at) == len && g_ascii_strncasecmp(at, words[i], len) == 0) {
            return true;
        }
    }
    return false;
}

static void append(char *word, const char *at, const char *stop) {
    size_t used = strlen(word);
    size_t len = MIN((size_t)(stop - at), SQL_WORD_BYTES - 1 - used);
    for (size_t i = 0; i < len; i++) {
        word[used + i] = g_ascii_toupper(at[i]);
    }
    word[used + len] = '\0';
}

// CREATE OR REPLACE TEMPORARY TABLE → CREATE_TABLE.
static void append_thing(char *word, const char *at, const char *end) {
    static const char underscore[] = "_";
    static const char *const things[] = { "TABLE",  "VIEW",     "INDEX",     "TRIGGER",  "DATABASE",
                                          "SCHEMA", "SEQUENCE", "PROCEDURE", "FUNCTION", "USER",
                                          "ROLE",   "EVENT",    "TYPE",      NULL };
    for (int i = 0; i < WORDS_MAX; i++) {
        at = sql_skip_comments(at, end);
        if (at >= end || !is_letter(*at)) {
            return;
        }
        const char *stop = token_end(at, end);
        if (is_one_of(at, stop, things)) {
            append(word, underscore, underscore + 1);
            append(word, at, stop);
            return;
        }
        at = stop;
    }
}

// The verb behind WITH: the first one outside of parentheses.
static void find_verb(char *word, const char *at, const char *end) {
    static const char *const verbs[] = { "SELECT",  "INSERT", "UPDATE", "DELETE",
                                         "REPLACE", "MERGE",  "VALUES", NULL };
    int depth = 0;
    while ((at = sql_skip_comments(at, end)) < end) {
        const char *stop = token_end(at, end);
        depth += *at == '(' ? 1 : 0;
        depth -= *at == ')' ? 1 : 0;
        if (depth == 0 && is_one_of(at, stop, verbs)) {
            word[0] = '\0';
            append(word, at, stop);
            return;
        }
        at = stop;
    }
}

void sql_word(const char *text, size_t len, char ret_word[SQL_WORD_BYTES]) {
    static const char *const with_thing[] = { "CREATE", "DROP", "ALTER", "TRUNCATE", NULL };
    static const char *const with_query[] = { "WITH", NULL };
    const char *end = text + len;
    const char *at = sql_skip_comments(text, end);
    while (at < end && *at == '(') { // a query in parentheses
        at = sql_skip_comments(at + 1, end);
    }
    if (at >= end || !g_ascii_isalpha(*at)) {
        (void)g_strlcpy(ret_word, "OTHER", SQL_WORD_BYTES);
        return;
    }
    const char *stop = token_end(at, end);
    ret_word[0] = '\0';
    append(ret_word, at, stop);
    if (is_one_of(at, stop, with_thing)) {
        append_thing(ret_word, stop, end);
    } else if (is_one_of(at, stop, with_query)) {
        find_verb(ret_word, stop, end);
    }
}
