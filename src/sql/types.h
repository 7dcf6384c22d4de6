// SPDX-License-Identifier: Apache-2.0
//
// types: the words that sql.h and its drivers share.
#pragma once

struct sql; // a connection
struct sql_statement;

enum sql_mode {
    SQL_STORE_WRITER, // SQLite: WAL, synchronous=FULL, the only writer and checkpointer
    SQL_STORE_READER, // read only
    SQL_USER,         // a user's database, created when missing
};

enum sql_step { SQL_ROW, SQL_DONE };
enum sql_type { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT, SQL_BLOB };
