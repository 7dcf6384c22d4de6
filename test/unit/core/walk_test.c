// SPDX-License-Identifier: Apache-2.0
//
// Seeded random walks of the state machine over random graphs. After every event one checker (run_is_sound, and what follows here) looks at the
// run; the same seed gives the same trace; folding the moves gives the states.

#include "run_kit.h"

#include "base/crypto.h"
#include "core/run.h"

enum { EVENTS_PER_WALK = 400, WALKS_DEFAULT = 260, NODES_MAX = 12 }; // 104 000 events

struct walk {
    struct kit kit;
    GRand *rand;
    enum run_state folded_run;
    enum node_state folded_nodes[NODES_MAX];
    int64_t highest_fence;
    GString *trace;
};

static char *random_flow(GRand *rand) {
    static const char *const states[] = { "all_success", "all_done", "all_failed", "one_success",
                                          "one_failed" };
    int count = g_rand_int_range(rand, 1, NODES_MAX + 1);
    GString *text = g_string_new(NULL);
    for (int i = 0; i < count; i++) {
        const char *mark = "";
        switch (g_rand_int_range(rand, 0, 8)) {
        case 0: mark = "~1"; break;
        case 1: mark = "~2L"; break;
        case 2: mark = "-"; break;
        default: break;
        }
        g_string_append_printf(text, "%sn%d%s", i > 0 ? " " : "", i, mark);
        if (i > 0 && g_rand_int_range(rand, 0, 4) == 0) {
            g_string_append_printf(text, " ?n%d=%s", i,
                                   states[g_rand_int_range(rand, 0, G_N_ELEMENTS(states))]);
        }
    }
    for (int to = 1; to < count; to++) {
        for (int from = 0; from < to; from++) {
            if (g_rand_int_range(rand, 0, 3) == 0) {
                g_string_append_printf(text, " n%d>n%d", from, to);
            }
        }
    }
    return g_string_free(text, FALSE);
}

// A node in one of the two states, or -1: the walk begins its search at a random place.
static int pick(const struct walk *walk, enum node_state one, enum node_state other) {
    int count = walk->kit.plan->node_count;
    int first = g_rand_int_range(walk->rand, 0, count);
    for (int i = 0; i < count; i++) {
        int node = (first + i) % count;
        enum node_state state = walk->kit.run->nodes[node].state;
        if (state == one || state == other) {
            return node;
        }
    }
    return -1;
}

static struct run_event random_attempt_event(struct walk *walk) {
    static const enum run_event_kind kinds[] = { RUN_EVENT_EXITED,  RUN_EVENT_EXITED,
                                                 RUN_EVENT_EXITED,  RUN_EVENT_EXITED,
                                                 RUN_EVENT_EXITED,  RUN_EVENT_LOST,
                                                 RUN_EVENT_REFUSED, RUN_EVENT_VOIDED };
    int node = pick(walk, NODE_RUNNING, NODE_KILLING);
    if (node < 0) {
        return (struct run_event){ .kind = RUN_EVENT_TIMER };
    }
    bool is_stale = g_rand_int_range(walk->rand, 0, 10) == 0;
    return (struct run_event){
        .kind = kinds[g_rand_int_range(walk->rand, 0, G_N_ELEMENTS(kinds))],
        .node = node,
        .fence = walk->kit.run->nodes[node].fence - (is_stale ? 1 : 0),
        .outcome = (enum attempt_outcome)g_rand_int_range(walk->rand, 0, 3),
        .message = "walked",
    };
}

static struct run_event random_event(struct walk *walk) {
    int dice = g_rand_int_range(walk->rand, 0, 100);
    int queued = pick(walk, NODE_QUEUED, NODE_QUEUED);
    if (dice < 40 && queued >= 0) {
        return dice < 3 ? (struct run_event){ .kind = RUN_EVENT_UNPREPARED,
                                              .node = queued,
                                              .message = "walked" }
                        : (struct run_event){ .kind = RUN_EVENT_GRANT,
                                              .node = queued,
                                              .fence = ++walk->kit.fence };
    }
    if (dice < 80) {
        return random_attempt_event(walk);
    }
    if (dice < 86) {
        return (struct run_event){ .kind = RUN_EVENT_TIMER };
    }
    return (struct run_event){ .kind = (enum run_event_kind)g_rand_int_range(
                                   walk->rand, RUN_EVENT_START, RUN_EVENT_RESTORE + 1),
                               .actor = "walker" };
}

