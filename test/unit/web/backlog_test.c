// SPDX-License-Identifier: Apache-2.0
#include "desk.h"

#include "web/backlog.h"

enum { CLIENTS = 16 };

static void wait_for_bytes(int fd) {
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    g_assert_cmpint(poll(&poller, 1, DEADLINE_MS), ==, 1);
}

// Orders, and waits until the reply has begun to come.
static int order(const struct desk *desk, const char *target) {
    int fd = dial(desk);
    g_autofree char *text = g_strdup_printf("GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
    g_assert_cmpint(send(fd, text, strlen(text), MSG_NOSIGNAL), ==, (ssize_t)strlen(text));
    wait_for_bytes(fd);
    return fd;
}

// All that comes, to the end of the reply or of the connection.
static size_t read_all(int fd, size_t wanted) {
    static char buf[256 * 1024];
    size_t total = 0;
    while (total < wanted) {
        wait_for_bytes(fd);
        ssize_t len = recv(fd, buf, sizeof buf, 0);
        if (len <= 0) {
            break;
        }
        total += (size_t)len;
    }
    return total;
}

// Each reply is 32 MiB, so eight of those that wait are all that there may be; the first ones give way.
static void replies_that_nobody_reads_fill_no_memory(void) {
    struct desk desk;
    desk_open(&desk);
    int fds[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        fds[i] = order(&desk, "/huge");
    }
    // Somebody who reads gets all of it, and so does who asks for little.
    int reader = order(&desk, "/huge");
    g_assert_cmpuint(read_all(reader, HUGE_BYTES), >=, HUGE_BYTES);
    int small = order(&desk, "/small");
    g_assert_cmpuint(read_all(small, 40), >=, 40);
    unsigned whole = 0;
    for (unsigned i = 0; i < CLIENTS; i++) {
        whole += read_all(fds[i], HUGE_BYTES) >= HUGE_BYTES;
        (void)close(fds[i]);
    }
    g_test_message("%u of %d replies were kept", whole, CLIENTS);
    g_assert_cmpuint(whole, <=, BACKLOG_BYTES / HUGE_BYTES);
    g_assert_cmpuint(whole, >=, BACKLOG_BYTES / HUGE_BYTES - 2);
    (void)close(reader);
    (void)close(small);
    desk_close(&desk);
}

// Larger than all that wait may be together, and alone: its client may take its time.
static void a_reply_that_waits_alone_is_kept(void) {
    struct desk desk;
    desk_open(&desk);
    int fd = order(&desk, "/enormous");
    g_assert_cmpuint(read_all(fd, ENORMOUS_BYTES), >=, ENORMOUS_BYTES);
    (void)close(fd);
    desk_close(&desk);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backlog/replies_that_nobody_reads_fill_no_memory",
                    replies_that_nobody_reads_fill_no_memory);
    g_test_add_func("/backlog/a_reply_that_waits_alone_is_kept", a_reply_that_waits_alone_is_kept);
    return g_test_run();
}
