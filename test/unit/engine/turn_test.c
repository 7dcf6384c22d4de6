// SPDX-License-Identifier: Apache-2.0
//
// Turns of the engine: places and limits, actions of users, timers, tests of connections, the end of everything. That a START follows its
// commit, and an ACK the commit of the exit, is checked by the played supervisor in every one of them.

#include "kit.h"

enum { NODES = 4 };

// Ends whatever runs, one attempt after the other in the order of their starts, until `total` have ended.
static void end_one_by_one(struct kit *kit, guint total) {
    for (guint i = 1; i <= total; i++) {
        played_exit(kit->played, played_wait_attempts(kit->played, i), 0);
    }
}

static void no_more_nodes_of_a_run_than_its_limit_are_running(void) {
    struct kit *kit = kit_new_stopped();
    int64_t nodes[NODES];
    kit->options.run_attempts_max = 2;
    played_set_play(kit->played, played_hold, NULL);
    played_listen(kit->played);
    kit_start(kit);
    int64_t flow = kit_wide_flow(kit, "wide", NODES, nodes);
    int64_t run = kit_try(kit, flow);
    (void)played_wait_attempts(kit->played, 2);
    g_assert_cmpint(kit_count_nodes(kit, flow, run, NODE_RUNNING), ==, 2);
    g_assert_cmpint(kit_count_nodes(kit, flow, run, NODE_QUEUED), ==, NODES - 2);
    end_one_by_one(kit, NODES);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    g_assert_cmpint(kit->played->open_count_max, ==, 2);
    kit_free(kit);
}

static void a_flows_own_limit_counts_for_its_runs(void) {
    struct kit *kit = kit_new();
    int64_t nodes[NODES];
    played_set_play(kit->played, played_hold, NULL);
    int64_t flow = kit_wide_flow(kit, "wide", NODES, nodes);
    kit_stop(kit);
    kit_sql(kit, "UPDATE flow SET slot_count_max = 1, revision = revision + 1");
    kit_start(kit);
    int64_t run = kit_try(kit, flow);
    end_one_by_one(kit, NODES);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    g_assert_cmpint(kit->played->open_count_max, ==, 1);
    kit_free(kit);
}

// Two runs that wait for the supervisor; places are given in turn.
static void share(struct kit *kit, int limit) {
    int64_t nodes[2][NODES];
    int64_t flows[2];
    int64_t runs[2];
    played_set_play(kit->played, played_hold, NULL);
    kit_start(kit);
    for (int i = 0; i < 2; i++) {
        flows[i] = kit_wide_flow(kit, i == 0 ? "first" : "second", NODES, nodes[i]);
        runs[i] = kit_try(kit, flows[i]);
        g_assert_cmpint(kit_count_nodes(kit, flows[i], runs[i], NODE_QUEUED), ==, NODES);
    }
    played_listen(kit->played);
    (void)played_wait_attempts(kit->played, (guint)limit);
    end_one_by_one(kit, 2 * NODES);
    for (int i = 0; i < 2; i++) {
        kit_wait_run(kit, flows[i], runs[i], RUN_SUCCESS);
    }
    for (guint i = 0; i < 2 * NODES; i++) {
        const struct played_attempt *attempt = g_ptr_array_index(kit->played->attempts, i);
        g_assert_cmpint(attempt->run_id, ==, runs[i % 2]);
    }
    g_assert_cmpint(kit->played->open_count_max, ==, limit);
    g_assert_cmpint(played_count_heard(kit->played, FRAME_START, 0), ==, 2 * NODES); // none refused
    kit_free(kit);
}

static void the_places_of_the_server_go_round_the_runs(void) {
    struct kit *kit = kit_new_stopped();
    kit->options.attempts_max = 2;
    share(kit, 2);
}

static void the_capacity_of_the_supervisor_is_respected(void) {
    struct kit *kit = kit_new_stopped();
    kit->played->capacity = kit->played->room = 3;
    share(kit, 3);
}

