// SPDX-License-Identifier: Apache-2.0
//
// Contract of runs: what the state machine decides is stored, comes back equal, and its events fold to it.

#include "run_player.h"
#include "sql/sqlite.h"
#include "store/payload.h"

static void a_run_is_stored_move_by_move(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    player_start(&player, kit, chain(kit, nodes));
    kit_check(kit);
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    json_auto_t *outputs = json_pack("{s:s}", "rows", "42");
    int64_t fence = grant(&player, 0);
    play(&player, (struct run_event){ .kind = RUN_EVENT_EXITED,
                                      .node = 0,
                                      .fence = fence,
                                      .outcome = OUTCOME_SUCCESS,
                                      .outputs = outputs });
    kit_check(kit);
    g_assert_nonnull(player.run->nodes[0].outputs);
    play_to_end(&player);
    g_assert_cmpint(player.run->state, ==, RUN_SUCCESS);
    player_end(&player);
    kit_free(kit);
}

static void an_unfinished_run_is_found_after_opening_again(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    GArray *ids = NULL;
    int64_t version_id = 0;
    struct run *run = NULL;
    player_start(&player, kit, chain(kit, nodes));
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    int64_t fence = grant(&player, 0);
    store_close(kit->store);
    kit_open_store(kit);
    struct store_reader *reader = store_as_reader(kit->store);
    g_assert_true(store_run_unfinished(reader, &ids, NULL));
    g_assert_cmpuint(ids->len, ==, 1);
    g_assert_cmpint(g_array_index(ids, int64_t, 0), ==, player.run->id);
    g_assert_true(store_run_version(reader, player.run->id, &version_id, NULL));
    struct plan *plan = load_plan(kit, version_id);
    g_assert_true(store_run_load(reader, player.run->id, plan, &run, NULL));
    g_assert_cmpint(run->nodes[0].fence, ==, fence);
    g_assert_cmpint(run->open_count, ==, 1);
    g_assert_cmpint(run->business.year, ==, 1970);
    plan_unref(plan);
    run_free(player.run);
    player.run = run;
    finish(&player, 0, fence, OUTCOME_SUCCESS);
    play_to_end(&player);
    g_array_unref(ids);
    g_assert_true(store_run_unfinished(store_as_reader(kit->store), &ids, NULL));
    g_assert_cmpuint(ids->len, ==, 0);
    g_array_unref(ids);
    player_end(&player);
    kit_free(kit);
}

static void failure_suspension_stop_and_rerun_are_stored(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    player_start(&player, kit, chain(kit, nodes));
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    finish(&player, 0, grant(&player, 0), OUTCOME_FAILURE);
    g_assert_cmpint(player.run->state, ==, RUN_FAILED);
    play(&player, (struct run_event){ .kind = RUN_EVENT_RESTORE });
    int64_t fence = grant(&player, 0);
    play(&player, (struct run_event){ .kind = RUN_EVENT_SUSPEND });
    finish(&player, 0, fence, OUTCOME_SUCCESS);
    play(&player, (struct run_event){ .kind = RUN_EVENT_RESUME });
    fence = grant(&player, 1);
    play(&player, (struct run_event){ .kind = RUN_EVENT_STOP });
    g_assert_cmpint(player.run->state, ==, RUN_ENDING);
    play(&player, (struct run_event){ .kind = RUN_EVENT_STOP });
    kit_check(kit);
    finish(&player, 1, fence, OUTCOME_KILLED);
    g_assert_cmpint(player.run->state, ==, RUN_STOPPED);
    play(&player, (struct run_event){ .kind = RUN_EVENT_SET_SUCCESS });
    play(&player, (struct run_event){ .kind = RUN_EVENT_RERUN });
    play_to_end(&player);
    player_end(&player);
    kit_free(kit);
}

static void a_draining_run_remembers_it(void) {
    struct kit *kit = kit_new();
    struct player player;
    int64_t flow = kit_flow(kit, "wide");
    kit_node(kit, flow, "a");
    kit_node(kit, flow, "b");
    player_start(&player, kit, flow);
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    int64_t first = grant(&player, 0);
    (void)grant(&player, 1);
    finish(&player, 0, first, OUTCOME_FAILURE);
    g_assert_true(player.run->is_draining);
    g_assert_cmpint(player.run->state, ==, RUN_RUNNING);
    player_end(&player);
    kit_free(kit);
}

