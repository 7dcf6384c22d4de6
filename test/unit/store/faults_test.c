// SPDX-License-Identifier: Apache-2.0
//
// The store on a disk that fails (reliability.md T3): the 1st, 2nd, 3rd … read, write or sync fails until the scenario completes without
// a fault. Each call must then give an error or have happened, and after opening again the file is sound, the events fold, and what was
// acknowledged is there.
//
// The failing disk is a layer over SQLite's own file functions.

#include <sqlite3.h>

#include "kit.h"
#include "sql/sql.h"

enum disk_call { DISK_READ, DISK_WRITE, DISK_SYNC, DISK_CALL_COUNT };

static struct {
    enum disk_call call;
    int code;
    int countdown; // 0: nothing fails
    bool has_failed;
    bool is_main_only; // only calls on the database itself, not on its log
} disk;

struct disk_file {
    sqlite3_file base; // first
    bool is_main;
    sqlite3_file *real; // behind this structure
};

static sqlite3_file *real_of(sqlite3_file *file) {
    return ((struct disk_file *)file)->real;
}

// A disk that failed once fails from then on, until the test repairs it.
static bool fails(sqlite3_file *file, enum disk_call call) {
    if (disk.countdown == 0 || call != disk.call ||
        (disk.is_main_only && !((struct disk_file *)file)->is_main)) {
        return false;
    }
    if (disk.countdown > 1) {
        disk.countdown--;
        return false;
    }
    disk.has_failed = true;
    return true;
}

static int disk_close(sqlite3_file *file) {
    return real_of(file)->pMethods->xClose(real_of(file));
}
static int disk_read(sqlite3_file *file, void *buf, int len, sqlite3_int64 offset) {
    return fails(file, DISK_READ) ? disk.code
                                  : real_of(file)->pMethods->xRead(real_of(file), buf, len, offset);
}
static int disk_write(sqlite3_file *file, const void *buf, int len, sqlite3_int64 offset) {
    if (fails(file, DISK_WRITE)) {
        // Half of it arrives: a short write.
        (void)real_of(file)->pMethods->xWrite(real_of(file), buf, len / 2, offset);
        return disk.code;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), buf, len, offset);
}
static int disk_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return fails(file, DISK_WRITE) ? disk.code
                                   : real_of(file)->pMethods->xTruncate(real_of(file), size);
}
static int disk_sync(sqlite3_file *file, int flags) {
    return fails(file, DISK_SYNC) ? disk.code
                                  : real_of(file)->pMethods->xSync(real_of(file), flags);
}
static int disk_size(sqlite3_file *file, sqlite3_int64 *ret_size) {
    return real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}
static int disk_lock(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xLock(real_of(file), level);
}
static int disk_unlock(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
static int disk_check_lock(sqlite3_file *file, int *ret_level) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_level);
}
static int disk_control(sqlite3_file *file, int operation, void *argument) {
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
static int disk_sector(sqlite3_file *file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}
static int disk_traits(sqlite3_file *file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
static int disk_shm_map(sqlite3_file *file, int page, int size, int extend,
                        void volatile **ret_memory) {
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret_memory);
}
static int disk_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
static void disk_shm_barrier(sqlite3_file *file) {
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}
static int disk_shm_unmap(sqlite3_file *file, int deletes) {
    return real_of(file)->pMethods->xShmUnmap(real_of(file), deletes);
}

static const sqlite3_io_methods disk_methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static sqlite3_vfs *real_vfs;

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags) {
    struct disk_file *it = (struct disk_file *)file;
    it->real = (sqlite3_file *)(it + 1);
    it->is_main = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    int code = real_vfs->xOpen(real_vfs, name, it->real, flags, ret_flags);
    it->base.pMethods = it->real->pMethods != NULL ? &disk_methods : NULL;
    return code;
}

static void disk_install(void) {
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "failing-disk";
    vfs.szOsFile += (int)sizeof(struct disk_file);
    vfs.xOpen = disk_open;
    vfs.pNext = NULL;
    g_assert_cmpint(sqlite3_vfs_register(&vfs, 1), ==, SQLITE_OK);
}

static void disk_break(enum disk_call call, int code, int countdown) {
    disk.call = call;
    disk.code = code;
    disk.countdown = countdown;
    disk.has_failed = false;
}

static void disk_repair(void) {
    disk.countdown = 0;
}

// ---- The scenario: turns that create flows with a node and start a run of them ----

enum { TURNS = 6 };

static bool create_flow(struct store *store, const struct caller *caller, int turn,
                        int64_t *ret_flow_id, GError **error) {
    struct change_result result = { 0 };
    struct change *change = change_new(CHANGE_FLOW_CREATE, caller);
    change->name = g_strdup_printf("flow %d", turn);
    bool is_good = store_change(store, change, KIT_NOW_MS, &result, error);
    change_free(change);
    *ret_flow_id = result.id;
    return is_good;
}

static bool create_node(struct store *store, const struct caller *caller, int64_t flow_id,
                        GError **error) {
    struct change_result result = { 0 };
    struct change *change = change_new(CHANGE_NODE_CREATE, caller);
    change->flow_id = flow_id;
    change->name = g_strdup("node");
    change->node_kind = KIND_SCRIPT;
    change->content = g_strdup(KIT_SCRIPT);
    bool is_good = store_change(store, change, KIT_NOW_MS, &result, error);
    change_free(change);
    return is_good;
}

