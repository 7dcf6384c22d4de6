// SPDX-License-Identifier: Apache-2.0
//
// The store as a whole: transactions, counters, opening again.

#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "sql/sqlite.h"

static int64_t next_id(struct kit *kit) {
    return store_next_id(kit->store, COUNTER_ID);
}

static void what_was_committed_is_there_after_opening_again(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t highest = store_highest_id(kit->store, COUNTER_ID);
    store_close(kit->store);
    kit_open_store(kit);
    struct flow_row *row = kit_get_flow(kit, flow);
    g_assert_cmpstr(row->name, ==, "nightly");
    flow_row_free(row);
    g_assert_cmpint(store_highest_id(kit->store, COUNTER_ID), >=, highest);
    kit_free(kit);
}

static void a_rolled_back_turn_leaves_nothing(void) {
    struct kit *kit = kit_new();
    GPtrArray *flows = NULL;
    struct change_result result = { 0 };
    struct change *change = kit_change(kit, CHANGE_FLOW_CREATE, 0);
    change->name = g_strdup("nightly");
    kit_begin(kit);
    g_assert_true(store_change(kit->store, change, KIT_NOW_MS, &result, NULL));
    g_assert_true(store_is_dirty(kit->store));
    store_rollback(kit->store);
    g_assert_true(store_flow_list(store_as_reader(kit->store), &kit->admin, &flows, NULL));
    g_assert_cmpuint(flows->len, ==, 0);
    g_ptr_array_unref(flows);
    change_free(change);
    kit_free(kit);
}

static void a_refused_change_leaves_the_rest_of_its_turn_alone(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t a = kit_node(kit, flow, "a");
    int64_t b = kit_node(kit, flow, "b");
    struct change_result result = { 0 };
    struct change *good = kit_change(kit, CHANGE_EDGES_ADD, flow);
    struct change *bad = kit_change(kit, CHANGE_EDGES_ADD, flow);
    kit_add_edge(good, 0, a, b);
    kit_add_edge(bad, 0, b, a);
    g_autoptr(GError) error = NULL;
    kit_begin(kit);
    g_assert_true(store_change(kit->store, good, KIT_NOW_MS, &result, NULL));
    g_array_unref(result.ids);
    g_assert_false(store_change(kit->store, bad, KIT_NOW_MS, &result, &error));
    g_assert_true(store_is_dirty(kit->store));
    kit_commit(kit);
    g_assert_cmpuint(kit_edge_count(kit, flow), ==, 1);
    change_free(good);
    change_free(bad);
    kit_free(kit);
}

static void readers_see_a_turn_when_it_is_committed(void) {
    struct kit *kit = kit_new();
    struct store_reader *reader = NULL;
    struct flow_row *row = NULL;
    struct change_result result = { 0 };
    struct change *change = kit_change(kit, CHANGE_FLOW_CREATE, 0);
    change->name = g_strdup("nightly");
    g_assert_true(store_reader_open(kit->dir, &reader, NULL));
    kit_begin(kit);
    g_assert_true(store_change(kit->store, change, KIT_NOW_MS, &result, NULL));
    g_assert_false(store_flow_get(reader, &kit->admin, result.id, ACCESS_VIEW, &row, NULL));
    g_assert_true(store_flow_get(store_as_reader(kit->store), &kit->admin, result.id, ACCESS_VIEW,
                                 &row, NULL));
    flow_row_free(row);
    kit_commit(kit);
    g_assert_true(store_flow_get(reader, &kit->admin, result.id, ACCESS_VIEW, &row, NULL));
    flow_row_free(row);
    store_reader_close(reader);
    change_free(change);
    kit_free(kit);
}

static void an_id_of_a_rolled_back_turn_is_not_given_again(void) {
    struct kit *kit = kit_new();
    int64_t last = 0;
    kit_begin(kit);
    for (int i = 0; i < 5000; i++) {
        last = next_id(kit);
    }
    store_rollback(kit->store);
    kit_begin(kit);
    g_assert_cmpint(next_id(kit), ==, last + 1);
    kit_commit(kit);
    store_close(kit->store);
    kit_open_store(kit);
    kit_begin(kit);
    g_assert_cmpint(next_id(kit), >, last + 1);
    g_assert_cmpint(store_next_id(kit->store, COUNTER_DATABASE), ==, 1);
    store_rollback(kit->store);
    kit_free(kit);
}