static void a_supervisor_with_less_room_than_it_said_is_not_pressed(void) {
    struct kit *kit = kit_new_stopped();
    int64_t nodes[NODES];
    kit->played->room = 1;
    played_set_play(kit->played, played_hold, NULL);
    played_listen(kit->played);
    kit_start(kit);
    int64_t flow = kit_wide_flow(kit, "wide", NODES, nodes);
    int64_t begin_us = g_get_monotonic_time();
    int64_t run = kit_try(kit, flow);
    played_wait(kit->played, FRAME_START, 0, 3 * NODES); // 1 taken, NODES - 1 refused a round
    int64_t took_ms = (g_get_monotonic_time() - begin_us) / 1000;
    g_assert_cmpint(took_ms, >=, 250); // 1 + 3 * 3 starts are at least three pauses
    end_one_by_one(kit, NODES);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    g_assert_cmpint(kit->played->open_count_max, ==, 1);
    kit_free(kit);
}

static void a_suspended_run_starts_nothing_when_its_node_ends(void) {
    struct kit *kit = kit_new();
    int64_t nodes[2];
    played_set_play(kit->played, played_hold, NULL);
    int64_t flow = kit_chain(kit, "chain", 2, nodes);
    int64_t run = kit_try(kit, flow);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    kit_act(kit, RUN_EVENT_SUSPEND, flow, run);
    kit_act(kit, RUN_EVENT_SUSPEND, flow, run); // again: nothing more
    played_exit(kit->played, fence, 0);
    kit_wait_node(kit, flow, run, nodes[0], "SUCCESS");
    kit_expect_node(kit, flow, run, nodes[1], "WAITING");
    kit_restart(kit);
    kit_wait_supervisor(kit);
    kit_expect_run(kit, flow, run, RUN_SUSPENDED, NULL);
    g_assert_cmpuint(kit->played->attempts->len, ==, 1);
    kit_act(kit, RUN_EVENT_RESUME, flow, run);
    played_exit(kit->played, played_wait_attempts(kit->played, 2), 0);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    kit_free(kit);
}

static void suspending_again_and_again_counts_no_node_twice(void) {
    struct kit *kit = kit_new_stopped();
    int64_t nodes[NODES];
    struct engine_stats stats;
    kit_start(kit);
    int64_t flow = kit_wide_flow(kit, "wide", NODES, nodes);
    int64_t run = kit_try(kit, flow);
    for (int i = 0; i < 5; i++) {
        kit_act(kit, RUN_EVENT_SUSPEND, flow, run);
        engine_get_stats(kit->engine, &stats);
        g_assert_cmpint(stats.queued_nodes, ==, 0);
        kit_act(kit, RUN_EVENT_RESUME, flow, run);
        engine_get_stats(kit->engine, &stats);
        g_assert_cmpint(stats.queued_nodes, ==, NODES);
    }
    played_listen(kit->played);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    engine_get_stats(kit->engine, &stats);
    g_assert_cmpint(stats.queued_nodes, ==, 0);
    g_assert_cmpuint(kit->played->attempts->len, ==, NODES);
    kit_free(kit);
}

static void a_run_that_is_stopped_while_queued_never_starts(void) {
    struct kit *kit = kit_new_stopped();
    int64_t nodes[2][1];
    kit_start(kit);
    int64_t flow = kit_chain(kit, "stopped", 1, nodes[0]);
    int64_t other = kit_chain(kit, "other", 1, nodes[1]);
    int64_t run = kit_try(kit, flow);
    int64_t other_run = kit_try(kit, other);
    kit_expect_node(kit, flow, run, nodes[0][0], "QUEUED");
    kit_act(kit, RUN_EVENT_STOP, flow, run);
    kit_expect_run(kit, flow, run, RUN_STOPPED, "stopped by");
    kit_expect_node(kit, flow, run, nodes[0][0], "CANCELLED");
    played_listen(kit->played);
    kit_wait_run(kit, other, other_run, RUN_SUCCESS);
    g_assert_cmpint(played_starts(kit->played, run, nodes[0][0]), ==, 0);
    kit_free(kit);
}

