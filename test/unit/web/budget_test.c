// SPDX-License-Identifier: Apache-2.0
//
// Who gives way when the memory for requests is used up.
#include "web/budget.h"

#include <string.h>

enum { MIB = 1024 * 1024 };

// A store, and three claims: two of one address, one of another.
struct scene {
    struct budget budget;
    struct claim claims[4];
    struct claim *lost[4];
    size_t lost_count;
};

static void note_lost(void *ctx, struct claim *claim) {
    struct scene *scene = ctx;
    scene->lost[scene->lost_count++] = claim;
}

static void scene_open(struct scene *scene) {
    static const char *const addresses[] = { "10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3" };
    *scene = (struct scene){ 0 };
    budget_init(&scene->budget);
    for (size_t i = 0; i < G_N_ELEMENTS(scene->claims); i++) {
        scene->claims[i].address = budget_holder(&scene->budget, addresses[i], false);
    }
}

static void scene_close(struct scene *scene) {
    for (size_t i = 0; i < G_N_ELEMENTS(scene->claims); i++) {
        budget_release(&scene->budget, &scene->claims[i]);
        budget_drop(&scene->budget, scene->claims[i].address);
    }
    g_assert_cmpuint(scene->budget.fixed_bytes, ==, 0);
    budget_done(&scene->budget);
}

static bool grow(struct scene *scene, size_t claim, size_t mib) {
    return budget_grow(&scene->budget, &scene->claims[claim], mib * MIB + HTTP_OWN_BYTES, note_lost,
                       scene);
}

static void small_requests_claim_nothing(void) {
    struct scene scene;
    scene_open(&scene);
    g_assert_true(grow(&scene, 0, 64));
    g_assert_cmpuint(scene.budget.bytes, ==, HTTP_STORE_BYTES);
    g_assert_true(grow(&scene, 2, 0));
    g_assert_cmpuint(scene.budget.bytes, ==, HTTP_STORE_BYTES);
    g_assert_cmpuint(scene.lost_count, ==, 0);
    scene_close(&scene);
}

static void the_oldest_of_who_holds_most_gives_way(void) {
    struct scene scene;
    scene_open(&scene);
    g_assert_true(grow(&scene, 2, 20));
    g_assert_true(grow(&scene, 0, 15));
    g_assert_true(grow(&scene, 1, 25));
    g_assert_true(
        grow(&scene, 3, 10)); // 10.0.0.1 holds 40 in two claims, of which the first is older
    g_assert_cmpuint(scene.lost_count, ==, 1);
    g_assert_true(scene.lost[0] == &scene.claims[0] && scene.claims[0].is_lost);
    g_assert_cmpuint(scene.budget.bytes, ==, 55 * (size_t)MIB);
    g_assert_false(grow(&scene, 0, 16)); // what gave way does not come back
    g_assert_false(grow(&scene, 1, 40)); // who holds most gives way to nobody but itself
    scene_close(&scene);
}

static void strangers_give_way_to_keys_and_not_the_other_way_round(void) {
    struct scene scene;
    scene_open(&scene);
    budget_vouch(&scene.budget, &scene.claims[0], "K1");
    g_assert_true(grow(&scene, 0, 50));
    g_assert_true(grow(&scene, 2, 10));
    g_assert_false(grow(&scene, 3, 50));
    g_assert_cmpuint(scene.lost_count, ==, 1); // the other stranger
    budget_vouch(&scene.budget, &scene.claims[3], "K2");
    g_assert_true(grow(&scene, 3, 20)); // K1 holds more than it
    g_assert_true(scene.lost[scene.lost_count - 1] == &scene.claims[0]);
    scene_close(&scene);
}

static void a_key_does_not_push_out_its_own(void) {
    struct scene scene;
    scene_open(&scene);
    budget_vouch(&scene.budget, &scene.claims[0], "K1");
    budget_vouch(&scene.budget, &scene.claims[2], "K1");
    g_assert_true(grow(&scene, 0, 40));
    g_assert_false(grow(&scene, 2, 30));
    g_assert_true(grow(&scene, 2, 24));
    g_assert_cmpuint(scene.lost_count, ==, 0);
    scene_close(&scene);
}

static void strangers_with_handlers_leave_half_of_it(void) {
    struct scene scene;
    scene_open(&scene);
    g_assert_true(grow(&scene, 0, 20));
    g_assert_true(budget_fix(&scene.budget, &scene.claims[0]));
    g_assert_true(grow(&scene, 1, 20));
    g_assert_false(budget_fix(&scene.budget, &scene.claims[1]));
    g_assert_true(budget_fix(&scene.budget, &scene.claims[2])); // a small one
    budget_vouch(&scene.budget, &scene.claims[3], "K1");
    g_assert_true(grow(&scene, 3, 44));
    g_assert_true(scene.lost_count == 1 && scene.lost[0] == &scene.claims[1]);
    g_assert_true(budget_fix(&scene.budget, &scene.claims[3]));
    budget_release(&scene.budget, &scene.claims[0]);
    budget_release(&scene.budget, &scene.claims[1]);
    g_assert_true(grow(&scene, 1, 20));
    scene_close(&scene);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/budget/small_requests_claim_nothing", small_requests_claim_nothing);
    g_test_add_func("/budget/the_oldest_of_who_holds_most_gives_way",
                    the_oldest_of_who_holds_most_gives_way);
    g_test_add_func("/budget/strangers_give_way_to_keys_and_not_the_other_way_round",
                    strangers_give_way_to_keys_and_not_the_other_way_round);
    g_test_add_func("/budget/a_key_does_not_push_out_its_own", a_key_does_not_push_out_its_own);
    g_test_add_func("/budget/strangers_with_handlers_leave_half_of_it",
                    strangers_with_handlers_leave_half_of_it);
    return g_test_run();
}
