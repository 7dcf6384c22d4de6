// SPDX-License-Identifier: Apache-2.0
#include "desk.h"

#include "web/backlog.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

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

// Bytes that the kernel holds for the only client and has not sent, once its reply waits.
static int unsent_of_waiting(const struct desk *desk) {
    struct http_server *server = desk->server;
    int64_t until_us = g_get_monotonic_time() + DEADLINE_MS * G_TIME_SPAN_MILLISECOND;
    int unsent = -1;
    while (unsent < 0 && g_get_monotonic_time() < until_us) {
        g_thread_yield();
        GHashTableIter iter;
        gpointer key;
        g_mutex_lock(&server->mutex);
        g_hash_table_iter_init(&iter, server->peers);
        while (g_hash_table_iter_next(&iter, &key, NULL)) {
            struct peer *peer = key;
            if (peer->backlog_bytes > 0 && peer->is_parked) {
                g_assert_cmpint(ioctl(peer->fd, SIOCOUTQNSD, &unsent), ==, 0);
            }
        }
        g_mutex_unlock(&server->mutex);
    }
    return unsent;
}

// The client reads most of it, so that the kernel has seen how fast it can be and would let its own buffers grow, and then no more.
static void what_waits_is_not_in_the_kernel(void) {
    struct desk desk;
    desk_open(&desk);
    int fd = order(&desk, "/enormous");
    g_assert_cmpuint(read_all(fd, ENORMOUS_BYTES / 2), >=, ENORMOUS_BYTES / 2);
    int unsent = unsent_of_waiting(&desk);
    g_test_message("%d bytes are with the kernel", unsent);
    g_assert_cmpint(unsent, >=, 0);
    g_assert_cmpint(unsent, <=, 256 * 1024); // 128 KiB, and what one piece is beyond
    (void)close(fd);
    desk_close(&desk);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backlog/replies_that_nobody_reads_fill_no_memory",
                    replies_that_nobody_reads_fill_no_memory);
    g_test_add_func("/backlog/a_reply_that_waits_alone_is_kept", a_reply_that_waits_alone_is_kept);
    g_test_add_func("/backlog/what_waits_is_not_in_the_kernel", what_waits_is_not_in_the_kernel);
    return g_test_run();
}
