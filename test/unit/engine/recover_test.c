// SPDX-License-Identifier: Apache-2.0
//
// After a start of the server: the verdict over each attempt that was open (reliability.md, table "After a start of the server").

#include "kit.h"

// One run of one node whose program runs.
struct scene {
    struct kit *kit;
    int64_t flow;
    int64_t node;
    int64_t run;
    uint64_t fence;
};

static struct scene begin(void) {
    struct scene scene = { .kit = kit_new() };
    played_set_play(scene.kit->played, played_hold, NULL);
    scene.flow = kit_chain(scene.kit, "nightly", 1, &scene.node);
    scene.run = kit_try(scene.kit, scene.flow);
    scene.fence = played_wait_attempts(scene.kit->played, 1);
    return scene;
}

// The same, but START got lost together with the connection, and then the server.
static struct scene begin_without_start(void) {
    struct scene scene = { .kit = kit_new() };
    struct played *played = scene.kit->played;
    scene.flow = kit_chain(scene.kit, "nightly", 1, &scene.node);
    kit_wait_supervisor(scene.kit);
    g_mutex_lock(&played->mutex);
    played->cut_at = played->steps + 1;
    // Nobody answers until the test says so.
    int64_t deadline_us = played_deadline_us();
    g_mutex_unlock(&played->mutex);
    scene.run = kit_try(scene.kit, scene.flow);
    kit_expect_node(scene.kit, scene.flow, scene.run, scene.node, "RUNNING 1");
    g_mutex_lock(&played->mutex);
    while (!played->was_cut) {
        played_wait_change(played, deadline_us);
    }
    g_mutex_unlock(&played->mutex);
    return scene;
}

static void an_attempt_that_runs_is_adopted(void) {
    struct scene scene = begin();
    kit_restart(scene.kit);
    kit_wait_supervisor(scene.kit);
    kit_expect_node(scene.kit, scene.flow, scene.run, scene.node, "RUNNING 1");
    played_exit(scene.kit->played, scene.fence, 0);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_SUCCESS);
    g_assert_cmpint(played_starts(scene.kit->played, scene.run, scene.node), ==, 1);
    kit_free(scene.kit);
}

static void an_exit_during_the_absence_is_taken_over_once(void) {
    struct scene scene = begin();
    scene.kit->played->greeting_pause_ms = 30;
    kit_stop(scene.kit);
    played_exit(scene.kit->played, scene.fence, 0);
    kit_start(scene.kit);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_SUCCESS);
    played_wait(scene.kit->played, FRAME_ACK, scene.fence, 1);
    kit_restart(scene.kit);
    kit_wait_supervisor(scene.kit);
    kit_expect_node(scene.kit, scene.flow, scene.run, scene.node, "SUCCESS 1");
    kit_free(scene.kit);
}

static void an_exit_that_is_repeated_is_acknowledged_and_not_applied_again(void) {
    struct scene scene = begin();
    struct played *played = scene.kit->played;
    played_exit(played, scene.fence, 3);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_FAILED);
    played_wait(played, FRAME_ACK, scene.fence, 1);
    kit_act(scene.kit, RUN_EVENT_RERUN, scene.flow, scene.run);
    uint64_t second = played_wait_attempts(played, 2);
    int acks = played_count_heard(played, FRAME_ACK, scene.fence);
    g_mutex_lock(&played->mutex); // the acknowledgement got lost: the exit comes again
    played_get(played, scene.fence)->has_exit = true;
    played_say_exit(played, played_get(played, scene.fence));
    g_mutex_unlock(&played->mutex);
    played_wait(played, FRAME_ACK, scene.fence, acks + 1);
    kit_expect_node(scene.kit, scene.flow, scene.run, scene.node, "RUNNING 2");
    played_exit(played, second, 0);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_SUCCESS);
    kit_free(scene.kit);
}

