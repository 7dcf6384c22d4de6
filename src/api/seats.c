// SPDX-License-Identifier: Apache-2.0
//
// seats: whoever comes stands in the queue, and every change of it hands out what can be handed out, so that a seat is free only while
// nobody may have it. A waiter lives on its thread's stack; it leaves the queue under the lock, when it is told or when its time is over. What clients do
// tells nobody, so each waiter looks from time to time.
#include "api/seats.h"

#include "base/keyed_hash.h"

#include <glib.h>
#include <stdbool.h>

enum { LOOK_MS = 100 };

enum state { WAITING, SEATED, SENT_AWAY, LEFT };

// A key that holds or waits.
struct holder {
    char *key;
    unsigned held;
    unsigned waiting;
    bool may_have_more; // its clients read what they have; of this round
    unsigned round;
};

struct waiter {
    struct holder *holder;
    const struct api_request *request;
    enum state state;
    GCond told;
};

struct seats {
    unsigned count;
    unsigned key_max;
    unsigned waiting_max;
    GMutex lock; // guards what follows
    unsigned held;
    unsigned round; // of handing out
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

// Asked once for each key in a round.
static bool may_have_more(const struct seats *seats, const struct waiter *waiter) {
    struct holder *holder = waiter->holder;
    const struct api_client *client = waiter->request->client;
    if (holder->round != seats->round) {
        holder->round = seats->round;
        holder->may_have_more =
            client == NULL ||
            client->unread_bytes(waiter->request, holder->key) < SEAT_UNREAD_BYTES;
    }
    return holder->may_have_more;
}

static struct waiter *find_next(struct seats *seats) {
    struct waiter *next = NULL;
    for (GList *at = seats->queue.head; at != NULL; at = at->next) {
        struct waiter *waiter = at->data;
        if (waiter->holder->held < seats->key_max &&
            (next == NULL || waiter->holder->held < next->holder->held) &&
            may_have_more(seats, waiter)) {
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
    seats->round++;
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

static void look_around(struct seats *seats, struct waiter *waiter) {
    const struct api_client *client = waiter->request->client;
    if (client != NULL && client->has_left(waiter->request)) {
        leave_queue(seats, waiter, LEFT);
    } else {
        hand_out(seats);
    }
}

static void wait_in_queue(struct seats *seats, struct waiter *waiter, int64_t until_us) {
    int64_t now_us = g_get_monotonic_time();
    while (waiter->state == WAITING && now_us < until_us) {
        int64_t look_us = MIN(until_us, now_us + LOOK_MS * 1000);
        if (!g_cond_wait_until(&waiter->told, &seats->lock, look_us) && waiter->state == WAITING) {
            look_around(seats, waiter);
        }
        now_us = g_get_monotonic_time();
    }
}

enum seat seats_take(struct seats *seats, const char *key, const struct api_request *request,
                     int64_t wait_ms) {
    int64_t until_us = g_get_monotonic_time() + wait_ms * 1000;
    g_mutex_lock(&seats->lock);
    struct waiter waiter = { .holder = find_holder(seats, key),
                             .request = request,
                             .state = WAITING };
    g_cond_init(&waiter.told);
    waiter.holder->waiting++;
    g_queue_push_tail(&seats->queue, &waiter);
    if (!seats->is_closed) {
        hand_out(seats);
    }
    send_away(seats, seats->is_closed ? 0 : seats->waiting_max);
    wait_in_queue(seats, &waiter, until_us);
    enum seat sent_away = seats->is_closed ? SEAT_CLOSED : SEAT_CROWDED;
    enum seat seat = waiter.state == SEATED      ? SEAT_TAKEN
                     : waiter.state == SENT_AWAY ? sent_away
                     : waiter.state == LEFT      ? SEAT_LEFT
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
