// SPDX-License-Identifier: Apache-2.0
//
// Walks through faults: a chain that is cut at every single message, and seeded random flows with random outcomes, actions, restarts and
// broken connections. What must hold at every START and ACK is checked by the played supervisor, what must hold at the end by finish().

#include "kit.h"

enum { CHAIN = 3, STEPS_PER_NODE = 4 }; // START, STARTED, EXITED, ACK

static void wait_for_cut(struct played *played) {
    int64_t deadline_us = played_deadline_us();
    g_mutex_lock(&played->mutex);
    while (!played->was_cut) {
        played_wait_change(played, deadline_us);
    }
    g_mutex_unlock(&played->mutex);
}

static void set_cut(struct played *played, int steps_from_now) {
    g_mutex_lock(&played->mutex);
    played->cut_at = played->steps + steps_from_now;
    played->was_cut = false;
    g_mutex_unlock(&played->mutex);
}

// The message is lost with the connection, and then the server ends, if `restarts`.
static void cut_chain(int step, bool restarts) {
    struct kit *kit = kit_new();
    int64_t nodes[CHAIN];
    int64_t flow = kit_chain(kit, "chain", CHAIN, nodes);
    kit_wait_supervisor(kit);
    set_cut(kit->played, step);
    int64_t run = kit_try(kit, flow);
    wait_for_cut(kit->played);
    if (restarts) {
        kit_restart(kit);
    }
    kit_wait_run(kit, flow, run, RUN_SUCCESS);
    for (int i = 0; i < CHAIN; i++) {
        g_assert_cmpint(played_starts(kit->played, run, nodes[i]), ==, 1);
    }
    kit_free(kit);
}

static void a_chain_survives_a_lost_connection_at_every_message(void) {
    for (int step = 1; step <= CHAIN * STEPS_PER_NODE; step++) {
        cut_chain(step, false);
    }
}

static void a_chain_survives_a_restart_at_every_message(void) {
    for (int step = 1; step <= CHAIN * STEPS_PER_NODE; step++) {
        cut_chain(step, true);
    }
}

static void a_greeting_may_be_cut_at_every_message(void) {
    for (int step = 1; step <= 4; step++) { // HELLO, STATE, STARTED, STATE_END
        struct kit *kit = kit_new();
        int64_t nodes[CHAIN];
        played_set_play(kit->played, played_hold, NULL);
        int64_t flow = kit_chain(kit, "chain", CHAIN, nodes);
        int64_t run = kit_try(kit, flow);
        uint64_t fence = played_wait_attempts(kit->played, 1);
        kit_stop(kit);
        set_cut(kit->played, step);
        kit_start(kit);
        wait_for_cut(kit->played);
        played_set_play(kit->played, NULL, NULL);
        kit_wait_supervisor(kit);
        kit_expect_node(kit, flow, run, nodes[0], "RUNNING 1");
        played_exit(kit->played, fence, 0);
        kit_wait_run(kit, flow, run, RUN_SUCCESS);
        for (int i = 0; i < CHAIN; i++) {
            g_assert_cmpint(played_starts(kit->played, run, nodes[i]), ==, 1);
        }
        kit_free(kit);
    }
}

// ---- Random walks ----

enum { WALKS = 4, FLOWS = 4, NODES_MAX = 7, RUNS_MAX = 40, ACTS = 250 };

struct walk {
    struct kit *kit;
    GRand *rand;    // of the test's thread
    GRand *outcome; // of the played supervisor, under its mutex
    int64_t flows[FLOWS];
    int64_t runs[RUNS_MAX];
    int64_t run_flows[RUNS_MAX];
    int run_count;
    int refused_count;
};

static int pick(struct walk *walk, int count) {
    return g_rand_int_range(walk->rand, 0, count);
}

static int random_outcome(const struct played_attempt *attempt, void *user) {
    int dice = g_rand_int_range(((struct walk *)user)->outcome, 0, 100);
    return dice < 45 ? 0 : dice < 55 ? 3 : PLAYED_HOLD;
}

