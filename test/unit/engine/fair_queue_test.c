// SPDX-License-Identifier: Apache-2.0
//
// Owners take turns; none fills the queue, and what is refused is not taken.

#include "engine/fair_queue.h"

enum { A = 1, B = 2, C = 3, SHARE = 3, ALL = 7 };

static struct fair_queue *queue_new(void) {
    return fair_queue_new(SHARE, ALL, g_free);
}

static void push(struct fair_queue *queue, int64_t owner, const char *item) {
    g_assert_cmpint(fair_queue_push(queue, owner, g_strdup(item)), ==, FAIR_TAKEN);
}

static void refuse(struct fair_queue *queue, int64_t owner, enum fair_push why) {
    char kept[] = "kept";
    g_assert_cmpint(fair_queue_push(queue, owner, kept), ==, why);
}

static void assert_next(struct fair_queue *queue, const char *wanted) {
    g_autofree char *item = fair_queue_pop(queue);
    g_assert_cmpstr(item, ==, wanted);
}

static void owners_take_turns(void) {
    struct fair_queue *queue = queue_new();
    push(queue, A, "a1");
    push(queue, A, "a2");
    push(queue, A, "a3");
    push(queue, B, "b1");
    push(queue, B, "b2");
    push(queue, C, "c1");
    static const char *const order[] = { "a1", "b1", "c1", "a2", "b2", "a3" };
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        g_assert_false(fair_queue_is_empty(queue));
        assert_next(queue, order[i]);
    }
    g_assert_true(fair_queue_is_empty(queue));
    assert_next(queue, NULL);
    fair_queue_free(queue);
}

static void who_comes_back_joins_at_the_end(void) {
    struct fair_queue *queue = queue_new();
    push(queue, A, "a1");
    push(queue, B, "b1");
    push(queue, B, "b2");
    push(queue, C, "c1");
    assert_next(queue, "a1");
    push(queue, A, "a2");
    assert_next(queue, "b1");
    assert_next(queue, "c1");
    push(queue, C, "c2");
    assert_next(queue, "a2");
    assert_next(queue, "b2");
    assert_next(queue, "c2");
    fair_queue_free(queue);
}

static void one_owner_does_not_fill_it(void) {
    struct fair_queue *queue = queue_new();
    push(queue, A, "a1");
    push(queue, A, "a2");
    push(queue, A, "a3");
    refuse(queue, A, FAIR_SHARE_USED);
    push(queue, B, "b1");
    assert_next(queue, "a1");
    push(queue, A, "a4"); // what left waits no more
    refuse(queue, A, FAIR_SHARE_USED);
    fair_queue_free(queue);
}

static void all_together_are_bounded(void) {
    struct fair_queue *queue = queue_new();
    for (int i = 0; i < SHARE; i++) {
        push(queue, A, "a");
        push(queue, B, "b");
    }
    push(queue, C, "c1");
    refuse(queue, C, FAIR_FULL);
    refuse(queue, C + 1, FAIR_FULL); // and leaves no line behind
    refuse(queue, A, FAIR_SHARE_USED);
    assert_next(queue, "a");
    push(queue, C, "c2");
    static const char *const order[] = { "b", "c1", "a", "b", "c2", "a", "b" };
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        assert_next(queue, order[i]);
    }
    assert_next(queue, NULL);
    fair_queue_free(queue);
}

static int differs(gconstpointer item, gconstpointer wanted) {
    return g_strcmp0(item, wanted);
}

static void only_the_owners_own_is_found(void) {
    struct fair_queue *queue = queue_new();
    push(queue, A, "x");
    push(queue, A, "y");
    push(queue, B, "z");
    g_assert_cmpstr(fair_queue_find(queue, A, "y", differs), ==, "y");
    g_assert_null(fair_queue_find(queue, A, "z", differs));
    g_assert_null(fair_queue_find(queue, C, "x", differs));
    assert_next(queue, "x");
    g_assert_null(fair_queue_find(queue, A, "x", differs));
    fair_queue_free(queue);
}

#define TEST(name) g_test_add_func("/fair_queue/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(owners_take_turns);
    TEST(who_comes_back_joins_at_the_end);
    TEST(one_owner_does_not_fill_it);
    TEST(all_together_are_bounded);
    TEST(only_the_owners_own_is_found);
    return g_test_run();
}