static void ids_that_a_later_state_gave_are_passed_over(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    int64_t first = store_next_id(kit->store, COUNTER_FENCE);
    g_assert_true(store_pass_over(kit->store, COUNTER_FENCE, first)); // nothing to pass over
    g_assert_cmpint(store_next_id(kit->store, COUNTER_FENCE), ==, first + 1);
    g_assert_false(store_pass_over(kit->store, COUNTER_FENCE, INT64_C(1) << 60));
    g_assert_cmpint(store_next_id(kit->store, COUNTER_FENCE), ==, first + 2);
    kit_commit(kit);
    kit_begin(kit);
    g_assert_false(store_is_dirty(kit->store));
    g_assert_true(store_pass_over(kit->store, COUNTER_FENCE, 7777));
    g_assert_true(store_is_dirty(kit->store));
    kit_commit(kit);
    store_close(kit->store); // as after a crash: nothing more is written
    kit_open_store(kit);
    kit_begin(kit);
    g_assert_cmpint(store_next_id(kit->store, COUNTER_FENCE), >, 7777);
    store_rollback(kit->store);
    kit_free(kit);
}

// The child gives ids and fences in committed turns, writes the last ones to the pipe and dies without closing anything.
static void an_id_of_a_crashed_server_is_not_given_again(void) {
    struct kit *kit = kit_new();
    int64_t last[2] = { 0 };
    int ends[2];
    store_close(kit->store);
    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        kit_open_store(kit);
        for (int turn = 0; turn < 3; turn++) {
            kit_begin(kit);
            for (int i = 0; i < 700; i++) {
                last[0] = store_next_id(kit->store, COUNTER_ID);
                last[1] = store_next_id(kit->store, COUNTER_FENCE);
            }
            kit_commit(kit);
        }
        _exit(write(ends[1], last, sizeof last) == sizeof last ? 0 : 1);
    }
    int status = 0;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    g_assert_cmpint(read(ends[0], last, sizeof last), ==, sizeof last);
    close(ends[0]);
    close(ends[1]);
    kit_open_store(kit);
    g_assert_cmpint(store_highest_id(kit->store, COUNTER_FENCE), >=, last[1]);
    kit_begin(kit);
    g_assert_cmpint(store_next_id(kit->store, COUNTER_ID), >, last[0]);
    g_assert_cmpint(store_next_id(kit->store, COUNTER_FENCE), >, last[1]);
    store_rollback(kit->store);
    kit_free(kit);
}

static void a_newer_schema_is_refused(void) {
    struct kit *kit = kit_new();
    g_autofree char *path = g_build_filename(kit->dir, "state.db", NULL);
    g_autoptr(GError) error = NULL;
    struct sql *sql = NULL;
    struct store *second = NULL;
    store_close(kit->store);
    g_assert_true(sqlite_open(path, SQL_STORE_WRITER, &sql, NULL));
    g_assert_true(sql_script(sql, "UPDATE schema SET version = version + 1000", NULL));
    sql_close(sql);
    g_assert_false(store_open(kit->dir, &second, &error));
    g_assert_true(fault_is(error, FAULT_NOT_SUPPORTED));
    g_assert_true(sqlite_open(path, SQL_STORE_WRITER, &sql, NULL));
    g_assert_true(sql_script(sql, "UPDATE schema SET version = version - 1000", NULL));
    sql_close(sql);
    kit_open_store(kit);
    kit_free(kit);
}

