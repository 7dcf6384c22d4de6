// SPDX-License-Identifier: Apache-2.0
//
// The clock of durations, alone and under the engine with a played supervisor: the wall clock is set, servers and machines are started anew, and
// limits and delays count what has really passed.

#include "engine/steady.h"
#include "kit.h"
#include "store/steady.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define WALL_MS INT64_C(1790000000000)

// Clocks that stand still until they are moved.
struct clocks {
    gint64 wall_ms; // read and moved on different threads
    gint64 boot_ms;
    GMutex mutex;
};

static int64_t read_clock(struct clocks *clocks, const gint64 *clock) {
    g_mutex_lock(&clocks->mutex);
    int64_t now_ms = *clock;
    g_mutex_unlock(&clocks->mutex);
    return now_ms;
}

static int64_t read_wall(void *user) {
    struct clocks *clocks = user;
    return read_clock(clocks, &clocks->wall_ms);
}

static int64_t read_boot(void *user) {
    struct clocks *clocks = user;
    return read_clock(clocks, &clocks->boot_ms);
}

static void pass_time(struct clocks *clocks, int64_t ms) {
    g_mutex_lock(&clocks->mutex);
    clocks->wall_ms += ms;
    clocks->boot_ms += ms;
    g_mutex_unlock(&clocks->mutex);
}

static void set_wall(struct clocks *clocks, int64_t by_ms) {
    g_mutex_lock(&clocks->mutex);
    clocks->wall_ms += by_ms;
    g_mutex_unlock(&clocks->mutex);
}

static struct clocks new_clocks(void) {
    return (struct clocks){ .wall_ms = WALL_MS, .boot_ms = 500000 };
}

static void give_clocks(struct kit *kit, struct clocks *clocks, const char *boot_id) {
    kit->options.time = (struct steady_source){
        .wall_ms = read_wall, .boot_ms = read_boot, .boot_id = boot_id, .user = clocks
    };
}

// An engine on given clocks, with a supervisor that holds what it starts.
static struct kit *new_kit(struct clocks *clocks) {
    struct kit *kit = kit_new_stopped();
    give_clocks(kit, clocks, "the first boot");
    played_set_play(kit->played, played_hold, NULL);
    played_listen(kit->played);
    kit_start(kit);
    return kit;
}

// A turn of the engine that has seen the clocks as they are now.
static void turn(struct kit *kit) {
    static int serial;
    g_autofree char *name = g_strdup_printf("turn %d", serial++);
    (void)kit_flow(kit, name);
}

static void a_sleeping_node_survives_a_clock_that_is_set(void) {
    struct clocks clocks = new_clocks();
    struct kit *kit = new_kit(&clocks);
    int64_t nodes[1];
    int64_t flow = kit_chain(kit, "sleeps", 1, nodes);
    int64_t run = kit_try(kit, flow);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    const int64_t jumps[] = { DAY_MS, 400 * DAY_MS, -DAY_MS, -500 * DAY_MS };
    for (gsize i = 0; i < G_N_ELEMENTS(jumps); i++) {
        set_wall(&clocks, jumps[i]);
        pass_time(&clocks, 1000);
        turn(kit);
        kit_expect_run(kit, flow, run, RUN_RUNNING, NULL);
    }
    kit_restart(kit); // with the clock still away
    turn(kit);
    kit_expect_run(kit, flow, run, RUN_RUNNING, NULL);
    played_exit(kit->played, fence, 0);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    kit_free(kit);
}

static void a_limit_counts_what_has_passed_also_while_the_clock_goes_back(void) {
    struct clocks clocks = new_clocks();
    struct kit *kit = new_kit(&clocks);
    int64_t nodes[1];
    int64_t flow = kit_chain(kit, "long", 1, nodes);
    int64_t run = kit_try(kit, flow);
    (void)played_wait_attempts(kit->played, 1);
    pass_time(&clocks, 3599 * 1000);
    set_wall(&clocks, -DAY_MS);
    turn(kit);
    kit_expect_run(kit, flow, run, RUN_RUNNING, NULL);
    pass_time(&clocks, 1000);
    turn(kit);
    kit_wait_run(kit, flow, run, RUN_FAILED);
    kit_expect_run(kit, flow, run, RUN_FAILED, "ran longer than its limit of 3600 s");
    kit_free(kit);
}

static void a_limit_goes_on_over_restarts_of_server_and_machine(void) {
    struct clocks clocks = new_clocks();
    struct kit *kit = new_kit(&clocks);
    int64_t nodes[1];
    int64_t flow = kit_chain(kit, "long", 1, nodes);
    int64_t run = kit_try(kit, flow);
    (void)played_wait_attempts(kit->played, 1);
    pass_time(&clocks, 1000 * 1000);
    turn(kit);
    kit_stop(kit); // the server is away for 1000 s, in which the clock is set: they count
    pass_time(&clocks, 1000 * 1000);
    set_wall(&clocks, DAY_MS);
    kit_start(kit);
    turn(kit);
    kit_expect_run(kit, flow, run, RUN_RUNNING, NULL);
    pass_time(&clocks, 590 * 1000);
    turn(kit);
    kit_stop(
        kit); // the machine is off for a day: that does not count, and what passed before it does
    set_wall(&clocks, DAY_MS);
    g_mutex_lock(&clocks.mutex);
    clocks.boot_ms = 20000;
    g_mutex_unlock(&clocks.mutex);
    give_clocks(kit, &clocks, "the second boot");
    kit_start(kit);
    pass_time(&clocks, 1000 * 1000);
    turn(kit);
    kit_expect_run(kit, flow, run, RUN_RUNNING, NULL); // 3590 s
    pass_time(&clocks, 10 * 1000);
    turn(kit);
    kit_wait_run(kit, flow, run, RUN_FAILED);
    kit_expect_run(kit, flow, run, RUN_FAILED, "ran longer than its limit of 3600 s");
    kit_free(kit);
}

