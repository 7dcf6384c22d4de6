// SPDX-License-Identifier: Apache-2.0
//
// nonce: a table of digests. Each entry stands in two lines, that of its key and that of all keys, one pair for readings and one for changes:
// the front of a line is what was used first, so forgetting looks only at fronts.
//
// The mutex is needed because test-and-set must be one step across all workers; it is held for a few table operations.
#include "api/wire/nonce.h"

#include "base/crypto.h"
#include "base/keyed_hash.h"

#include <glib.h>
#include <string.h>

enum {
    CHANGES,
    READINGS,
    CLASSES,
    SHARES = 4,        // a key may have this part of all entries
    AGED_MAX = 64,     // forgotten for their age by one use, so that none holds the lock for long
    IDLE_SWEEP = 1024, // keys without entries that are let stand before they are looked for
    SET_BACK_MS = 2000 // a clock that loses less is being slewed
};

// One access key, while anything of it is remembered.
struct nonce_key {
    char *id;
    GQueue lines[CLASSES];
    int64_t marks_ms[CLASSES]; // the latest stamp of what was forgotten
    int64_t used_ms;           // on the clock that is never set
};

struct nonce_entry {
    uint8_t digest[16]; // of key and nonce: fixed size whatever the client sends
    int64_t stamped_ms;
    int64_t used_ms; // on the clock that is never set
    struct nonce_key *key;
    int class;
    GList of_key;
    GList of_all;
};