// Runs of a store of schema 2 get the zone of their version, and what its clock showed. A version that does not parse harms none.
static void runs_of_an_older_store_keep_what_was_shown(void) {
    static const char back_to_2[] =
        "DROP INDEX run_by_start; DROP INDEX run_by_business;"
        "ALTER TABLE run DROP COLUMN variables; ALTER TABLE version DROP COLUMN revision;"
        "ALTER TABLE run DROP COLUMN zone; ALTER TABLE run DROP COLUMN started_local_s;"
        "ALTER TABLE run DROP COLUMN business_local_s;"
        "CREATE INDEX run_by_time ON run (tenant_id, flow_id, run_time_ms, id);"
        "CREATE INDEX run_by_business ON run (tenant_id, flow_id, business_ms, id);"
        "INSERT INTO version VALUES (91, 1, 9, 0, 0, '', 0, '', '', 0,"
        " '{\"flow\":{\"zone\":\"America/New_York\"}}'), (92, 1, 9, 0, 0, '', 0, '', '', 0, "
        "'{damaged');"
        "INSERT INTO run VALUES (1, 1, 9, 91, 1, 6, 4, 0, 0, 1, 1700000000000, 0, 0, 1720000000000,"
        " 1, 0, 0, 0, NULL, 0), (2, 1, 9, 92, 1, 6, 4, 0, 0, 1, 1700000000000, 0, 0, 0, 1, 0, 0, 0,"
        " NULL, 0);"
        "ALTER TABLE nonce DROP COLUMN stamped_ms; DROP TABLE nonce_mark; DROP TABLE steady;"
        "DROP TABLE revision; DROP TABLE draft_size;"
        "UPDATE schema SET version = 2";
    static const char after[] =
        "CREATE TABLE is_right (x INTEGER CHECK (x = 2)); INSERT INTO is_right SELECT count(*) "
        "FROM run"
        " WHERE (id = 1 AND zone = 'America/New_York' AND started_local_s = 1720000000 - 4 * 3600"
        " AND business_local_s = 1700000000 - 5 * 3600) OR (id = 2 AND zone = 'Asia/Shanghai'"
        " AND started_local_s = 0 AND business_local_s = 1700000000 + 8 * 3600);"
        "DROP TABLE is_right; DELETE FROM run; DELETE FROM version";
    struct kit *kit = kit_new();
    g_autofree char *path = g_build_filename(kit->dir, "state.db", NULL);
    g_autoptr(GError) error = NULL;
    struct sql *sql = NULL;
    store_close(kit->store);
    g_assert_true(sqlite_open(path, SQL_STORE_WRITER, &sql, NULL));
    (void)sql_script(sql, back_to_2, &error);
    g_assert_no_error(error);
    sql_close(sql);
    kit_open_store(kit);
    g_assert_true(sqlite_open(path, SQL_STORE_WRITER, &sql, NULL));
    (void)sql_script(sql, after, &error);
    g_assert_no_error(error);
    sql_close(sql);
    kit_free(kit);
}

static void the_files_are_private(void) {
    struct kit *kit = kit_new();
    static const char *const names[] = { "state.db", "state.db-wal", "master.key", "credentials" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(kit->dir, names[i], NULL);
        GStatBuf status;
        g_assert_cmpint(g_stat(path, &status), ==, 0);
        g_assert_cmpint(status.st_mode & 077, ==, 0);
    }
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/what_was_committed_is_there_after_opening_again",
                    what_was_committed_is_there_after_opening_again);
    g_test_add_func("/store/a_rolled_back_turn_leaves_nothing", a_rolled_back_turn_leaves_nothing);
    g_test_add_func("/store/a_refused_change_leaves_the_rest_of_its_turn_alone",
                    a_refused_change_leaves_the_rest_of_its_turn_alone);
    g_test_add_func("/store/readers_see_a_turn_when_it_is_committed",
                    readers_see_a_turn_when_it_is_committed);
    g_test_add_func("/store/an_id_of_a_rolled_back_turn_is_not_given_again",
                    an_id_of_a_rolled_back_turn_is_not_given_again);
    g_test_add_func("/store/ids_that_a_later_state_gave_are_passed_over",
                    ids_that_a_later_state_gave_are_passed_over);
    g_test_add_func("/store/an_id_of_a_crashed_server_is_not_given_again",
                    an_id_of_a_crashed_server_is_not_given_again);
    g_test_add_func("/store/a_newer_schema_is_refused", a_newer_schema_is_refused);
    g_test_add_func("/store/runs_of_an_older_store_keep_what_was_shown",
                    runs_of_an_older_store_keep_what_was_shown);
    g_test_add_func("/store/the_files_are_private", the_files_are_private);
    return g_test_run();
}
