// SPDX-License-Identifier: Apache-2.0
//
// The dialects, each as its own server or its own command line reads scripts.

#include "core/dialect.h"

#define PLAIN(open, close)                                                                         \
    { open, close, false, false }
#define DOUBLED(open, close)                                                                       \
    { open, close, true, false }
#define ESCAPED(open, close)                                                                       \
    { open, close, true, true }

static const char *const no_words[] = { NULL };

const struct dialect dialect_common = {
    .quotes = { DOUBLED('\'', '\''), DOUBLED('"', '"'), DOUBLED('`', '`'), PLAIN('[', ']') },
    .variable_marks = "",
    .alone = no_words,
};

static const char *const sqlite_alone[] = { "VACUUM", NULL };

const struct dialect dialect_sqlite = {
    .quotes = { DOUBLED('\'', '\''), DOUBLED('"', '"'), DOUBLED('`', '`'), PLAIN('[', ']') },
    .traits = DIALECT_VARIABLE_ARRAYS,
    .variable_marks = "$@:#",
    .body = BODY_TRIGGER,
    .alone = sqlite_alone,
};

static const char *const postgresql_alone[] = {
    "VACUUM",
    "CREATE DATABASE",
    "DROP DATABASE",
    "CREATE TABLESPACE",
    "DROP TABLESPACE",
    "ALTER SYSTEM",
    "CREATE INDEX CONCURRENTLY",
    "CREATE UNIQUE INDEX CONCURRENTLY",
    "DROP INDEX CONCURRENTLY",
    "REINDEX INDEX CONCURRENTLY",
    "REINDEX TABLE CONCURRENTLY",
    "REINDEX SCHEMA",
    "REINDEX DATABASE",
    "REINDEX SYSTEM",
    NULL,
};

const struct dialect dialect_postgresql = {
    .quotes = { DOUBLED('\'', '\''), DOUBLED('"', '"') },
    .traits =
        DIALECT_NESTED_COMMENTS | DIALECT_DOLLAR_TEXTS | DIALECT_E_TEXTS | DIALECT_PARENTHESES,
    .variable_marks = "",
    .body = BODY_ATOMIC,
    .alone = postgresql_alone,
};

const struct dialect dialect_mysql = {
    .quotes = { ESCAPED('\'', '\''), ESCAPED('"', '"'), DOUBLED('`', '`') },
    .traits =
        DIALECT_HASH_COMMENTS | DIALECT_DASHES_BLANK | DIALECT_CODE_COMMENTS | DIALECT_DELIMITER,
    .variable_marks = "@",
    .body = BODY_BLOCK,
    .alone = no_words, // what could not be undone is committed by itself
};

static const char *const sqlserver_alone[] = {
    "CREATE DATABASE", "ALTER DATABASE", "DROP DATABASE", "BACKUP", "RESTORE", "RECONFIGURE", NULL,
};

const struct dialect dialect_sqlserver = {
    .quotes = { DOUBLED('\'', '\''), DOUBLED('"', '"'), DOUBLED('[', ']') },
    .traits = DIALECT_NESTED_COMMENTS | DIALECT_BATCHES,
    .variable_marks = "@#",
    .separator_line = "GO",
    .alone = sqlserver_alone,
};

const struct dialect dialect_oracle = {
    .quotes = { DOUBLED('\'', '\''), DOUBLED('"', '"') },
    .traits = DIALECT_Q_TEXTS | DIALECT_SEMICOLON_APART,
    .variable_marks = ":",
    .separator_line = "/",
    .body = BODY_BUFFER,
    .alone = no_words,
};