static void a_stopped_run_has_ended_when_its_attempt_has(void) {
    struct kit *kit = kit_new();
    int64_t nodes[2];
    g_autoptr(GError) error = NULL;
    played_set_play(kit->played, played_hold, NULL);
    int64_t flow = kit_chain(kit, "chain", 2, nodes);
    int64_t run = kit_try(kit, flow);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    kit_act(kit, RUN_EVENT_STOP, flow, run);
    kit_wait_run(kit, flow, run, RUN_STOPPED);
    kit_expect_node(kit, flow, run, nodes[0], "FAIL 1 killed");
    kit_expect_node(kit, flow, run, nodes[1], "CANCELLED");
    played_wait(kit->played, FRAME_ACK, fence, 1);
    g_assert_false(engine_run_action(kit->engine, NULL, &kit->admin, RUN_EVENT_SUSPEND, flow, run,
                                     0, NULL, &error));
    g_assert_true(fault_is(error, FAULT_RUN_STATE));
    kit_free(kit);
}

static void an_ended_run_is_loaded_to_run_again(void) {
    struct kit *kit = kit_new();
    int64_t nodes[2];
    int64_t flow = kit_chain(kit, "chain", 2, nodes);
    int64_t run = kit_try(kit, flow);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    kit_restart(kit);
    kit_act(kit, RUN_EVENT_RERUN, flow, run);
    (void)played_wait_attempts(kit->played, 4);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    kit_expect_node(kit, flow, run, nodes[1], "SUCCESS 2");
    struct run_row *row = kit_run(kit, flow, run);
    g_assert_cmpint(row->run_number, ==, 2);
    run_row_free(row);
    kit_free(kit);
}

static void a_restored_run_repeats_only_what_failed(void) {
    struct kit *kit = kit_new();
    int64_t nodes[3];
    played_set_play(kit->played, played_hold, NULL);
    int64_t flow = kit_chain(kit, "chain", 3, nodes);
    int64_t run = kit_try(kit, flow);
    played_exit(kit->played, played_wait_attempts(kit->played, 1), 0);
    played_exit(kit->played, played_wait_attempts(kit->played, 2), 3);
    kit_wait_run(kit, flow, run, RUN_FAILED);
    kit_expect_node(kit, flow, run, nodes[1], "FAIL 1 exit code 3");
    kit_restart(kit);
    played_set_play(kit->played, NULL, NULL);
    kit_act(kit, RUN_EVENT_RESTORE, flow, run);
    (void)played_wait_attempts(kit->played, 4);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    g_assert_cmpint(played_starts(kit->played, run, nodes[0]), ==, 1);
    g_assert_cmpint(played_starts(kit->played, run, nodes[1]), ==, 2);
    g_assert_cmpint(played_starts(kit->played, run, nodes[2]), ==, 1);
    kit_free(kit);
}

