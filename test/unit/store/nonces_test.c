// SPDX-License-Identifier: Apache-2.0
//
// Stored nonces: kept over a reopening, forgotten in order, never all.

#include "kit.h"
#include "store/nonces.h"

static void add(struct kit *kit, const char *nonce, int64_t seen_ms) {
    g_autoptr(GError) error = NULL;
    (void)store_nonce_add(kit->store, "key", nonce, 1000 + seen_ms, seen_ms, NULL, &error);
    g_assert_no_error(error);
}

static struct nonce_state state_of(struct kit *kit) {
    struct nonce_state state;
    g_assert_true(store_nonce_state(store_as_reader(kit->store), &state, NULL));
    return state;
}

static void purge(struct kit *kit, int64_t before_ms, int limit) {
    g_autoptr(GError) error = NULL;
    int64_t before = state_of(kit).count;
    int forgotten = -1;
    kit_begin(kit);
    (void)store_nonce_purge(kit->store, before_ms, limit, &forgotten, &error);
    g_assert_cmpint(before - state_of(kit).count, ==, forgotten);
    g_assert_no_error(error);
    kit_commit(kit);
}

static void append(const char *access_key_id, const char *nonce, int64_t stamped_ms, void *ctx) {
    g_string_append_printf(ctx, "%s/%s/%d ", access_key_id, nonce, (int)stamped_ms - 1000);
}

static char *everything(struct kit *kit) {
    GString *text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    (void)store_nonce_each(store_as_reader(kit->store), append, text, &error);
    g_assert_no_error(error);
    return g_string_free(text, FALSE);
}

static void check(struct kit *kit, const char *expected) {
    g_autofree char *text = everything(kit);
    g_assert_cmpstr(text, ==, expected);
}

static void nonces_are_there_after_opening_again_in_their_order(void) {
    struct kit *kit = kit_new();
    struct nonce_state state = state_of(kit);
    g_assert_cmpint(state.count, ==, 0);
    g_assert_cmpint(state.newest_ms, ==, 0);
    g_assert_true(state.forgotten_ms == INT64_MIN);
    kit_begin(kit);
    add(kit, "b", 20);
    add(kit, "a", 30);
    add(kit, "c", 10);
    add(kit, "c", 40); // the same request's second effect
    kit_commit(kit);
    store_close(kit->store);
    kit_open_store(kit);
    check(kit, "key/c/10 key/b/20 key/a/30 ");
    state = state_of(kit);
    g_assert_cmpint(state.count, ==, 3);
    g_assert_cmpint(state.newest_ms, ==, 30);
    g_assert_true(state.forgotten_ms == INT64_MIN);
    kit_free(kit);
}

static void a_nonce_of_a_rolled_back_turn_is_not_kept(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    add(kit, "a", 10);
    g_assert_true(store_is_dirty(kit->store));
    store_rollback(kit->store);
    check(kit, "");
    kit_free(kit);
}

static void the_oldest_are_forgotten_first_and_the_marks_stay(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    for (int i = 1; i <= 5; i++) {
        g_autofree char *nonce = g_strdup_printf("n%d", i);
        add(kit, nonce, 10 * i);
    }
    kit_commit(kit);
    purge(kit, 45, 1);
    check(kit, "key/n2/20 key/n3/30 key/n4/40 key/n5/50 ");
    g_assert_cmpint(state_of(kit).forgotten_ms, ==, 1010);
    purge(kit, 45, 100);
    check(kit, "key/n5/50 ");
    g_assert_cmpint(state_of(kit).forgotten_ms, ==, 1040);
    purge(kit, 1000, 100);
    check(kit, "key/n5/50 "); // the store's own time
    g_assert_cmpint(state_of(kit).forgotten_ms, ==, 1040);
    kit_free(kit);
}

// A request of an earlier stamp that is forgotten later does not lower the mark, and the mark outlives the server until it is taken away.
static void the_mark_rises_only_and_goes_by_order(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    add(kit, "late", 500);
    g_assert_true(store_nonce_add(kit->store, "key", "early", 20, 600, NULL, NULL));
    add(kit, "last", 700);
    kit_commit(kit);
    purge(kit, 650, 1);
    purge(kit, 650, 1);
    g_assert_cmpint(state_of(kit).forgotten_ms, ==, 1500);
    store_close(kit->store);
    kit_open_store(kit);
    g_assert_cmpint(state_of(kit).forgotten_ms, ==, 1500);
    g_assert_true(store_nonce_accept_clock(kit->store, NULL));
    g_assert_true(state_of(kit).forgotten_ms == INT64_MIN);
    check(kit, "key/last/700 ");
    kit_free(kit);
}

static void forgetting_nothing_changes_nothing(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    int forgotten = -1;
    g_assert_true(store_nonce_purge(kit->store, 1000, 10, &forgotten, NULL));
    g_assert_cmpint(forgotten, ==, 0);
    g_assert_false(store_is_dirty(kit->store));
    kit_commit(kit);
    kit_free(kit);
}

static void no_change_walks_over_the_table(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    for (int i = 0; i < 200; i++) {
        g_autofree char *nonce = g_strdup_printf("n%d", i);
        add(kit, nonce, i);
    }
    kit_commit(kit);
    int64_t before = store_reader_scan_steps(store_as_reader(kit->store));
    int forgotten = 0;
    kit_begin(kit);
    g_assert_true(store_nonce_purge(kit->store, 100, 20, &forgotten, NULL));
    kit_commit(kit);
    g_assert_cmpint(store_reader_scan_steps(store_as_reader(kit->store)) - before, <, 10);
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nonces/nonces_are_there_after_opening_again_in_their_order",
                    nonces_are_there_after_opening_again_in_their_order);
    g_test_add_func("/nonces/a_nonce_of_a_rolled_back_turn_is_not_kept",
                    a_nonce_of_a_rolled_back_turn_is_not_kept);
    g_test_add_func("/nonces/the_oldest_are_forgotten_first_and_the_marks_stay",
                    the_oldest_are_forgotten_first_and_the_marks_stay);
    g_test_add_func("/nonces/the_mark_rises_only_and_goes_by_order",
                    the_mark_rises_only_and_goes_by_order);
    g_test_add_func("/nonces/forgetting_nothing_changes_nothing",
                    forgetting_nothing_changes_nothing);
    g_test_add_func("/nonces/no_change_walks_over_the_table", no_change_walks_over_the_table);
    return g_test_run();
}