static void an_attempt_that_never_started_is_voided_and_started_under_a_new_fence(void) {
    struct scene scene = begin_without_start();
    uint64_t fence = played_wait_attempts(scene.kit->played, 1);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_SUCCESS);
    g_assert_cmpint(played_count_heard(scene.kit->played, FRAME_VOID, 0), ==, 1);
    g_assert_cmpint(played_count_heard(scene.kit->played, FRAME_VOID, fence), ==, 0);
    g_assert_cmpint(played_starts(scene.kit->played, scene.run, scene.node), ==, 1);
    kit_free(scene.kit);
}

static void a_restart_voids_what_never_started(void) {
    struct scene scene = begin_without_start();
    kit_restart(scene.kit);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_SUCCESS);
    g_assert_cmpint(played_count_heard(scene.kit->played, FRAME_VOID, 0), ==, 1);
    g_assert_cmpint(played_starts(scene.kit->played, scene.run, scene.node), ==, 1);
    kit_free(scene.kit);
}

static void an_unknown_attempt_not_above_the_mark_is_lost(void) {
    struct scene scene = begin();
    kit_stop(scene.kit);
    played_forget(scene.kit->played, scene.fence);
    kit_start(scene.kit);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_FAILED);
    kit_expect_node(scene.kit, scene.flow, scene.run, scene.node,
                    "FAIL 1 lost: the supervisor does not know this attempt any more");
    g_assert_cmpint(played_count_heard(scene.kit->played, FRAME_VOID, 0), ==, 0);
    kit_free(scene.kit);
}

// A backup of the store was put back: the supervisor has seen fences that this store has not given.
static void fences_of_a_later_store_are_passed_over(void) {
    struct scene scene = begin();
    kit_stop(scene.kit);
    played_forget(scene.kit->played, scene.fence);
    scene.kit->played->mark = 7777;
    kit_start(scene.kit);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_FAILED);
    kit_act(scene.kit, RUN_EVENT_RERUN, scene.flow, scene.run);
    uint64_t fence = played_wait_attempts(scene.kit->played, 1);
    g_assert_cmpuint(fence, >, 7777);
    played_exit(scene.kit->played, fence, 0);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_SUCCESS);
    kit_free(scene.kit);
}

static void a_damaged_journal_makes_an_unknown_attempt_lost(void) {
    struct scene scene = begin();
    kit_stop(scene.kit);
    played_forget(scene.kit->played, scene.fence);
    scene.kit->played->mark = 0;
    scene.kit->played->is_damaged = true;
    kit_start(scene.kit);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_FAILED);
    kit_expect_node(scene.kit, scene.flow, scene.run, scene.node,
                    "FAIL 1 lost: outcome unknown, the supervisor's journal");
    kit_free(scene.kit);
}

static void a_new_boot_makes_an_unknown_attempt_lost_and_is_remembered(void) {
    struct scene scene = begin();
    g_autofree char *path = g_build_filename(scene.kit->dir, "boot-id", NULL);
    g_autofree char *present = NULL;
    g_autofree char *kept = NULL;
    kit_stop(scene.kit);
    g_assert_true(g_file_get_contents(path, &present, NULL, NULL));
    g_assert_true(g_file_set_contents(path, "00000000-0000-4000-8000-000000000000", -1, NULL));
    played_forget(scene.kit->played, scene.fence);
    scene.kit->played->mark = 0; // above the mark, and yet lost
    kit_start(scene.kit);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_FAILED);
    kit_expect_node(scene.kit, scene.flow, scene.run, scene.node,
                    "FAIL 1 lost: outcome unknown after the machine was started anew");
    kit_stop(scene.kit);
    g_assert_true(g_file_get_contents(path, &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, present);
    kit_free(scene.kit);
}

static void an_exit_recorded_before_a_new_boot_still_counts(void) {
    struct scene scene = begin();
    g_autofree char *path = g_build_filename(scene.kit->dir, "boot-id", NULL);
    kit_stop(scene.kit);
    g_assert_true(g_file_set_contents(path, "00000000-0000-4000-8000-000000000000", -1, NULL));
    played_exit(scene.kit->played, scene.fence, 0);
    kit_start(scene.kit);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_SUCCESS);
    kit_free(scene.kit);
}

