// SPDX-License-Identifier: Apache-2.0
//
// The first words tell whether a statement may have others inside; then its BEGIN, CASE and END are counted, or what the dialect goes by. A word
// behind a dot is a name.
//
// SQLite: a trigger ends where its own parser ends it: END is a name elsewhere, so only the one behind a semicolon counts; the arguments of a
// virtual table are any pieces, a semicolon too. MySQL: BEGIN and CASE
// open; END closes, unless it closes what was not counted (END IF, LOOP, REPEAT, WHILE, FOR). PostgreSQL: bodies in SQL only, as psql reads
// them; other bodies are quoted texts. Oracle: nothing but its line ends a block.

#include "core/split_body.h"

#include <glib.h>

enum { WORDS_MAX = 12, RULES_MAX = 3 };

// One way in which a statement with a body begins: a first word, words that may follow, and the one that settles it.
struct head_rule {
    const char *first[4];
    const char *between[WORDS_MAX]; // none: any word may, but for `never`
    const char *never[WORDS_MAX];
    const char *things[WORDS_MAX]; // none: the first word settles it
    const char *enclosed[2];       // settles that semicolons in its parentheses are its own
    int depth;                     // of blocks that are open then
};

static const struct head_rule heads[][RULES_MAX] = {
    [BODY_NONE] = { { .first = { NULL } } },
    [BODY_TRIGGER] = { { .first = { "CREATE", "EXPLAIN" },
                         .between = { "QUERY", "PLAN", "CREATE", "TEMP", "TEMPORARY" },
                         .things = { "TRIGGER" },
                         .enclosed = { "VIRTUAL" } } },
    [BODY_BLOCK] = { { .first = { "CREATE", "ALTER" },
                       .never = { "TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER", "ROLE",
                                  "SERVER", "SEQUENCE", "AS", "SELECT" },
                       .things = { "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT" } },
                     { .first = { "BEGIN" },
                       .between = { "NOT" },
                       .things = { "ATOMIC" },
                       .depth = 1 } },
    [BODY_ATOMIC] = { { .first = { "CREATE" },
                        .between = { "OR", "REPLACE" },
                        .things = { "FUNCTION", "PROCEDURE" } } },
    [BODY_BUFFER] = { { .first = { "CREATE" },
                        .between = { "OR", "REPLACE", "EDITIONABLE", "NONEDITIONABLE", "AND",
                                     "COMPILE", "RESOLVE" },
                        .things = { "PROCEDURE", "FUNCTION", "PACKAGE", "TRIGGER", "TYPE",
                                    "JAVA" } },
                      { .first = { "DECLARE", "BEGIN" } },
                      { .first = { "WITH" },
                        .between = { NULL },
                        .never = { NULL },
                        .things = { "FUNCTION", "PROCEDURE" } } },
};

void body_init(struct body *body) {
    *body = (struct body){ .head = HEAD_OPEN, .rule = -1 };
}

// The first piece of a statement chooses the rule.
static void begin(struct body *body, const struct lexer *lexer, const struct lexeme *lexeme) {
    const struct head_rule *rules = heads[lexer->dialect->body];
    body->head = HEAD_PLAIN;
    for (int i = 0; i < RULES_MAX && rules[i].first[0] != NULL; i++) {
        if (lexeme_is_one_of(lexer, lexeme, rules[i].first)) {
            body->head = rules[i].things[0] == NULL ? HEAD_BODY : HEAD_OPEN;
            body->rule = i;
        }
    }
}

static void read_head(struct body *body, const struct lexer *lexer, const struct lexeme *lexeme) {
    if (body->rule < 0) {
        begin(body, lexer, lexeme);
        return;
    }
    const struct head_rule *rule = &heads[lexer->dialect->body][body->rule];
    bool takes_any = rule->never[0] != NULL;
    if (lexeme_is_one_of(lexer, lexeme, rule->things)) {
        body->head = HEAD_BODY;
        body->depth = rule->depth;
    } else if (lexeme_is_one_of(lexer, lexeme, rule->enclosed)) {
        body->head = HEAD_ENCLOSED;
    } else if (takes_any ? lexeme_is_one_of(lexer, lexeme, rule->never)
                         : !lexeme_is_one_of(lexer, lexeme, rule->between)) {
        body->head = HEAD_PLAIN;
    }
}

