// SPDX-License-Identifier: Apache-2.0
//
// Runs over a real store, for the tests of what is stored of them.
#pragma once

#include "core/model.h"
#include "kit.h"

// A run over the store: each step is decided, saved and committed.
struct player {
    struct kit *kit;
    int64_t flow_id;
    struct run *run;
    int64_t now_ms;
};

KIT_FN int64_t next_id(struct kit *kit) {
    return store_next_id(kit->store, COUNTER_ID);
}

KIT_FN struct plan *load_plan(struct kit *kit, int64_t version_id) {
    g_autoptr(GError) error = NULL;
    struct plan *plan = NULL;
    (void)store_plan_load(store_as_reader(kit->store), version_id, &plan, &error);
    g_assert_no_error(error);
    return plan;
}

KIT_FN int64_t try_version(struct kit *kit, int64_t flow_id) {
    g_autoptr(GError) error = NULL;
    int64_t version_id = 0;
    (void)store_version_for_try(kit->store, &kit->admin, flow_id, KIT_NOW_MS, &version_id, &error);
    g_assert_no_error(error);
    return version_id;
}

KIT_FN int64_t *new_ids(struct kit *kit, int count) {
    int64_t *ids = g_new(int64_t, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        ids[i] = next_id(kit);
    }
    return ids;
}

KIT_FN void player_start(struct player *player, struct kit *kit, int64_t flow_id) {
    g_autoptr(GError) error = NULL;
    kit_begin(kit);
    struct plan *plan = load_plan(kit, try_version(kit, flow_id));
    g_autofree int64_t *ids = new_ids(kit, plan->node_count);
    *player = (struct player){
        .kit = kit,
        .flow_id = flow_id,
        .run = run_new(next_id(kit), kit->admin.tenant_id, plan, ids, TRIGGER_MANUAL, KIT_NOW_MS),
        .now_ms = KIT_NOW_MS,
    };
    player->run->business_ms = player->run->run_time_ms - INT64_C(86400000);
    plan_unref(plan);
    (void)store_run_insert(kit->store, player->run, "admin", &error);
    g_assert_no_error(error);
    kit_commit(kit);
}

KIT_FN struct effects *decide(struct player *player, struct run_event *event) {
    g_autoptr(GError) error = NULL;
    struct effects *effects = effects_new();
    event->now_ms = ++player->now_ms;
    event->steady_ms = event->now_ms;
    event->actor = "admin";
    (void)run_step(player->run, event, effects, &error);
    g_assert_no_error(error);
    return effects;
}

KIT_FN void play(struct player *player, struct run_event event) {
    g_autoptr(GError) error = NULL;
    struct effects *effects = decide(player, &event);
    kit_begin(player->kit);
    (void)store_run_save(player->kit->store, player->run, effects, player->now_ms, "admin", &error);
    g_assert_no_error(error);
    kit_commit(player->kit);
    effects_free(effects);
}

KIT_FN int64_t grant(struct player *player, int node) {
    kit_begin(player->kit);
    int64_t fence = store_next_id(player->kit->store, COUNTER_FENCE);
    kit_commit(player->kit);
    play(player, (struct run_event){ .kind = RUN_EVENT_GRANT, .node = node, .fence = fence });
    return fence;
}

KIT_FN void finish(struct player *player, int node, int64_t fence, enum attempt_outcome outcome) {
    play(player,
         (struct run_event){ .kind = RUN_EVENT_EXITED,
                             .node = node,
                             .fence = fence,
                             .outcome = outcome,
                             .message = outcome == OUTCOME_SUCCESS ? NULL : "exit code 1" });
}

// Runs everything that is queued until the run has ended.
KIT_FN void play_to_end(struct player *player) {
    for (int round = 0; round < 100 && !run_state_is_terminal(player->run->state); round++) {
        for (int i = 0; i < player->run->plan->node_count; i++) {
            if (player->run->nodes[i].state == NODE_QUEUED) {
                finish(player, i, grant(player, i), OUTCOME_SUCCESS);
            }
        }
    }
    g_assert_true(run_state_is_terminal(player->run->state));
}

// The stored run, read again, equals the one in memory; then the one in memory goes.
KIT_FN void player_end(struct player *player) {
    g_autoptr(GError) error = NULL;
    struct run *stored = NULL;
    const struct run *run = player->run;
    (void)store_run_load(store_as_reader(player->kit->store), run->id, run->plan, &stored, &error);
    g_assert_no_error(error);
    g_assert_cmpint(stored->state, ==, run->state);
    g_assert_cmpint(stored->verdict, ==, run->verdict);
    g_assert_cmpint(stored->is_draining, ==, run->is_draining);
    g_assert_cmpint(stored->run_number, ==, run->run_number);
    g_assert_cmpint(stored->event_seq, ==, run->event_seq);
    g_assert_cmpint(stored->business_ms, ==, run->business_ms);
    g_assert_cmpint(stored->started_ms, ==, run->started_ms);
    g_assert_cmpint(stored->ended_ms, ==, run->ended_ms);
    g_assert_cmpint(stored->running_ms, ==, run->running_ms);
    g_assert_cmpint(stored->limit_ms, ==, run->limit_ms);
    g_assert_cmpint(stored->live_count, ==, run->live_count);
    g_assert_cmpint(stored->open_count, ==, run->open_count);
    g_assert_cmpstr(stored->message, ==, run->message);
    for (int i = 0; i < run->plan->node_count; i++) {
        g_assert_cmpint(stored->nodes[i].id, ==, run->nodes[i].id);
        g_assert_cmpint(stored->nodes[i].state, ==, run->nodes[i].state);
        g_assert_cmpint(stored->nodes[i].attempt, ==, run->nodes[i].attempt);
        g_assert_cmpint(stored->nodes[i].fence, ==, run->nodes[i].fence);
        g_assert_cmpint(stored->nodes[i].started_ms, ==, run->nodes[i].started_ms);
        g_assert_cmpint(stored->nodes[i].ended_ms, ==, run->nodes[i].ended_ms);
        g_assert_cmpint(stored->nodes[i].retries_used, ==, run->nodes[i].retries_used);
        g_assert_cmpstr(stored->nodes[i].message, ==, run->nodes[i].message);
        g_assert_true(run->nodes[i].outputs == NULL
                          ? stored->nodes[i].outputs == NULL
                          : json_equal(run->nodes[i].outputs, stored->nodes[i].outputs));
    }
    run_free(stored);
    run_free(player->run);
}

// a → b → c
KIT_FN int64_t chain(struct kit *kit, int64_t nodes[3]) {
    static const char *const names[] = { "a", "b", "c" };
    int64_t flow = kit_flow(kit, "nightly");
    for (int i = 0; i < 3; i++) {
        nodes[i] = kit_node(kit, flow, names[i]);
    }
    kit_edge(kit, flow, nodes[0], nodes[1]);
    kit_edge(kit, flow, nodes[1], nodes[2]);
    return flow;
}
