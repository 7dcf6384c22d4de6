// SPDX-License-Identifier: Apache-2.0
//
// sql: one narrow table of functions over SQL databases. The state store and sluice-sql use databases only through it; each driver's
// library header is included by exactly one file of src/sql/. No driver is known here: whoever opens a database brings its own.
//
// Parameters are written ?1, ?2 … and bound, never pasted. A connection and its statements belong to one thread at a time, except
// sql_cancel, which any thread or signal handler may call. Errors: FAULT_IO for a store that can not be trusted (I/O, corruption),
// FAULT_NO_SPACE and FAULT_STORE_LOCKED for one whose disk is full or that another program holds (then nothing was changed, and the
// transaction must be given up), FAULT_UNAVAILABLE for cancelled and for a user's database that is busy, FAULT_INVALID_DATA for SQL the database
// refuses, with its own text.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sql/types.h"

// The driver is that of the target's kind (sql/drivers.h), or the one that the caller knows by name (sql/sqlite.h).
bool sql_open(const struct sql_driver *driver, const struct sql_target *target,
              struct sql **ret_sql, GError **error);
void sql_close(struct sql *sql);

// Makes the statement that runs now (if any) fail soon with FAULT_UNAVAILABLE.
void sql_cancel(struct sql *sql);
// Statements that run longer than this fail with FAULT_UNAVAILABLE; 0 no limit.
void sql_set_timeout(struct sql *sql, int64_t timeout_ms);
// How long a statement waits for a lock that another program holds; at first 5 s, and 60 s in a user's database.
void sql_set_patience(struct sql *sql, int64_t wait_ms);
// What was committed last could not be moved from the log into the database, for want of room. It is durable; the log grows.
bool sql_is_cramped(struct sql *sql);

// Prepared statements are cached by the address of `text`, a constant: preparing again is a look-up. The statement is reset and its
// bindings are cleared. It belongs to the connection.
bool sql_prepare(struct sql *sql, const char *text, struct sql_statement **ret_statement,
                 GError **error);
// A statement of a user's own text: the first one in `text`; *ret_rest is where the next one starts (NULL at the end). Freed by sql_finish.
// *ret_statement is NULL when only blanks and comments were left.
bool sql_prepare_user(struct sql *sql, const char *text, struct sql_statement **ret_statement,
                      const char **ret_rest, GError **error);
// The one statement of a user's text that stands in these bytes, as core/split finds it. *ret_statement is NULL when there is none.
// FAULT_INVALID_DATA: the database reads more than one there; then nothing of them is run.
bool sql_prepare_one(struct sql *sql, const char *text, size_t len,
                     struct sql_statement **ret_statement, GError **error);
void sql_finish(struct sql_statement *statement);

void sql_bind_int(struct sql_statement *statement, int position, int64_t value);
void sql_bind_text(struct sql_statement *statement, int position,
                   const char *value); // NULL binds NULL; copied
void sql_bind_blob(struct sql_statement *statement, int position, const void *value, size_t len);
void sql_bind_null(struct sql_statement *statement, int position);

bool sql_step(struct sql_statement *statement, enum sql_step *ret_step, GError **error);
// One execution of a statement without a result. ret_changed (may be NULL): rows it hit.
bool sql_run(struct sql_statement *statement, int64_t *ret_changed, GError **error);

// Ends an execution before SQL_DONE, so that no old view of the database is held. Reaching SQL_DONE or an error does the same.
void sql_reset(struct sql_statement *statement);
// The same for every statement that sql_prepare keeps.
void sql_reset_all(struct sql *sql);

// Columns of the present row, from 0. Text and blobs live until the next step.
int sql_column_count(struct sql_statement *statement);
const char *sql_column_name(struct sql_statement *statement, int column);
enum sql_type sql_column_type(struct sql_statement *statement, int column);
int64_t sql_column_int(struct sql_statement *statement, int column);
const char *sql_column_text(struct sql_statement *statement, int column); // NULL for NULL
// Bytes of that text; more than strlen says when it holds zero bytes.
size_t sql_column_text_len(struct sql_statement *statement, int column);
const void *sql_column_blob(struct sql_statement *statement, int column, size_t *ret_len);
int64_t sql_changes(struct sql *sql);
bool sql_is_query(struct sql_statement *statement); // does it return rows?
bool sql_is_readonly(struct sql_statement *statement);

bool sql_begin(struct sql *sql, GError **error);
bool sql_commit(struct sql *sql, GError **error);
void sql_rollback(struct sql *sql);
// Has a transaction been begun and not ended, by sql_begin or by a statement of the user's?
bool sql_in_transaction(struct sql *sql);
bool sql_savepoint(struct sql *sql, GError **error);
bool sql_release(struct sql *sql, GError **error);
void sql_rollback_to_savepoint(struct sql *sql);

// What a database holds goes to a struct sql_catalogue (sql/types.h).
// All databases of the server, and the tables of this one behind the first `skipped_count`.
bool sql_catalogue(struct sql *sql, const struct sql_catalogue *catalogue, int64_t skipped_count,
                   GError **error);
// Looks at the database; *ret_version is the server's own word for its version (caller frees).
bool sql_probe(struct sql *sql, char **ret_version, GError **error);

// The database's own check of its file (SQLite: integrity_check). FAULT_IO with its first complaint.
bool sql_check(struct sql *sql, GError **error);
// Rows that cached statements have walked over because no index served them, since the connection was opened: a measure for tests.
int64_t sql_scan_steps(struct sql *sql);

// Runs a script of our own (schema migrations): a constant, never a user's text.
bool sql_script(struct sql *sql, const char *constant_text, GError **error);
