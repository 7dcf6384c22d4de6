// SPDX-License-Identifier: Apache-2.0
//
// A key is shared within one generation and never beyond it.
#include "api/wire/key_cache.h"

#include <glib.h>
#include <stdio.h>

static unsigned freed;

static void count_free(void *owner) {
    freed++;
}

static const struct api_key *keep(struct key_cache *cache, const char *id, int64_t generation,
                                  const char *secret) {
    static int owner;
    struct api_key key = {
        .secret = g_strdup(secret), .is_active = true, .owner = &owner, .owner_free = count_free
    };
    return key_cache_keep(cache, id, generation, &key);
}

static void a_key_is_shared_within_its_generation(void) {
    struct key_cache *cache = key_cache_new(10);
    freed = 0;
    g_assert_null(key_cache_find(cache, "a", 1));
    key_cache_drop(keep(cache, "a", 1, "secret"));
    const struct api_key *key = key_cache_find(cache, "a", 1);
    g_assert_cmpstr(key->secret, ==, "secret");
    g_assert_null(key_cache_find(cache, "b", 1));
    g_assert_null(key_cache_find(cache, "a", 2));
    g_assert_null(key_cache_find(cache, "a", 0));
    g_assert_cmpuint(freed, ==, 0);
    key_cache_drop(key);
    key_cache_free(cache);
    g_assert_cmpuint(freed, ==, 1);
}

static void a_newer_generation_forgets_all_and_users_keep_theirs(void) {
    struct key_cache *cache = key_cache_new(10);
    freed = 0;
    const struct api_key *old = keep(cache, "a", 1, "old");
    key_cache_drop(keep(cache, "b", 2, "new"));
    g_assert_cmpuint(freed, ==, 0);
    g_assert_cmpstr(old->secret, ==, "old");
    key_cache_drop(old);
    g_assert_cmpuint(freed, ==, 1);
    key_cache_drop(keep(cache, "a", 1, "late"));
    g_assert_cmpuint(freed, ==, 2);
    g_assert_null(key_cache_find(cache, "a", 1));
    g_assert_null(key_cache_find(cache, "a", 2));
    key_cache_free(cache);
}

static void without_a_generation_nothing_is_kept(void) {
    struct key_cache *cache = key_cache_new(10);
    freed = 0;
    key_cache_drop(keep(cache, "a", -1, "secret"));
    g_assert_cmpuint(freed, ==, 1);
    g_assert_null(key_cache_find(cache, "a", -1));
    key_cache_free(cache);
}

static void memory_is_bounded(void) {
    enum { MAX = 10 };
    struct key_cache *cache = key_cache_new(MAX);
    freed = 0;
    for (unsigned i = 0; i < 100; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "%u", i);
        key_cache_drop(keep(cache, id, 1, "secret"));
        g_assert_cmpuint(i + 1 - freed, <=, MAX);
    }
    key_cache_free(cache);
    g_assert_cmpuint(freed, ==, 100);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/key_cache/a_key_is_shared_within_its_generation",
                    a_key_is_shared_within_its_generation);
    g_test_add_func("/key_cache/a_newer_generation_forgets_all_and_users_keep_theirs",
                    a_newer_generation_forgets_all_and_users_keep_theirs);
    g_test_add_func("/key_cache/without_a_generation_nothing_is_kept",
                    without_a_generation_nothing_is_kept);
    g_test_add_func("/key_cache/memory_is_bounded", memory_is_bounded);
    return g_test_run();
}