static void what_the_supervisor_lost_is_lost(void) {
    struct scene scene = begin();
    struct played *played = scene.kit->played;
    g_mutex_lock(&played->mutex);
    played_end(played, played_get(played, scene.fence), FRAME_CAUSE_LOST, 0, FRAME_KILL_NONE);
    g_mutex_unlock(&played->mutex);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_FAILED);
    kit_expect_node(scene.kit, scene.flow, scene.run, scene.node,
                    "FAIL 1 lost: outcome unknown after the supervisor ended");
    played_wait(played, FRAME_ACK, scene.fence, 1);
    kit_free(scene.kit);
}

static void a_lost_attempt_is_repeated_only_where_the_node_allows_it(void) {
    struct kit *kit = kit_new();
    int64_t nodes[1];
    int64_t flow = kit_chain(kit, "nightly", 1, nodes);
    kit_config(kit, nodes[0],
               "{\"rerun\":{\"rerunEnable\":true,\"rerunCount\":1,\"rerunInterval\":0,"
               "\"rerunOnLost\":true}}");
    played_set_play(kit->played, played_hold, NULL);
    int64_t run = kit_try(kit, flow);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    kit_stop(kit);
    played_forget(kit->played, fence);
    played_set_play(kit->played, NULL, NULL);
    kit_start(kit);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    kit_expect_node(kit, flow, run, nodes[0], "SUCCESS 2");
    kit_free(kit);
}

static void an_attempt_the_store_does_not_know_is_killed(void) {
    struct kit *kit = kit_new();
    kit_wait_supervisor(kit);
    kit_stop(kit);
    struct played_attempt *stranger = g_new0(struct played_attempt, 1);
    kit->played->greeting_pause_ms = 30;
    stranger->fence = 900000;
    stranger->is_open = true;
    g_mutex_lock(&kit->played->mutex);
    g_ptr_array_add(kit->played->attempts, stranger);
    kit->played->open_count++;
    g_mutex_unlock(&kit->played->mutex);
    kit_start(kit);
    played_wait(kit->played, FRAME_KILL, 900000, 1);
    played_wait(kit->played, FRAME_ACK, 900000, 1);
    kit_free(kit);
}

static void a_kill_is_repeated_after_a_new_connection(void) {
    struct scene scene = begin();
    struct played *played = scene.kit->played;
    played->ignores_kill = true;
    kit_act(scene.kit, RUN_EVENT_STOP, scene.flow, scene.run);
    played_wait(played, FRAME_KILL, scene.fence, 1);
    kit_expect_run(scene.kit, scene.flow, scene.run, RUN_ENDING, NULL);
    played_hang_up(played);
    played_wait(played, FRAME_KILL, scene.fence, 2);
    kit_restart(scene.kit);
    played_wait(played, FRAME_KILL, scene.fence, 3);
    kit_expect_run(scene.kit, scene.flow, scene.run, RUN_ENDING, NULL);
    g_mutex_lock(&played->mutex);
    played->ignores_kill = false;
    g_mutex_unlock(&played->mutex);
    played_hang_up(played);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_STOPPED);
    kit_expect_node(scene.kit, scene.flow, scene.run, scene.node, "FAIL 1 killed");
    kit_free(scene.kit);
}

