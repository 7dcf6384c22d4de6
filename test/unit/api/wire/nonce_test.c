// SPDX-License-Identifier: Apache-2.0
//
// A nonce is taken once; memory is bounded; no key and no clock takes another key's way in.
#include "api/wire/nonce.h"

#include <glib.h>

#define NOW INT64_C(1714979289000)
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

enum { WINDOW_MS = 15 * 60 * 1000, KEEP_MS = 2 * WINDOW_MS + 5 * 60 * 1000 };

// A server's two clocks: one that people set, one that only goes on.
struct clocks {
    int64_t now_ms;
    int64_t uptime_ms;
};

static void pass(struct clocks *clocks, int64_t ms) {
    clocks->now_ms += ms;
    clocks->uptime_ms += ms;
}

static enum nonce_result use_as(struct nonce_store *store, const struct clocks *clocks,
                                const char *key, const char *nonce, int64_t stamped_ms,
                                bool is_read) {
    struct nonce_use use = {
        .access_key_id = key, .nonce = nonce, .stamped_ms = stamped_ms, .is_read = is_read
    };
    return nonce_store_use(store, &use, clocks->now_ms, clocks->uptime_ms);
}

static enum nonce_result use(struct nonce_store *store, const struct clocks *clocks,
                             const char *key, const char *nonce) {
    return use_as(store, clocks, key, nonce, clocks->now_ms, false);
}

static enum nonce_result use_number(struct nonce_store *store, const struct clocks *clocks,
                                    const char *key, int number, bool is_read) {
    g_autofree char *nonce = g_strdup_printf("%d", number);
    return use_as(store, clocks, key, nonce, clocks->now_ms, is_read);
}

static void a_nonce_is_taken_once_by_each_key(void) {
    struct clocks clocks = { NOW, 0 };
    struct nonce_store *store = nonce_store_new(WINDOW_MS, 100);
    g_assert_cmpint(use(store, &clocks, "a", "bc"), ==, NONCE_FRESH);
    g_assert_cmpint(use(store, &clocks, "a", "bc"), ==, NONCE_USED);
    g_assert_cmpint(use_as(store, &clocks, "a", "bc", NOW, true), ==, NONCE_USED); // for a reading
    g_assert_cmpint(use(store, &clocks, "ab", "c"), ==, NONCE_FRESH);
    struct nonce_use known = { .access_key_id = "a", .nonce = "bc" };
    struct nonce_use unknown = { .access_key_id = "ab", .nonce = "bc" };
    g_assert_true(nonce_store_knows(store, &known));
    g_assert_false(nonce_store_knows(store, &unknown));
    nonce_store_free(store);
}

static void a_change_is_remembered_for_a_day_and_a_reading_while_it_could_come_again(void) {
    struct clocks clocks = { NOW, 0 };
    struct nonce_store *store = nonce_store_new(WINDOW_MS, 100);
    g_assert_cmpint(use_number(store, &clocks, "a", 1, true), ==, NONCE_FRESH);
    g_assert_cmpint(use_number(store, &clocks, "a", 2, false), ==, NONCE_FRESH);
    pass(&clocks, KEEP_MS - 1);
    g_assert_cmpint(use_number(store, &clocks, "a", 1, true), ==, NONCE_USED);
    pass(&clocks, 1);
    g_assert_cmpint(use_number(store, &clocks, "a", 3, true), ==, NONCE_FRESH);
    g_assert_cmpuint(nonce_store_count(store), ==, 2); // the first reading is gone
    pass(&clocks, DAY - KEEP_MS - 1);
    g_assert_cmpint(use_number(store, &clocks, "a", 2, false), ==, NONCE_USED);
    pass(&clocks, 1);
    g_assert_cmpint(use_number(store, &clocks, "a", 4, false), ==, NONCE_FRESH);
    g_assert_cmpuint(nonce_store_count(store), ==, 1);
    // What is forgotten is not open again.
    g_assert_cmpint(use_as(store, &clocks, "a", "2", NOW, false), ==, NONCE_STALE);
    nonce_store_free(store);
}

