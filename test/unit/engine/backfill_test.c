// SPDX-License-Identifier: Apache-2.0
//
// Rows of runs through the engine: the order, what ends a row, what does not revive it, and that a lost connection or a restart at any
// message leaves out no date and runs none twice.

#include "kit.h"

#include "store/backfills.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static void publish(struct kit *kit, int64_t flow) {
    struct change *change = change_new(CHANGE_FLOW_PUBLISH, &kit->admin);
    change->flow_id = flow;
    kit_change(kit, change);
}

static struct backfill *request(int64_t flow, const char *begin, const char *end) {
    struct backfill *backfill = backfill_new();
    bool has_time = false;
    backfill->flow_id = flow;
    backfill->range.interval_hours = 24;
    backfill->range.is_ascending = true;
    g_assert_true(civil_parse(begin, &backfill->range.begin, &has_time));
    g_assert_true(civil_parse(end, &backfill->range.end, &has_time));
    return backfill;
}

// Takes the request.
static struct change_result fill(struct kit *kit, struct backfill *backfill) {
    g_autoptr(GError) error = NULL;
    struct change_result result = { 0 };
    (void)engine_backfill(kit->engine, NULL, &kit->admin, backfill, &result, &error);
    g_assert_no_error(error);
    backfill_free(backfill);
    return result;
}

static int64_t fill_days(struct kit *kit, int64_t flow, const char *begin, const char *end) {
    struct change_result result = fill(kit, request(flow, begin, end));
    int64_t row = g_array_index(result.ids, int64_t, 0);
    change_result_done(&result);
    return row;
}

static void assert_refused(struct kit *kit, struct backfill *backfill, enum fault kind) {
    g_autoptr(GError) error = NULL;
    struct change_result result = { 0 };
    g_assert_false(engine_backfill(kit->engine, NULL, &kit->admin, backfill, &result, &error));
    g_test_message("%s", error->message);
    g_assert_cmpstr(fault_name((enum fault)error->code), ==, fault_name(kind));
    backfill_free(backfill);
}

// The runs of a flow in the order they were made.
static GPtrArray *runs_of(struct kit *kit, int64_t flow) {
    g_autoptr(GError) error = NULL;
    GPtrArray *newest_first = NULL;
    int64_t total = 0;
    struct run_filter filter = { .flow_id = flow,
                                 .page_index = 1,
                                 .page_size = 100,
                                 .state_code = -1,
                                 .trigger = -1,
                                 .until_local_s = INT64_MAX };
    (void)store_run_list(kit->reader, &kit->admin, &filter, &newest_first, &total, &error);
    g_assert_no_error(error);
    GPtrArray *runs = g_ptr_array_new_with_free_func((GDestroyNotify)run_row_free);
    while (newest_first->len > 0) {
        g_ptr_array_add(runs, g_ptr_array_steal_index(newest_first, newest_first->len - 1));
    }
    g_ptr_array_unref(newest_first);
    return runs;
}

static int64_t wait_run_number(struct kit *kit, int64_t flow, guint number, enum run_state state) {
    int64_t deadline_us = played_deadline_us();
    for (;;) {
        g_autoptr(GPtrArray) runs = runs_of(kit, flow);
        if (runs->len > number) {
            const struct run_row *run = g_ptr_array_index(runs, number);
            if (run->state == state) {
                return run->id;
            }
            g_assert_false(run_state_is_terminal(run->state));
        }
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        g_usleep(1000);
    }
}

static guint count_runs(struct kit *kit, int64_t flow) {
    g_autoptr(GPtrArray) runs = runs_of(kit, flow);
    return runs->len;
}

static enum backfill_state row_state(struct kit *kit, int64_t row_id) {
    g_autoptr(GError) error = NULL;
    struct backfill *row = NULL;
    (void)store_backfill_get(kit->reader, kit->admin.tenant_id, row_id, &row, &error);
    g_assert_no_error(error);
    enum backfill_state state = row->state;
    backfill_free(row);
    return state;
}