static void a_retry_waits_its_delay_whatever_the_clock_says(void) {
    struct clocks clocks = new_clocks();
    struct kit *kit = new_kit(&clocks);
    int64_t nodes[1];
    int64_t flow = kit_chain(kit, "retry", 1, nodes);
    kit_config(kit, nodes[0],
               "{\"rerun\":{\"rerunEnable\":true,\"rerunCount\":2,\"rerunInterval\":60}}");
    int64_t run = kit_try(kit, flow);
    played_exit(kit->played, played_wait_attempts(kit->played, 1), 3);
    kit_wait_node(kit, flow, run, nodes[0], "RETRY_WAIT 1 exit code 3");
    set_wall(&clocks, DAY_MS);
    pass_time(&clocks, 59 * 1000);
    turn(kit);
    kit_expect_node(kit, flow, run, nodes[0], "RETRY_WAIT 1");
    set_wall(&clocks, -2 * DAY_MS);
    pass_time(&clocks, 1000);
    turn(kit);
    played_exit(kit->played, played_wait_attempts(kit->played, 2), 0);
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    kit_free(kit);
}

// ---- The clock alone ----

static int64_t begin(struct kit *kit, struct clocks *clocks, const char *boot_id,
                     struct steady *ret_steady) {
    g_autoptr(GError) error = NULL;
    give_clocks(kit, clocks, boot_id);
    (void)(store_begin(kit->store, &error) &&
           steady_begin(ret_steady, kit->store, &kit->options.time, &error) &&
           store_commit(kit->store, &error));
    g_assert_no_error(error);
    return steady_now_ms(ret_steady);
}

static void it_begins_at_the_wall_clock_and_never_jumps(void) {
    struct clocks clocks = new_clocks();
    struct kit *kit = kit_new_stopped();
    struct steady steady;
    int64_t first_ms = begin(kit, &clocks, "a", &steady);
    g_assert_cmpint(first_ms, ==, WALL_MS);
    set_wall(&clocks, -DAY_MS);
    pass_time(&clocks, 7);
    g_assert_cmpint(steady_now_ms(&steady), ==, first_ms + 7);
    g_assert_cmpint(begin(kit, &clocks, "a", &steady), ==, first_ms + 7);
    clocks.boot_ms = 100; // the same boot, but its clock has gone back: it is not believed
    g_assert_cmpint(begin(kit, &clocks, "a", &steady), ==, first_ms + 7);
    clocks.boot_ms = 900000;
    g_assert_cmpint(begin(kit, &clocks, "b", &steady), ==, first_ms + 7);
    pass_time(&clocks, 5);
    g_assert_cmpint(steady_now_ms(&steady), ==, first_ms + 12);
    kit_free(kit);
}

static void readings_are_kept_when_it_is_time(void) {
    struct clocks clocks = new_clocks();
    struct kit *kit = kit_new_stopped();
    struct steady steady;
    g_autoptr(GError) error = NULL;
    int64_t first_ms = begin(kit, &clocks, "a", &steady);
    const struct {
        int64_t pass_ms;
        bool has_runs;
        int64_t wanted_ms; // of the stored reading, after the first
    } rows[] = {
        { STEADY_KEEP_MAX_MS - 1, true, 0 }, { 1, false, 0 },
        { 0, true, STEADY_KEEP_MAX_MS },     { STEADY_KEEP_MAX_MS, false, STEADY_KEEP_MAX_MS },
        { 0, true, 2 * STEADY_KEEP_MAX_MS },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct steady_row row = { 0 };
        pass_time(&clocks, rows[i].pass_ms);
        (void)(store_begin(kit->store, &error) && steady_keep(&steady, rows[i].has_runs, &error) &&
               store_commit(kit->store, &error) &&
               store_steady_get(store_as_reader(kit->store), &row, &error));
        g_assert_no_error(error);
        g_assert_cmpint(row.steady_ms, ==, first_ms + rows[i].wanted_ms);
        g_assert_cmpint(row.boot_ms, ==, 500000 + rows[i].wanted_ms);
        g_assert_cmpstr(row.boot_id, ==, "a");
        steady_row_done(&row);
    }
    kit_free(kit);
}

#define ADD(name) g_test_add_func("/steady/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD(a_sleeping_node_survives_a_clock_that_is_set);
    ADD(a_limit_counts_what_has_passed_also_while_the_clock_goes_back);
    ADD(a_limit_goes_on_over_restarts_of_server_and_machine);
    ADD(a_retry_waits_its_delay_whatever_the_clock_says);
    ADD(it_begins_at_the_wall_clock_and_never_jumps);
    ADD(readings_are_kept_when_it_is_time);
    return g_test_run();
}