struct nonce_store {
    GMutex mutex;
    uint8_t salt[16];      // in the digests, so that nobody can choose two that fall together
    GHashTable *entries;   // struct nonce_entry as a set, owned by the lines
    GHashTable *keys;      // id → struct nonce_key, owned
    GQueue lines[CLASSES]; // of all keys
    int64_t keep_ms[CLASSES];
    int64_t ahead_ms;   // how far the present time has been ahead of the clock that is never set
    int64_t uptime_ms;  // the latest
    int64_t resumed_ms; // the mark of changes for all keys: what is known of none of them
    size_t entries_max;
    guint keys_swept_at; // when there are so many, those without entries are let go
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

static void key_free(gpointer data) {
    struct nonce_key *key = data;
    g_free(key->id);
    g_free(key);
}

struct nonce_store *nonce_store_new(int64_t window_ms, size_t entries_max) {
    g_assert(window_ms > 0);
    g_assert(entries_max >= NONCE_ENTRIES_MIN);
    struct nonce_store *store = g_new0(struct nonce_store, 1);
    g_mutex_init(&store->mutex);
    crypto_random(store->salt, sizeof store->salt);
    store->entries = g_hash_table_new(entry_hash, entry_equal);
    store->keys = g_hash_table_new_full(keyed_hash_text, g_str_equal, NULL, key_free);
    store->keep_ms[READINGS] = 2 * window_ms + INT64_C(5) * 60 * 1000;
    store->keep_ms[CHANGES] = MAX(NONCE_CHANGE_KEEP_MS, store->keep_ms[READINGS]);
    store->resumed_ms = INT64_MIN;
    store->ahead_ms = INT64_MIN / 2;
    store->entries_max = entries_max;
    store->keys_swept_at = IDLE_SWEEP;
    return store;
}

void nonce_store_free(struct nonce_store *store) {
    if (store == NULL) {
        return;
    }
    GHashTableIter iter;
    gpointer entry = NULL;
    g_hash_table_iter_init(&iter, store->entries);
    while (g_hash_table_iter_next(&iter, &entry, NULL)) {
        g_free(entry);
    }
    g_hash_table_unref(store->entries);
    g_hash_table_unref(store->keys);
    g_mutex_clear(&store->mutex);
    g_free(store);
}

// The length of the key id in front keeps (“a”, “bc”) and (“ab”, “c”) apart.
static void entry_digest(const struct nonce_store *store, const struct nonce_use *use,
                         uint8_t ret_digest[16]) {
    g_autoptr(GString) text = g_string_new_len((const char *)store->salt, sizeof store->salt);
    g_string_append_printf(text, "%zu:%s:%s", strlen(use->access_key_id), use->access_key_id,
                           use->nonce);
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(text->str, text->len, hash);
    memcpy(ret_digest, hash, 16);
}

// ---- Forgetting. The lock is held. ----

static struct nonce_entry *front(const GQueue *line) {
    return line->head == NULL ? NULL : line->head->data;
}

static void forget(struct nonce_store *store, struct nonce_entry *entry, int64_t uptime_ms) {
    struct nonce_key *key = entry->key;
    int class = entry->class;
    // An old reading that comes again after the clock was set back changes nothing, so it needs no mark.
    if (class == CHANGES || uptime_ms - entry->used_ms < store->keep_ms[READINGS]) {
        key->marks_ms[class] = MAX(key->marks_ms[class], entry->stamped_ms);
    }
    g_queue_unlink(&key->lines[class], &entry->of_key);
    g_queue_unlink(&store->lines[class], &entry->of_all);
    (void)g_hash_table_remove(store->entries, entry);
    g_free(entry);
}

static void forget_aged(struct nonce_store *store, int64_t uptime_ms) {
    for (int class = 0; class < CLASSES; class ++) {
        for (int i = 0; i < AGED_MAX; i++) {
            struct nonce_entry *entry = front(&store->lines[class]);
            if (entry == NULL || uptime_ms - entry->used_ms < store->keep_ms[class]) {
                break;
            }
            forget(store, entry, uptime_ms);
        }
    }
}

// Of the two kinds the one that has more gives, so that readings can not push out what changes have used, nor the other way round.
static void forget_first(struct nonce_store *store, const GQueue lines[CLASSES],
                         int64_t uptime_ms) {
    bool gives_readings = lines[READINGS].length >= lines[CHANGES].length;
    forget(store, front(&lines[gives_readings ? READINGS : CHANGES]), uptime_ms);
}

static size_t count_of(const GQueue lines[CLASSES]) {
    return (size_t)lines[CHANGES].length + lines[READINGS].length;
}

static void make_room(struct nonce_store *store, const struct nonce_key *key, int64_t uptime_ms) {
    forget_aged(store, uptime_ms);
    if (count_of(key->lines) >= store->entries_max / SHARES) {
        forget_first(store, key->lines, uptime_ms);
    } else if (g_hash_table_size(store->entries) >= store->entries_max) {
        forget_first(store, store->lines, uptime_ms);
    }
}

// ---- Keys. The lock is held. ----

static gboolean is_idle(gpointer id, gpointer value, gpointer user) {
    (void)id;
    struct nonce_store *store = user;
    const struct nonce_key *key = value;
    if (count_of(key->lines) > 0 || store->uptime_ms - key->used_ms < store->keep_ms[READINGS]) {
        return FALSE;
    }
    store->resumed_ms = MAX(store->resumed_ms, key->marks_ms[CHANGES]);
    return TRUE;
}

// Keys come and go, temporary ones above all. What is left of one that has no entry is its mark.
static void sweep_keys(struct nonce_store *store) {
    if (g_hash_table_size(store->keys) >= store->keys_swept_at) {
        (void)g_hash_table_foreach_remove(store->keys, is_idle, store);
        store->keys_swept_at = 2 * g_hash_table_size(store->keys) + IDLE_SWEEP;
    }
}

static struct nonce_key *key_of(struct nonce_store *store, const char *id) {
    struct nonce_key *key = g_hash_table_lookup(store->keys, id);
    if (key == NULL) {
        sweep_keys(store);
        key = g_new0(struct nonce_key, 1);
        key->id = g_strdup(id);
        key->marks_ms[CHANGES] = key->marks_ms[READINGS] = INT64_MIN;
        (void)g_hash_table_insert(store->keys, key->id, key);
    }
    key->used_ms = store->uptime_ms;
    return key;
}

// ---- Remembering ----

static void remember(struct nonce_store *store, struct nonce_key *key,
                     const struct nonce_entry *wanted, int64_t uptime_ms) {
    make_room(store, key, uptime_ms);
    struct nonce_entry *entry = g_memdup2(wanted, sizeof *wanted);
    entry->used_ms = uptime_ms;
    entry->key = key;
    entry->of_key.data = entry->of_all.data = entry;
    (void)g_hash_table_add(store->entries, entry);
    g_queue_push_tail_link(&key->lines[entry->class], &entry->of_key);
    g_queue_push_tail_link(&store->lines[entry->class], &entry->of_all);
}

static struct nonce_entry entry_of(const struct nonce_store *store, const struct nonce_use *use) {
    g_assert(use->access_key_id != NULL && use->nonce != NULL);
    struct nonce_entry entry = { .stamped_ms = use->stamped_ms,
                                 .class = use->is_read ? READINGS : CHANGES };
    entry_digest(store, use, entry.digest);
    return entry;
}

bool nonce_store_knows(struct nonce_store *store, const struct nonce_use *use) {
    struct nonce_entry entry = entry_of(store, use);
    g_mutex_lock(&store->mutex);
    bool is_known = g_hash_table_contains(store->entries, &entry);
    g_mutex_unlock(&store->mutex);
    return is_known;
}

static bool is_stale(const struct nonce_store *store, const struct nonce_key *key,
                     const struct nonce_entry *entry) {
    return entry->stamped_ms <= key->marks_ms[entry->class] ||
           (entry->class == CHANGES && entry->stamped_ms <= store->resumed_ms);
}

// A clock that was set back makes requests of earlier stamps the present ones. Changes keep their marks, readings do not.
static void look_at_clocks(struct nonce_store *store, int64_t now_ms, int64_t uptime_ms) {
    int64_t ahead_ms = now_ms - uptime_ms;
    if (ahead_ms < store->ahead_ms - SET_BACK_MS) {
        GHashTableIter iter;
        gpointer key = NULL;
        g_hash_table_iter_init(&iter, store->keys);
        while (g_hash_table_iter_next(&iter, NULL, &key)) {
            ((struct nonce_key *)key)->marks_ms[READINGS] = INT64_MIN;
        }
        store->ahead_ms = ahead_ms;
    }
    store->ahead_ms = MAX(store->ahead_ms, ahead_ms);
    store->uptime_ms = MAX(store->uptime_ms, uptime_ms);
}

enum nonce_result nonce_store_use(struct nonce_store *store, const struct nonce_use *use,
                                  int64_t now_ms, int64_t uptime_ms) {
    struct nonce_entry entry = entry_of(store, use);
    enum nonce_result result = NONCE_FRESH;
    g_mutex_lock(&store->mutex);
    look_at_clocks(store, now_ms, uptime_ms);
    struct nonce_key *key = key_of(store, use->access_key_id);
    if (g_hash_table_contains(store->entries, &entry)) {
        result = NONCE_USED;
    } else if (is_stale(store, key, &entry)) {
        result = NONCE_STALE;
    } else {
        remember(store, key, &entry, uptime_ms);
    }
    g_mutex_unlock(&store->mutex);
    return result;
}

void nonce_store_resume(struct nonce_store *store, int64_t stamped_ms) {
    g_mutex_lock(&store->mutex);
    store->resumed_ms = MAX(store->resumed_ms, stamped_ms);
    g_mutex_unlock(&store->mutex);
}

void nonce_store_load(struct nonce_store *store, const struct nonce_use *use, int64_t uptime_ms) {
    struct nonce_entry entry = entry_of(store, use);
    g_mutex_lock(&store->mutex);
    if (!g_hash_table_contains(store->entries, &entry)) {
        remember(store, key_of(store, use->access_key_id), &entry, uptime_ms);
    }
    g_mutex_unlock(&store->mutex);
}

size_t nonce_store_count(struct nonce_store *store) {
    g_mutex_lock(&store->mutex);
    size_t count = g_hash_table_size(store->entries);
    g_mutex_unlock(&store->mutex);
    return count;
}