static void make_flow(struct walk *walk, int number) {
    static const char *const configs[] = {
        NULL,
        "{\"rerun\":{\"rerunEnable\":true,\"rerunCount\":1,\"rerunInterval\":0}}",
        "{\"rerun\":{\"rerunEnable\":true,\"rerunCount\":2,\"rerunInterval\":0,"
        "\"rerunOnLost\":true}}",
        "{\"disabled\":true}",
    };
    struct kit *kit = walk->kit;
    int64_t nodes[NODES_MAX];
    int count = 2 + pick(walk, NODES_MAX - 1);
    g_autofree char *name = g_strdup_printf("flow %d", number);
    walk->flows[number] = kit_wide_flow(kit, name, count, nodes);
    for (int i = 0; i < count; i++) {
        const char *config = configs[pick(walk, G_N_ELEMENTS(configs))];
        if (config != NULL) {
            kit_config(kit, nodes[i], config);
        }
        for (int j = 0; j < i; j++) {
            if (pick(walk, 3) == 0) {
                kit_edge(kit, walk->flows[number], nodes[j], nodes[i]);
            }
        }
    }
}

static void try_some_flow(struct walk *walk) {
    if (walk->run_count < RUNS_MAX) {
        int64_t flow = walk->flows[pick(walk, FLOWS)];
        walk->run_flows[walk->run_count] = flow;
        walk->runs[walk->run_count++] = kit_try(walk->kit, flow);
    }
}

// Ends one attempt that is held; false when there is none.
static bool end_some_attempt(struct walk *walk, int code) {
    struct played *played = walk->kit->played;
    g_mutex_lock(&played->mutex);
    guint first = played->attempts->len > 0 ? (guint)pick(walk, (int)played->attempts->len) : 0;
    bool has_ended = false;
    for (guint i = 0; i < played->attempts->len && !has_ended; i++) {
        struct played_attempt *attempt =
            g_ptr_array_index(played->attempts, (first + i) % played->attempts->len);
        if (attempt->is_open) {
            played_end(played, attempt, FRAME_CAUSE_EXITED, code, FRAME_KILL_NONE);
            has_ended = true;
        }
    }
    g_mutex_unlock(&played->mutex);
    played_wake(played);
    return has_ended;
}

static void act_on_some_run(struct walk *walk) {
    static const enum run_event_kind actions[] = {
        RUN_EVENT_SUSPEND, RUN_EVENT_RESUME,  RUN_EVENT_RESUME,      RUN_EVENT_STOP,
        RUN_EVENT_RERUN,   RUN_EVENT_RESTORE, RUN_EVENT_SET_SUCCESS,
    };
    if (walk->run_count == 0) {
        return;
    }
    g_autoptr(GError) error = NULL;
    int run = pick(walk, walk->run_count);
    if (!engine_run_action(walk->kit->engine, NULL, &walk->kit->admin,
                           actions[pick(walk, G_N_ELEMENTS(actions))], walk->run_flows[run],
                           walk->runs[run], 0, NULL, &error)) {
        g_assert_true(fault_is(error, FAULT_RUN_STATE));
        walk->refused_count++;
    }
}

// One attempt dies with its supervisor: the next one reports it as lost.
static void lose_some_attempt(struct walk *walk) {
    struct played *played = walk->kit->played;
    g_mutex_lock(&played->mutex);
    for (guint i = 0; i < played->attempts->len; i++) {
        struct played_attempt *attempt = g_ptr_array_index(played->attempts, i);
        if (attempt->is_open) {
            played_drop(played);
            played_end(played, attempt, FRAME_CAUSE_LOST, 0, FRAME_KILL_NONE);
            played->pid++;
            break;
        }
    }
    g_mutex_unlock(&played->mutex);
    played_wake(played);
}

static void act(struct walk *walk) {
    int dice = pick(walk, 100);
    if (dice < 20) {
        try_some_flow(walk);
    } else if (dice < 55) {
        (void)end_some_attempt(walk, pick(walk, 5) == 0 ? 3 : 0);
    } else if (dice < 75) {
        act_on_some_run(walk);
    } else if (dice < 80) {
        played_hang_up(walk->kit->played);
    } else if (dice < 90) {
        set_cut(walk->kit->played, 1 + pick(walk, 12));
    } else if (dice < 93) {
        lose_some_attempt(walk);
    } else if (dice < 96) {
        kit_restart(walk->kit);
    } else {
        g_usleep((gulong)pick(walk, 3000)); // an empty turn
    }
}

