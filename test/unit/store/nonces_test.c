// SPDX-License-Identifier: Apache-2.0
//
// Stored nonces: kept over a reopening, forgotten in order, never all.

#include "kit.h"
#include "store/nonces.h"

static void add(struct kit *kit, const char *nonce, int64_t seen_ms) {
    g_autoptr(GError) error = NULL;
    (void)store_nonce_add(kit->store, "key", nonce, seen_ms, &error);
    g_assert_no_error(error);
}

static void purge(struct kit *kit, int64_t before_ms, int limit) {
    g_autoptr(GError) error = NULL;
    kit_begin(kit);
    (void)store_nonce_purge(kit->store, before_ms, limit, &error);
    g_assert_no_error(error);
    kit_commit(kit);
}

static void append(const char *access_key_id, const char *nonce, int64_t seen_ms, void *ctx) {
    g_string_append_printf(ctx, "%s/%s/%d ", access_key_id, nonce, (int)seen_ms);
}

static char *everything(struct kit *kit, int64_t from_ms) {
    GString *text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    (void)store_nonce_each(store_as_reader(kit->store), from_ms, append, text, &error);
    g_assert_no_error(error);
    return g_string_free(text, FALSE);
}

static void check(struct kit *kit, int64_t from_ms, const char *expected) {
    g_autofree char *text = everything(kit, from_ms);
    g_assert_cmpstr(text, ==, expected);
}

static void nonces_are_there_after_opening_again_in_their_order(void) {
    struct kit *kit = kit_new();
    int64_t oldest = -1;
    int64_t newest = -1;
    g_assert_true(store_nonce_span(store_as_reader(kit->store), &oldest, &newest, NULL));
    g_assert_cmpint(oldest, ==, 0);
    g_assert_cmpint(newest, ==, 0);
    kit_begin(kit);
    add(kit, "b", 20);
    add(kit, "a", 30);
    add(kit, "c", 10);
    add(kit, "c", 40); // the same request's second effect
    kit_commit(kit);
    store_close(kit->store);
    kit_open_store(kit);
    check(kit, 0, "key/c/10 key/b/20 key/a/30 ");
    check(kit, 20, "key/b/20 key/a/30 ");
    g_assert_true(store_nonce_span(store_as_reader(kit->store), &oldest, &newest, NULL));
    g_assert_cmpint(oldest, ==, 10);
    g_assert_cmpint(newest, ==, 30);
    kit_free(kit);
}

static void a_nonce_of_a_rolled_back_turn_is_not_kept(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    add(kit, "a", 10);
    g_assert_true(store_is_dirty(kit->store));
    store_rollback(kit->store);
    check(kit, 0, "");
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
    check(kit, 0, "key/n2/20 key/n3/30 key/n4/40 key/n5/50 ");
    purge(kit, 45, 100);
    check(kit, 0, "key/n4/40 key/n5/50 "); // nothing seen after 40 was ever forgotten
    purge(kit, 1000, 100);
    check(kit, 0, "key/n5/50 "); // the highest time
    kit_free(kit);
}

static void forgetting_nothing_changes_nothing(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    g_assert_true(store_nonce_purge(kit->store, 1000, 10, NULL));
    g_assert_false(store_is_dirty(kit->store));
    kit_commit(kit);
    kit_free(kit);
}

static void no_statement_walks_over_the_table(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    for (int i = 0; i < 200; i++) {
        g_autofree char *nonce = g_strdup_printf("n%d", i);
        add(kit, nonce, i);
    }
    kit_commit(kit);
    int64_t before = store_reader_scan_steps(store_as_reader(kit->store));
    purge(kit, 100, 20);
    g_free(everything(kit, 150));
    int64_t oldest = 0;
    int64_t newest = 0;
    g_assert_true(store_nonce_span(store_as_reader(kit->store), &oldest, &newest, NULL));
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
    g_test_add_func("/nonces/forgetting_nothing_changes_nothing",
                    forgetting_nothing_changes_nothing);
    g_test_add_func("/nonces/no_statement_walks_over_the_table", no_statement_walks_over_the_table);
    return g_test_run();
}
