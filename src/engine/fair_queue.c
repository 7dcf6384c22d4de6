// SPDX-License-Identifier: Apache-2.0
//
// The ring has a line for each owner that has something waiting, and for no other; its head is whose turn it is. An owner that had nothing
// waiting joins at the end, so that nobody gains a turn by posting one thing at a time.

#include "engine/fair_queue.h"

#include "base/keyed_hash.h"

struct line {
    int64_t owner;
    GQueue items; // never empty between calls
};

struct fair_queue {
    guint share_max;
    guint all_max;
    GDestroyNotify item_free;
    guint count;       // of items in all lines
    GQueue ring;       // of struct line *
    GHashTable *lines; // the same by owner
};

struct fair_queue *fair_queue_new(guint share_max, guint all_max, GDestroyNotify item_free) {
    g_assert(share_max >= 1 && share_max <= all_max);
    struct fair_queue *queue = g_new0(struct fair_queue, 1);
    queue->share_max = share_max;
    queue->all_max = all_max;
    queue->item_free = item_free;
    g_queue_init(&queue->ring);
    queue->lines = g_hash_table_new(keyed_hash_int64, g_int64_equal);
    return queue;
}

void fair_queue_free(struct fair_queue *queue) {
    if (queue == NULL) {
        return;
    }
    struct line *line = NULL;
    while ((line = g_queue_pop_head(&queue->ring)) != NULL) {
        g_queue_clear_full(&line->items, queue->item_free);
        g_free(line);
    }
    g_hash_table_destroy(queue->lines);
    g_free(queue);
}

static struct line *add_line(struct fair_queue *queue, int64_t owner) {
    struct line *line = g_new0(struct line, 1);
    line->owner = owner;
    g_queue_init(&line->items);
    g_queue_push_tail(&queue->ring, line);
    (void)g_hash_table_insert(queue->lines, &line->owner, line);
    return line;
}

enum fair_push fair_queue_push(struct fair_queue *queue, int64_t owner, gpointer item) {
    g_assert(item != NULL);
    struct line *line = g_hash_table_lookup(queue->lines, &owner);
    if (line != NULL && line->items.length >= queue->share_max) {
        return FAIR_SHARE_USED;
    }
    if (queue->count >= queue->all_max) {
        return FAIR_FULL;
    }
    if (line == NULL) {
        line = add_line(queue, owner);
    }
    g_queue_push_tail(&line->items, item);
    queue->count++;
    return FAIR_TAKEN;
}

gpointer fair_queue_pop(struct fair_queue *queue) {
    struct line *line = g_queue_pop_head(&queue->ring);
    if (line == NULL) {
        return NULL;
    }
    gpointer item = g_queue_pop_head(&line->items);
    queue->count--;
    if (line->items.length > 0) {
        g_queue_push_tail(&queue->ring, line);
    } else {
        (void)g_hash_table_remove(queue->lines, &line->owner);
        g_free(line);
    }
    return item;
}

gpointer fair_queue_find(const struct fair_queue *queue, int64_t owner, gconstpointer user,
                         GCompareFunc matches) {
    struct line *line = g_hash_table_lookup(queue->lines, &owner);
    GList *found = line != NULL ? g_queue_find_custom(&line->items, user, matches) : NULL;
    return found != NULL ? found->data : NULL;
}

bool fair_queue_is_empty(const struct fair_queue *queue) {
    return queue->count == 0;
}