static int64_t published_chain(struct kit *kit, int count, int64_t *ret_nodes) {
    int64_t flow = kit_chain(kit, "chain", count, ret_nodes);
    publish(kit, flow);
    return flow;
}

// A row of whole days from 2024-01-01 in order, each run with every node once and successful, each made as the one before it ended.
static void check_row(struct kit *kit, int64_t flow, int64_t row_id, guint count,
                      const int64_t *nodes, int node_count) {
    g_autoptr(GPtrArray) runs = runs_of(kit, flow);
    g_assert_cmpuint(runs->len, ==, count);
    for (guint i = 0; i < count; i++) {
        const struct run_row *run = g_ptr_array_index(runs, i);
        const struct run_row *first = g_ptr_array_index(runs, 0);
        g_assert_cmpint(run->backfill_id, ==, row_id);
        g_assert_cmpint(run->trigger, ==, TRIGGER_MANUAL);
        g_assert_cmpint(run->state, ==, RUN_SUCCESS);
        g_assert_cmpint(run->business_ms, ==, first->business_ms + (int64_t)i * DAY_MS);
        g_assert_cmpint(run->run_time_ms, ==, run->business_ms + DAY_MS);
        if (i > 0) { // one turn, one commit
            const struct run_row *before = g_ptr_array_index(runs, i - 1);
            g_assert_cmpint(run->created_ms, ==, before->ended_ms);
        }
        for (int node = 0; node < node_count; node++) {
            g_assert_cmpint(played_starts(kit->played, run->id, nodes[node]), ==, 1);
        }
    }
    g_assert_cmpint(row_state(kit, row_id), ==, BACKFILL_DONE);
}

static void the_runs_of_a_row_come_one_after_the_other(void) {
    struct kit *kit = kit_new();
    int64_t nodes[2];
    int64_t flow = published_chain(kit, 2, nodes);
    struct change_result result = fill(kit, request(flow, "2024-01-01", "2024-01-03"));
    int64_t row = g_array_index(result.ids, int64_t, 0);
    g_assert_cmpint(result.second_id, ==, nodes[0]);
    g_assert_cmpint(g_array_index(result.ids, int64_t, 1), ==, 3);
    g_assert_cmpint(wait_run_number(kit, flow, 2, RUN_SUCCESS), !=, result.id);
    g_assert_cmpint(kit_state(kit, flow, result.id), ==, RUN_SUCCESS);
    change_result_done(&result);
    check_row(kit, flow, row, 3, nodes, 2);
    g_assert_cmpint(kit->played->open_count_max, ==, 1);
    g_autoptr(GPtrArray) runs = runs_of(kit, flow);
    const struct run_row *first = g_ptr_array_index(runs, 0);
    g_assert_cmpint(first->business_ms, ==, INT64_C(1704038400000)); // 2024-01-01 00:00 +08:00
    kit_free(kit);
}

static void the_time_of_day_is_that_of_the_schedule(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    kit_stop(kit);
    // What the draft says by now does not count, what the version says does.
    kit_sql(kit, "UPDATE flow SET is_scheduled = 1, cron = '0 45 3 * * ?'");
    kit_sql(kit, "UPDATE version SET snapshot = json_set(snapshot, '$.schedule.on', json('true'),"
                 " '$.schedule.cron', '0 30 2 * * ?')");
    kit_start(kit);
    (void)fill_days(kit, flow, "2024-01-01", "2024-01-01");
    int64_t run = wait_run_number(kit, flow, 0, RUN_SUCCESS);
    struct run_row *row = kit_run(kit, flow, run);
    g_assert_cmpint(row->business_ms, ==, INT64_C(1704038400000) + (2 * 60 + 30) * 60 * 1000);
    run_row_free(row);
    kit_free(kit);
}

static int fail_second_run(const struct played_attempt *attempt, void *user) {
    int64_t *first_run = user;
    if (*first_run == 0) {
        *first_run = attempt->run_id;
    }
    return attempt->run_id == *first_run ? 0 : 3;
}

