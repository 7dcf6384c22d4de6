// SPDX-License-Identifier: Apache-2.0
//
// The store as a whole: opening, transactions, counters. Tables are the business of the other files.
//
// What always holds: rows change only between store_begin and store_commit, on one connection; an id that was given is never given
// again, because a counter's row is raised by the transaction that first uses a block, and memory never goes back.

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "sql/sqlite.h"
#include "store/migrations.h"
#include "store/private.h"

enum {
    READ_TIMEOUT_MS = 5000, // a long reader would keep the WAL from being used again
    LOG_BYTES = 9 << 20,    // a little more than the log reaches between two checkpoints
    ZERO_BYTES = 1 << 16,
};

static const char GET_COUNTER[] = "SELECT bound FROM counter WHERE id = ?1";
static const char RAISE_COUNTER[] = "UPDATE counter SET bound = ?2 WHERE id = ?1 AND bound < ?2";

static const int64_t block_sizes[COUNTER_COUNT] = {
    [COUNTER_ID] = 1000,
    [COUNTER_FENCE] = 1000,
    [COUNTER_DATABASE] = 16,
};
static const int64_t counter_limits[COUNTER_COUNT] = {
    [COUNTER_ID] = INT64_C(1) << 53,
    [COUNTER_FENCE] = INT64_C(1) << 53,
    [COUNTER_DATABASE] = INT64_C(1) << 31,
};

static char *database_path(const char *dir) {
    return g_build_filename(dir, "state.db", NULL);
}

// Makes the file with its mode before SQLite would, and its name durable; SQLite gives the same mode to the files beside it.
static bool make_file(const char *dir, const char *path, GError **error) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int dir_fd = fd < 0 ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_made = dir_fd >= 0 && fsync(dir_fd) == 0;
    if (!is_made) {
        fault_set(error, FAULT_IO, "making %s: %s", path, g_strerror(errno));
    }
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_made;
}

// Fills the write-ahead log's file with zeros up to the size it will have: a sync of a file that grows costs a third more, as
// measured. Behind the log's end zeros mean nothing; no lock of the database lies on this file. Only speed depends on it, so that
// failing is no error, and what a disk without that much room has given is given back.
static void prepare_log(const char *log_path) {
    static const char zeros[ZERO_BYTES];
    struct stat status;
    int fd = open(log_path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return;
    }
    if (fstat(fd, &status) == 0) {
        int64_t offset = status.st_size;
        int code = 0;
        while (code == 0 && offset < LOG_BYTES) {
            size_t len = (size_t)MIN(LOG_BYTES - offset, ZERO_BYTES);
            code = file_write_at(fd, zeros, len, (uint64_t)offset);
            offset += (int64_t)len;
        }
        if (code < 0) {
            (void)!ftruncate(fd, status.st_size);
        }
        (void)fdatasync(fd);
    }
    (void)close(fd);
}

static bool load_counters(struct store *store, GError **error) {
    for (int i = 0; i < COUNTER_COUNT; i++) {
        int64_t bound = 0;
        if (!query_int(store->reader.sql, GET_COUNTER, VALUES(INT(i)), -1, &bound, error)) {
            return false;
        }
        if (bound < 0 || bound >= counter_limits[i]) {
            fault_set(error, FAULT_INVALID_DATA, "counter %d of the state database is damaged", i);
            return false;
        }
        store->blocks[i] =
            (struct store_block){ .highest = bound, .bound = bound, .durable_bound = bound };
    }
    return true;
}

bool store_open(const char *dir, struct store **ret_store, GError **error) {
    g_assert(dir != NULL && ret_store != NULL);
    g_autofree char *path = database_path(dir);
    struct store *store = g_new0(struct store, 1);
    store->draft_bytes_max = STORE_DRAFT_BYTES;
    g_autofree char *log_path = g_strconcat(path, "-wal", NULL);
    if (!make_file(dir, path, error) ||
        !sqlite_open(path, SQL_STORE_WRITER, &store->reader.sql, error) ||
        !migrations_apply(store->reader.sql, error) || !load_counters(store, error) ||
        !place_keep(&store->place, path, error) || !place_keep(&store->place, log_path, error)) {
        store_close(store);
        return false;
    }
    prepare_log(log_path);
    *ret_store = store;
    return true;
}

void store_set_draft_limit(struct store *store, int64_t bytes) {
    g_assert(bytes > 0);
    store->draft_bytes_max = bytes;
}

void store_close(struct store *store) {
    if (store == NULL) {
        return;
    }
    sql_close(store->reader.sql);
    place_done(&store->place);
    explicit_bzero(store->reader.master, sizeof store->reader.master);
    g_free(store->note);
    g_free(store);
}

bool store_reader_open(const char *dir, struct store_reader **ret_reader, GError **error) {
    g_autofree char *path = database_path(dir);
    struct store_reader *reader = g_new0(struct store_reader, 1);
    if (!sqlite_open(path, SQL_STORE_READER, &reader->sql, error)) {
        store_reader_close(reader);
        return false;
    }
    reader->timeout_ms = READ_TIMEOUT_MS;
    sql_set_timeout(reader->sql, reader->timeout_ms);
    *ret_reader = reader;
    return true;
}

