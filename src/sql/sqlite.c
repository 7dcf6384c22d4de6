// SPDX-License-Identifier: Apache-2.0
//
// The SQLite driver; the only file that includes SQLite's header.
//
// The store's writer is the one connection that writes and checkpoints (SQLite before 3.51.3 can lose the WAL when two do). It
// checkpoints from its own hook instead of SQLite's, because SQLite's swallows errors: a sync that failed once must never be tried
// again, so a failed checkpoint fails the commit and the server ends (reliability.md G15). Only a checkpoint without room fails nothing: what
// was committed stays in the log, and the next commit tries again (G10). Connections use no mutex of SQLite's: they
// belong to one thread at a time. Only `cancel` comes from elsewhere; it touches two words that are written atomically.

#include <errno.h>
#include <sqlite3.h>

#include "base/fault.h"
#include "base/file.h"
#include "sql/driver.h"
#include "sql/sqlite.h"
#include "sql/sqlite_catalogue.h"

enum {
    BUSY_WAIT_STORE_MS = 5000,
    BUSY_WAIT_USER_MS = 60000,
    BUSY_PAUSE_MS = 5,
    PROGRESS_STEPS =
        2000, // virtual machine steps between two looks at the clock: well under a millisecond
    CHECKPOINT_PAGES = 2000, // 8 MiB of WAL, which is then used again from its start
    MICROSECONDS = 1000,
};

// The WAL file keeps its space up to 64 MiB: writing into existing blocks makes commits a third cheaper.
static const char WRITER_SETUP[] = "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA journal_size_limit = 67108864;"
                                   "PRAGMA foreign_keys = ON;"
                                   "PRAGMA cache_size = -2048;"
                                   "PRAGMA mmap_size = 0;"
                                   "PRAGMA temp_store = MEMORY;";
static const char READER_SETUP[] = "PRAGMA query_only = ON;"
                                   "PRAGMA cache_size = -512;"
                                   "PRAGMA mmap_size = 0;"
                                   "PRAGMA temp_store = MEMORY;";
// A user's file is read with care for what a stranger may have put into it, and runs with what its owner put there: on_authorize.
static const char USER_SETUP[] = "PRAGMA trusted_schema = ON;"
                                 "PRAGMA cell_size_check = ON;"
                                 "PRAGMA cache_size = -8192;"
                                 "PRAGMA mmap_size = 0;";

struct sqlite {
    struct sql sql; // first
    sqlite3 *handle;
    enum sql_mode mode;
    int64_t timeout_ms;  // 0 none
    int64_t deadline_us; // of the statement that runs, on the monotonic clock; 0 none
    int busy_wait_ms;
    int is_cancelled;    // atomic
    int checkpoint_code; // how a checkpoint failed; SQLITE_OK
    bool is_cramped;     // the last checkpoint had no room
};

struct sqlite_statement {
    struct sql_statement statement; // first
    sqlite3_stmt *handle;
    bool is_running; // between the first step and the end
    int64_t deadline_us;
};

static struct sqlite *connection_of(struct sql *sql) {
    return (struct sqlite *)sql;
}

static struct sqlite_statement *statement_of(struct sql_statement *statement) {
    return (struct sqlite_statement *)statement;
}

// The disk or the quota is exhausted. Not a sync that failed: what it should have kept may be gone (reliability.md G15).
// Asked right behind the call that failed: SQLite's own memory of errno is not kept up by a COMMIT, and a failed call of the system is the last
// thing that all these codes come from.
static bool is_full(int code) {
    bool has_no_room = file_is_full(-errno);
    switch (code) {
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_SHMSIZE:
    case SQLITE_IOERR_SHMMAP:
    case SQLITE_IOERR_SHMOPEN: return has_no_room;
    default:
        return (code & 0xff) == SQLITE_FULL || ((code & 0xff) == SQLITE_CANTOPEN && has_no_room);
    }
}

