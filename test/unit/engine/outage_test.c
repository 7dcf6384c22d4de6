// SPDX-License-Identifier: Apache-2.0
//
// A store that takes no changes for a while (reliability.md G10): nothing of a turn that could not be stored has happened, reads go on, the
// supervisor's words are heard once more, and everything goes on by itself. The disk is a layer below SQLite.

#include <fcntl.h>

#include "../store/failing_disk.h"
#include "engine/ground.h"
#include "engine/outage.h"
#include "engine/reserve.h"
#include "kit.h"
#include "store/audit.h"

enum { RESERVE_BYTES = 1 << 20 };

enum { ATTEMPT_BYTES = 512 << 20 };
static _Atomic int64_t free_bytes = INT64_MAX;

static int64_t tell_free_bytes(void *user) {
    return free_bytes;
}

static void fill_disk(void) {
    disk_break(DISK_WRITE, SQLITE_FULL, 1);
}

// An engine whose attempts wait to be ended.
static struct kit *new_kit(void) {
    struct kit *kit = kit_new_stopped();
    free_bytes = INT64_MAX;
    kit->options.free_bytes = tell_free_bytes;
    kit->options.attempt_bytes = ATTEMPT_BYTES;
    played_set_play(kit->played, played_hold, NULL);
    played_listen(kit->played);
    kit_start(kit);
    kit_wait_supervisor(kit);
    return kit;
}

static void expect_trouble(struct kit *kit, const char *part) {
    int64_t deadline_us = played_deadline_us();
    for (;;) {
        g_autofree char *text = engine_trouble(kit->engine, NULL);
        if (part == NULL ? text == NULL : text != NULL && strstr(text, part) != NULL) {
            return;
        }
        if (g_get_monotonic_time() > deadline_us) {
            g_assert_cmpstr(text, ==, part);
        }
        g_usleep(1000);
    }
}

static bool create_flow(struct kit *kit, const char *name, const struct origin *origin,
                        GError **error) {
    struct change_result result = { 0 };
    struct change *change = change_new(CHANGE_FLOW_CREATE, &kit->admin);
    change->name = g_strdup(name);
    return engine_change(kit->engine, origin, change, &result, error);
}

static void expect_change_refused(struct kit *kit, enum fault fault) {
    g_autoptr(GError) error = NULL;
    g_assert_false(create_flow(kit, "never", NULL, &error));
    g_assert_cmpstr(fault_name((enum fault)error->code), ==, fault_name(fault));
    g_assert_null(strstr(error->message, "SQL"));
}

static void expect_action_refused(struct kit *kit, enum run_event_kind action, int64_t flow,
                                  int64_t run) {
    g_autoptr(GError) error = NULL;
    g_assert_false(
        engine_run_action(kit->engine, NULL, &kit->admin, action, flow, run, 0, NULL, &error));
    g_assert_true(fault_is(error, FAULT_NO_SPACE));
}

static void expect_done(struct kit *kit, int64_t flow, int64_t run, const int64_t *nodes,
                        int count) {
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    for (int i = 0; i < count; i++) {
        g_assert_cmpint(played_starts(kit->played, run, nodes[i]), ==, 1);
    }
}

static void what_can_not_be_stored_has_not_happened_and_goes_on_later(void) {
    struct kit *kit = new_kit();
    int64_t nodes[2];
    int64_t flow = kit_chain(kit, "chain", 2, nodes);
    int64_t run = kit_try(kit, flow);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    fill_disk();
    expect_change_refused(kit, FAULT_NO_SPACE);
    expect_trouble(kit, "full");
    expect_action_refused(kit, RUN_EVENT_STOP, flow, run);
    expect_action_refused(kit, RUN_EVENT_SUSPEND, flow, run);
    played_exit(kit->played, fence, 0);
    g_usleep(3 * OUTAGE_PAUSE_FIRST_MS * 1000); // some tries
    kit_expect_run(kit, flow, run, RUN_RUNNING, NULL);
    g_assert_cmpint(played_count_heard(kit->played, FRAME_ACK, 0), ==, 0);
    g_assert_null(kit->failure);
    disk_repair();
    played_exit(kit->played, played_wait_attempts(kit->played, 2), 0);
    expect_done(kit, flow, run, nodes, 2);
    expect_trouble(kit, NULL);
    (void)kit_flow(kit, "never"); // its name is not taken
    kit_free(kit);
}

