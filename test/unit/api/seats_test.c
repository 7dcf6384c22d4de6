// SPDX-License-Identifier: Apache-2.0
//
// Seats for large replies: how many there are, whose turn it is, and who is sent away.
#include "api/seats.h"

#include <glib.h>

enum { LONG_MS = 60 * 1000, SHORT_MS = 20 };

static const struct api_request nobody; // nothing is known of the client

// A client that a test plays.
struct player {
    struct api_request request;
    gint has_left;
    gint unread_mib;
};

static bool player_has_left(const struct api_request *request) {
    return g_atomic_int_get(&((const struct player *)request)->has_left) != 0;
}

static size_t player_unread_bytes(const struct api_request *request, const char *key) {
    g_assert_cmpstr(key, ==, "a");
    return (size_t)g_atomic_int_get(&((const struct player *)request)->unread_mib) * 1024 * 1024;
}

static const struct api_client played_client = { player_has_left, player_unread_bytes };

struct guest {
    struct seats *seats;
    const char *key;
    const struct api_request *request;
    GThread *thread;
    enum seat seat;
    GAsyncQueue *told; // guests, in the order they were told
};

static gpointer run_guest(gpointer data) {
    struct guest *guest = data;
    guest->seat = seats_take(guest->seats, guest->key, guest->request, LONG_MS);
    g_async_queue_push(guest->told, guest);
    return NULL;
}

// Comes and stands in the queue before this returns.
static void queue_up_for(struct guest *guest, struct seats *seats, const char *key,
                         const struct api_request *request, GAsyncQueue *told) {
    unsigned waiting = seats_waiting(seats);
    *guest = (struct guest){ .seats = seats, .key = key, .request = request, .told = told };
    guest->thread = g_thread_new("guest", run_guest, guest);
    while (seats_waiting(seats) == waiting) {
        g_thread_yield();
    }
}

static void queue_up(struct guest *guest, struct seats *seats, const char *key, GAsyncQueue *told) {
    queue_up_for(guest, seats, key, &nobody, told);
}

// The next that was told, which must be this one.
static void expect_told(GAsyncQueue *told, struct guest *guest, enum seat seat) {
    struct guest *next = g_async_queue_timeout_pop(told, G_USEC_PER_SEC * 60);
    g_assert_true(next == guest);
    g_assert_cmpint(guest->seat, ==, seat);
    (void)g_thread_join(guest->thread);
}

