// SPDX-License-Identifier: Apache-2.0
//
// Contract of backfill rows: what is stored comes back, a row moves only from where it is, tenants do not see each other's, and the
// outputs that stand in are those of the newest successful run of the same business time.

#include "store/backfills.h"
#include "kit.h"

static struct backfill *make(struct kit *kit, int64_t run_id) {
    struct backfill *row = backfill_new();
    row->id = store_next_id(kit->store, COUNTER_ID);
    row->tenant_id = kit->admin.tenant_id;
    row->flow_id = 5;
    row->version_id = 6;
    row->run_id = run_id;
    row->with_subtree = false;
    row->actor = g_strdup("admin");
    for (int64_t day = 0; day < 3; day++) {
        int64_t business_ms = -1000 + day; // before 1970 too
        g_array_append_val(row->business_ms, business_ms);
    }
    int64_t node = INT64_MAX;
    g_array_append_val(row->filter_node_ids, node);
    return row;
}

static struct backfill *insert(struct kit *kit, int64_t run_id) {
    g_autoptr(GError) error = NULL;
    kit_begin(kit);
    struct backfill *row = make(kit, run_id);
    (void)store_backfill_insert(kit->store, row, KIT_NOW_MS, &error);
    g_assert_no_error(error);
    kit_commit(kit);
    return row;
}

static struct backfill *load(struct kit *kit, int64_t id) {
    g_autoptr(GError) error = NULL;
    struct backfill *row = NULL;
    (void)store_backfill_get(store_as_reader(kit->store), kit->admin.tenant_id, id, &row, &error);
    g_assert_no_error(error);
    return row;
}

static bool advance(struct kit *kit, const struct backfill *row, int position, int64_t run_id,
                    enum backfill_state state, GError **error) {
    kit_begin(kit);
    bool is_done =
        store_backfill_advance(kit->store, row, position, run_id, state, KIT_NOW_MS, error);
    kit_commit(kit);
    return is_done;
}

static guint count_open(struct kit *kit) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) open = NULL;
    (void)store_backfill_list_open(store_as_reader(kit->store), &open, &error);
    g_assert_no_error(error);
    return open->len;
}

static void a_row_comes_back_as_it_was_stored(void) {
    struct kit *kit = kit_new();
    struct backfill *row = insert(kit, 77);
    struct backfill *found = load(kit, row->id);
    g_assert_cmpint(found->flow_id, ==, 5);
    g_assert_cmpint(found->version_id, ==, 6);
    g_assert_cmpint(found->run_id, ==, 77);
    g_assert_cmpint(found->position, ==, 0);
    g_assert_cmpint(found->state, ==, BACKFILL_OPEN);
    g_assert_false(found->with_subtree);
    g_assert_cmpstr(found->actor, ==, "admin");
    g_assert_cmpuint(found->business_ms->len, ==, 3);
    g_assert_cmpint(g_array_index(found->business_ms, int64_t, 1), ==, -999);
    g_assert_cmpint(g_array_index(found->filter_node_ids, int64_t, 0), ==, INT64_MAX);
    g_assert_cmpuint(found->start_node_ids->len, ==, 0);
    backfill_free(found);
    backfill_free(row);
    kit_free(kit);
}