static void a_stop_of_an_attempt_that_never_started_ends_the_run(void) {
    struct scene scene = { .kit = kit_new_stopped() };
    played_listen(scene.kit->played);
    kit_start(scene.kit);
    scene.flow = kit_chain(scene.kit, "nightly", 1, &scene.node);
    kit_wait_supervisor(scene.kit);
    played_set_play(scene.kit->played, played_hold, NULL);
    scene.run = kit_try(scene.kit, scene.flow);
    scene.fence = played_wait_attempts(scene.kit->played, 1);
    // The supervisor is replaced and knows nothing; its mark is below.
    g_mutex_lock(&scene.kit->played->mutex);
    played_drop(scene.kit->played);
    (void)close(scene.kit->played->listen_fd);
    scene.kit->played->listen_fd = -1;
    g_mutex_unlock(&scene.kit->played->mutex);
    played_wake(scene.kit->played);
    played_forget(scene.kit->played, scene.fence);
    scene.kit->played->mark = 0;
    kit_act(scene.kit, RUN_EVENT_STOP, scene.flow, scene.run);
    kit_expect_run(scene.kit, scene.flow, scene.run, RUN_ENDING, NULL);
    played_listen(scene.kit->played);
    kit_wait_run(scene.kit, scene.flow, scene.run, RUN_STOPPED);
    played_wait(scene.kit->played, FRAME_VOID, scene.fence, 1);
    kit_free(scene.kit);
}

// Read from its row: a list refuses a run whose version is gone.
static void expect_set_aside(const struct scene *scene) {
    static const char text[] =
        "SELECT count(*) FROM run WHERE id = ?1 AND state = ?2 AND ended_ms > ?3"
        " AND message LIKE 'stored data of this run is damaged: %'";
    struct played own = { .dir = scene->kit->dir };
    g_assert_cmpint(played_count(&own, text, (uint64_t)scene->run, RUN_FAILED, 0), ==, 1);
    sql_close(own.sql);
}

static void a_run_that_can_not_be_loaded_is_set_aside_while_others_run(void) {
    static const char *const damages[] = {
        "UPDATE version SET snapshot = '{\"damaged' WHERE flow_id = FLOW",
        "DELETE FROM version WHERE flow_id = FLOW",
        "UPDATE node_run SET outputs = '[damaged' WHERE run_id = (SELECT id FROM run WHERE flow_id "
        "= FLOW)",
        "UPDATE node_run SET state = 99 WHERE run_id = (SELECT id FROM run WHERE flow_id "
        "= FLOW)",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        struct scene scene = begin();
        int64_t node = 0;
        int64_t good = kit_chain(scene.kit, "sound", 1, &node);
        int64_t good_run = kit_try(scene.kit, good);
        uint64_t good_fence = played_wait_attempts(scene.kit->played, 2);
        kit_stop(scene.kit);
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, scene.flow);
        g_auto(GStrv) parts = g_strsplit(damages[i], "FLOW", 2);
        g_autofree char *text = g_strjoinv(id, parts);
        kit_sql(scene.kit, text);
        kit_start(scene.kit);
        expect_set_aside(&scene);
        played_wait(scene.kit->played, FRAME_KILL, scene.fence, 1);
        played_exit(scene.kit->played, good_fence, 0);
        kit_wait_run(scene.kit, good, good_run, RUN_SUCCESS);
        kit_restart(scene.kit);
        expect_set_aside(&scene);
        kit_free_damaged(scene.kit);
    }
}

#define TEST(name) g_test_add_func("/recover/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(an_attempt_that_runs_is_adopted);
    TEST(an_exit_during_the_absence_is_taken_over_once);
    TEST(an_exit_that_is_repeated_is_acknowledged_and_not_applied_again);
    TEST(an_attempt_that_never_started_is_voided_and_started_under_a_new_fence);
    TEST(a_restart_voids_what_never_started);
    TEST(an_unknown_attempt_not_above_the_mark_is_lost);
    TEST(fences_of_a_later_store_are_passed_over);
    TEST(a_damaged_journal_makes_an_unknown_attempt_lost);
    TEST(a_new_boot_makes_an_unknown_attempt_lost_and_is_remembered);
    TEST(an_exit_recorded_before_a_new_boot_still_counts);
    TEST(what_the_supervisor_lost_is_lost);
    TEST(a_lost_attempt_is_repeated_only_where_the_node_allows_it);
    TEST(an_attempt_the_store_does_not_know_is_killed);
    TEST(a_kill_is_repeated_after_a_new_connection);
    TEST(a_stop_of_an_attempt_that_never_started_ends_the_run);
    TEST(a_run_that_can_not_be_loaded_is_set_aside_while_others_run);
    return g_test_run();
}