// One key calls as often as it likes, readings and changes: it may lose its own early stamps, and nobody else notices.
static void no_key_shuts_another_one_out(void) {
    struct clocks clocks = { NOW, 0 };
    struct nonce_store *store = nonce_store_new(WINDOW_MS, 64);
    g_assert_cmpint(use(store, &clocks, "quiet", "first"), ==, NONCE_FRESH);
    int refused = 0;
    for (int i = 0; i < 10000; i++) {
        pass(&clocks, 100);
        refused += use_number(store, &clocks, "loud", i, i % 3 != 0) != NONCE_FRESH;
        if (i % 100 == 0) {
            g_assert_cmpint(use_number(store, &clocks, "quiet", i, i % 200 == 0), ==, NONCE_FRESH);
            g_assert_cmpint(use_number(store, &clocks, "quiet", i, false), ==, NONCE_USED);
        }
    }
    g_assert_cmpint(refused, ==, 0); // its stamps are the present ones
    g_assert_cmpuint(nonce_store_count(store), <=, 32);
    g_assert_cmpint(use_as(store, &clocks, "quiet", "first", NOW, false), !=, NONCE_FRESH);
    nonce_store_free(store);
}

// As many keys as there are shares and more, all of them loud: the whole is bounded, and who calls with the present time is still served.
static void many_loud_keys_shut_nobody_out(void) {
    struct clocks clocks = { NOW, 0 };
    struct nonce_store *store = nonce_store_new(WINDOW_MS, 64);
    for (int i = 0; i < 2000; i++) {
        pass(&clocks, 100);
        for (int key = 0; key < 10; key++) {
            g_autofree char *id = g_strdup_printf("loud %d", key);
            g_assert_cmpint(use_number(store, &clocks, id, i, key % 2 == 0), ==, NONCE_FRESH);
        }
        g_assert_cmpuint(nonce_store_count(store), <=, 64);
        if (i % 50 == 0) {
            g_assert_cmpint(use_number(store, &clocks, "quiet", i, false), ==, NONCE_FRESH);
        }
    }
    nonce_store_free(store);
}

// What a key had to forget for want of room is refused, never taken twice.
static void what_was_forgotten_for_want_of_room_is_stale(void) {
    struct clocks clocks = { NOW, 0 };
    struct nonce_store *store = nonce_store_new(WINDOW_MS, 64);
    for (int i = 0; i < 100; i++) {
        pass(&clocks, 1000);
        g_assert_cmpint(use_number(store, &clocks, "a", i, i % 2 == 0), ==, NONCE_FRESH);
    }
    for (int i = 0; i < 100; i++) {
        g_autofree char *nonce = g_strdup_printf("%d", i);
        g_assert_cmpint(use_as(store, &clocks, "a", nonce, NOW + 1000 * (i + 1), i % 2 == 0), !=,
                        NONCE_FRESH);
    }
    nonce_store_free(store);
}

// A clock an hour or a day ahead is put right, again and again: what is signed with the present time is taken, nothing is taken twice.
static void a_clock_that_is_set_back_refuses_nothing_and_opens_nothing(void) {
    struct clocks clocks = { NOW + 20 * HOUR, 0 };
    struct nonce_store *store = nonce_store_new(WINDOW_MS, 10000);
    for (int i = 0; i < 100; i++) { // an hour and a half
        pass(&clocks, MINUTE);
        g_assert_cmpint(use_number(store, &clocks, "a", i, false), ==, NONCE_FRESH);
        g_assert_cmpint(use_number(store, &clocks, "a", 1000 + i, true), ==, NONCE_FRESH);
    }
    clocks.now_ms -= HOUR;
    g_assert_cmpint(use(store, &clocks, "a", "an hour back"), ==, NONCE_FRESH);
    g_assert_cmpint(use_as(store, &clocks, "a", "read", clocks.now_ms, true), ==, NONCE_FRESH);
    for (int i = 0; i < 100; i++) { // all stamps that the window has held come into it again
        g_autofree char *nonce = g_strdup_printf("%d", i);
        g_assert_cmpint(
            use_as(store, &clocks, "a", nonce, NOW + 20 * HOUR + MINUTE * (i + 1), false), ==,
            NONCE_USED);
    }
    clocks.now_ms -= 18 * HOUR;
    g_assert_cmpint(use(store, &clocks, "a", "19 hours back"), ==, NONCE_FRESH);
    pass(&clocks, 19 * HOUR);
    g_assert_cmpint(use_as(store, &clocks, "a", "99", NOW + 20 * HOUR + 100 * MINUTE, false), ==,
                    NONCE_USED);
    nonce_store_free(store);
}

