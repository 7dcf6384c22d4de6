// SPDX-License-Identifier: Apache-2.0
//
// types: the words that sql.h and its drivers share.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sql; // a connection
struct sql_statement;
struct sql_driver; // what reaches a kind of database: sql/sqlite.h, sql/drivers.h

enum sql_mode {
    SQL_STORE_WRITER, // SQLite: WAL, synchronous=FULL, the only writer and checkpointer
    SQL_STORE_READER, // read only
    SQL_USER,         // a user's database, created when missing
};

// Where a database is and how it is opened. Texts live for the call that gets them; NULL: there is none. A driver reads what its kind has.
struct sql_target {
    const char *kind; // a word of core/database_kind: one driver may reach several
    const char *host; // or the path of a file
    int port;         // 0 of a file
    const char *schema;
    const char *user;
    const char *
        password; // a secret: no driver keeps it longer than opening takes, or tells it in an error
    enum sql_mode mode;
};

enum sql_step { SQL_ROW, SQL_DONE };
enum sql_type { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT, SQL_BLOB };

// What a database holds, as it tells itself. Texts live for the call that gets them; NULL: there is none.
struct sql_database {
    const char *name;
    const char *encoding;
    const char *catalog;
};
struct sql_table {
    const char *schema; // "" where there is no level between database and table
    const char *name;
    const char *kind; // "NORMAL", "VIEW"
    const char *engine;
    const char *encoding;
    const char *description;
    int64_t row_count; // an estimate, as the next; -1 unknown
    int64_t bytes;
};
struct sql_column {
    const char *name;
    const char *type; // as it was declared
    const char *default_value;
    const char *description;
    bool is_nullable;
    bool is_auto_increment;
    int64_t data_length; // 0: unknown, as the next two
    int precision;
    int scale;
};
// Who is told. Each table is followed by its columns, all in a fixed order. NULL: not wanted.
struct sql_catalogue {
    void (*database)(const struct sql_database *database, void *user);
    bool (*table)(const struct sql_table *table, void *user); // false: that is enough
    void (*column)(const struct sql_column *column, void *user);
    void *user;
};
