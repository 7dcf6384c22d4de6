// SPDX-License-Identifier: Apache-2.0
//
// seats: whoever comes stands in the queue, and every change of it hands out what can be handed out, so that a seat is free only while
// nobody may have it. A waiter lives on its thread's stack; it leaves the queue under the lock, when it is told or when its time is over.
#include "api/seats.h"

#include "base/keyed_hash.h"

#include <glib.h>
#include <stdbool.h>

enum state { WAITING, SEATED, SENT_AWAY };

// A key that holds or waits.
struct holder {
    char *key;
    unsigned held;
    unsigned waiting;
};

struct waiter {
    struct holder *holder;
    enum state state;
    GCond told;
};

struct seats {
    unsigned count;
    unsigned key_max;
    unsigned waiting_max;
    GMutex lock; // guards what follows
    unsigned held;
    bool is_closed;
    GQueue queue;        // of struct waiter, in the order they came
    GHashTable *holders; // by key
};

static void holder_free(gpointer data) {
    struct holder *holder = data;
    g_free(holder->key);
    g_free(holder);
}

struct seats *seats_new(unsigned count, unsigned waiting_max) {
    g_assert(count >= 1);
    struct seats *seats = g_new0(struct seats, 1);
    seats->count = count;
    seats->key_max = (count + 1) / 2;
    seats->waiting_max = waiting_max;
    g_mutex_init(&seats->lock);
    g_queue_init(&seats->queue);
    seats->holders = g_hash_table_new_full(keyed_hash_text, g_str_equal, NULL, holder_free);
    return seats;
}

void seats_free(struct seats *seats) {
    if (seats == NULL) {
        return;
    }
    g_assert(g_hash_table_size(seats->holders) == 0);
    g_assert(seats->held == 0 && seats->queue.length == 0);
    g_hash_table_unref(seats->holders);
    g_mutex_clear(&seats->lock);
    g_free(seats);
}

static struct holder *find_holder(struct seats *seats, const char *key) {
    struct holder *holder = g_hash_table_lookup(seats->holders, key);
    if (holder == NULL) {
        holder = g_new0(struct holder, 1);
        holder->key = g_strdup(key);
        g_hash_table_insert(seats->holders, holder->key, holder);
    }
    return holder;
}

static void drop_idle(struct seats *seats, struct holder *holder) {
    if (holder->held == 0 && holder->waiting == 0) {
        g_hash_table_remove(seats->holders, holder->key);
    }
}

// Its holder may be gone afterwards.
static void leave_queue(struct seats *seats, struct waiter *waiter, enum state state) {
    (void)g_queue_remove(&seats->queue, waiter);
    waiter->holder->waiting--;
    waiter->state = state;
    g_cond_signal(&waiter->told);
    drop_idle(seats, waiter->holder);
}

static struct waiter *find_next(struct seats *seats) {
    struct waiter *next = NULL;
    for (GList *at = seats->queue.head; at != NULL; at = at->next) {
        struct waiter *waiter = at->data;
        if (waiter->holder->held < seats->key_max &&
            (next == NULL || waiter->holder->held < next->holder->held)) {
            next = waiter;
        }
    }
    return next;
}

static struct waiter *find_surplus(struct seats *seats) {
    struct waiter *surplus = NULL;
    for (GList *at = seats->queue.tail; at != NULL; at = at->prev) {
        struct waiter *waiter = at->data;
        if (surplus == NULL || waiter->holder->waiting > surplus->holder->waiting) {
            surplus = waiter;
        }
    }
    return surplus;
}

static void hand_out(struct seats *seats) {
    struct waiter *next = NULL;
    while (seats->held < seats->count && (next = find_next(seats)) != NULL) {
        next->holder->held++;
        seats->held++;
        leave_queue(seats, next, SEATED);
    }
}

static void send_away(struct seats *seats, unsigned waiting_max) {
    while (seats->queue.length > waiting_max) {
        struct waiter *surplus = find_surplus(seats);
        g_assert(surplus != NULL);
        leave_queue(seats, surplus, SENT_AWAY);
    }
}

enum seat seats_take(struct seats *seats, const char *key, int64_t wait_ms) {
    int64_t until_us = g_get_monotonic_time() + wait_ms * 1000;
    g_mutex_lock(&seats->lock);
    struct waiter waiter = { .holder = find_holder(seats, key), .state = WAITING };
    g_cond_init(&waiter.told);
    waiter.holder->waiting++;
    g_queue_push_tail(&seats->queue, &waiter);
    if (!seats->is_closed) {
        hand_out(seats);
    }
    send_away(seats, seats->is_closed ? 0 : seats->waiting_max);
    while (waiter.state == WAITING && g_cond_wait_until(&waiter.told, &seats->lock, until_us)) {
    }
    enum seat sent_away = seats->is_closed ? SEAT_CLOSED : SEAT_CROWDED;
    enum seat seat = waiter.state == SEATED      ? SEAT_TAKEN
                     : waiter.state == SENT_AWAY ? sent_away
                                                 : SEAT_LATE;
    if (waiter.state == WAITING) {
        leave_queue(seats, &waiter, SENT_AWAY);
    }
    g_mutex_unlock(&seats->lock);
    g_cond_clear(&waiter.told);
    return seat;
}

void seats_leave(struct seats *seats, const char *key) {
    g_mutex_lock(&seats->lock);
    struct holder *holder = g_hash_table_lookup(seats->holders, key);
    g_assert(holder != NULL && holder->held > 0);
    holder->held--;
    seats->held--;
    hand_out(seats);
    drop_idle(seats, holder);
    g_mutex_unlock(&seats->lock);
}

void seats_close(struct seats *seats) {
    g_mutex_lock(&seats->lock);
    seats->is_closed = true;
    send_away(seats, 0);
    g_mutex_unlock(&seats->lock);
}

unsigned seats_waiting(struct seats *seats) {
    g_mutex_lock(&seats->lock);
    unsigned waiting = seats->queue.length;
    g_mutex_unlock(&seats->lock);
    return waiting;
}