static bool start_run(struct store *store, const struct caller *caller, int64_t flow_id,
                      GError **error) {
    int64_t version_id = 0;
    struct plan *plan = NULL;
    if (!store_version_for_try(store, caller, flow_id, KIT_NOW_MS, &version_id, error) ||
        !store_plan_load(store_as_reader(store), version_id, &plan, error)) {
        return false;
    }
    int64_t id = store_next_id(store, COUNTER_ID);
    struct run *run = run_new(store_next_id(store, COUNTER_ID), caller->tenant_id, plan, &id,
                              TRIGGER_MANUAL, KIT_NOW_MS);
    struct effects *effects = effects_new();
    struct run_event start = { .kind = RUN_EVENT_START,
                               .now_ms = KIT_NOW_MS,
                               .steady_ms = KIT_NOW_MS };
    struct run_event granted = { .kind = RUN_EVENT_GRANT,
                                 .now_ms = KIT_NOW_MS,
                                 .steady_ms = KIT_NOW_MS,
                                 .fence = store_next_id(store, COUNTER_FENCE) };
    bool is_good = store_run_insert(store, run, "admin", error) &&
                   run_step(run, &start, effects, error) &&
                   run_step(run, &granted, effects, error) &&
                   store_run_save(store, run, effects, KIT_NOW_MS, NULL, error);
    effects_free(effects);
    run_free(run);
    plan_unref(plan);
    return is_good;
}

// Acknowledged flows are added to `acked`. False when the store gave an error; the server would end then.
static bool play(struct kit *kit, GArray *acked, GError **error) {
    for (int turn = 0; turn < TURNS; turn++) {
        int64_t flow_id = 0;
        if (!store_begin(kit->store, error)) {
            return false;
        }
        if (!create_flow(kit->store, &kit->admin, turn, &flow_id, error) ||
            !create_node(kit->store, &kit->admin, flow_id, error) ||
            !start_run(kit->store, &kit->admin, flow_id, error)) {
            store_rollback(kit->store);
            return false;
        }
        if (!store_commit(kit->store, error)) {
            return false;
        }
        g_array_append_val(acked, flow_id);
    }
    return true;
}

// One round with the n-th call failing; false when nothing failed any more.
static bool fail_once(enum disk_call call, int code, int countdown) {
    struct kit *kit = kit_new();
    g_autoptr(GArray) acked = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GError) error = NULL;
    store_close(kit->store); // what is read must come from the disk
    kit_open_store(kit);
    disk_break(call, code, countdown);
    bool is_complete = play(kit, acked, &error);
    bool has_failed = disk.has_failed;
    store_close(kit->store); // as the server's end; with the disk still broken
    disk_repair();
    if (!is_complete) {
        g_assert_true(has_failed);
        g_assert_true(fault_is(error, FAULT_IO));
    }
    kit_open_store(kit);
    for (guint i = 0; i < acked->len; i++) {
        struct flow_row *row = kit_get_flow(kit, g_array_index(acked, int64_t, i));
        g_assert_cmpint(row->latest_run_state, ==, RUN_RUNNING);
        flow_row_free(row);
    }
    kit_free(kit);
    return has_failed;
}

static void fail_each(enum disk_call call, int code, int stride) {
    int countdown = 1;
    while (fail_once(call, code, countdown)) {
        countdown += stride;
        g_assert_cmpint(countdown, <, 5000);
    }
    g_test_message("%d points", (countdown - 1) / stride);
    g_assert_cmpint(countdown, >, 1);
}

static void a_failed_write_is_an_error_and_loses_nothing(void) {
    fail_each(DISK_WRITE, SQLITE_IOERR_WRITE, 7);
}

static void a_full_disk_is_an_error_and_loses_nothing(void) {
    fail_each(DISK_WRITE, SQLITE_FULL, 11);
}

static void a_failed_sync_is_an_error_and_loses_nothing(void) {
    fail_each(DISK_SYNC, SQLITE_IOERR_FSYNC, 1);
}

static void a_failed_read_is_an_error_and_loses_nothing(void) {
    fail_each(DISK_READ, SQLITE_IOERR_READ, 1);
}

// SQLite's own checkpoint would swallow this and try again later, which is how data is lost (reliability.md G15).
static void a_failed_checkpoint_fails_the_commit(void) {
    static const char FILL[] = "INSERT INTO filler VALUES (zeroblob(16777216))";
    struct kit *kit = kit_new();
    g_autofree char *path = g_build_filename(kit->dir, "filler.db", NULL);
    g_autoptr(GError) error = NULL;
    struct sql *sql = NULL;
    struct sql_statement *statement = NULL;
    g_assert_true(sql_open("sqlite", path, SQL_STORE_WRITER, &sql, NULL));
    g_assert_true(sql_script(sql, "CREATE TABLE filler (bytes BLOB)", NULL));
    g_assert_true(sql_begin(sql, NULL));
    g_assert_true(sql_prepare(sql, FILL, &statement, NULL));
    g_assert_true(sql_run(statement, NULL, NULL));
    disk.is_main_only = true;
    disk_break(DISK_SYNC, SQLITE_IOERR_FSYNC, 1);
    g_assert_false(sql_commit(sql, &error));
    g_assert_true(fault_is(error, FAULT_IO));
    disk_repair();
    disk.is_main_only = false;
    sql_close(sql);
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    disk_install();
    g_test_add_func("/faults/a_failed_write_is_an_error_and_loses_nothing",
                    a_failed_write_is_an_error_and_loses_nothing);
    g_test_add_func("/faults/a_full_disk_is_an_error_and_loses_nothing",
                    a_full_disk_is_an_error_and_loses_nothing);
    g_test_add_func("/faults/a_failed_sync_is_an_error_and_loses_nothing",
                    a_failed_sync_is_an_error_and_loses_nothing);
    g_test_add_func("/faults/a_failed_read_is_an_error_and_loses_nothing",
                    a_failed_read_is_an_error_and_loses_nothing);
    g_test_add_func("/faults/a_failed_checkpoint_fails_the_commit",
                    a_failed_checkpoint_fails_the_commit);
    return g_test_run();
}
