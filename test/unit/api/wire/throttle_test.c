// SPDX-License-Identifier: Apache-2.0
//
// Buckets as a function of time, and the names that addresses get.
#include "api/wire/quota.h"
#include "api/wire/throttle.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

enum { SECOND_US = 1000000 };

static unsigned take_all(struct throttle *throttle, const char *name, int64_t now_us) {
    unsigned taken = 0;
    int64_t retry_ms = 0;
    while (taken < 100000 && throttle_take(throttle, name, now_us, &retry_ms)) {
        taken++;
    }
    return taken;
}

static void a_full_bucket_holds_the_burst_and_refills_at_its_rate(void) {
    struct throttle *throttle = throttle_new(50, 100, 10);
    int64_t now_us = 7 * SECOND_US;
    g_assert_cmpuint(take_all(throttle, "a", now_us), ==, 100);
    g_assert_cmpuint(take_all(throttle, "a", now_us + SECOND_US), ==, 50);
    g_assert_cmpuint(take_all(throttle, "a", now_us + 1000 * (int64_t)SECOND_US), ==, 100);
    g_assert_cmpuint(take_all(throttle, "b", now_us), ==, 100);
    throttle_free(throttle);
}

static void the_time_to_wait_is_exact(void) {
    struct throttle *throttle = throttle_new(4, 1, 10);
    int64_t retry_ms = 0;
    g_assert_true(throttle_take(throttle, "a", 0, &retry_ms));
    g_assert_false(throttle_take(throttle, "a", 0, &retry_ms));
    g_assert_cmpint(retry_ms, ==, 250);
    g_assert_false(throttle_take(throttle, "a", 249999, &retry_ms));
    g_assert_cmpint(retry_ms, ==, 1);
    g_assert_true(throttle_take(throttle, "a", 250000, &retry_ms));
    throttle_free(throttle);
}

static void asking_takes_nothing(void) {
    struct throttle *throttle = throttle_new(1, 1, 10);
    int64_t retry_ms = 0;
    g_assert_true(throttle_has(throttle, "a", 0, &retry_ms));
    g_assert_true(throttle_has(throttle, "a", 0, &retry_ms));
    g_assert_cmpuint(throttle_count(throttle), ==, 0);
    g_assert_true(throttle_take(throttle, "a", 0, &retry_ms));
    g_assert_false(throttle_has(throttle, "a", 0, &retry_ms));
    g_assert_cmpint(retry_ms, ==, 1000);
    throttle_free(throttle);
}

static void a_rate_of_zero_is_no_limit(void) {
    struct throttle *throttle = throttle_new(0, 0, 1);
    g_assert_cmpuint(take_all(throttle, "a", 0), ==, 100000);
    g_assert_cmpuint(throttle_count(throttle), ==, 0);
    throttle_free(throttle);
}

static void a_clock_that_goes_back_gives_nothing_away(void) {
    struct throttle *throttle = throttle_new(10, 10, 10);
    g_assert_cmpuint(take_all(throttle, "a", 5 * SECOND_US), ==, 10);
    g_assert_cmpuint(take_all(throttle, "a", 1 * SECOND_US), ==, 0);
    throttle_free(throttle);
}

static void memory_is_bounded_and_the_busiest_stay(void) {
    enum { NAMES_MAX = 1000 };
    struct throttle *throttle = throttle_new(1, 1, NAMES_MAX);
    int64_t retry_ms = 0;
    for (int i = 0; i < 10 * NAMES_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", i);
        (void)throttle_take(throttle, "busy", 0, &retry_ms);
        g_assert_true(throttle_take(throttle, name, 0, &retry_ms));
        g_assert_cmpuint(throttle_count(throttle), <=, NAMES_MAX);
    }
    g_assert_false(throttle_has(throttle, "busy", 0, &retry_ms));
    throttle_free(throttle);
}

static void idle_names_are_forgotten(void) {
    struct throttle *throttle = throttle_new(1000, 1, 100000);
    int64_t retry_ms = 0;
    for (int i = 0; i < 1000; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", i);
        g_assert_true(throttle_take(throttle, name, i * (int64_t)SECOND_US, &retry_ms));
    }
    g_assert_cmpuint(throttle_count(throttle), <=, 2);
    throttle_free(throttle);
}

static void addresses_are_counted_without_port_and_by_their_64(void) {
    static const char *const cases[][2] = {
        { "127.0.0.1:4711", "127.0.0.1" },
        { "2001:db8:1:2:3:4:5:6:443", "2001:db8:1:2::" },
        { "2001:db8:1:2::9:443", "2001:db8:1:2::" },
        { "::ffff:10.1.2.3:80", "10.1.2.3" },
        { "local:0", "local" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = quota_address_name(cases[i][0]);
        g_assert_cmpstr(name, ==, cases[i][1]);
    }
}

static void failures_lock_out_their_address_only(void) {
    struct quota *quota = quota_new(&(struct quota_options){ .failure_rate = 1 });
    int64_t retry_ms = 0;
    for (int i = 0; i < 10; i++) {
        g_assert_true(quota_admit_stranger(quota, "127.0.0.1:1", true, &retry_ms));
    }
    g_assert_false(quota_admit_stranger(quota, "127.0.0.1:2", true, &retry_ms));
    g_assert_false(quota_admit_stranger(quota, "127.0.0.1:2", false, &retry_ms));
    g_assert_false(quota_admit_address(quota, "127.0.0.1:2", &retry_ms));
    g_assert_cmpint(retry_ms, >, 0);
    g_assert_true(quota_admit_address(quota, "127.0.0.2:2", &retry_ms));
    quota_free(quota);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/throttle/a_full_bucket_holds_the_burst_and_refills_at_its_rate",
                    a_full_bucket_holds_the_burst_and_refills_at_its_rate);
    g_test_add_func("/throttle/the_time_to_wait_is_exact", the_time_to_wait_is_exact);
    g_test_add_func("/throttle/asking_takes_nothing", asking_takes_nothing);
    g_test_add_func("/throttle/a_rate_of_zero_is_no_limit", a_rate_of_zero_is_no_limit);
    g_test_add_func("/throttle/a_clock_that_goes_back_gives_nothing_away",
                    a_clock_that_goes_back_gives_nothing_away);
    g_test_add_func("/throttle/memory_is_bounded_and_the_busiest_stay",
                    memory_is_bounded_and_the_busiest_stay);
    g_test_add_func("/throttle/idle_names_are_forgotten", idle_names_are_forgotten);
    g_test_add_func("/throttle/addresses_are_counted_without_port_and_by_their_64",
                    addresses_are_counted_without_port_and_by_their_64);
    g_test_add_func("/throttle/failures_lock_out_their_address_only",
                    failures_lock_out_their_address_only);
    return g_test_run();
}