static void a_rerun_in_another_version_replaces_the_nodes(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    int64_t flow = chain(kit, nodes);
    player_start(&player, kit, flow);
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    play_to_end(&player);
    struct change *change = kit_change(kit, CHANGE_NODE_DELETE, 0);
    change->node_id = nodes[1];
    kit_apply(kit, change);
    change = kit_change(kit, CHANGE_NODE_RENAME, 0);
    change->node_id = nodes[0];
    change->name = g_strdup("renamed");
    kit_apply(kit, change);
    int64_t added = kit_node(kit, flow, "d");
    kit_begin(kit);
    struct plan *plan = load_plan(kit, try_version(kit, flow));
    g_autofree int64_t *ids = new_ids(kit, plan->node_count);
    kit_commit(kit);
    play(&player, (struct run_event){ .kind = RUN_EVENT_RERUN, .plan = plan, .node_run_ids = ids });
    kit_check(kit);
    GPtrArray *rows = NULL;
    g_assert_true(store_node_run_list(store_as_reader(kit->store), &kit->admin, flow,
                                      player.run->id, &rows, NULL));
    g_assert_cmpuint(rows->len, ==, 3);
    g_assert_cmpstr(((struct node_run_row *)rows->pdata[0])->name, ==, "renamed");
    g_assert_cmpint(((struct node_run_row *)rows->pdata[0])->attempt, ==, 1);
    g_assert_cmpint(((struct node_run_row *)rows->pdata[2])->node_id, ==, added);
    g_ptr_array_unref(rows);
    play_to_end(&player);
    plan_unref(plan);
    player_end(&player);
    kit_free(kit);
}

static void a_row_in_another_state_is_not_overwritten(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    g_autoptr(GError) error = NULL;
    player_start(&player, kit, chain(kit, nodes));
    struct run_event start = { .kind = RUN_EVENT_START };
    struct effects *effects = decide(&player, &start);
    kit_begin(kit);
    g_assert_true(store_run_save(kit->store, player.run, effects, player.now_ms, NULL, NULL));
    g_assert_false(store_run_save(kit->store, player.run, effects, player.now_ms, NULL, &error));
    g_assert_true(fault_is(error, FAULT_INTERNAL));
    store_rollback(kit->store);
    effects_free(effects);
    run_free(player.run);
    kit_free(kit);
}

static void attempts_are_described_before_or_after_the_move(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    struct attempt_row attempt = { 0 };
    struct store_reader *reader = store_as_reader(kit->store);
    g_autoptr(GError) error = NULL;
    int64_t flow = chain(kit, nodes);
    player_start(&player, kit, flow);
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    g_assert_false(store_attempt_get(reader, &kit->admin, flow, player.run->id, nodes[0], 0,
                                     &attempt, &error));
    g_assert_true(fault_is(error, FAULT_LOG_NOT_EXIST));
    struct attempt_end end = { .fence = grant(&player, 0),
                               .state = ATTEMPT_EXITED,
                               .exit_code = 0 };
    g_assert_true(
        store_attempt_get(reader, &kit->admin, flow, player.run->id, nodes[0], 0, &attempt, NULL));
    g_assert_true(attempt.is_open && !attempt.node_succeeded);
    kit_begin(kit);
    g_assert_true(store_attempt_close(kit->store, &end, NULL));
    kit_commit(kit);
    finish(&player, 0, end.fence, OUTCOME_SUCCESS);
    end.fence = grant(&player, 1);
    finish(&player, 1, end.fence, OUTCOME_FAILURE);
    kit_begin(kit);
    g_assert_true(store_attempt_close(kit->store, &end, NULL));
    kit_commit(kit);
    play(&player, (struct run_event){ .kind = RUN_EVENT_RERUN });
    g_assert_true(
        store_attempt_get(reader, &kit->admin, flow, player.run->id, nodes[0], 1, &attempt, NULL));
    g_assert_true(!attempt.is_open && attempt.node_succeeded);
    g_free(attempt.message);
    g_assert_true(
        store_attempt_get(reader, &kit->admin, flow, player.run->id, nodes[1], 0, &attempt, NULL));
    g_assert_true(!attempt.is_open && !attempt.node_succeeded);
    g_free(attempt.message);
    end.state = ATTEMPT_LOST;
    kit_begin(kit);
    g_assert_false(store_attempt_close(kit->store, &end, NULL));
    store_rollback(kit->store);
    play_to_end(&player);
    player_end(&player);
    kit_free(kit);
}