// BEGIN … CASE … END … END IF …
static void count_block(struct body *body, const struct lexer *lexer, const struct lexeme *lexeme) {
    static const char *const uncounted[] = { "IF", "LOOP", "REPEAT", "WHILE", NULL };
    enum body_last last = body->last;
    body->last = LAST_OTHER;
    if (last == LAST_END && lexeme_is_one_of(lexer, lexeme, uncounted)) {
        body->depth++;
    } else if (last == LAST_END && lexeme_is(lexer, lexeme, "FOR")) {
        body->last = LAST_END_FOR;
    } else if (lexeme_is(lexer, lexeme, "BEGIN") ||
               (lexeme_is(lexer, lexeme, "CASE") && last != LAST_END)) {
        body->depth++;
    } else if (lexeme_is(lexer, lexeme, "END") && body->depth > 0) {
        body->depth--;
        body->last = LAST_END;
    }
}

// Behind END FOR: it was the end of a loop, unless it is that of a CASE whose rows are locked, END FOR UPDATE.
static void settle_for(struct body *body, const struct lexer *lexer, const struct lexeme *lexeme) {
    static const char *const locks[] = { "UPDATE", "SHARE", NULL };
    if (body->last == LAST_END_FOR && !lexeme_is_one_of(lexer, lexeme, locks)) {
        body->depth++;
    }
}

static void count_atomic(struct body *body, const struct lexer *lexer,
                         const struct lexeme *lexeme) {
    bool is_begun = body->last == LAST_BEGIN && lexeme_is(lexer, lexeme, "ATOMIC");
    bool is_case = body->depth > 0 && lexeme_is(lexer, lexeme, "CASE");
    body->depth += is_begun || is_case ? 1 : 0;
    body->depth -= body->depth > 0 && lexeme_is(lexer, lexeme, "END") ? 1 : 0;
    body->last = lexeme_is(lexer, lexeme, "BEGIN") ? LAST_BEGIN : LAST_OTHER;
}

static void take_word(struct body *body, const struct lexer *lexer, const struct lexeme *lexeme) {
    if (body->last == LAST_DOT) {
        body->last = LAST_OTHER;
        return;
    }
    switch (lexer->dialect->body) {
    case BODY_TRIGGER:
        body->last =
            body->last == LAST_SEMICOLON && lexeme_is(lexer, lexeme, "END") ? LAST_END : LAST_OTHER;
        break;
    case BODY_BLOCK: count_block(body, lexer, lexeme); break;
    case BODY_ATOMIC: count_atomic(body, lexer, lexeme); break;
    case BODY_NONE:
    case BODY_BUFFER: break;
    }
}

static void take_mark(struct body *body, char mark) {
    body->parentheses += mark == '(' ? 1 : 0;
    body->parentheses -= mark == ')' && body->parentheses > 0 ? 1 : 0;
    body->last = mark == '.' ? LAST_DOT : mark == ';' ? LAST_SEMICOLON : LAST_OTHER;
}

void body_take(struct body *body, const struct lexer *lexer, const struct lexeme *lexeme) {
    if (lexeme->kind == LEXEME_BLANK || lexeme->kind == LEXEME_COMMENT) {
        return;
    }
    settle_for(body, lexer, lexeme);
    if (body->head == HEAD_BODY && lexeme->kind == LEXEME_WORD) {
        take_word(body, lexer, lexeme);
    } else if (lexeme->kind == LEXEME_MARK) {
        take_mark(body, lexer->text[lexeme->at]);
    } else {
        body->last = LAST_OTHER;
    }
    bool is_code_mark = lexeme->kind == LEXEME_MARK && lexeme->end - lexeme->at > 1;
    if (body->head == HEAD_OPEN && !is_code_mark) {
        read_head(body, lexer, lexeme);
    }
}

bool body_may_end(const struct body *body, const struct dialect *dialect) {
    bool holds = (dialect->traits & DIALECT_PARENTHESES) != 0 || body->head == HEAD_ENCLOSED;
    if (holds && body->parentheses > 0) {
        return false;
    }
    if (body->head != HEAD_BODY) {
        return true;
    }
    switch (dialect->body) {
    case BODY_NONE: return true;
    case BODY_TRIGGER: return body->last == LAST_END;
    case BODY_BLOCK: return body->depth + (body->last == LAST_END_FOR ? 1 : 0) == 0;
    case BODY_ATOMIC: return body->depth == 0;
    case BODY_BUFFER: return false;
    }
    g_assert_not_reached();
}