static void a_failed_run_ends_its_row_and_nothing_revives_it(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t first_run = 0;
    int64_t flow = published_chain(kit, 1, nodes);
    played_set_play(kit->played, fail_second_run, &first_run);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-05");
    int64_t failed = wait_run_number(kit, flow, 1, RUN_FAILED);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_FAILED);
    g_assert_cmpuint(count_runs(kit, flow), ==, 2);
    played_set_play(kit->played, NULL, NULL);
    kit_act(kit, RUN_EVENT_RESTORE, flow, failed);
    (void)wait_run_number(kit, flow, 1, RUN_SUCCESS);
    kit_act(kit, RUN_EVENT_RERUN, flow, failed);
    kit_wait_run(kit, flow, failed, RUN_SUCCESS);
    g_assert_cmpuint(count_runs(kit, flow), ==, 2);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_FAILED);
    kit_free(kit);
}

static void setting_an_ended_run_successful_does_not_revive_its_row(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t first_run = -1; // no run is the first: all fail
    int64_t flow = published_chain(kit, 1, nodes);
    played_set_play(kit->played, fail_second_run, &first_run);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-02");
    int64_t failed = wait_run_number(kit, flow, 0, RUN_FAILED);
    kit_act(kit, RUN_EVENT_SET_SUCCESS, flow, failed);
    kit_expect_run(kit, flow, failed, RUN_SUCCESS, NULL);
    kit_restart(kit);
    g_assert_cmpuint(count_runs(kit, flow), ==, 1);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_FAILED);
    kit_free(kit);
}

static void a_run_that_is_set_successful_under_way_hands_on(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    played_set_play(kit->played, played_hold, NULL);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-02");
    (void)played_wait_attempts(kit->played, 1);
    int64_t run = wait_run_number(kit, flow, 0, RUN_RUNNING);
    kit_act(kit, RUN_EVENT_SET_SUCCESS, flow, run);
    played_exit(kit->played, played_wait_attempts(kit->played, 2), 0);
    (void)wait_run_number(kit, flow, 1, RUN_SUCCESS);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_DONE);
    kit_free(kit);
}

static void a_stop_ends_the_row(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    played_set_play(kit->played, played_hold, NULL);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-05");
    played_exit(kit->played, played_wait_attempts(kit->played, 1), 0);
    (void)played_wait_attempts(kit->played, 2);
    int64_t second = wait_run_number(kit, flow, 1, RUN_RUNNING);
    kit_act(kit, RUN_EVENT_STOP, flow, second);
    kit_wait_run(kit, flow, second, RUN_STOPPED);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_STOPPED);
    g_assert_cmpuint(count_runs(kit, flow), ==, 2);
    kit_free(kit);
}

static void stopping_a_rerun_of_an_earlier_date_ends_the_row_too(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    played_set_play(kit->played, played_hold, NULL);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-05");
    played_exit(kit->played, played_wait_attempts(kit->played, 1), 0);
    uint64_t second = played_wait_attempts(kit->played, 2);
    int64_t first = wait_run_number(kit, flow, 0, RUN_SUCCESS);
    kit_act(kit, RUN_EVENT_RERUN, flow, first);
    (void)played_wait_attempts(kit->played, 3);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_OPEN);
    kit_act(kit, RUN_EVENT_STOP, flow, first);
    kit_wait_run(kit, flow, first, RUN_STOPPED);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_STOPPED);
    played_exit(kit->played, second,
                0); // the run under way ends as it would have; the rest never comes
    (void)wait_run_number(kit, flow, 1, RUN_SUCCESS);
    g_assert_cmpuint(count_runs(kit, flow), ==, 2);
    kit_free(kit);
}

static void a_rerun_of_an_earlier_date_does_not_move_the_row(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    played_set_play(kit->played, played_hold, NULL);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-03");
    played_exit(kit->played, played_wait_attempts(kit->played, 1), 0);
    uint64_t second = played_wait_attempts(kit->played, 2);
    int64_t first = wait_run_number(kit, flow, 0, RUN_SUCCESS);
    kit_act(kit, RUN_EVENT_RERUN, flow, first);
    played_exit(kit->played, played_wait_attempts(kit->played, 3), 3);
    kit_wait_run(kit, flow, first, RUN_FAILED);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_OPEN);
    g_assert_cmpuint(count_runs(kit, flow), ==, 2);
    played_exit(kit->played, second, 0);
    played_exit(kit->played, played_wait_attempts(kit->played, 4), 0);
    (void)wait_run_number(kit, flow, 2, RUN_SUCCESS);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_DONE);
    kit_free(kit);
}