static void a_row_of_another_tenant_is_not_found(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    struct backfill *row = insert(kit, 77);
    struct backfill *found = NULL;
    g_assert_false(store_backfill_get(store_as_reader(kit->store), kit->stranger.tenant_id, row->id,
                                      &found, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    backfill_free(row);
    kit_free(kit);
}

static void a_row_moves_only_from_where_it_is_and_never_after_its_end(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    struct backfill *row = insert(kit, 77);
    g_assert_cmpuint(count_open(kit), ==, 1);
    g_assert_true(advance(kit, row, 1, 78, BACKFILL_OPEN, &error));
    g_assert_false(advance(kit, row, 1, 79, BACKFILL_OPEN, &error)); // from where it was
    g_assert_true(fault_is(error, FAULT_INTERNAL));
    g_clear_error(&error);
    struct backfill *second = load(kit, row->id);
    g_assert_cmpint(second->run_id, ==, 78);
    g_assert_true(advance(kit, second, 1, 78, BACKFILL_STOPPED, &error));
    g_assert_cmpuint(count_open(kit), ==, 0);
    g_assert_false(advance(kit, second, 2, 79, BACKFILL_OPEN, &error));
    g_clear_error(&error);
    struct backfill *ended = load(kit, row->id);
    g_assert_cmpint(ended->state, ==, BACKFILL_STOPPED);
    g_assert_cmpint(ended->position, ==, 1);
    backfill_free(ended);
    backfill_free(second);
    backfill_free(row);
    kit_free(kit);
}

static void no_statement_walks_over_a_table(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    struct backfill *row = insert(kit, 77);
    struct store_reader *reader = NULL;
    g_assert_true(store_reader_open(kit->dir, &reader, &error));
    struct backfill *found = NULL;
    g_autoptr(GArray) open = NULL;
    g_autofree char *cron = NULL;
    g_assert_true(store_backfill_get(reader, kit->admin.tenant_id, row->id, &found, &error));
    g_assert_true(store_backfill_list_open(reader, &open, &error));
    g_assert_true(store_backfill_cron(reader, kit->admin.tenant_id, 5, &cron, &error));
    g_assert_null(cron);
    g_assert_cmpint(store_reader_scan_steps(reader), ==, 0);
    store_reader_close(reader);
    backfill_free(found);
    backfill_free(row);
    kit_free(kit);
}

// ---- Outputs that stand in ----

static struct plan *plan_of(struct kit *kit, int64_t flow_id) {
    g_autoptr(GError) error = NULL;
    int64_t version_id = 0;
    struct plan *plan = NULL;
    kit_begin(kit);
    (void)(store_version_for_try(kit->store, &kit->admin, flow_id, KIT_NOW_MS, &version_id,
                                 &error) &&
           store_plan_load(store_as_reader(kit->store), version_id, &plan, &error));
    g_assert_no_error(error);
    kit_commit(kit);
    return plan;
}

static void apply(struct kit *kit, struct run *run, struct run_event event) {
    g_autoptr(GError) error = NULL;
    struct effects *effects = effects_new();
    event.now_ms = event.steady_ms = KIT_NOW_MS;
    event.actor = "admin";
    (void)(run_step(run, &event, effects, &error) &&
           store_run_save(kit->store, run, effects, KIT_NOW_MS, "admin", &error));
    g_assert_no_error(error);
    effects_free(effects);
}

// A run of one node that ends with this output, or fails (NULL).
static void play_run(struct kit *kit, struct plan *plan, int64_t business_ms, const char *value) {
    g_autoptr(GError) error = NULL;
    kit_begin(kit);
    int64_t run_id = store_next_id(kit->store, COUNTER_ID);
    int64_t node_run_id = store_next_id(kit->store, COUNTER_ID);
    int64_t fence = store_next_id(kit->store, COUNTER_FENCE);
    struct run *run =
        run_new(run_id, kit->admin.tenant_id, plan, &node_run_id, TRIGGER_MANUAL, KIT_NOW_MS);
    run->business_ms = business_ms;
    (void)store_run_insert(kit->store, run, "admin", &error);
    g_assert_no_error(error);
    json_t *outputs = json_pack("{s:s}", "total", value != NULL ? value : "never");
    apply(kit, run, (struct run_event){ .kind = RUN_EVENT_START });
    apply(kit, run, (struct run_event){ .kind = RUN_EVENT_GRANT, .fence = fence });
    apply(kit, run,
          (struct run_event){ .kind = RUN_EVENT_EXITED,
                              .fence = fence,
                              .outcome = value != NULL ? OUTCOME_SUCCESS : OUTCOME_FAILURE,
                              .message = value != NULL ? NULL : "exit code 1",
                              .outputs = outputs });
    json_decref(outputs);
    run_free(run);
    kit_commit(kit);
}

static const char *lent(struct kit *kit, int64_t row_id, struct plan *plan, int64_t business_ms,
                        struct selection **ret_selection) {
    g_autoptr(GError) error = NULL;
    (void)store_backfill_select(store_as_reader(kit->store), kit->admin.tenant_id, row_id, plan,
                                business_ms, ret_selection, &error);
    g_assert_no_error(error);
    return json_string_value(json_object_get(selection_outputs(*ret_selection, 0), "total"));
}

static void outputs_stand_in_from_the_newest_successful_run_of_the_business_time(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    int64_t flow_id = kit_flow(kit, "flow");
    int64_t node_id = kit_node(kit, flow_id, "one");
    struct plan *plan = plan_of(kit, flow_id);
    play_run(kit, plan, 1000, "old");
    play_run(kit, plan, 1000, "new");
    play_run(kit, plan, 1000, NULL);
    play_run(kit, plan, 2000, "other time");
    kit_begin(kit);
    struct backfill *row = make(kit, 77);
    g_array_index(row->filter_node_ids, int64_t, 0) = node_id;
    (void)store_backfill_insert(kit->store, row, KIT_NOW_MS, &error);
    g_assert_no_error(error);
    kit_commit(kit);
    static const struct {
        int64_t business_ms;
        const char *value;
    } rows[] = { { 1000, "new" }, { 2000, "other time" }, { 3000, NULL } };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct selection *selection = NULL;
        g_assert_cmpstr(lent(kit, row->id, plan, rows[i].business_ms, &selection), ==,
                        rows[i].value);
        g_assert_true(selection_leaves_out(selection, 0));
        selection_unref(selection);
    }
    backfill_free(row);
    plan_unref(plan);
    kit_free(kit);
}

#define TEST(name) g_test_add_func("/backfills/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(a_row_comes_back_as_it_was_stored);
    TEST(a_row_of_another_tenant_is_not_found);
    TEST(a_row_moves_only_from_where_it_is_and_never_after_its_end);
    TEST(no_statement_walks_over_a_table);
    TEST(outputs_stand_in_from_the_newest_successful_run_of_the_business_time);
    return g_test_run();
}
