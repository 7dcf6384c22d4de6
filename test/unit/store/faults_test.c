// SPDX-License-Identifier: Apache-2.0
//
// The store on a disk that fails (reliability.md T3): the 1st, 2nd, 3rd … read, write or sync fails until the scenario completes without
// a fault. Each call must then give an error or have happened, and after opening again the file is sound, the events fold, and what was
// acknowledged is there.

#include "failing_disk.h"
#include "kit.h"
#include "sql/sqlite.h"
#include "store/private.h"
#include "store/query.h"

// ---- The scenario: turns that create flows with a node and start a run of them ----

enum { TURNS = 6 };

static int turn_count; // so that each flow has a name of its own

static bool create_flow(struct store *store, const struct caller *caller, int64_t *ret_flow_id,
                        GError **error) {
    struct change_result result = { 0 };
    struct change *change = change_new(CHANGE_FLOW_CREATE, caller);
    change->name = g_strdup_printf("flow %d", turn_count++);
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
        if (!create_flow(kit->store, &kit->admin, &flow_id, error) ||
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
        bool is_full = code == SQLITE_FULL || disk.reason == EDQUOT;
        g_assert_true(fault_is(error, is_full ? FAULT_NO_SPACE : FAULT_IO));
        g_assert_null(strstr(error->message, "SQL logic error"));
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

// SQLite knows of a full disk, and of a quota only that the write failed.
static void an_exhausted_quota_is_a_full_disk(void) {
    disk.reason = EDQUOT;
    fail_each(DISK_WRITE, SQLITE_IOERR_WRITE, 11);
    disk.reason = 0;
}

static void a_full_disk_is_an_error_and_loses_nothing(void) {
    fail_each(DISK_WRITE, SQLITE_FULL, 11);
}

// The same store, not opened anew: a transaction that had no room is gone as a whole, and the next one with room is kept.
static void a_store_goes_on_when_there_is_room_again(void) {
    struct kit *kit = kit_new();
    g_autoptr(GArray) acked = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (int countdown = 1; countdown < 400; countdown += 13) {
        g_autoptr(GError) error = NULL;
        disk_break(DISK_WRITE, SQLITE_FULL, countdown);
        bool is_complete = play(kit, acked, &error);
        bool has_failed = disk.has_failed;
        disk_repair();
        g_assert_true(is_complete || (has_failed && fault_is(error, FAULT_NO_SPACE)));
    }
    guint known = acked->len;
    (void)play(kit, acked, NULL);
    g_assert_cmpuint(acked->len, ==, known + TURNS);
    store_close(kit->store);
    kit_open_store(kit);
    for (guint i = 0; i < acked->len; i++) {
        struct flow_row *row = kit_get_flow(kit, g_array_index(acked, int64_t, i));
        g_assert_cmpint(row->latest_run_state, ==, RUN_RUNNING);
        flow_row_free(row);
    }
    int64_t count = 0;
    g_assert_true(query_int(store_as_reader(kit->store)->sql, "SELECT count(*) FROM flow",
                            NO_VALUES, 0, &count, NULL));
    g_assert_cmpint(count, ==, acked->len);
    kit_free(kit);
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
    g_assert_true(sqlite_open(path, SQL_STORE_WRITER, &sql, NULL));
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

// What was committed is durable in the log; that it has no room in the database is no failure of the commit.
static void check_cramped(int code, int reason) {
    static const char FILL[] = "INSERT INTO filler VALUES (zeroblob(16777216))";
    static const char COUNT[] = "SELECT count(*) FROM filler";
    struct kit *kit = kit_new();
    g_autofree char *path = g_build_filename(kit->dir, "filler.db", NULL);
    struct sql *sql = NULL;
    struct sql_statement *statement = NULL;
    enum sql_step step = SQL_DONE;
    g_assert_true(sqlite_open(path, SQL_STORE_WRITER, &sql, NULL));
    g_assert_true(sql_script(sql, "CREATE TABLE filler (bytes BLOB)", NULL));
    disk.is_main_only = true;
    disk.reason = reason;
    disk_break(DISK_WRITE, code, 1);
    for (int i = 0; i < 2; i++) {
        g_assert_true(sql_begin(sql, NULL));
        g_assert_true(sql_prepare(sql, FILL, &statement, NULL));
        g_assert_true(sql_run(statement, NULL, NULL));
        g_assert_true(sql_commit(sql, NULL));
        g_assert_true(sql_is_cramped(sql));
    }
    disk_repair();
    disk.is_main_only = false;
    disk.reason = 0;
    g_assert_true(sql_begin(sql, NULL));
    g_assert_true(sql_prepare(sql, FILL, &statement, NULL));
    g_assert_true(sql_run(statement, NULL, NULL));
    g_assert_true(sql_commit(sql, NULL));
    g_assert_false(sql_is_cramped(sql));
    g_assert_true(sql_prepare(sql, COUNT, &statement, NULL));
    g_assert_true(sql_step(statement, &step, NULL));
    g_assert_cmpint(sql_column_int(statement, 0), ==, 3);
    sql_close(sql);
    kit_free(kit);
}

static void a_checkpoint_without_room_fails_nothing(void) {
    check_cramped(SQLITE_FULL, 0);
    check_cramped(SQLITE_IOERR_WRITE, EDQUOT);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    disk_install();
    g_test_add_func("/faults/a_failed_write_is_an_error_and_loses_nothing",
                    a_failed_write_is_an_error_and_loses_nothing);
    g_test_add_func("/faults/a_full_disk_is_an_error_and_loses_nothing",
                    a_full_disk_is_an_error_and_loses_nothing);
    g_test_add_func("/faults/an_exhausted_quota_is_a_full_disk", an_exhausted_quota_is_a_full_disk);
    g_test_add_func("/faults/a_store_goes_on_when_there_is_room_again",
                    a_store_goes_on_when_there_is_room_again);
    g_test_add_func("/faults/a_checkpoint_without_room_fails_nothing",
                    a_checkpoint_without_room_fails_nothing);
    g_test_add_func("/faults/a_failed_sync_is_an_error_and_loses_nothing",
                    a_failed_sync_is_an_error_and_loses_nothing);
    g_test_add_func("/faults/a_failed_read_is_an_error_and_loses_nothing",
                    a_failed_read_is_an_error_and_loses_nothing);
    g_test_add_func("/faults/a_failed_checkpoint_fails_the_commit",
                    a_failed_checkpoint_fails_the_commit);
    return g_test_run();
}
