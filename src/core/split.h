// SPDX-License-Identifier: Apache-2.0
//
// split: finds the statements of a script by its dialect alone, without any client library. A statement that no separator ends reaches to the end
// of the text, what is not closed reaches there too: the database will say what is wrong with it.
//
//     struct split split;
//     struct split_part part;
//     split_init(&split, dialect, text, len);
//     while (split_next(&split, &part)) { … text + part.at, part.len … }
//
// Pure; any thread; any bytes; the time of all parts together grows with the text's length alone.
#pragma once

#include "core/lexer.h"

enum { SPLIT_DELIMITER_MAX = 15 }; // bytes, as MySQL's own command line has it

struct split_part {
    size_t at; // where its first word begins: blanks, comments and empty statements are left out
    size_t
        len; // more than 0. With the semicolon that ends it, where the dialect has it as part of the statement
};

// Values of split.c; a split is copied freely.
struct split {
    struct lexer lexer;
    size_t at;
    bool is_line_start;                      // only blanks stand before `at` on its line
    char delimiter[SPLIT_DELIMITER_MAX + 1]; // set by the script; "": the dialect's own
};

void split_init(struct split *split, const struct dialect *dialect, const char *text, size_t len);
// False: only blanks, comments and separators are left.
bool split_next(struct split *split, struct split_part *ret_part);

// Must the statement stand outside of every transaction (dialect->alone)?
bool split_is_alone(const struct dialect *dialect, const char *text, size_t len);