static void a_damaged_run_is_set_aside(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    struct run *run = NULL;
    struct run_row *row = NULL;
    g_autoptr(GError) error = NULL;
    int64_t flow = chain(kit, nodes);
    player_start(&player, kit, flow);
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    (void)grant(&player, 0);
    g_autofree char *path = g_build_filename(kit->dir, "state.db", NULL);
    struct sql *sql = NULL;
    g_assert_true(sqlite_open(path, SQL_STORE_WRITER, &sql, NULL));
    g_assert_true(sql_script(sql, "UPDATE node_run SET outputs = '[damaged'", NULL));
    sql_close(sql);
    g_assert_false(store_run_load(store_as_reader(kit->store), player.run->id, player.run->plan,
                                  &run, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    kit_begin(kit);
    g_assert_true(
        store_run_quarantine(kit->store, player.run->id, player.now_ms, error->message, NULL));
    kit_commit(kit);
    g_assert_true(
        store_run_get(store_as_reader(kit->store), &kit->admin, flow, player.run->id, &row, NULL));
    g_assert_cmpint(row->state, ==, RUN_FAILED);
    g_assert_nonnull(strstr(row->message, "outputs"));
    run_row_free(row);
    run_free(player.run);
    kit_free(kit);
}

static void a_run_belongs_to_its_flow_and_tenant(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    int64_t flow = chain(kit, nodes);
    int64_t other = kit_flow(kit, "weekly");
    struct store_reader *reader = store_as_reader(kit->store);
    g_autoptr(GError) error = NULL;
    player_start(&player, kit, flow);
    g_assert_true(store_run_check(reader, &kit->admin, flow, player.run->id, ACCESS_OPERATE, NULL));
    g_assert_false(
        store_run_check(reader, &kit->admin, other, player.run->id, ACCESS_OPERATE, &error));
    g_assert_true(fault_is(error, FAULT_RUN_NOT_EXIST));
    g_clear_error(&error);
    g_assert_false(
        store_run_check(reader, &kit->stranger, flow, player.run->id, ACCESS_VIEW, &error));
    g_assert_true(fault_is(error, FAULT_FLOW_NOT_EXIST));
    g_clear_error(&error);
    g_assert_false(store_run_check(reader, &kit->user, flow, player.run->id, ACCESS_VIEW, &error));
    g_assert_true(fault_is(error, FAULT_NO_PERMISSION));
    kit_refuse(kit, kit_change(kit, CHANGE_FLOW_DELETE, flow), FAULT_FLOW_STATE, "not ended");
    play(&player, (struct run_event){ .kind = RUN_EVENT_STOP });
    kit_apply(kit, kit_change(kit, CHANGE_FLOW_DELETE, flow));
    run_free(player.run);
    kit_free(kit);
}

static guint count_runs(struct store_reader *reader, const struct caller *caller,
                        struct run_filter filter, int64_t wanted_total) {
    g_autoptr(GError) error = NULL;
    GPtrArray *runs = NULL;
    int64_t total = 0;
    (void)store_run_list(reader, caller, &filter, &runs, &total, &error);
    g_assert_no_error(error);
    g_assert_cmpint(total, ==, wanted_total);
    for (guint i = 1; i < runs->len; i++) {
        g_assert_cmpint(((struct run_row *)runs->pdata[i - 1])->id, >,
                        ((struct run_row *)runs->pdata[i])->id);
    }
    guint count = runs->len;
    g_ptr_array_unref(runs);
    return count;
}

// Also: no list walks over a table without an index.
static void runs_are_listed_by_every_filter(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    struct store_reader *reader = NULL;
    int64_t flow = chain(kit, nodes);
    for (int i = 0; i < 5; i++) {
        player_start(&player, kit, flow);
        play(&player, (struct run_event){ .kind = RUN_EVENT_START });
        if (i < 2) {
            play_to_end(&player);
        }
        run_free(player.run);
    }
    g_assert_true(store_reader_open(kit->dir, &reader, NULL));
    struct run_filter all = { .flow_id = flow,
                              .page_index = 1,
                              .page_size = 10,
                              .state_code = -1,
                              .trigger = -1,
                              .until_local_s = INT64_MAX };
    struct run_filter filter = all;
    g_assert_cmpuint(count_runs(reader, &kit->admin, filter, 5), ==, 5);
    filter.page_size = 2;
    filter.page_index = 3;
    g_assert_cmpuint(count_runs(reader, &kit->admin, filter, 5), ==, 1);
    filter = all;
    filter.state_code = run_state_code(RUN_SUCCESS);
    g_assert_cmpuint(count_runs(reader, &kit->admin, filter, 2), ==, 2);
    filter.trigger = TRIGGER_SCHEDULED;
    g_assert_cmpuint(count_runs(reader, &kit->admin, filter, 0), ==, 0);
    filter = all;
    filter.trigger = TRIGGER_MANUAL;
    g_assert_cmpuint(count_runs(reader, &kit->admin, filter, 5), ==, 5);
    filter.from_local_s = KIT_NOW_MS / 1000 + 8 * 3600; // the clock of Asia/Shanghai
    filter.until_local_s = filter.from_local_s + 1;
    g_assert_cmpuint(count_runs(reader, &kit->admin, filter, 5), ==, 5);
    filter.by_business_time = true;
    g_assert_cmpuint(count_runs(reader, &kit->admin, filter, 0), ==, 0);
    filter.from_local_s = 1;
    filter.state_code = run_state_code(RUN_RUNNING);
    g_assert_cmpuint(count_runs(reader, &kit->admin, filter, 3), ==, 3);
    GPtrArray *flows = NULL;
    g_assert_true(store_flow_list(reader, &kit->admin, &flows, NULL));
    g_assert_cmpint(((struct flow_row *)flows->pdata[0])->latest_run_state, ==, RUN_RUNNING);
    g_assert_cmpint(((struct flow_row *)flows->pdata[0])->latest_run_ms, >, KIT_NOW_MS);
    g_ptr_array_unref(flows);
    g_assert_cmpint(store_reader_scan_steps(reader), ==, 0);
    store_reader_close(reader);
    g_assert_cmpint(store_reader_scan_steps(store_as_reader(kit->store)), ==, 0);
    kit_free(kit);
}

static void set_zone(struct kit *kit, int64_t flow, const char *zone) {
    struct change *change = kit_change(kit, CHANGE_FLOW_SCHEDULE, flow);
    change->schedule = g_new0(struct schedule_fields, 1);
    *change->schedule = (struct schedule_fields){ .cron = g_strdup(""),
                                                  .begin_date = g_strdup(""),
                                                  .end_date = g_strdup(""),
                                                  .param = g_strdup(""),
                                                  .zone = g_strdup(zone) };
    (void)kit_apply(kit, change);
}

static int64_t ended_run(struct kit *kit, int64_t flow) {
    struct player player;
    player_start(&player, kit, flow);
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    play_to_end(&player);
    int64_t id = player.run->id;
    run_free(player.run);
    return id;
}

// An edit of the draft changes no history: 16:13 in UTC is the next day in Shanghai and the same one in New York.
static void a_run_is_shown_and_found_in_the_zone_of_its_version(void) {
    enum { DAY_S = 86400, TWENTIETH = 19 * DAY_S };
    struct kit *kit = kit_new();
    int64_t nodes[3];
    int64_t flow = chain(kit, nodes);
    struct store_reader *reader = store_as_reader(kit->store);
    int64_t old = ended_run(kit, flow);
    set_zone(kit, flow, "America/New_York");
    int64_t new = ended_run(kit, flow);
    set_zone(kit, flow, NULL); // keeps the zone, as "" would
    struct {
        int64_t run;
        const char *zone;
        int64_t day_s;
    } rows[] = { { old, "Asia/Shanghai", TWENTIETH + DAY_S },
                 { new, "America/New_York", TWENTIETH } };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct run_row *run = NULL;
        g_assert_true(store_run_get(reader, &kit->admin, flow, rows[i].run, &run, NULL));
        g_assert_cmpstr(run->zone, ==, rows[i].zone);
        run_row_free(run);
        for (int by_business = 0; by_business < 2; by_business++) {
            struct run_filter filter = { .flow_id = flow,
                                         .page_index = 1,
                                         .page_size = 10,
                                         .state_code = -1,
                                         .trigger = -1,
                                         .by_business_time = by_business != 0 };
            filter.from_local_s = rows[i].day_s - (by_business != 0 ? DAY_S : 0);
            filter.until_local_s = filter.from_local_s + DAY_S;
            g_autoptr(GPtrArray) runs = NULL;
            int64_t total = 0;
            g_assert_true(store_run_list(reader, &kit->admin, &filter, &runs, &total, NULL));
            g_assert_cmpint(total, ==, 1);
            g_assert_cmpuint(runs->len, ==, 1);
            g_assert_cmpint(((struct run_row *)runs->pdata[0])->id, ==, rows[i].run);
        }
    }
    struct flow_row *row = NULL;
    g_assert_true(store_flow_get(reader, &kit->admin, flow, ACCESS_VIEW, &row, NULL));
    g_assert_cmpstr(row->zone, ==, "America/New_York");
    g_assert_cmpstr(row->latest_run_zone, ==, "America/New_York");
    flow_row_free(row);
    kit_free(kit);
}

// A run that has not started shows no start, so no range of starts has it.
static void a_run_that_waits_is_in_no_range_of_starts(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    int64_t flow = chain(kit, nodes);
    player_start(&player, kit, flow);
    struct run_filter filter = { .flow_id = flow,
                                 .page_index = 1,
                                 .page_size = 10,
                                 .state_code = -1,
                                 .trigger = -1,
                                 .until_local_s = INT64_MAX };
    (void)count_runs(store_as_reader(kit->store), &kit->admin, filter, 1);
    filter.until_local_s = INT64_MAX - 1;
    (void)count_runs(store_as_reader(kit->store), &kit->admin, filter, 0);
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    (void)count_runs(store_as_reader(kit->store), &kit->admin, filter, 1);
    run_free(player.run);
    kit_free(kit);
}

// behaviour.md §3.1: what it did stays, for those who could read it; nothing else can be done with it.
static void the_history_of_a_deleted_flow_stays(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    int64_t flow = chain(kit, nodes);
    int64_t run = ended_run(kit, flow);
    struct store_reader *reader = store_as_reader(kit->store);
    (void)kit_apply(kit, kit_change(kit, CHANGE_FLOW_DELETE, flow));
    struct run_filter filter = { .flow_id = flow,
                                 .page_index = 1,
                                 .page_size = 10,
                                 .state_code = -1,
                                 .trigger = -1,
                                 .until_local_s = INT64_MAX };
    g_assert_cmpuint(count_runs(reader, &kit->admin, filter, 1), ==, 1);
    const struct {
        const struct caller *caller;
        enum fault fault;
    } others[] = { { &kit->stranger, FAULT_FLOW_NOT_EXIST }, { &kit->user, FAULT_NO_PERMISSION } };
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GPtrArray) versions = NULL;
    g_autoptr(GArray) edges = NULL;
    struct attempt_row attempt = { 0 };
    struct flow_row *row = NULL;
    int64_t total = 0;
    g_assert_true(store_node_run_list(reader, &kit->admin, flow, run, &list, NULL));
    g_assert_cmpuint(list->len, ==, 3);
    g_assert_true(store_attempt_get(reader, &kit->admin, flow, run, nodes[0], 0, &attempt, NULL));
    g_assert_true(store_flow_get_history(reader, &kit->admin, flow, &row, NULL));
    g_assert_cmpint(row->status, ==, FLOW_DELETED);
    flow_row_free(row);
    g_assert_true(store_node_list(reader, &kit->admin, flow, &all, NULL));
    g_assert_true(store_edge_list(reader, &kit->admin, flow, 0, 0, 0, &edges, NULL));
    g_assert_true(store_version_list(reader, &kit->admin, flow, 1, 10, &versions, &total, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(GError) error = NULL;
        struct run_row *none = NULL;
        g_assert_false(store_run_get(reader, others[i].caller, flow, run, &none, &error));
        g_assert_true(fault_is(error, others[i].fault));
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(store_run_check(reader, &kit->admin, flow, run, ACCESS_OPERATE, &error));
    g_assert_true(fault_is(error, FAULT_FLOW_NOT_EXIST));
    kit_refuse(kit, kit_change(kit, CHANGE_FLOW_DELETE, flow), FAULT_FLOW_NOT_EXIST,
               "no task flow");
    kit_free(kit);
}

static void an_event_that_does_not_fit_is_found(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    struct player player;
    struct sql *sql = NULL;
    char *fault = NULL;
    g_autofree char *path = g_build_filename(kit->dir, "state.db", NULL);
    player_start(&player, kit, chain(kit, nodes));
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    static const char *const damage[][2] = {
        { "UPDATE node_run SET attempt = attempt + 1",
          "UPDATE node_run SET attempt = attempt - 1" },
        { "UPDATE run SET state = state + 1", "UPDATE run SET state = state - 1" },
        { "UPDATE event SET seq = seq + 1000 WHERE seq = 2",
          "UPDATE event SET seq = 2 WHERE seq = 1002" },
        { "UPDATE run_tally SET runs = runs + 1", "UPDATE run_tally SET runs = runs - 1" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(damage); i++) {
        g_assert_true(sqlite_open(path, SQL_STORE_WRITER, &sql, NULL));
        g_assert_true(sql_script(sql, damage[i][0], NULL));
        g_assert_false(store_check_events(store_as_reader(kit->store), &fault, NULL));
        g_test_message("%s", fault);
        g_assert_nonnull(fault);
        g_clear_pointer(&fault, g_free);
        g_assert_true(sql_script(sql, damage[i][1], NULL));
        sql_close(sql);
    }
    run_free(player.run);
    kit_free(kit);
}

// The store's part of a fan-out: node rows, events and attempts of a thousand nodes in single transactions.
static void a_thousand_nodes_are_saved_quickly(void) {
    enum { COUNT = 1000 };
    struct kit *kit = kit_new();
    struct player player;
    int64_t flow = kit_flow(kit, "wide");
    for (int i = 0; i < COUNT; i++) {
        g_autofree char *name = g_strdup_printf("n%d", i);
        kit_node(kit, flow, name);
    }
    player_start(&player, kit, flow);
    play(&player, (struct run_event){ .kind = RUN_EVENT_START });
    struct effects *effects = effects_new();
    int64_t began_us = g_get_monotonic_time();
    kit_begin(kit);
    for (int i = 0; i < COUNT; i++) {
        struct run_event event = { .kind = RUN_EVENT_GRANT,
                                   .now_ms = ++player.now_ms,
                                   .steady_ms = player.now_ms,
                                   .node = i,
                                   .fence = store_next_id(kit->store, COUNTER_FENCE) };
        g_assert_true(run_step(player.run, &event, effects, NULL));
    }
    g_assert_true(store_run_save(kit->store, player.run, effects, player.now_ms, NULL, NULL));
    kit_commit(kit);
    int64_t took_us = g_get_monotonic_time() - began_us;
    g_test_message("1000 starts were saved in %" G_GINT64_FORMAT " us", took_us);
    g_assert_cmpint(took_us, <, 2000000);
    effects_free(effects);
    player_end(&player);
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/runs/a_run_is_stored_move_by_move", a_run_is_stored_move_by_move);
    g_test_add_func("/runs/an_unfinished_run_is_found_after_opening_again",
                    an_unfinished_run_is_found_after_opening_again);
    g_test_add_func("/runs/failure_suspension_stop_and_rerun_are_stored",
                    failure_suspension_stop_and_rerun_are_stored);
    g_test_add_func("/runs/a_draining_run_remembers_it", a_draining_run_remembers_it);
    g_test_add_func("/runs/a_rerun_in_another_version_replaces_the_nodes",
                    a_rerun_in_another_version_replaces_the_nodes);
    g_test_add_func("/runs/a_row_in_another_state_is_not_overwritten",
                    a_row_in_another_state_is_not_overwritten);
    g_test_add_func("/runs/attempts_are_described_before_or_after_the_move",
                    attempts_are_described_before_or_after_the_move);
    g_test_add_func("/runs/a_damaged_run_is_set_aside", a_damaged_run_is_set_aside);
    g_test_add_func("/runs/a_run_belongs_to_its_flow_and_tenant",
                    a_run_belongs_to_its_flow_and_tenant);
    g_test_add_func("/runs/runs_are_listed_by_every_filter", runs_are_listed_by_every_filter);
    g_test_add_func("/runs/a_run_is_shown_and_found_in_the_zone_of_its_version",
                    a_run_is_shown_and_found_in_the_zone_of_its_version);
    g_test_add_func("/runs/a_run_that_waits_is_in_no_range_of_starts",
                    a_run_that_waits_is_in_no_range_of_starts);
    g_test_add_func("/runs/the_history_of_a_deleted_flow_stays",
                    the_history_of_a_deleted_flow_stays);
    g_test_add_func("/runs/an_event_that_does_not_fit_is_found",
                    an_event_that_does_not_fit_is_found);
    g_test_add_func("/runs/a_thousand_nodes_are_saved_quickly", a_thousand_nodes_are_saved_quickly);
    return g_test_run();
}
