// SPDX-License-Identifier: Apache-2.0
//
// Names as somebody chooses them who wants a table to be slow, and what it costs to take them.
#pragma once

#include <glib.h>
#include <string.h>
#include <time.h>

enum { COLLIDING_BITS = 15, COLLIDING_BYTES = 2 * COLLIDING_BITS + 1, COLLIDING_COUNT = 20000 };

// "bA" and "ab" have one hash in GLib's function (33 h + c), and so has every row of them. Numbers below 2^COLLIDING_BITS.
static inline void colliding_name(unsigned number, char ret_name[COLLIDING_BYTES]) {
    for (unsigned bit = 0; bit < COLLIDING_BITS; bit++) {
        memcpy(ret_name + (size_t)2 * bit, (number >> bit & 1) != 0 ? "bA" : "ab", 2);
    }
    ret_name[COLLIDING_BYTES - 1] = '\0';
}

// Processor time of this thread, so that a busy machine does not count.
static inline double colliding_cpu_s(void) {
    struct timespec now;
    g_assert_true(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Taking them costs some 0.03 s; where each is compared with all before it, some 200 million comparisons: seconds.
static inline void colliding_assert_cheap(double since_s) {
    double took_s = colliding_cpu_s() - since_s;
    g_test_message("%d names took %.3f s", COLLIDING_COUNT, took_s);
    g_assert_cmpfloat(took_s, <, 1.0);
}
