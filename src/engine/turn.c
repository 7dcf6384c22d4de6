// SPDX-License-Identifier: Apache-2.0
//
// The first failure of a turn is its reason; what follows from it is not told.

#include "engine/turn.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int64_t turn_clock_ms(void) {
    return g_get_monotonic_time() / 1000;
}

void turn_wake(struct loop *loop) {
    uint64_t one = 1;
    ssize_t written = write(loop->wake_fd, &one, sizeof one);
    g_assert(written == sizeof one || errno == EAGAIN);
}

void turn_fail(struct loop *loop, GError *error) {
    if (loop->failure == NULL) {
        loop->failure = error;
    } else {
        g_error_free(error);
    }
}
