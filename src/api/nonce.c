// SPDX-License-Identifier: Apache-2.0
//
// nonce: a hash table of digests with a queue in order of expiry. All entries live equally long, so the order of insertion is the order of
// expiry, and purging looks only at the queue's head.
//
// The mutex is needed because test-and-set must be one step across all workers; it is held for one table operation.
#include "api/nonce.h"

#include "base/crypto.h"

#include <glib.h>
#include <string.h>

struct nonce_entry {
    uint8_t digest[16]; // of key and nonce: fixed size whatever the client sends
    int64_t expires_ms;
};

struct nonce_store {
    GMutex mutex;
    GHashTable *entries; // struct nonce_entry as a set, owned by the queue
    GQueue order;        // oldest first
    int64_t window_ms;
    int64_t keep_ms;
    int64_t latest_ms;    // the highest time ever seen
    int64_t forgotten_ms; // the latest time at which something was seen that is forgotten now
    size_t entries_max;
};

static guint entry_hash(gconstpointer entry) {
    guint hash;
    memcpy(&hash, ((const struct nonce_entry *)entry)->digest, sizeof hash);
    return hash;
}

static gboolean entry_equal(gconstpointer left, gconstpointer right) {
    return memcmp(((const struct nonce_entry *)left)->digest,
                  ((const struct nonce_entry *)right)->digest, 16) == 0;
}

int64_t nonce_keep_ms(int64_t window_ms) {
    return 2 * window_ms + 5 * 60 * 1000;
}

struct nonce_store *nonce_store_new(int64_t window_ms, size_t entries_max) {
    g_assert(window_ms > 0);
    g_assert(entries_max > 0);
    struct nonce_store *store = g_new0(struct nonce_store, 1);
    g_mutex_init(&store->mutex);
    g_queue_init(&store->order);
    store->entries = g_hash_table_new(entry_hash, entry_equal);
    store->window_ms = window_ms;
    store->keep_ms = nonce_keep_ms(window_ms);
    store->forgotten_ms = INT64_MIN / 2;
    store->entries_max = entries_max;
    return store;
}

void nonce_store_free(struct nonce_store *store) {
    if (store == NULL) {
        return;
    }
    g_hash_table_unref(store->entries);
    g_queue_clear_full(&store->order, g_free);
    g_mutex_clear(&store->mutex);
    g_free(store);
}

static void purge(struct nonce_store *store) {
    for (;;) {
        struct nonce_entry *oldest = g_queue_peek_head(&store->order);
        if (oldest == NULL || oldest->expires_ms > store->latest_ms) {
            return;
        }
        (void)g_queue_pop_head(&store->order);
        (void)g_hash_table_remove(store->entries, oldest);
        store->forgotten_ms = MAX(store->forgotten_ms, oldest->expires_ms - store->keep_ms);
        g_free(oldest);
    }
}

// The length of the key id in front keeps (“a”, “bc”) and (“ab”, “c”) apart.
static void entry_digest(const char *access_key_id, const char *nonce, uint8_t ret_digest[16]) {
    g_autofree char *text =
        g_strdup_printf("%zu:%s:%s", strlen(access_key_id), access_key_id, nonce);
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(text, strlen(text), hash);
    memcpy(ret_digest, hash, 16);
}

// Seen now. The lock is held.
static void remember(struct nonce_store *store, struct nonce_entry *entry, int64_t seen_ms) {
    entry->expires_ms = seen_ms + store->keep_ms;
    struct nonce_entry *kept = g_memdup2(entry, sizeof *entry);
    (void)g_hash_table_add(store->entries, kept);
    g_queue_push_tail(&store->order, kept);
}

enum nonce_result nonce_store_use(struct nonce_store *store, const char *access_key_id,
                                  const char *nonce, int64_t stamped_ms, int64_t now_ms) {
    g_assert(access_key_id != NULL && nonce != NULL);
    struct nonce_entry entry = { 0 };
    entry_digest(access_key_id, nonce, entry.digest);

    g_mutex_lock(&store->mutex);
    store->latest_ms = MAX(store->latest_ms, now_ms);
    purge(store);
    enum nonce_result result = NONCE_FRESH;
    if (g_hash_table_contains(store->entries, &entry)) {
        result = NONCE_USED;
    } else if (stamped_ms <= store->forgotten_ms + store->window_ms) {
        result = NONCE_STALE;
    } else if (g_hash_table_size(store->entries) >= store->entries_max) {
        result = NONCE_FULL;
    } else {
        remember(store, &entry, store->latest_ms);
    }
    g_mutex_unlock(&store->mutex);
    return result;
}

int64_t nonce_store_resume(struct nonce_store *store, int64_t oldest_ms, int64_t newest_ms) {
    g_assert(oldest_ms <= newest_ms);
    g_mutex_lock(&store->mutex);
    store->latest_ms = MAX(store->latest_ms, newest_ms);
    if (newest_ms > 0) {
        // Only what was older than the time to keep was forgotten, and nothing that was seen after the oldest that is left.
        store->forgotten_ms = MAX(store->forgotten_ms, MIN(oldest_ms, newest_ms - store->keep_ms));
    }
    int64_t from_ms = newest_ms - store->keep_ms;
    g_mutex_unlock(&store->mutex);
    return from_ms;
}

void nonce_store_load(struct nonce_store *store, const char *access_key_id, const char *nonce,
                      int64_t seen_ms) {
    struct nonce_entry entry = { 0 };
    entry_digest(access_key_id, nonce, entry.digest);
    g_mutex_lock(&store->mutex);
    if (!g_hash_table_contains(store->entries, &entry)) {
        remember(store, &entry, seen_ms);
    }
    g_mutex_unlock(&store->mutex);
}

size_t nonce_store_count(struct nonce_store *store) {
    g_mutex_lock(&store->mutex);
    size_t count = g_hash_table_size(store->entries);
    g_mutex_unlock(&store->mutex);
    return count;
}
