// SPDX-License-Identifier: Apache-2.0

/* Sweeping. With a pid namespace the kernel has killed everything already (parent-death signal); a
 * subreaper reads end of file and ends its tree, and gets a moment for it. */

#include "supervisor/sweep.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 5000
#define SUBREAPER_WAIT_MS 2000

/* Waits until the process has ended. */
static bool has_ended(int pidfd, int wait_ms) {
    struct pollfd ended = { .fd = pidfd, .events = POLLIN };
    int got;
    do {
        got = poll(&ended, 1, wait_ms);
    } while (got < 0 && errno == EINTR);
    return got == 1;
}

static void end_left_over(const struct attempt_context *context,
                          const struct record_started *started) {
    int pidfd = -1;
    if (strcmp(started->boot_id, context->boot_id) != 0 ||
        spawn_open_identity(&started->identity, &pidfd) != 0)
        return;
    if (!context->level.has_pidns)
        (void)has_ended(pidfd, SUBREAPER_WAIT_MS);
    (void)spawn_signal(pidfd, SIGKILL);
    (void)has_ended(pidfd, WAIT_MS);
    (void)close(pidfd);
}

int sweep_predecessor(struct attempt_context *context) {
    uint32_t count = journal_open_count(context->journal);
    struct record_started *open_starts = calloc((size_t)count + 1, sizeof *open_starts);
    if (open_starts == NULL)
        return -ENOMEM;
    size_t walk = 0;
    uint32_t found = 0;
    const struct journal_entry *entry;
    while ((entry = journal_walk(context->journal, &walk)) != NULL)
        if (!entry->is_exited && found < count)
            open_starts[found++] = entry->started;
    int error = 0;
    for (uint32_t i = 0; i < found && error == 0; i++) {
        end_left_over(context, &open_starts[i]);
        int64_t now_ms = attempt_utc_ms();
        attempt_close_lost_log(context, open_starts[i].fence, now_ms);
        error = journal_exited(context->journal,
                               &(struct frame_exited){ .fence = open_starts[i].fence,
                                                       .cause = FRAME_CAUSE_LOST,
                                                       .started_ms = open_starts[i].started_ms,
                                                       .ended_ms = now_ms });
    }
    free(open_starts);
    return error;
}