static void a_suspended_run_makes_its_row_wait(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    played_set_play(kit->played, played_hold, NULL);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-02");
    uint64_t fence = played_wait_attempts(kit->played, 1);
    int64_t run = wait_run_number(kit, flow, 0, RUN_RUNNING);
    kit_act(kit, RUN_EVENT_SUSPEND, flow, run);
    played_exit(kit->played, fence, 0);
    kit_wait_node(kit, flow, run, nodes[0], "SUCCESS");
    kit_restart(kit);
    kit_expect_run(kit, flow, run, RUN_SUSPENDED, NULL);
    g_assert_cmpuint(count_runs(kit, flow), ==, 1);
    kit_act(kit, RUN_EVENT_RESUME, flow, run);
    played_exit(kit->played, played_wait_attempts(kit->played, 2), 0);
    (void)wait_run_number(kit, flow, 1, RUN_SUCCESS);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_DONE);
    kit_free(kit);
}

static void a_run_whose_nodes_need_no_program_hands_on_at_once(void) {
    struct kit *kit = kit_new();
    int64_t nodes[2];
    int64_t flow = kit_wide_flow(kit, "idle", 2, nodes);
    kit_config(kit, nodes[0], "{\"disabled\":true}");
    publish(kit, flow);
    struct backfill *backfill = request(flow, "2024-01-01", "2024-01-31");
    g_array_append_val(backfill->filter_node_ids, nodes[1]);
    struct change_result result = fill(kit, backfill);
    int64_t row = g_array_index(result.ids, int64_t, 0);
    change_result_done(&result);
    g_assert_cmpuint(count_runs(kit, flow), ==, 31); // all in the turn of the call
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_DONE);
    g_assert_cmpuint(kit->played->attempts->len, ==, 0);
    kit_free(kit);
}

static void what_is_left_out_stays_left_out_after_a_restart(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    int64_t flow = published_chain(kit, 3, nodes);
    played_set_play(kit->played, played_hold, NULL);
    struct backfill *backfill = request(flow, "2024-01-01", "2024-01-02");
    g_array_append_val(backfill->filter_node_ids, nodes[1]);
    struct change_result result = fill(kit, backfill);
    int64_t first = result.id;
    change_result_done(&result);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    kit_restart(kit);
    kit_wait_supervisor(kit);
    played_set_play(kit->played, NULL, NULL);
    played_exit(kit->played, fence, 0);
    int64_t second = wait_run_number(kit, flow, 1, RUN_SUCCESS);
    kit_expect_node(kit, flow, first, nodes[1], "SKIPPED 0 left out of this backfill");
    kit_expect_node(kit, flow, second, nodes[1], "SKIPPED 0 left out of this backfill");
    kit_act(kit, RUN_EVENT_RERUN, flow, second);
    kit_wait_node(kit, flow, second, nodes[2], "SUCCESS 2");
    kit_wait_run(kit, flow, second, RUN_SUCCESS);
    g_assert_cmpint(played_starts(kit->played, second, nodes[1]), ==, 0);
    kit_free(kit);
}

