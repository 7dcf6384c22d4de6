// SPDX-License-Identifier: Apache-2.0
//
// throttle: the generic cell rate algorithm: instead of a level that is refilled, each name has the time at which its bucket is full
// again. One number, no timer, no rounding that adds up. A name whose time has passed is as good as unknown, so the table is a queue in
// order of use, and what is forgotten first is what was used longest ago.
#include "api/wire/throttle.h"

#include <glib.h>

#include "base/keyed_hash.h"

struct bucket {
    char *name;
    int64_t full_at_ns;
    GList link; // in `order`
};

struct throttle {
    GMutex mutex;
    GHashTable *buckets; // by name, owned
    GQueue order;        // used last first
    int64_t interval_ns; // between two tokens; 0: no limit
    int64_t depth_ns;    // how far ahead of now a bucket may be
    size_t entries_max;
};

static void bucket_free(gpointer data) {
    struct bucket *bucket = data;
    g_free(bucket->name);
    g_free(bucket);
}

struct throttle *throttle_new(int64_t per_second, int64_t burst, size_t entries_max) {
    g_assert(per_second >= 0 && per_second <= 1000000);
    g_assert(per_second == 0 || burst >= 1);
    g_assert(entries_max > 0);
    struct throttle *throttle = g_new0(struct throttle, 1);
    g_mutex_init(&throttle->mutex);
    g_queue_init(&throttle->order);
    throttle->buckets = g_hash_table_new_full(keyed_hash_text, g_str_equal, NULL, bucket_free);
    throttle->interval_ns = per_second == 0 ? 0 : INT64_C(1000000000) / per_second;
    throttle->depth_ns = (burst - 1) * throttle->interval_ns;
    throttle->entries_max = entries_max;
    return throttle;
}

void throttle_free(struct throttle *throttle) {
    if (throttle != NULL) {
        g_hash_table_unref(throttle->buckets);
        g_mutex_clear(&throttle->mutex);
        g_free(throttle);
    }
}

static void forget(struct throttle *throttle, struct bucket *bucket) {
    g_queue_unlink(&throttle->order, &bucket->link);
    (void)g_hash_table_remove(throttle->buckets, bucket->name);
}

// Forgets what is full again, a few at a time, and whatever is needed to stay within the limit.
static void make_room(struct throttle *throttle, int64_t now_ns) {
    for (int i = 0; i < 2 && throttle->order.tail != NULL; i++) {
        struct bucket *oldest = throttle->order.tail->data;
        if (oldest->full_at_ns > now_ns &&
            g_hash_table_size(throttle->buckets) < throttle->entries_max) {
            return;
        }
        forget(throttle, oldest);
    }
}

static bool has_token(const struct throttle *throttle, int64_t full_at_ns, int64_t now_ns,
                      int64_t *ret_retry_ms) {
    int64_t early_ns = full_at_ns - throttle->depth_ns - now_ns;
    if (early_ns <= 0) {
        return true;
    }
    *ret_retry_ms = (early_ns + 999999) / 1000000;
    return false;
}

bool throttle_has(struct throttle *throttle, const char *name, int64_t now_us,
                  int64_t *ret_retry_ms) {
    if (throttle->interval_ns == 0) {
        return true;
    }
    g_mutex_lock(&throttle->mutex);
    const struct bucket *bucket = g_hash_table_lookup(throttle->buckets, name);
    bool has =
        bucket == NULL || has_token(throttle, bucket->full_at_ns, now_us * 1000, ret_retry_ms);
    g_mutex_unlock(&throttle->mutex);
    return has;
}

bool throttle_take(struct throttle *throttle, const char *name, int64_t now_us,
                   int64_t *ret_retry_ms) {
    if (throttle->interval_ns == 0) {
        return true;
    }
    int64_t now_ns = now_us * 1000;
    g_mutex_lock(&throttle->mutex);
    struct bucket *bucket = g_hash_table_lookup(throttle->buckets, name);
    if (bucket == NULL) {
        make_room(throttle, now_ns);
        bucket = g_new0(struct bucket, 1);
        bucket->name = g_strdup(name);
        bucket->link.data = bucket;
        (void)g_hash_table_insert(throttle->buckets, bucket->name, bucket);
    } else {
        g_queue_unlink(&throttle->order, &bucket->link);
    }
    g_queue_push_head_link(&throttle->order, &bucket->link);
    bool has = has_token(throttle, bucket->full_at_ns, now_ns, ret_retry_ms);
    if (has) {
        bucket->full_at_ns = MAX(bucket->full_at_ns, now_ns) + throttle->interval_ns;
    }
    g_mutex_unlock(&throttle->mutex);
    return has;
}

size_t throttle_count(struct throttle *throttle) {
    g_mutex_lock(&throttle->mutex);
    size_t count = g_hash_table_size(throttle->buckets);
    g_mutex_unlock(&throttle->mutex);
    return count;
}