// Which fault an error of SQLite's is. A user's broken database is the user's data, not a store that can not be trusted.
static enum fault fault_of(const struct sqlite *sqlite, int code) {
    bool is_user = sqlite->mode == SQL_USER;
    if (!is_user && is_full(code)) {
        return FAULT_NO_SPACE;
    }
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return is_user ? FAULT_UNAVAILABLE : FAULT_STORE_LOCKED;
    case SQLITE_INTERRUPT: return FAULT_UNAVAILABLE;
    case SQLITE_PROTOCOL: // others were quicker again and again
        return is_user ? FAULT_INVALID_DATA : FAULT_STORE_LOCKED;
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_NOTADB:
    case SQLITE_READONLY: return is_user ? FAULT_INVALID_DATA : FAULT_IO;
    case SQLITE_CONSTRAINT: // the store's rows and what we have in memory do not fit
        return is_user ? FAULT_INVALID_DATA : FAULT_INTERNAL;
    default: return FAULT_INVALID_DATA;
    }
}

static bool refuse(const struct sqlite *sqlite, int code, GError **error) {
    if ((code & 0xff) == SQLITE_NOMEM) {
        g_error("SQLite: out of memory"); // ends the process, as everywhere
    }
    enum fault fault = fault_of(sqlite, code);
    if (fault == FAULT_NO_SPACE) {
        fault_set(error, fault, "the disk that holds the state store is full");
        return false;
    }
    if (fault == FAULT_STORE_LOCKED) {
        fault_set(error, fault, "another program holds the state store locked");
        return false;
    }
    // The code of a hook or a checkpoint is not the connection's last one, whose words would be others.
    const char *text = sqlite3_extended_errcode(sqlite->handle) == code
                           ? sqlite3_errmsg(sqlite->handle)
                           : sqlite3_errstr(code);
    if ((code & 0xff) == SQLITE_INTERRUPT) {
        text = g_atomic_int_get(&sqlite->is_cancelled) != 0 ? "the statement was cancelled"
                                                            : "the statement took too long";
    }
    fault_set(error, fault, "%s (SQLite code %d)", text, code);
    return false;
}

static bool is_over(const struct sqlite *sqlite) {
    return g_atomic_int_get(&sqlite->is_cancelled) != 0 ||
           (sqlite->deadline_us != 0 && g_get_monotonic_time() >= sqlite->deadline_us);
}

static int on_progress(void *user) {
    return is_over(user) ? 1 : 0;
}

// SQLite's own waiting does not look at cancellation, so that a statement behind a lock could not be cancelled.
static int on_busy(void *user, int count) {
    const struct sqlite *sqlite = user;
    if (is_over(sqlite) || count >= sqlite->busy_wait_ms / BUSY_PAUSE_MS) {
        return 0;
    }
    g_usleep(BUSY_PAUSE_MS * MICROSECONDS);
    return 1;
}