static void the_newest_version_runs_when_none_is_named(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    (void)fill_days(kit, flow, "2024-01-01", "2024-01-01");
    struct run_row *old = kit_run(kit, flow, wait_run_number(kit, flow, 0, RUN_SUCCESS));
    (void)kit_node(kit, flow, "new");
    publish(kit, flow);
    (void)kit_node(kit, flow, "never published");
    (void)fill_days(kit, flow, "2024-01-01", "2024-01-01");
    int64_t run = wait_run_number(kit, flow, 1, RUN_SUCCESS);
    g_assert_cmpint(kit_count_nodes(kit, flow, run, NODE_SUCCESS), ==, 2);
    struct backfill *backfill = request(flow, "2024-01-01", "2024-01-01");
    backfill->version_id = old->version_id;
    struct change_result result = fill(kit, backfill);
    run = wait_run_number(kit, flow, 2, RUN_SUCCESS);
    g_assert_cmpint(run, ==, result.id);
    g_assert_cmpint(kit_count_nodes(kit, flow, run, NODE_SUCCESS), ==, 1);
    change_result_done(&result);
    run_row_free(old);
    kit_free(kit);
}

static void what_can_not_be_filled_is_refused_and_leaves_nothing(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = kit_chain(kit, "chain", 1, nodes);
    assert_refused(kit, request(flow, "2024-01-01", "2024-01-02"), FAULT_FLOW_NOT_PUBLISHED);
    publish(kit, flow);
    assert_refused(kit, request(flow + 1000, "2024-01-01", "2024-01-02"), FAULT_FLOW_NOT_EXIST);
    assert_refused(kit, request(flow, "2024-01-02", "2024-01-01"), FAULT_INVALID_VALUE);
    assert_refused(kit, request(flow, "2024-01-01", "2025-02-04"), FAULT_LIMIT_EXCEEDED);
    struct backfill *backfill = request(flow, "2024-01-01", "2024-01-02");
    backfill->version_id = 987654;
    assert_refused(kit, backfill, FAULT_VERSION_NOT_EXIST);
    backfill = request(flow, "2024-01-01", "2024-01-02");
    g_array_append_val(backfill->start_node_ids, flow); // an id, but of no node
    assert_refused(kit, backfill, FAULT_NODE_NOT_EXIST);
    g_assert_cmpuint(count_runs(kit, flow), ==, 0);
    kit_free(kit);
}

static void an_offline_flow_can_be_filled_and_not_deleted_meanwhile(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    g_autoptr(GError) error = NULL;
    int64_t flow = published_chain(kit, 1, nodes);
    struct change *change = change_new(CHANGE_FLOW_OFFLINE, &kit->admin);
    change->flow_id = flow;
    kit_change(kit, change);
    played_set_play(kit->played, played_hold, NULL);
    (void)fill_days(kit, flow, "2024-01-01", "2024-01-02");
    played_exit(kit->played, played_wait_attempts(kit->played, 1), 0);
    uint64_t second = played_wait_attempts(kit->played, 2);
    change = change_new(CHANGE_FLOW_DELETE, &kit->admin);
    change->flow_id = flow;
    g_assert_false(engine_change(kit->engine, NULL, change, NULL, &error));
    g_assert_true(fault_is(error, FAULT_FLOW_STATE));
    played_exit(kit->played, second, 0);
    (void)wait_run_number(kit, flow, 1, RUN_SUCCESS);
    change = change_new(CHANGE_FLOW_DELETE, &kit->admin);
    change->flow_id = flow;
    kit_change(kit, change);
    kit_stop(kit);
    kit_start(kit);
    kit_free(kit);
}

// ---- Faults ----

static void wait_for_cut(struct played *played) {
    int64_t deadline_us = played_deadline_us();
    g_mutex_lock(&played->mutex);
    while (!played->was_cut) {
        played_wait_change(played, deadline_us);
    }
    g_mutex_unlock(&played->mutex);
}

// Three dates of a chain of two, with START, STARTED, EXITED and ACK for each node.
enum { CUT_DATES = 3, CUT_NODES = 2, CUT_STEPS = CUT_DATES * CUT_NODES * 4 };

static void cut_row(int step, bool restarts) {
    struct kit *kit = kit_new();
    int64_t nodes[CUT_NODES];
    int64_t flow = published_chain(kit, CUT_NODES, nodes);
    kit_wait_supervisor(kit);
    g_mutex_lock(&kit->played->mutex);
    kit->played->cut_at = kit->played->steps + step;
    g_mutex_unlock(&kit->played->mutex);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-03");
    wait_for_cut(kit->played);
    if (restarts) {
        kit_restart(kit);
    }
    (void)wait_run_number(kit, flow, CUT_DATES - 1, RUN_SUCCESS);
    g_autoptr(GPtrArray) runs = runs_of(kit, flow);
    g_assert_cmpuint(runs->len, ==, CUT_DATES);
    check_row(kit, flow, row, CUT_DATES, nodes, CUT_NODES);
    kit_free(kit);
}