static void a_rerun_may_take_another_published_version(void) {
    struct kit *kit = kit_new();
    int64_t nodes[2];
    g_autoptr(GError) error = NULL;
    GPtrArray *versions = NULL;
    int64_t total = 0;
    int64_t flow = kit_chain(kit, "chain", 2, nodes);
    int64_t run = kit_try(kit, flow);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    int64_t added = kit_node(kit, flow, "added");
    struct change *change = change_new(CHANGE_NODE_DELETE, &kit->admin);
    change->node_id = nodes[1];
    (void)kit_change(kit, change);
    change = change_new(CHANGE_FLOW_PUBLISH, &kit->admin);
    change->flow_id = flow;
    (void)kit_change(kit, change);
    g_assert_true(
        store_version_list(kit->reader, &kit->admin, flow, 1, 10, &versions, &total, NULL));
    int64_t version = ((struct version_row *)versions->pdata[0])->id;
    g_ptr_array_unref(versions);
    kit_restart(kit);
    g_assert_false(engine_run_action(kit->engine, NULL, &kit->admin, RUN_EVENT_RERUN, flow, run,
                                     version + 1000, NULL, &error));
    g_assert_true(fault_is(error, FAULT_VERSION_NOT_EXIST));
    g_clear_error(&error);
    g_assert_false(engine_run_action(kit->engine, NULL, &kit->admin, RUN_EVENT_STOP, flow, run,
                                     version, NULL, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_VALUE));
    g_clear_error(&error);
    (void)engine_run_action(kit->engine, NULL, &kit->admin, RUN_EVENT_RERUN, flow, run, version,
                            NULL, &error);
    g_assert_no_error(error);
    (void)played_wait_attempts(kit->played, 4);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    kit_expect_node(kit, flow, run, nodes[0], "SUCCESS 2");
    kit_expect_node(kit, flow, run, added, "SUCCESS 1");
    g_assert_null(kit_node_text(kit, flow, run, nodes[1]));
    struct run_row *row = kit_run(kit, flow, run);
    g_assert_cmpint(row->version_id, ==, version);
    run_row_free(row);
    kit_free(kit);
}

static void a_node_that_can_not_be_prepared_fails_without_an_attempt(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "bad");
    int64_t node =
        kit_node_of(kit, flow, "sql", KIND_NORMAL_SQL, "{\"sql\":\"select 1\",\"dbId\":77}");
    int64_t other = kit_node_of(kit, flow, "spark", KIND_SPARK_SQL, "{}");
    int64_t run = kit_try(kit, flow);
    kit_wait_run(kit, flow, run, RUN_FAILED);
    kit_expect_node(kit, flow, run, node, "FAIL 0 there is no database 77");
    kit_expect_node(kit, flow, run, other, "CANCELLED");
    g_assert_cmpuint(kit->played->attempts->len, ==, 0);
    kit_free(kit);
}

static void a_failed_attempt_is_retried_after_its_interval(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = kit_chain(kit, "retry", 1, nodes);
    kit_config(kit, nodes[0],
               "{\"rerun\":{\"rerunEnable\":true,\"rerunCount\":2,\"rerunInterval\":1}}");
    played_set_play(kit->played, played_hold, NULL);
    int64_t run = kit_try(kit, flow);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    int64_t begin_us = g_get_monotonic_time();
    played_exit(kit->played, fence, 3);
    kit_wait_node(kit, flow, run, nodes[0], "RETRY_WAIT 1 exit code 3");
    fence = played_wait_attempts(kit->played, 2);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, >=, 990000);
    played_exit(kit->played, fence, 3);
    kit_wait_node(kit, flow, run, nodes[0], "RETRY_WAIT 2");
    kit_restart(kit); // the timer is set again
    played_exit(kit->played, played_wait_attempts(kit->played, 3), 3);
    kit_wait_run(kit, flow, run, RUN_FAILED);
    kit_expect_node(kit, flow, run, nodes[0], "FAIL 3 exit code 3");
    kit_free(kit);
}

static void a_run_ends_at_its_time_limit(void) {
    struct kit *kit = kit_new_stopped();
    int64_t nodes[2];
    kit->options.run_limit_ms = 1000;
    played_set_play(kit->played, played_hold, NULL);
    played_listen(kit->played);
    kit_start(kit);
    int64_t flow = kit_chain(kit, "long", 2, nodes);
    int64_t begin_us = g_get_monotonic_time();
    int64_t run = kit_try(kit, flow);
    (void)played_wait_attempts(kit->played, 1);
    kit_wait_run(kit, flow, run, RUN_FAILED);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, >=, 990000);
    kit_expect_run(kit, flow, run, RUN_FAILED, "ran longer than its limit of 1 s");
    kit_expect_node(kit, flow, run, nodes[0], "FAIL 1 killed");
    kit_free(kit);
}

