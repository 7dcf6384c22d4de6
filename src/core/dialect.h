// SPDX-License-Identifier: Apache-2.0
//
// dialect: how a text in SQL is read, as far as finding its statements needs it: quotes, comments, what separates statements, and which of them
// have separators inside. One constant for each family of kinds (core/database_kind). Constants; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { DIALECT_QUOTES_MAX = 4 };

struct dialect_quote {
    char open; // '\0' behind the last
    char close;
    bool is_doubled;      // the closing character twice stands for itself
    bool has_backslashes; // the character behind one stands for itself
};

enum dialect_trait {
    DIALECT_NESTED_COMMENTS = 1 << 0,  // /* /* */ */
    DIALECT_HASH_COMMENTS = 1 << 1,    // # to the line's end
    DIALECT_DASHES_BLANK = 1 << 2,     // -- is a comment only before a blank
    DIALECT_CODE_COMMENTS = 1 << 3,    // what stands in /*! … */ is code
    DIALECT_DOLLAR_TEXTS = 1 << 4,     // $tag$ … $tag$
    DIALECT_E_TEXTS = 1 << 5,          // E'…' has backslashes
    DIALECT_Q_TEXTS = 1 << 6,          // q'[…]'
    DIALECT_VARIABLE_ARRAYS = 1 << 7,  // $name(…) is one variable
    DIALECT_PARENTHESES = 1 << 8,      // a semicolon inside of parentheses separates nothing
    DIALECT_DELIMITER = 1 << 9,        // a line DELIMITER … sets another separator
    DIALECT_SEMICOLON_APART = 1 << 10, // the semicolon is not part of the statement
    DIALECT_BATCHES = 1 << 11, // a semicolon separates nothing: a batch goes to the server whole
};

// Statements that have semicolons inside.
enum dialect_body {
    BODY_NONE,
    BODY_TRIGGER, // CREATE TRIGGER, to a semicolon and END
    BODY_BLOCK,   // routines, triggers and events, to the END of BEGIN
    BODY_ATOMIC,  // functions and procedures, to the END of BEGIN ATOMIC
    BODY_BUFFER,  // blocks and routines, to the line that separates
};

struct dialect {
    struct dialect_quote quotes[DIALECT_QUOTES_MAX];
    unsigned traits;            // of enum dialect_trait
    const char *variable_marks; // a word behind one of them is no keyword
    const char *separator_line; // a line of this word alone separates too; NULL
    enum dialect_body body;
    const char *const
        *alone; // first words of statements that no transaction may hold; NULL behind the last
};

// For kinds whose own is not known, and where the kind is not: what most have in common.
extern const struct dialect dialect_common;
extern const struct dialect dialect_sqlite;
extern const struct dialect dialect_postgresql;
extern const struct dialect dialect_mysql; // and MariaDB
extern const struct dialect dialect_sqlserver;
extern const struct dialect dialect_oracle;