// A key that has pushed out its own readings is served at once too.
static void a_busy_key_reads_on_after_the_clock_was_set_back(void) {
    struct clocks clocks = { NOW, 0 };
    struct nonce_store *store = nonce_store_new(WINDOW_MS, 64);
    for (int i = 0; i < 1000; i++) {
        pass(&clocks, 100);
        g_assert_cmpint(use_number(store, &clocks, "a", i, true), ==, NONCE_FRESH);
    }
    clocks.now_ms -= HOUR;
    g_assert_cmpint(use_number(store, &clocks, "a", 1000, true), ==, NONCE_FRESH);
    nonce_store_free(store);
}

static void what_an_earlier_server_kept_is_remembered(void) {
    struct clocks clocks = { NOW, 0 };
    struct nonce_store *store = nonce_store_new(WINDOW_MS, 100);
    nonce_store_resume(store, NOW - DAY);
    struct nonce_use kept = { .access_key_id = "a", .nonce = "one", .stamped_ms = NOW - 10 };
    nonce_store_load(store, &kept, clocks.uptime_ms);
    nonce_store_load(store, &kept, clocks.uptime_ms);
    g_assert_cmpuint(nonce_store_count(store), ==, 1);
    clocks.now_ms -= HOUR; // while the server was down
    g_assert_cmpint(use_as(store, &clocks, "a", "one", NOW - 10, false), ==, NONCE_USED);
    g_assert_cmpint(use(store, &clocks, "a", "two"), ==, NONCE_FRESH);
    clocks.now_ms -=
        DAY; // into what is forgotten: of changes it is not known, readings change nothing
    g_assert_cmpint(use(store, &clocks, "a", "three"), ==, NONCE_STALE);
    g_assert_cmpint(use_as(store, &clocks, "a", "four", clocks.now_ms, true), ==, NONCE_FRESH);
    nonce_store_free(store);
}

// Temporary keys come and go. What is left of them is dropped, and their changes are not taken again for that.
static void keys_that_are_gone_leave_nothing_open(void) {
    struct clocks clocks = { NOW, 0 };
    struct nonce_store *store = nonce_store_new(WINDOW_MS, 100000);
    for (int i = 0; i < 5000; i++) {
        g_autofree char *id = g_strdup_printf("STS.%d", i);
        pass(&clocks, MINUTE);
        g_assert_cmpint(use(store, &clocks, id, "n"), ==, NONCE_FRESH);
    }
    g_assert_cmpuint(nonce_store_count(store), <=, 24 * 60);
    for (int i = 0; i < 5000; i++) {
        g_autofree char *id = g_strdup_printf("STS.%d", i);
        g_assert_cmpint(use_as(store, &clocks, id, "n", NOW + MINUTE * (i + 1), false), !=,
                        NONCE_FRESH);
    }
    nonce_store_free(store);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nonce/a_nonce_is_taken_once_by_each_key", a_nonce_is_taken_once_by_each_key);
    g_test_add_func(
        "/nonce/a_change_is_remembered_for_a_day_and_a_reading_while_it_could_come_again",
        a_change_is_remembered_for_a_day_and_a_reading_while_it_could_come_again);
    g_test_add_func("/nonce/no_key_shuts_another_one_out", no_key_shuts_another_one_out);
    g_test_add_func("/nonce/many_loud_keys_shut_nobody_out", many_loud_keys_shut_nobody_out);
    g_test_add_func("/nonce/what_was_forgotten_for_want_of_room_is_stale",
                    what_was_forgotten_for_want_of_room_is_stale);
    g_test_add_func("/nonce/a_clock_that_is_set_back_refuses_nothing_and_opens_nothing",
                    a_clock_that_is_set_back_refuses_nothing_and_opens_nothing);
    g_test_add_func("/nonce/a_busy_key_reads_on_after_the_clock_was_set_back",
                    a_busy_key_reads_on_after_the_clock_was_set_back);
    g_test_add_func("/nonce/what_an_earlier_server_kept_is_remembered",
                    what_an_earlier_server_kept_is_remembered);
    g_test_add_func("/nonce/keys_that_are_gone_leave_nothing_open",
                    keys_that_are_gone_leave_nothing_open);
    return g_test_run();
}