static void a_changed_time_limit_counts_for_a_run_that_was_loaded(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    played_set_play(kit->played, played_hold, NULL);
    int64_t flow = kit_chain(kit, "long", 1, nodes);
    int64_t run = kit_try(kit, flow);
    (void)played_wait_attempts(kit->played, 1);
    kit->options.run_limit_ms = 1000;
    kit_restart(kit);
    kit_wait_run(kit, flow, run, RUN_FAILED);
    kit_expect_run(kit, flow, run, RUN_FAILED, "ran longer than its limit of 1 s");
    kit_free(kit);
}

// ---- Tests of connections ----

static void probe_connection(struct exec_connection *connection) {
    *connection = (struct exec_connection){ .kind = g_strdup("sqlite"),
                                            .host = g_strdup("/var/tmp/none.db") };
}

static bool probe(struct kit *kit, int64_t timeout_ms, char **ret_line, GError **error) {
    struct exec_connection connection;
    probe_connection(&connection);
    bool is_done = engine_probe(kit->engine, &connection, timeout_ms, ret_line, error);
    exec_connection_done(&connection);
    return is_done;
}

static void a_connection_test_gives_its_result_line(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *line = NULL;
    kit->played->result = "{\"ok\":true}";
    kit_wait_supervisor(kit);
    (void)probe(kit, PLAYED_DEADLINE_MS, &line, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(line, ==, "{\"ok\":true}");
    played_wait(kit->played, FRAME_ACK, 0, 1);
    kit->played->result = NULL;
    g_assert_false(probe(kit, PLAYED_DEADLINE_MS, &line, &error));
    g_assert_true(fault_is(error, FAULT_UNAVAILABLE));
    kit_free(kit);
}

static void a_connection_test_that_takes_too_long_is_killed(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    char *line = NULL;
    played_set_play(kit->played, played_hold, NULL);
    kit_wait_supervisor(kit);
    g_assert_false(probe(kit, 100, &line, &error));
    g_assert_true(fault_is(error, FAULT_UNAVAILABLE));
    uint64_t fence = played_wait_attempts(kit->played, 1);
    played_wait(kit->played, FRAME_KILL, fence, 1);
    played_wait(kit->played, FRAME_ACK, fence, 1);
    kit_free(kit);
}

static gpointer probe_often(gpointer user) {
    for (int i = 0; i < 100; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *line = NULL;
        (void)probe(user, PLAYED_DEADLINE_MS, &line, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(line, ==, "{}");
    }
    return NULL;
}

static void a_connection_test_is_not_overtaken_by_nodes(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t runs[100];
    kit->played->result = "{}";
    int64_t flow = kit_chain(kit, "busy", 1, nodes);
    kit_wait_supervisor(kit);
    GThread *thread = g_thread_new("probes", probe_often, kit);
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        runs[i] = kit_try(kit, flow);
    }
    (void)g_thread_join(thread);
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        kit_wait_run(kit, flow, runs[i], RUN_SUCCESS);
    }
    kit_free(kit);
}

// ---- The end ----

static void stopping_everything_ends_every_run(void) {
    struct kit *kit = kit_new_stopped();
    int64_t nodes[2][NODES];
    int64_t flows[2];
    int64_t runs[2];
    int alive = -1;
    kit->options.run_attempts_max = 2;
    played_set_play(kit->played, played_hold, NULL);
    played_listen(kit->played);
    kit_start(kit);
    for (int i = 0; i < 2; i++) {
        flows[i] = kit_wide_flow(kit, i == 0 ? "first" : "second", NODES, nodes[i]);
        runs[i] = kit_try(kit, flows[i]);
    }
    (void)played_wait_attempts(kit->played, 4);
    kit_act(kit, RUN_EVENT_SUSPEND, flows[1], runs[1]);
    g_assert_true(engine_stop_all(kit->engine, PLAYED_DEADLINE_MS, &alive));
    g_assert_cmpint(alive, ==, 0);
    for (int i = 0; i < 2; i++) {
        kit_expect_run(kit, flows[i], runs[i], RUN_STOPPED, "stopped by operator");
    }
    g_assert_cmpuint(kit->played->attempts->len, ==, 4);
    kit_free(kit);
}

