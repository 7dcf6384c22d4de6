// SPDX-License-Identifier: Apache-2.0
//
// split_body: does a semicolon end the statement that it stands in? Followed word by word. Private to split.c.
#pragma once

#include "core/lexer.h"

// HEAD_ENCLOSED: what stands in its parentheses is not read as SQL, semicolons included.
enum body_head { HEAD_OPEN, HEAD_PLAIN, HEAD_ENCLOSED, HEAD_BODY };
enum body_last { LAST_OTHER, LAST_DOT, LAST_SEMICOLON, LAST_BEGIN, LAST_END, LAST_END_FOR };

struct body {
    enum body_head head; // what the first words say
    int rule;            // of the head's rules, whose first word stood there; -1 none yet
    enum body_last last;
    int depth; // of blocks that are open
    int parentheses;
};

void body_init(struct body *body);
// The next piece of the statement, in order; blanks and comments too.
void body_take(struct body *body, const struct lexer *lexer, const struct lexeme *lexeme);
// May a semicolon that comes now end it?
bool body_may_end(const struct body *body, const struct dialect *dialect);