// Folds the effects of one event and checks what they say.
static void take_effects(struct walk *walk, enum run_state before) {
    struct kit *kit = &walk->kit;
    for (guint i = 0; i < kit->effects->items->len; i++) {
        const struct effect *effect = &g_array_index(kit->effects->items, struct effect, i);
        g_string_append_printf(walk->trace, "%d:%d:%d>%d;", (int)effect->kind, effect->node,
                               effect->from, effect->to);
        if (effect->kind == EFFECT_RUN_MOVED) {
            g_assert_cmpint(effect->from, ==, (int)walk->folded_run);
            walk->folded_run = (enum run_state)effect->to;
        } else if (effect->kind == EFFECT_NODE_MOVED) {
            g_assert_cmpint(effect->from, ==, (int)walk->folded_nodes[effect->node]);
            walk->folded_nodes[effect->node] = (enum node_state)effect->to;
        } else if (effect->kind == EFFECT_START) {
            g_assert_cmpint(effect->fence, >, walk->highest_fence);
            g_assert_cmpstr(run_state_name(before), ==,
                            "RUNNING"); // no start while suspended, ending or ended
            walk->highest_fence = effect->fence;
        }
    }
    effects_clear(kit->effects);
    g_assert_cmpint((int)walk->folded_run, ==, (int)kit->run->state);
    for (int i = 0; i < kit->plan->node_count; i++) {
        g_assert_cmpint((int)walk->folded_nodes[i], ==, (int)kit->run->nodes[i].state);
    }
}

static char *walk_once(guint32 seed) {
    struct walk walk = { .rand = g_rand_new_with_seed(seed), .trace = g_string_new(NULL) };
    g_autofree char *flow = random_flow(walk.rand);
    kit_start_with(&walk.kit, flow,
                   (enum failure_policy)g_rand_int_range(walk.rand, 0, POLICY_COUNT));
    for (int i = 0; i < EVENTS_PER_WALK; i++) {
        walk.kit.now_ms += g_rand_int_range(walk.rand, 0, 20000);
        struct run_event event = random_event(&walk);
        enum run_state before = walk.kit.run->state;
        g_autoptr(GError) error = NULL;
        bool is_done = kit_step(&walk.kit, event, &error);
        g_string_append_printf(walk.trace, "[%d %d]", (int)event.kind, is_done);
        if (!is_done) {
            g_assert_cmpuint(walk.kit.effects->items->len, ==, 0);
        }
        take_effects(&walk, before);
    }
    kit_done(&walk.kit);
    g_rand_free(walk.rand);
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(walk.trace->str, walk.trace->len, hash);
    (void)g_string_free(walk.trace, TRUE);
    return crypto_hex(hash, sizeof hash);
}

static void random_walks_keep_every_rule(void) {
    const char *wanted = g_getenv("SLUICE_WALKS");
    int walks = wanted != NULL ? (int)g_ascii_strtoll(wanted, NULL, 10) : WALKS_DEFAULT;
    for (int i = 0; i < walks; i++) {
        g_autofree char *hash = walk_once((guint32)i + 1);
        g_assert_nonnull(hash);
    }
    g_test_message("%d events", walks * EVENTS_PER_WALK);
}

static void the_same_seed_gives_the_same_trace(void) {
    for (guint32 seed = 1; seed < 20; seed++) {
        g_autofree char *one = walk_once(seed);
        g_autofree char *two = walk_once(seed);
        g_autofree char *other = walk_once(seed + 1000);
        g_assert_cmpstr(one, ==, two);
        g_assert_cmpstr(one, !=, other);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/walk/random_walks_keep_every_rule", random_walks_keep_every_rule);
    g_test_add_func("/walk/the_same_seed_gives_the_same_trace", the_same_seed_gives_the_same_trace);
    return g_test_run();
}