static gpointer stop_all_slowly(gpointer user) {
    struct kit *kit = user;
    int alive = -1;
    g_assert_false(engine_stop_all(kit->engine, 500, &alive));
    g_assert_cmpint(alive, ==, 1);
    return NULL;
}

static void stopping_everything_says_what_still_lives(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int alive = -1;
    played_set_play(kit->played, played_hold, NULL);
    kit->played->ignores_kill = true;
    int64_t flow = kit_chain(kit, "stubborn", 1, nodes);
    int64_t run = kit_try(kit, flow);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    GThread *thread = g_thread_new("stop-all", stop_all_slowly, kit);
    played_wait(kit->played, FRAME_KILL, fence, 1);
    g_assert_false(engine_stop_all(kit->engine, 500, &alive)); // one at a time, and it says so
    (void)g_thread_join(thread);
    kit_expect_run(kit, flow, run, RUN_ENDING, NULL);
    played_exit(kit->played, fence, 0);
    kit_wait_run(kit, flow, run, RUN_STOPPED);
    kit_free(kit);
}

static void the_supervisor_is_told_when_the_server_ends_for_good(void) {
    struct kit *kit = kit_new();
    kit_wait_supervisor(kit);
    engine_stop(kit->engine, true);
    played_wait(kit->played, FRAME_QUIT, 0, 1);
    g_autoptr(GError) error = NULL;
    int64_t run = 0;
    g_assert_false(
        engine_try_run(kit->engine, NULL, &kit->admin, 1, VERSION_DRAFT, NULL, NULL, &run, &error));
    g_assert_true(fault_is(error, FAULT_UNAVAILABLE));
    kit_free(kit);
}

static void a_store_that_fails_ends_the_engine_and_nobody_hears_success(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t run = 0;
    g_autoptr(GError) error = NULL;
    int64_t flow = kit_chain(kit, "chain", 1, nodes);
    kit_wait_supervisor(kit);
    kit_sql(kit, "DROP TABLE event");
    g_assert_false(kit_try_run(kit, flow, &run, &error));
    g_assert_nonnull(error);
    g_test_message("%s", error->message);
    engine_stop(kit->engine, false);
    g_assert_nonnull(kit->failure);
    g_assert_cmpuint(kit->played->attempts->len, ==, 0);
    kit_free_damaged(kit);
}