static void a_row_survives_a_lost_connection_at_every_message(void) {
    for (int step = 1; step <= CUT_STEPS; step++) {
        cut_row(step, false);
    }
}

static void a_row_survives_a_restart_at_every_message(void) {
    for (int step = 1; step <= CUT_STEPS; step++) {
        cut_row(step, true);
    }
}

// A store that no engine leaves behind: the run has ended and the row does not know it.
static void start_after(struct kit *kit, const char *sql) {
    kit_stop(kit);
    kit_sql(kit, sql);
    kit_start(kit);
}

static void a_row_that_was_not_handed_over_goes_on_at_the_start(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-01");
    (void)wait_run_number(kit, flow, 0, RUN_SUCCESS);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_DONE);
    start_after(kit, "UPDATE backfill SET state = 0, business = '[1704038400000,1704124800000]'");
    (void)wait_run_number(kit, flow, 1, RUN_SUCCESS);
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_DONE);
    kit_restart(kit);
    g_assert_cmpuint(count_runs(kit, flow), ==, 2);
    kit_free(kit);
}

static void a_damaged_run_ends_its_row_and_not_the_server(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    played_set_play(kit->played, played_hold, NULL);
    int64_t row = fill_days(kit, flow, "2024-01-01", "2024-01-03");
    (void)played_wait_attempts(kit->played, 1);
    start_after(kit, "UPDATE node_run SET skip_cause = 77");
    g_assert_cmpint(row_state(kit, row), ==, BACKFILL_FAILED);
    g_assert_cmpuint(count_runs(kit, flow), ==, 1);
    kit_free(kit);
}

static void a_damaged_row_ends_its_run_and_not_the_server(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = published_chain(kit, 1, nodes);
    played_set_play(kit->played, played_hold, NULL);
    (void)fill_days(kit, flow, "2024-01-01", "2024-01-03");
    (void)played_wait_attempts(kit->played, 1);
    start_after(kit, "UPDATE backfill SET business = 'x'");
    (void)wait_run_number(kit, flow, 0, RUN_FAILED);
    kit_restart(kit);
    g_assert_cmpuint(count_runs(kit, flow), ==, 1);
    kit_free(kit);
}

#define TEST(name) g_test_add_func("/backfill/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(the_runs_of_a_row_come_one_after_the_other);
    TEST(the_time_of_day_is_that_of_the_schedule);
    TEST(a_failed_run_ends_its_row_and_nothing_revives_it);
    TEST(setting_an_ended_run_successful_does_not_revive_its_row);
    TEST(a_run_that_is_set_successful_under_way_hands_on);
    TEST(a_stop_ends_the_row);
    TEST(stopping_a_rerun_of_an_earlier_date_ends_the_row_too);
    TEST(a_rerun_of_an_earlier_date_does_not_move_the_row);
    TEST(a_suspended_run_makes_its_row_wait);
    TEST(a_run_whose_nodes_need_no_program_hands_on_at_once);
    TEST(what_is_left_out_stays_left_out_after_a_restart);
    TEST(the_newest_version_runs_when_none_is_named);
    TEST(what_can_not_be_filled_is_refused_and_leaves_nothing);
    TEST(an_offline_flow_can_be_filled_and_not_deleted_meanwhile);
    TEST(a_row_survives_a_lost_connection_at_every_message);
    TEST(a_row_survives_a_restart_at_every_message);
    TEST(a_row_that_was_not_handed_over_goes_on_at_the_start);
    TEST(a_damaged_run_ends_its_row_and_not_the_server);
    TEST(a_damaged_row_ends_its_run_and_not_the_server);
    return g_test_run();
}
