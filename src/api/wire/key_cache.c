// SPDX-License-Identifier: Apache-2.0
//
// key_cache: one table of one generation. A newer generation empties it, and so does a full table: keys that are in use come back by
// themselves, and no order of use has to be kept.
#include "api/wire/key_cache.h"

#include <glib.h>
#include <string.h>

#include "base/keyed_hash.h"

struct key_cache {
    GMutex mutex;
    GHashTable *keys; // id → struct api_key in a counted box
    int64_t generation;
    size_t entries_max;
};

void api_key_done(struct api_key *key) {
    if (key->secret != NULL) {
        explicit_bzero(key->secret, strlen(key->secret));
    }
    if (key->owner_free != NULL && key->owner != NULL) {
        key->owner_free(key->owner);
    }
    g_free(key->secret);
    *key = (struct api_key){ 0 };
}

static void clear_key(gpointer data) {
    api_key_done(data);
}

static void drop_key(gpointer data) {
    g_atomic_rc_box_release_full(data, clear_key);
}

void key_cache_drop(const struct api_key *key) {
    if (key != NULL) {
        drop_key((gpointer)(uintptr_t)key);
    }
}

struct key_cache *key_cache_new(size_t entries_max) {
    g_assert(entries_max > 0);
    struct key_cache *cache = g_new0(struct key_cache, 1);
    g_mutex_init(&cache->mutex);
    cache->keys = g_hash_table_new_full(keyed_hash_text, g_str_equal, g_free, drop_key);
    cache->entries_max = entries_max;
    return cache;
}

void key_cache_free(struct key_cache *cache) {
    if (cache != NULL) {
        g_hash_table_unref(cache->keys);
        g_mutex_clear(&cache->mutex);
        g_free(cache);
    }
}

const struct api_key *key_cache_find(struct key_cache *cache, const char *access_key_id,
                                     int64_t generation) {
    g_mutex_lock(&cache->mutex);
    struct api_key *key =
        cache->generation == generation ? g_hash_table_lookup(cache->keys, access_key_id) : NULL;
    if (key != NULL) {
        (void)g_atomic_rc_box_acquire(key);
    }
    g_mutex_unlock(&cache->mutex);
    return key;
}

const struct api_key *key_cache_keep(struct key_cache *cache, const char *access_key_id,
                                     int64_t generation, struct api_key *key_take) {
    struct api_key *key = g_atomic_rc_box_dup(sizeof *key_take, key_take);
    *key_take = (struct api_key){ 0 };
    g_mutex_lock(&cache->mutex);
    // A slow reader of an older generation must not push out what is newer.
    if (generation >= 0 && generation >= cache->generation) {
        if (generation > cache->generation ||
            g_hash_table_size(cache->keys) >= cache->entries_max) {
            g_hash_table_remove_all(cache->keys);
        }
        cache->generation = generation;
        (void)g_hash_table_insert(cache->keys, g_strdup(access_key_id),
                                  g_atomic_rc_box_acquire(key));
    }
    g_mutex_unlock(&cache->mutex);
    return key;
}