// A flow of two nodes, held by the supervisor, whose second node's rows take no SUCCESS.
static void a_run_whose_rows_do_not_fit_is_set_aside_and_the_others_go_on(void) {
    struct kit *kit = kit_new();
    int64_t bad_nodes[2];
    int64_t good_nodes[1];
    played_set_play(kit->played, played_hold, NULL);
    int64_t bad = kit_wide_flow(kit, "bad", 2, bad_nodes);
    int64_t good = kit_chain(kit, "good", 1, good_nodes);
    kit_stop(kit);
    kit_sql(kit,
            "CREATE TRIGGER misfit BEFORE UPDATE ON node_run WHEN OLD.name = 'n1' AND NEW.state = 7"
            " BEGIN SELECT RAISE(ABORT, 'does not fit'); END");
    kit_start(kit);
    kit_wait_supervisor(kit);
    int64_t bad_run = kit_try(kit, bad);
    (void)played_wait_attempts(kit->played, 2);
    int64_t good_run = kit_try(kit, good);
    uint64_t last = played_wait_attempts(kit->played, 3);
    const struct played_attempt *first = g_ptr_array_index(kit->played->attempts, 0);
    const struct played_attempt *second = g_ptr_array_index(kit->played->attempts, 1);
    bool is_first = first->node_id == bad_nodes[1];
    played_exit(kit->played, is_first ? first->fence : second->fence, 0);
    kit_wait_run(kit, bad, bad_run, RUN_FAILED);
    kit_expect_run(kit, bad, bad_run, RUN_FAILED, "does not fit");
    played_wait(kit->played, FRAME_KILL, is_first ? second->fence : first->fence, 1);
    played_exit(kit->played, last, 0);
    kit_wait_run(kit, good, good_run, RUN_SUCCESS);
    // What is left of it is nobody's: it can be asked for, and a second start finds nothing to do.
    g_autoptr(GError) error = NULL;
    g_assert_false(engine_run_action(kit->engine, NULL, &kit->admin, RUN_EVENT_STOP, bad, bad_run,
                                     0, NULL, &error));
    g_assert_true(fault_is(error, FAULT_RUN_STATE));
    kit_restart(kit);
    kit_expect_run(kit, bad, bad_run, RUN_FAILED, "does not fit");
    kit_free(kit);
}

static void a_run_that_can_not_be_stored_is_its_callers_affair(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t run = 0;
    int64_t flow = kit_chain(kit, "chain", 1, nodes);
    g_autoptr(GError) error = NULL;
    kit_stop(kit);
    kit_sql(kit, "CREATE TRIGGER misfit BEFORE INSERT ON node_run BEGIN SELECT RAISE(ABORT, 'does "
                 "not fit'); END");
    kit_start(kit);
    g_assert_false(kit_try_run(kit, flow, &run, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    (void)kit_flow(kit, "another"); // the engine lives, and nothing of the run is left
    kit_stop(kit);
    kit_sql(kit, "DROP TRIGGER misfit");
    kit_start(kit);
    kit_wait_run(kit, flow, kit_try(kit, flow), RUN_SUCCESS);
    kit_free(kit);
}

#define TEST(name) g_test_add_func("/turn/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(no_more_nodes_of_a_run_than_its_limit_are_running);
    TEST(a_flows_own_limit_counts_for_its_runs);
    TEST(the_places_of_the_server_go_round_the_runs);
    TEST(the_capacity_of_the_supervisor_is_respected);
    TEST(a_supervisor_with_less_room_than_it_said_is_not_pressed);
    TEST(a_suspended_run_starts_nothing_when_its_node_ends);
    TEST(suspending_again_and_again_counts_no_node_twice);
    TEST(a_run_that_is_stopped_while_queued_never_starts);
    TEST(a_stopped_run_has_ended_when_its_attempt_has);
    TEST(an_ended_run_is_loaded_to_run_again);
    TEST(a_restored_run_repeats_only_what_failed);
    TEST(a_rerun_may_take_another_published_version);
    TEST(a_node_that_can_not_be_prepared_fails_without_an_attempt);
    TEST(a_failed_attempt_is_retried_after_its_interval);
    TEST(a_run_ends_at_its_time_limit);
    TEST(a_changed_time_limit_counts_for_a_run_that_was_loaded);
    TEST(a_connection_test_gives_its_result_line);
    TEST(a_connection_test_that_takes_too_long_is_killed);
    TEST(a_connection_test_is_not_overtaken_by_nodes);
    TEST(stopping_everything_ends_every_run);
    TEST(stopping_everything_says_what_still_lives);
    TEST(the_supervisor_is_told_when_the_server_ends_for_good);
    TEST(a_store_that_fails_ends_the_engine_and_nobody_hears_success);
    TEST(a_run_whose_rows_do_not_fit_is_set_aside_and_the_others_go_on);
    TEST(a_run_that_can_not_be_stored_is_its_callers_affair);
    return g_test_run();
}