void store_reader_close(struct store_reader *reader) {
    if (reader == NULL) {
        return;
    }
    sql_close(reader->sql);
    explicit_bzero(reader->master, sizeof reader->master);
    g_free(reader);
}

bool store_reader_begin(struct store_reader *reader, GError **error) {
    return sql_begin(reader->sql, error);
}

void store_reader_end(struct store_reader *reader) {
    sql_rollback(reader->sql); // nothing was changed
}

struct store_reader *store_as_reader(struct store *store) {
    return &store->reader;
}

bool store_begin(struct store *store, GError **error) {
    g_assert(!store->is_open);
    if (!sql_begin(store->reader.sql, error)) {
        return false;
    }
    store->is_open = true;
    store->is_dirty = false;
    return true;
}

static bool raise_counters(struct store *store, GError **error) {
    for (int i = 0; i < COUNTER_COUNT; i++) {
        const struct store_block *block = &store->blocks[i];
        if (block->bound != block->durable_bound &&
            !query_change(store->reader.sql, RAISE_COUNTER, VALUES(INT(i), INT(block->bound)),
                          error)) {
            return false;
        }
    }
    return true;
}

bool store_commit(struct store *store, GError **error) {
    g_assert(store->is_open);
    if (!raise_counters(store, error) || !sql_commit(store->reader.sql, error)) {
        store_rollback(store);
        return false;
    }
    for (int i = 0; i < COUNTER_COUNT; i++) {
        store->blocks[i].durable_bound = store->blocks[i].bound;
    }
    bool is_kept = !store->is_dirty || place_check(&store->place, error);
    store->is_open = false;
    store->is_dirty = false;
    store->generation += store->has_changes;
    store->has_changes = false;
    return is_kept;
}

bool store_is_cramped(const struct store *store) {
    return sql_is_cramped(store->reader.sql);
}

void store_set_patience(struct store *store, int64_t wait_ms) {
    sql_set_patience(store->reader.sql, wait_ms);
}

bool store_check_place(const struct store *store, GError **error) {
    return place_check(&store->place, error);
}

void store_rollback(struct store *store) {
    g_assert(store->is_open);
    sql_reset_all(store->reader.sql); // one that an error left in the middle would hold what failed
    sql_rollback(store->reader.sql);
    store->audit_tail.is_known = false;
    store->is_open = false;
    store->is_dirty = false;
    store->has_changes = false;
}

bool store_part_begin(struct store *store, GError **error) {
    return sql_savepoint(store_change_sql(store), error);
}

bool store_part_end(struct store *store, bool is_good, GError **error) {
    if (is_good && sql_release(store->reader.sql, error)) {
        return true;
    }
    sql_rollback_to_savepoint(store->reader.sql);
    return false;
}

int64_t store_generation(const struct store *store) {
    return store->generation;
}

bool store_is_dirty(const struct store *store) {
    return store->is_dirty;
}

struct sql *store_change_sql(struct store *store) {
    g_assert(store->is_open);
    store->is_dirty = true;
    return store->reader.sql;
}

int64_t store_next_id(struct store *store, enum store_counter counter) {
    g_assert(counter < COUNTER_COUNT);
    g_assert(store->is_open);
    struct store_block *block = &store->blocks[counter];
    if (block->highest == block->bound) {
        block->bound += block_sizes[counter];
        store->is_dirty = true;
    }
    g_assert(block->bound < counter_limits[counter]);
    return ++block->highest;
}

bool store_pass_over(struct store *store, enum store_counter counter, int64_t used) {
    g_assert(counter < COUNTER_COUNT);
    g_assert(store->is_open);
    struct store_block *block = &store->blocks[counter];
    if (used >= counter_limits[counter] / 2) { // what is left must be enough for ever
        return false;
    }
    if (used > block->bound) {
        block->bound = used;
        store->is_dirty = true;
    }
    block->highest = MAX(block->highest, used);
    return true;
}

int64_t store_highest_id(const struct store *store, enum store_counter counter) {
    g_assert(counter < COUNTER_COUNT);
    return store->blocks[counter].highest;
}

int64_t store_durable_id(const struct store *store, enum store_counter counter) {
    g_assert(counter < COUNTER_COUNT);
    const struct store_block *block = &store->blocks[counter];
    return MIN(block->highest, block->durable_bound);
}

bool store_check_integrity(struct store_reader *reader, GError **error) {
    sql_set_timeout(reader->sql, 0);
    bool is_sound = sql_check(reader->sql, error);
    sql_set_timeout(reader->sql, reader->timeout_ms);
    return is_sound;
}

int64_t store_reader_scan_steps(struct store_reader *reader) {
    return sql_scan_steps(reader->sql);
}