static bool has_ended(struct walk *walk, int run) {
    g_autoptr(GError) error = NULL;
    enum run_state state = kit_state(walk->kit, walk->run_flows[run], walk->runs[run]);
    if (state == RUN_SUSPENDED) {
        (void)engine_run_action(walk->kit->engine, NULL, &walk->kit->admin, RUN_EVENT_RESUME,
                                walk->run_flows[run], walk->runs[run], 0, NULL, &error);
        g_assert_no_error(error);
    }
    return run_state_is_terminal(state);
}

static bool is_all_acknowledged(struct played *played) {
    bool is_all = true;
    g_mutex_lock(&played->mutex);
    for (guint i = 0; i < played->attempts->len; i++) {
        const struct played_attempt *attempt = g_ptr_array_index(played->attempts, i);
        is_all = is_all && !attempt->is_open && !attempt->has_exit;
    }
    g_mutex_unlock(&played->mutex);
    return is_all;
}

// A node that succeeded has an attempt that ended well.
static void check_successes(struct walk *walk) {
    static const char text[] = "SELECT count(*) FROM node_run WHERE run_id = ?2 AND state = ?3";
    struct played own = { .dir = walk->kit->dir };
    for (int run = 0; run < walk->run_count; run++) {
        g_autoptr(GHashTable) nodes = g_hash_table_new(g_int64_hash, g_int64_equal);
        GPtrArray *attempts = walk->kit->played->attempts;
        for (guint i = 0; i < attempts->len; i++) {
            struct played_attempt *attempt = g_ptr_array_index(attempts, i);
            if (attempt->run_id == walk->runs[run] && attempt->exit.code == 0 &&
                attempt->exit.cause == FRAME_CAUSE_EXITED) {
                (void)g_hash_table_add(nodes, &attempt->node_id);
            }
        }
        g_assert_cmpint(played_count(&own, text, 0, walk->runs[run], NODE_SUCCESS), <=,
                        g_hash_table_size(nodes));
    }
    sql_close(own.sql);
}

// No more faults: everything must come to its end.
static void finish(struct walk *walk) {
    struct kit *kit = walk->kit;
    int64_t deadline_us = played_deadline_us();
    set_cut(kit->played, 0);
    played_set_play(kit->played, NULL, NULL);
    for (int run = 0; run < walk->run_count; run++) {
        while (!has_ended(walk, run)) {
            g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
            if (!end_some_attempt(walk, 0)) {
                g_usleep(1000);
            }
        }
    }
    while (!is_all_acknowledged(kit->played)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        g_usleep(1000);
    }
    struct engine_stats stats;
    engine_get_stats(kit->engine, &stats);
    g_assert_cmpint(stats.active_runs, ==, 0);
    g_assert_cmpint(stats.running_attempts, ==, 0);
    g_assert_cmpint(stats.queued_nodes, ==, 0);
    check_successes(walk);
}

static void random_walks_come_to_their_end(void) {
    for (int number = 0; number < WALKS; number++) {
        guint32 seed = (guint32)g_test_rand_int();
        struct walk walk = { .kit = kit_new_stopped() };
        walk.rand = g_rand_new_with_seed(seed);
        walk.outcome = g_rand_new_with_seed(seed + 1);
        walk.kit->options.attempts_max = 6;
        walk.kit->options.run_attempts_max = 3;
        walk.kit->played->capacity = 5;
        walk.kit->played->room = 4;
        played_set_play(walk.kit->played, random_outcome, &walk);
        played_listen(walk.kit->played);
        kit_start(walk.kit);
        for (int i = 0; i < FLOWS; i++) {
            make_flow(&walk, i);
        }
        for (int i = 0; i < ACTS; i++) {
            act(&walk);
        }
        finish(&walk);
        g_test_message("seed %u: %d runs, %u attempts, %d actions refused", seed, walk.run_count,
                       walk.kit->played->attempts->len, walk.refused_count);
        g_assert_cmpint(walk.run_count, >, 10);
        g_rand_free(walk.rand);
        g_rand_free(walk.outcome);
        kit_free(walk.kit);
    }
}

#define TEST(name) g_test_add_func("/walk/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(a_chain_survives_a_lost_connection_at_every_message);
    TEST(a_chain_survives_a_restart_at_every_message);
    TEST(a_greeting_may_be_cut_at_every_message);
    TEST(random_walks_come_to_their_end);
    return g_test_run();
}