// The turn that hears of an end fails itself: the end is told once more.
static void an_end_that_could_not_be_stored_is_heard_again(void) {
    struct kit *kit = new_kit();
    int64_t nodes[3];
    int64_t flow = kit_chain(kit, "chain", 3, nodes);
    int64_t run = kit_try(kit, flow);
    for (guint i = 1; i <= 3; i++) {
        uint64_t fence = played_wait_attempts(kit->played, i);
        fill_disk();
        played_exit(kit->played, fence, 0);
        expect_trouble(kit, "full");
        disk_repair();
        expect_trouble(kit, NULL);
    }
    expect_done(kit, flow, run, nodes, 3);
    kit_free(kit);
}

// The supervisor tells of a refused start once only; without it the attempt would be lost, or tried again.
static void a_refused_start_that_could_not_be_stored_is_not_forgotten(void) {
    struct kit *kit = new_kit();
    int64_t nodes[1];
    int64_t flow = kit_chain(kit, "chain", 1, nodes);
    kit->played->refuses_with = FRAME_SPAWN;
    kit->played->on_start = fill_disk;
    int64_t run = kit_try(kit, flow);
    expect_trouble(kit, "full");
    disk_repair();
    kit_wait_run(kit, flow, run, RUN_FAILED);
    kit_expect_node(kit, flow, run, nodes[0], "FAIL 1 could not start: refused");
    kit_free(kit);
}

static void a_stop_takes_what_is_kept_for_it(void) {
    struct kit *kit = kit_new_stopped();
    int64_t nodes[2];
    g_autofree char *path = g_build_filename(kit->dir, "reserve", NULL);
    struct reserve *reserve = reserve_new(kit->dir, RESERVE_BYTES);
    free_bytes = INT64_MAX;
    kit->options.free_bytes = tell_free_bytes;
    kit->options.attempt_bytes = ATTEMPT_BYTES;
    kit->options.reserve = reserve;
    played_set_play(kit->played, played_hold, NULL);
    played_listen(kit->played);
    kit_start(kit);
    kit_wait_supervisor(kit);
    int64_t flow = kit_chain(kit, "chain", 2, nodes);
    int64_t stopped = kit_try(kit, flow);
    int64_t ended = kit_try(kit, flow);
    (void)played_wait_attempts(kit->played, 2);
    g_assert_true(reserve_is_held(reserve));
    disk.ballast = path;
    free_bytes = 0;
    fill_disk();
    kit_act(kit, RUN_EVENT_STOP, flow, stopped); // not told to come again
    kit_wait_run(kit, flow, stopped, RUN_STOPPED);
    g_assert_false(reserve_is_held(reserve));
    expect_trouble(kit, "full");
    expect_change_refused(kit, FAULT_NO_SPACE);
    expect_action_refused(kit, RUN_EVENT_RERUN, flow, stopped);
    played_exit(kit->played, played_wait_attempts(kit->played, 2), 0);
    kit_wait_node(kit, flow, ended, nodes[0], "SUCCESS"); // recorded, and nothing follows
    kit_expect_node(kit, flow, ended, nodes[1], "QUEUED");
    disk_repair();
    disk.ballast = NULL;
    free_bytes = INT64_MAX;
    expect_trouble(kit, NULL);
    g_assert_true(reserve_is_held(reserve));
    played_exit(kit->played, played_wait_attempts(kit->played, 3), 0);
    expect_done(kit, flow, ended, nodes, 2);
    kit_free(kit);
    reserve_free(reserve);
}

static void a_server_starts_on_a_full_disk_and_goes_on(void) {
    struct kit *kit = new_kit();
    int64_t nodes[2];
    int64_t flow = kit_chain(kit, "chain", 2, nodes);
    int64_t run = kit_try(kit, flow);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    kit_stop(kit);
    kit_start(kit);
    kit_stop(kit);
    fill_disk();
    g_autoptr(GError) error = NULL;
    (void)(store_open(kit->dir, &kit->store, &error) &&
           store_master_key(kit->store, kit->dir, &error));
    g_assert_no_error(error);
    kit_start(kit);
    expect_trouble(kit, "full");
    expect_change_refused(kit, FAULT_NO_SPACE);
    played_exit(kit->played, fence, 0);
    disk_repair();
    played_exit(kit->played, played_wait_attempts(kit->played, 2), 0);
    expect_done(kit, flow, run, nodes, 2);
    kit_free(kit);
}

