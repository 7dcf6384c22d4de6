// SPDX-License-Identifier: Apache-2.0
//
// fair_queue: things that wait in one line per owner (a tenant, say). Owners take turns, within one the first comes first: an owner waits for at
// most one thing of each other owner before its own next one, however much they have waiting.
//
// No I/O, clock or lock: the user's own lock guards it.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum fair_push {
    FAIR_TAKEN,
    FAIR_SHARE_USED, // the owner has as many as one owner may
    FAIR_FULL,       // all owners together have as many as there may be
};

struct fair_queue;

// Limits count what waits, 1 ≤ share_max ≤ all_max. item_free is for what still waits at the end.
struct fair_queue *fair_queue_new(guint share_max, guint all_max, GDestroyNotify item_free);
void fair_queue_free(struct fair_queue *queue); // NULL is fine

// Takes the item only where it says FAIR_TAKEN; the item is not NULL.
enum fair_push fair_queue_push(struct fair_queue *queue, int64_t owner, gpointer item);
// The next item, which is the caller's now, or NULL.
gpointer fair_queue_pop(struct fair_queue *queue);
// The owner's first item for which matches(item, user) is 0, or NULL. It stays the queue's.
gpointer fair_queue_find(const struct fair_queue *queue, int64_t owner, gconstpointer user,
                         GCompareFunc matches);
bool fair_queue_is_empty(const struct fair_queue *queue);
