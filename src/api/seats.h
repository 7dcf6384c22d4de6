// SPDX-License-Identifier: Apache-2.0
//
// seats: how many large replies are made at a time, and who is next. A reply in the making holds its rows, its tree and its text, some dozens of
// MiB of each, before anybody could know its size; so what is bounded is how many there are.
//
// One key holds at most half of the seats, rounded up. A free seat goes to the one that waits for longest, of the keys that hold fewest: however many one
// key has waiting, another's call is next. Waiting takes a thread, hence only so many wait, and only so long: when one is too many,
// the key that has most of them loses its newest.
//
// A key whose clients have SEAT_UNREAD_BYTES yet to read gets no further seat until they have: replies are made as fast as they are read, so that a
// slow reader's is not pushed out by those that follow. And who leaves while it waits gives up its place.
//
// Any thread; locks by itself.
#pragma once

#include "api/wire/request.h"

#include <stdint.h>

enum { SEAT_UNREAD_BYTES = 32 * 1024 * 1024 };

struct seats;

enum seat {
    SEAT_TAKEN,   // give it back with seats_leave
    SEAT_CROWDED, // too many wait
    SEAT_CLOSED,  // nobody may wait any more
    SEAT_LATE,    // none became free in time
    SEAT_LEFT,    // the client has left meanwhile
};

// `count` at least 1.
struct seats *seats_new(unsigned count, unsigned waiting_max);
// Nobody holds a seat or waits.
void seats_free(struct seats *seats);

// Waits for a seat for this request, for at most `wait_ms` (monotonic).
enum seat seats_take(struct seats *seats, const char *key, const struct api_request *request,
                     int64_t wait_ms);
// Gives back a seat that was taken under `key`.
void seats_leave(struct seats *seats, const char *key);

// Whoever waits, now or later, gets SEAT_CLOSED; who has a seat keeps it. For the end of the server.
void seats_close(struct seats *seats);

// Calls that wait now. For tests.
unsigned seats_waiting(struct seats *seats);