static void a_server_ends_while_nothing_can_be_stored(void) {
    struct kit *kit = new_kit();
    int64_t nodes[1];
    int64_t flow = kit_chain(kit, "chain", 1, nodes);
    int64_t run = kit_try(kit, flow);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    fill_disk();
    expect_change_refused(kit, FAULT_NO_SPACE);
    kit_stop(kit);
    g_assert_null(kit->failure);
    disk_repair();
    kit_start(kit);
    played_exit(kit->played, fence, 0);
    expect_done(kit, flow, run, nodes, 1);
    kit_free(kit);
}

static int64_t count_audit_rows(struct kit *kit) {
    g_autofree char *fault = NULL;
    g_autoptr(GError) error = NULL;
    int64_t count = 0;
    (void)store_audit_verify(kit->reader, &count, &fault, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(fault, ==, NULL);
    return count;
}

// What refused calls left waits, and is in the log once afterwards, before the call that it came before.
static void notes_of_a_turn_that_was_given_up_are_kept(void) {
    struct kit *kit = new_kit();
    struct origin origin = { .action = "CreateTaskFlow",
                             .request_id = "REQUEST",
                             .access_key_id = "admin-key",
                             .nonce = "nonce",
                             .peer = "127.0.0.1" };
    struct note note = {
        .caller = kit->admin, .origin = origin, .code = "NameExisted", .at_ms = 1700000000000
    };
    g_assert_true(create_flow(kit, "first", &origin, NULL));
    int64_t known = count_audit_rows(kit);
    fill_disk();
    engine_note(kit->engine, &note);
    engine_note(kit->engine, &note);
    g_assert_false(create_flow(kit, "never", &origin, NULL));
    disk_repair();
    expect_trouble(kit, NULL);
    g_assert_true(create_flow(kit, "second", &origin, NULL));
    g_assert_cmpint(count_audit_rows(kit), ==, known + 3);
    kit_free(kit);
}

static void an_attempt_waits_while_there_is_little_room(void) {
    struct kit *kit = new_kit();
    int64_t nodes[1];
    free_bytes = ATTEMPT_BYTES - 1;
    expect_trouble(kit, "little room");
    int64_t flow = kit_chain(kit, "chain", 1, nodes); // changes are taken
    int64_t run = kit_try(kit, flow);
    kit_expect_node(kit, flow, run, nodes[0], "QUEUED");
    g_assert_cmpuint(kit->played->attempts->len, ==, 0);
    free_bytes = GROUND_FULL_BYTES - 1;
    expect_trouble(kit, "is full");
    expect_change_refused(kit, FAULT_NO_SPACE);
    free_bytes = GROUND_SPARE_BYTES;
    expect_trouble(kit, "little room");
    free_bytes = INT64_MAX;
    expect_trouble(kit, NULL);
    played_exit(kit->played, played_wait_attempts(kit->played, 1), 0);
    expect_done(kit, flow, run, nodes, 1);
    kit_free(kit);
}

static void a_start_that_had_no_room_is_tried_again(void) {
    struct kit *kit = new_kit();
    int64_t nodes[1];
    kit->played->refuses_with = FRAME_JOURNAL;
    int64_t flow = kit_chain(kit, "chain", 1, nodes);
    int64_t run = kit_try(kit, flow);
    expect_trouble(kit, "no attempt can be started: refused");
    kit_wait_node(kit, flow, run, nodes[0], "QUEUED"); // between two tries
    kit->played->refuses_with = 0;
    played_exit(kit->played, played_wait_attempts(kit->played, 1), 0);
    expect_trouble(kit, NULL);
    expect_done(kit, flow, run, nodes, 1);
    kit_free(kit);
}

// ---- The parts by themselves ----

static void the_pause_between_two_tries_grows_and_ends_with_a_success(void) {
    struct outage outage = { 0 };
    g_autoptr(GError) error = NULL;
    g_assert_false(outage_refuses(&outage, false, &error));
    int64_t now_ms = 1000;
    outage_begin(&outage, OUTAGE_LOCKED, now_ms);
    outage_block(&outage, now_ms);
    g_assert_true(outage_waits(&outage, now_ms + OUTAGE_WAIT_MS - 1));
    g_assert_false(outage_waits(&outage, now_ms + OUTAGE_WAIT_MS));
    outage_note_success(&outage);
    int64_t pause_ms = OUTAGE_PAUSE_FIRST_MS;
    for (int i = 0; i < 10; i++) {
        outage_block(&outage, now_ms);
        g_assert_false(outage_is_due(&outage, now_ms + pause_ms - 1));
        g_assert_true(outage_is_due(&outage, now_ms + pause_ms));
        now_ms += pause_ms;
        pause_ms = MIN(pause_ms * 2, OUTAGE_PAUSE_MAX_MS);
    }
    g_assert_true(outage_refuses(&outage, true, &error));
    g_assert_true(fault_is(error, FAULT_STORE_LOCKED));
    outage_unblock(&outage);
    g_assert_false(outage_refuses(&outage, false, NULL));
    outage_note_success(&outage);
    outage_begin(&outage, OUTAGE_NO_SPACE, now_ms);
    g_assert_true(outage_refuses(&outage, false, NULL));
    g_assert_false(outage_refuses(&outage, true, NULL));
    outage_block(&outage, now_ms);
    g_assert_true(outage_refuses(&outage, true, NULL));
    g_assert_true(outage_is_due(&outage, now_ms + OUTAGE_PAUSE_FIRST_MS));
    outage_end(&outage);
    g_assert_false(outage_holds(&outage));
    g_assert_null(outage_text(&outage));
}

static int64_t stored_bytes(const char *path) {
    struct stat status = { 0 };
    g_assert_cmpint(stat(path, &status), ==, 0);
    return (int64_t)status.st_blocks * 512;
}

static void a_reserve_takes_room_and_gives_it_back(void) {
    g_autofree char *dir = g_strdup("/var/tmp/sluice-reserve-XXXXXX");
    g_assert_nonnull(g_mkdtemp(dir));
    g_autofree char *path = g_build_filename(dir, "reserve", NULL);
    struct reserve *reserve = reserve_new(dir, RESERVE_BYTES);
    g_assert_false(reserve_is_held(reserve));
    g_assert_false(reserve_release(reserve));
    g_assert_cmpint(reserve_missing(reserve), ==, RESERVE_BYTES);
    g_assert_true(reserve_take(reserve));
    g_assert_true(reserve_is_held(reserve));
    g_assert_cmpint(stored_bytes(path), >=, RESERVE_BYTES);
    reserve_free(reserve);
    reserve = reserve_new(dir, RESERVE_BYTES); // the next server
    g_assert_true(reserve_is_held(reserve));
    g_assert_true(reserve_release(reserve));
    g_assert_false(reserve_release(reserve));
    g_assert_cmpint(stored_bytes(path), ==, 0);
    g_assert_true(reserve_take(reserve));
    reserve_free(reserve);
    reserve = reserve_new(dir, RESERVE_BYTES / 2); // less is wanted
    g_assert_true(reserve_is_held(reserve));
    g_assert_cmpint(stored_bytes(path), <, RESERVE_BYTES);
    reserve_free(reserve);
    reserve = reserve_new(dir, 0);
    g_assert_true(reserve_is_held(reserve));
    g_assert_true(reserve_take(reserve));
    g_assert_cmpint(stored_bytes(path), ==, 0);
    reserve_free(reserve);
    // Holes hold nothing.
    g_assert_cmpint(truncate(path, RESERVE_BYTES), ==, 0);
    reserve = reserve_new(dir, RESERVE_BYTES);
    g_assert_false(reserve_is_held(reserve));
    reserve_free(reserve);
    // Whatever else has that name is left alone.
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(symlink("/etc/passwd", path), ==, 0);
    reserve = reserve_new(dir, RESERVE_BYTES);
    g_assert_false(reserve_take(reserve));
    reserve_free(reserve);
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(rmdir(dir), ==, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    disk_install();
#define ADD(name) g_test_add_func("/outage/" #name, name)
    ADD(what_can_not_be_stored_has_not_happened_and_goes_on_later);
    ADD(an_end_that_could_not_be_stored_is_heard_again);
    ADD(a_refused_start_that_could_not_be_stored_is_not_forgotten);
    ADD(a_stop_takes_what_is_kept_for_it);
    ADD(a_server_starts_on_a_full_disk_and_goes_on);
    ADD(a_server_ends_while_nothing_can_be_stored);
    ADD(notes_of_a_turn_that_was_given_up_are_kept);
    ADD(an_attempt_waits_while_there_is_little_room);
    ADD(a_start_that_had_no_room_is_tried_again);
    ADD(the_pause_between_two_tries_grows_and_ends_with_a_success);
    ADD(a_reserve_takes_room_and_gives_it_back);
#undef ADD
    return g_test_run();
}