static void who_has_much_to_read_waits_and_nobody_else(void) {
    g_autoptr(GAsyncQueue) told = g_async_queue_new();
    struct seats *seats = seats_new(2, 8);
    struct player player = { .request = { .client = &played_client },
                             .unread_mib = SEAT_UNREAD_BYTES / 1024 / 1024 };
    struct guest reader;
    queue_up_for(&reader, seats, "a", &player.request, told);
    g_assert_cmpint(seats_take(seats, "b", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    seats_leave(seats, "b");
    g_assert_cmpuint(seats_waiting(seats), ==, 1);
    g_atomic_int_set(&player.unread_mib, SEAT_UNREAD_BYTES / 1024 / 1024 - 1);
    expect_told(told, &reader, SEAT_TAKEN);
    seats_leave(seats, "a");
    seats_free(seats);
}

static void who_leaves_gives_up_its_place(void) {
    g_autoptr(GAsyncQueue) told = g_async_queue_new();
    struct seats *seats = seats_new(1, 2);
    struct player player = { .request = { .client = &played_client } };
    struct guest leaving;
    struct guest staying;
    g_assert_cmpint(seats_take(seats, "b", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    queue_up_for(&leaving, seats, "a", &player.request, told);
    queue_up(&staying, seats, "c", told);
    g_atomic_int_set(&player.has_left, 1);
    expect_told(told, &leaving, SEAT_LEFT);
    g_assert_cmpuint(seats_waiting(seats), ==, 1);
    seats_leave(seats, "b");
    expect_told(told, &staying, SEAT_TAKEN);
    seats_leave(seats, "c");
    seats_free(seats);
}

static void one_key_holds_half_of_the_seats(void) {
    struct seats *seats = seats_new(4, 8);
    g_assert_cmpint(seats_take(seats, "a", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    g_assert_cmpint(seats_take(seats, "a", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    g_assert_cmpint(seats_take(seats, "a", &nobody, SHORT_MS), ==, SEAT_LATE);
    g_assert_cmpint(seats_take(seats, "b", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    g_assert_cmpint(seats_take(seats, "b", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    g_assert_cmpint(seats_take(seats, "c", &nobody, SHORT_MS), ==, SEAT_LATE);
    seats_leave(seats, "a");
    g_assert_cmpint(seats_take(seats, "c", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    g_assert_cmpuint(seats_waiting(seats), ==, 0);
    seats_leave(seats, "a");
    seats_leave(seats, "b");
    seats_leave(seats, "b");
    seats_leave(seats, "c");
    seats_free(seats);
}

static void of_one_key_the_first_that_came_is_next(void) {
    g_autoptr(GAsyncQueue) told = g_async_queue_new();
    struct seats *seats = seats_new(1, 8);
    struct guest guests[3];
    g_assert_cmpint(seats_take(seats, "a", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    for (unsigned i = 0; i < G_N_ELEMENTS(guests); i++) {
        queue_up(&guests[i], seats, "a", told);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(guests); i++) {
        seats_leave(seats, "a");
        expect_told(told, &guests[i], SEAT_TAKEN);
    }
    seats_leave(seats, "a");
    seats_free(seats);
}

// Two keys hold all seats and have more waiting; the third came last.
static void who_holds_nothing_is_next(void) {
    g_autoptr(GAsyncQueue) told = g_async_queue_new();
    struct seats *seats = seats_new(4, 8);
    struct guest busy[2];
    struct guest late;
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpint(seats_take(seats, "a", &nobody, SHORT_MS), ==, SEAT_TAKEN);
        g_assert_cmpint(seats_take(seats, "b", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    }
    queue_up(&busy[0], seats, "a", told);
    queue_up(&busy[1], seats, "b", told);
    queue_up(&late, seats, "c", told);
    seats_leave(seats, "a");
    expect_told(told, &late, SEAT_TAKEN);
    // "a" and "b" hold one each now, so that who came first is next.
    seats_leave(seats, "b");
    expect_told(told, &busy[0], SEAT_TAKEN);
    seats_leave(seats, "c");
    expect_told(told, &busy[1], SEAT_TAKEN);
    for (unsigned i = 0; i < 2; i++) {
        seats_leave(seats, "a");
        seats_leave(seats, "b");
    }
    seats_free(seats);
}

static void when_too_many_wait_the_key_that_has_most_loses_its_newest(void) {
    g_autoptr(GAsyncQueue) told = g_async_queue_new();
    struct seats *seats = seats_new(1, 2);
    struct guest greedy[2];
    struct guest modest;
    g_assert_cmpint(seats_take(seats, "x", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    queue_up(&greedy[0], seats, "a", told);
    queue_up(&greedy[1], seats, "a", told);
    // One more of the same key is that newest itself, at once and not late.
    g_assert_cmpint(seats_take(seats, "a", &nobody, LONG_MS), ==, SEAT_CROWDED);
    modest = (struct guest){ .seats = seats, .key = "b", .request = &nobody, .told = told };
    modest.thread = g_thread_new("guest", run_guest, &modest);
    expect_told(told, &greedy[1], SEAT_CROWDED);
    g_assert_cmpuint(seats_waiting(seats), ==, 2);
    // Each has one: who comes now is the newest.
    g_assert_cmpint(seats_take(seats, "c", &nobody, LONG_MS), ==, SEAT_CROWDED);
    seats_leave(seats, "x");
    expect_told(told, &greedy[0], SEAT_TAKEN);
    seats_leave(seats, "a");
    expect_told(told, &modest, SEAT_TAKEN);
    seats_leave(seats, "b");
    seats_free(seats);
}

static void the_end_sends_away_who_waits_and_leaves_the_others(void) {
    g_autoptr(GAsyncQueue) told = g_async_queue_new();
    struct seats *seats = seats_new(2, 8);
    struct guest guest;
    g_assert_cmpint(seats_take(seats, "a", &nobody, SHORT_MS), ==, SEAT_TAKEN);
    queue_up(&guest, seats, "a", told);
    seats_close(seats);
    expect_told(told, &guest, SEAT_CLOSED);
    g_assert_cmpint(seats_take(seats, "b", &nobody, LONG_MS), ==, SEAT_CLOSED);
    seats_leave(seats, "a");
    seats_free(seats);
}

enum { CROWD = 16, TURNS = 200 };

static gint seated, seated_most;

static gpointer run_turns(gpointer data) {
    struct guest *guest = data;
    for (unsigned i = 0; i < TURNS; i++) {
        if (seats_take(guest->seats, guest->key, &nobody, i % 3) == SEAT_TAKEN) {
            gint now = g_atomic_int_add(&seated, 1) + 1;
            if (now > g_atomic_int_get(&seated_most)) {
                g_atomic_int_set(&seated_most, now);
            }
            g_thread_yield();
            (void)g_atomic_int_add(&seated, -1);
            seats_leave(guest->seats, guest->key);
        }
    }
    return NULL;
}

// Many at once, some late and some sent away: never more than there are seats, and nobody is left over.
static void a_crowd_takes_turns(void) {
    static const char *const keys[] = { "a", "b", "c" };
    struct seats *seats = seats_new(3, 4);
    struct guest guests[CROWD];
    for (unsigned i = 0; i < CROWD; i++) {
        guests[i] = (struct guest){ .seats = seats, .key = keys[i % G_N_ELEMENTS(keys)] };
        guests[i].thread = g_thread_new("guest", run_turns, &guests[i]);
    }
    for (unsigned i = 0; i < CROWD; i++) {
        (void)g_thread_join(guests[i].thread);
    }
    g_assert_cmpint(g_atomic_int_get(&seated_most), <=, 3);
    g_assert_cmpint(g_atomic_int_get(&seated_most), >=, 1);
    g_assert_cmpuint(seats_waiting(seats), ==, 0);
    seats_free(seats);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/seats/who_has_much_to_read_waits_and_nobody_else",
                    who_has_much_to_read_waits_and_nobody_else);
    g_test_add_func("/seats/who_leaves_gives_up_its_place", who_leaves_gives_up_its_place);
    g_test_add_func("/seats/one_key_holds_half_of_the_seats", one_key_holds_half_of_the_seats);
    g_test_add_func("/seats/of_one_key_the_first_that_came_is_next",
                    of_one_key_the_first_that_came_is_next);
    g_test_add_func("/seats/who_holds_nothing_is_next", who_holds_nothing_is_next);
    g_test_add_func("/seats/when_too_many_wait_the_key_that_has_most_loses_its_newest",
                    when_too_many_wait_the_key_that_has_most_loses_its_newest);
    g_test_add_func("/seats/the_end_sends_away_who_waits_and_leaves_the_others",
                    the_end_sends_away_who_waits_and_leaves_the_others);
    g_test_add_func("/seats/a_crowd_takes_turns", a_crowd_takes_turns);
    return g_test_run();
}