static int on_wal_commit(void *user, sqlite3 *handle, const char *database, int pages) {
    struct sqlite *sqlite = user;
    if (pages < CHECKPOINT_PAGES) {
        return SQLITE_OK;
    }
    int code = sqlite3_wal_checkpoint_v2(handle, database, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    sqlite->is_cramped = code != SQLITE_OK && is_full(code);
    if (sqlite->is_cramped || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) {
        return SQLITE_OK;
    }
    sqlite->checkpoint_code = code;
    return code;
}

static void sqlite_close_connection(struct sql *sql) {
    struct sqlite *sqlite = connection_of(sql);
    (void)sqlite3_close_v2(sqlite->handle);
    g_free(sqlite);
}

static bool set_up(struct sqlite *sqlite, const char *pragmas, GError **error) {
    int code = sqlite3_exec(sqlite->handle, pragmas, NULL, NULL, NULL);
    return code == SQLITE_OK || refuse(sqlite, code, error);
}

// The functions that reach beyond the database: they hand out or take addresses, or load code. SQLite has no others by itself, and none
// are added to the connection, so a schema may use everything else (docs/nodes/sql.md): full-text and R-tree tables in triggers and
// views above all, which SQLite refuses in a schema that is not trusted.
static bool is_unsafe_function(const char *name) {
    return name != NULL && (g_ascii_strcasecmp(name, "fts3_tokenizer") == 0 ||
                            g_ascii_strcasecmp(name, "load_extension") == 0);
}

// No other file is attached; VACUUM attaches a nameless one to itself.
static int on_authorize(void *user, int action, const char *first, const char *second,
                        const char *database, const char *trigger) {
    bool is_other_file = action == SQLITE_ATTACH && (first == NULL || first[0] != '\0');
    bool is_unsafe = action == SQLITE_FUNCTION && is_unsafe_function(second);
    return is_other_file || is_unsafe ? SQLITE_DENY : SQLITE_OK;
}

static bool set_up_mode(struct sqlite *sqlite, GError **error) {
    switch (sqlite->mode) {
    case SQL_STORE_WRITER:
        if (!set_up(sqlite, WRITER_SETUP, error)) {
            return false;
        }
        (void)sqlite3_wal_hook(sqlite->handle, on_wal_commit, sqlite);
        return true;
    case SQL_STORE_READER:
        (void)sqlite3_db_config(sqlite->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return set_up(sqlite, READER_SETUP, error);
    case SQL_USER:
        (void)sqlite3_db_config(sqlite->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void)sqlite3_db_config(sqlite->handle, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0, NULL);
        (void)sqlite3_limit(sqlite->handle, SQLITE_LIMIT_ATTACHED, 1);
        (void)sqlite3_set_authorizer(sqlite->handle, on_authorize, NULL);
        return set_up(sqlite, USER_SETUP, error);
    }
    g_assert_not_reached();
}

// Nobody asks how much memory all connections hold, and counting it takes one lock for each piece.
static void configure_once(void) {
    static gsize is_done;
    if (g_once_init_enter(&is_done)) {
        (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        g_once_init_leave(&is_done, 1);
    }
}

static bool sqlite_open_connection(const struct sql_target *target, struct sql **ret_sql,
                                   GError **error) {
    enum sql_mode mode = target->mode;
    int flags = mode == SQL_STORE_READER ? SQLITE_OPEN_READONLY
                                         : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    configure_once();
    struct sqlite *sqlite = g_new0(struct sqlite, 1);
    sqlite->mode = mode;
    sqlite->busy_wait_ms = mode == SQL_USER ? BUSY_WAIT_USER_MS : BUSY_WAIT_STORE_MS;
    int code = sqlite3_open_v2(target->host, &sqlite->handle,
                               flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) {
        (void)refuse(sqlite, code, error);
        g_prefix_error(error, "opening %s: ", target->host);
        sqlite_close_connection(&sqlite->sql);
        return false;
    }
    (void)sqlite3_db_config(sqlite->handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    (void)sqlite3_busy_handler(sqlite->handle, on_busy, sqlite);
    sqlite3_progress_handler(sqlite->handle, PROGRESS_STEPS, on_progress, sqlite);
    if (!set_up_mode(sqlite, error)) {
        g_prefix_error(error, "opening %s: ", target->host);
        sqlite_close_connection(&sqlite->sql);
        return false;
    }
    *ret_sql = &sqlite->sql;
    return true;
}

static void sqlite_cancel(struct sql *sql) {
    struct sqlite *sqlite = connection_of(sql);
    g_atomic_int_set(&sqlite->is_cancelled, 1);
    sqlite3_interrupt(sqlite->handle);
}

static void sqlite_set_timeout(struct sql *sql, int64_t timeout_ms) {
    connection_of(sql)->timeout_ms = timeout_ms;
}

static void sqlite_set_patience(struct sql *sql, int64_t wait_ms) {
    connection_of(sql)->busy_wait_ms = (int)wait_ms;
}

static bool sqlite_is_cramped(struct sql *sql) {
    return connection_of(sql)->is_cramped;
}

static bool sqlite_in_transaction(struct sql *sql) {
    return sqlite3_get_autocommit(connection_of(sql)->handle) == 0;
}

static bool sqlite_prepare(struct sql *sql, const char *text, gssize len,
                           struct sql_statement **ret_statement, const char **ret_rest,
                           GError **error) {
    g_assert(len <= G_MAXINT);
    struct sqlite *sqlite = connection_of(sql);
    bool is_kept = ret_rest == NULL;
    sqlite3_stmt *handle = NULL;
    const char *rest = NULL;
    g_atomic_int_set(&sqlite->is_cancelled, 0);
    sqlite->deadline_us = 0;
    int code = sqlite3_prepare_v3(sqlite->handle, text, (int)len,
                                  is_kept ? SQLITE_PREPARE_PERSISTENT : 0, &handle, &rest);
    if (code != SQLITE_OK) {
        return refuse(sqlite, code, error);
    }
    if (ret_rest != NULL) {
        *ret_rest = rest;
    }
    if (handle == NULL) {
        *ret_statement = NULL;
        return true;
    }
    struct sqlite_statement *statement = g_new0(struct sqlite_statement, 1);
    statement->handle = handle;
    *ret_statement = &statement->statement;
    return true;
}

static void sqlite_finish(struct sql_statement *statement) {
    (void)sqlite3_finalize(statement_of(statement)->handle);
    g_free(statement);
}

static void sqlite_reset(struct sql_statement *statement) {
    struct sqlite_statement *it = statement_of(statement);
    (void)sqlite3_reset(it->handle);
    (void)sqlite3_clear_bindings(it->handle);
    it->is_running = false;
}

static void sqlite_bind_int(struct sql_statement *statement, int position, int64_t value) {
    int code = sqlite3_bind_int64(statement_of(statement)->handle, position, value);
    g_assert(code == SQLITE_OK);
}

static void sqlite_bind_text(struct sql_statement *statement, int position, const char *value) {
    int code =
        sqlite3_bind_text(statement_of(statement)->handle, position, value, -1, SQLITE_TRANSIENT);
    g_assert(code == SQLITE_OK);
}

static void sqlite_bind_blob(struct sql_statement *statement, int position, const void *value,
                             size_t len) {
    g_assert(len <= G_MAXINT);
    int code = sqlite3_bind_blob(statement_of(statement)->handle, position, value, (int)len,
                                 SQLITE_TRANSIENT);
    g_assert(code == SQLITE_OK);
}

static bool sqlite_step(struct sql_statement *statement, enum sql_step *ret_step, GError **error) {
    struct sqlite_statement *it = statement_of(statement);
    struct sqlite *sqlite = connection_of(statement->sql);
    if (!it->is_running) {
        it->is_running = true;
        it->deadline_us = sqlite->timeout_ms == 0
                              ? 0
                              : g_get_monotonic_time() + sqlite->timeout_ms * MICROSECONDS;
        g_atomic_int_set(&sqlite->is_cancelled, 0);
    }
    sqlite->deadline_us = it->deadline_us;
    int code = sqlite3_step(it->handle);
    if (code == SQLITE_ROW) {
        *ret_step = SQL_ROW;
        return true;
    }
    // The hook's code comes back as a mere SQLITE_ERROR. Once a checkpoint has failed, no commit may be believed.
    if (sqlite->checkpoint_code != SQLITE_OK) {
        code = sqlite->checkpoint_code;
        errno = 0; // it is not of this call
    }
    bool is_done = code == SQLITE_DONE;
    if (!is_done) {
        (void)refuse(sqlite,
                     is_over(sqlite) && (code & 0xff) == SQLITE_BUSY ? SQLITE_INTERRUPT : code,
                     error);
    }
    (void)sqlite3_reset(it->handle);
    it->is_running = false;
    if (is_done) {
        *ret_step = SQL_DONE;
    }
    return is_done;
}

static int sqlite_column_count(struct sql_statement *statement) {
    return sqlite3_column_count(statement_of(statement)->handle);
}

static const char *sqlite_column_name(struct sql_statement *statement, int column) {
    return sqlite3_column_name(statement_of(statement)->handle, column);
}

static enum sql_type sqlite_column_type(struct sql_statement *statement, int column) {
    switch (sqlite3_column_type(statement_of(statement)->handle, column)) {
    case SQLITE_INTEGER: return SQL_INTEGER;
    case SQLITE_FLOAT: return SQL_REAL;
    case SQLITE_TEXT: return SQL_TEXT;
    case SQLITE_BLOB: return SQL_BLOB;
    default: return SQL_NULL;
    }
}

static int64_t sqlite_column_int(struct sql_statement *statement, int column) {
    return sqlite3_column_int64(statement_of(statement)->handle, column);
}

static const char *sqlite_column_text(struct sql_statement *statement, int column) {
    return (const char *)sqlite3_column_text(statement_of(statement)->handle, column);
}

static size_t sqlite_column_text_len(struct sql_statement *statement, int column) {
    sqlite3_stmt *handle = statement_of(statement)->handle;
    (void)sqlite3_column_text(handle, column); // makes the number of bytes that of the text
    return (size_t)sqlite3_column_bytes(handle, column);
}

static const void *sqlite_column_blob(struct sql_statement *statement, int column,
                                      size_t *ret_len) {
    sqlite3_stmt *handle = statement_of(statement)->handle;
    const void *bytes = sqlite3_column_blob(handle, column);
    *ret_len = (size_t)sqlite3_column_bytes(handle, column);
    return bytes;
}

static int64_t sqlite_changes(struct sql *sql) {
    return sqlite3_changes64(connection_of(sql)->handle);
}

static bool sqlite_is_readonly(struct sql_statement *statement) {
    return sqlite3_stmt_readonly(statement_of(statement)->handle) != 0;
}

static int64_t sqlite_scan_steps(struct sql_statement *statement) {
    return sqlite3_stmt_status(statement_of(statement)->handle, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);
}

const struct sql_driver sql_sqlite_driver = {
    .name = "sqlite",
    .begin_text =
        "BEGIN", // locks come with the first statement, so that a turn without any costs no system call
    .check_text = "PRAGMA integrity_check(1)",
    // The count reads the file's head: one that is no database is found here.
    .probe_text = "SELECT sqlite_version(), (SELECT count(*) FROM sqlite_schema)",
    .open = sqlite_open_connection,
    .close = sqlite_close_connection,
    .cancel = sqlite_cancel,
    .set_timeout = sqlite_set_timeout,
    .set_patience = sqlite_set_patience,
    .is_cramped = sqlite_is_cramped,
    .in_transaction = sqlite_in_transaction,
    .prepare = sqlite_prepare,
    .finish = sqlite_finish,
    .reset = sqlite_reset,
    .bind_int = sqlite_bind_int,
    .bind_text = sqlite_bind_text,
    .bind_blob = sqlite_bind_blob,
    .step = sqlite_step,
    .column_count = sqlite_column_count,
    .column_name = sqlite_column_name,
    .column_type = sqlite_column_type,
    .column_int = sqlite_column_int,
    .column_text = sqlite_column_text,
    .column_text_len = sqlite_column_text_len,
    .column_blob = sqlite_column_blob,
    .changes = sqlite_changes,
    .is_readonly = sqlite_is_readonly,
    .scan_steps = sqlite_scan_steps,
    .catalogue = sqlite_catalogue,
};

bool sqlite_open(const char *path, enum sql_mode mode, struct sql **ret_sql, GError **error) {
    struct sql_target target = { .host = path, .mode = mode };
    return sql_open(&sql_sqlite_driver, &target, ret_sql, error);
}
