// SPDX-License-Identifier: Apache-2.0
//
// One connection after another kind of request: small and large, whole and in pieces, quick and slow.
#include "web/http.h"

#include "base/fault.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 20000, SLOW = 60 };

// Holds slow handlers until it is opened.
struct barrier {
    GMutex mutex;
    GCond changed;
    unsigned waiting;
    bool is_open;
};

static void handle(void *ctx, const struct api_request *request, struct http_reply *reply) {
    struct barrier *barrier = ctx;
    if (g_str_has_prefix(request->target, "/slow")) {
        g_mutex_lock(&barrier->mutex);
        barrier->waiting++;
        g_cond_broadcast(&barrier->changed);
        while (!barrier->is_open) {
            g_cond_wait(&barrier->changed, &barrier->mutex);
        }
        g_mutex_unlock(&barrier->mutex);
    }
    char *text = g_strdup_printf("%zu %zu;", strlen(request->target), request->body_len);
    http_reply_send(reply, 200, "text/plain", text, strlen(text));
}

static bool all_are_quick(void *ctx, const struct api_request *request) {
    return true;
}

static struct http_server *start(struct barrier *barrier) {
    GError *error = NULL;
    struct http_options options = { .handler = handle, .is_quick = all_are_quick, .ctx = barrier };
    struct http_server *server = NULL;
    g_mutex_init(&barrier->mutex);
    g_cond_init(&barrier->changed);
    g_assert_true(http_listen("127.0.0.1:0", &options.listen_fd, &error));
    g_assert_true(http_server_start(&options, &server, &error));
    return server;
}

static int dial(const struct http_server *server) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(http_server_port(server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

static void say(int fd, const char *text) {
    for (size_t len = strlen(text); len > 0;) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
        g_assert_cmpint(sent, >, 0);
        text += sent;
        len -= (size_t)sent;
    }
}

// Reads until so many replies have come; their bodies end with ';'. All bodies in one text.
static char *hear(int fd, unsigned replies) {
    g_autoptr(GString) got = g_string_new(NULL);
    GString *bodies = g_string_new(NULL);
    while (replies > 0) {
        struct pollfd poller = { .fd = fd, .events = POLLIN };
        char byte;
        g_assert_cmpint(poll(&poller, 1, DEADLINE_MS), ==, 1);
        g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 1);
        g_string_append_c(got, byte);
        const char *split = strstr(got->str, "\r\n\r\n");
        if (byte == ';' && split != NULL) {
            g_assert_true(g_str_has_prefix(got->str, "HTTP/1.1 200 "));
            g_string_append(bodies, split + 4);
            g_string_truncate(got, 0);
            replies--;
        }
    }
    return g_string_free(bodies, FALSE);
}

static const char small[] = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";

static void a_large_target_may_come_later_on_a_kept_connection(void) {
    struct barrier barrier = { 0 };
    struct http_server *server = start(&barrier);
    int fd = dial(server);
    g_autofree char *filler = g_strnfill(HTTP_TARGET_BYTES_MAX - 1, 'x');
    g_autofree char *large = g_strdup_printf("GET /%s HTTP/1.1\r\nHost: h\r\n\r\n", filler);
    for (int i = 0; i < 3; i++) {
        say(fd, small);
        g_autofree char *first = hear(fd, 1);
        g_assert_cmpstr(first, ==, "2 0;");
        say(fd, large);
        g_autofree char *second = hear(fd, 1);
        g_assert_cmpstr(second, ==, "1048576 0;");
    }
    g_assert_cmpuint(http_server_connections(server), ==, 1);
    (void)close(fd);
    http_server_stop(server, 2000);
}

static void requests_of_every_kind_are_answered_in_their_order(void) {
    struct barrier barrier = { 0 };
    struct http_server *server = start(&barrier);
    int fd = dial(server);
    say(fd, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
            "POST /22 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
            "POST /333 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
            "GET /4444 HTTP/1.1\r\nHost: h\r\n\r\nGET /55");
    g_autofree char *four = hear(fd, 4);
    g_assert_cmpstr(four, ==, "2 0;3 3;4 1;5 0;");
    say(fd, "555 HTTP/1.1\r\nHost: h\r\n\r\n");
    g_autofree char *fifth = hear(fd, 1);
    g_assert_cmpstr(fifth, ==, "6 0;");
    (void)close(fd);
    http_server_stop(server, 2000);
}

// Also when everybody was wrong about what is quick.
static void handlers_on_network_threads_do_not_hold_up_strangers(void) {
    struct barrier barrier = { 0 };
    struct http_server *server = start(&barrier);
    int slow[SLOW];
    for (int i = 0; i < SLOW; i++) {
        slow[i] = dial(server);
        say(slow[i], "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    g_mutex_lock(&barrier.mutex);
    int64_t until_us = g_get_monotonic_time() + DEADLINE_MS * 1000;
    while (barrier.waiting < SLOW) {
        g_assert_true(g_cond_wait_until(&barrier.changed, &barrier.mutex, until_us));
    }
    g_mutex_unlock(&barrier.mutex);
    int fd = dial(server);
    say(fd, small);
    g_autofree char *body = hear(fd, 1);
    g_assert_cmpstr(body, ==, "2 0;");
    (void)close(fd);
    g_mutex_lock(&barrier.mutex);
    barrier.is_open = true;
    g_cond_broadcast(&barrier.changed);
    g_mutex_unlock(&barrier.mutex);
    for (int i = 0; i < SLOW; i++) {
        g_autofree char *late = hear(slow[i], 1);
        g_assert_cmpstr(late, ==, "5 0;");
        (void)close(slow[i]);
    }
    http_server_stop(server, 2000);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/connection/a_large_target_may_come_later_on_a_kept_connection",
                    a_large_target_may_come_later_on_a_kept_connection);
    g_test_add_func("/connection/requests_of_every_kind_are_answered_in_their_order",
                    requests_of_every_kind_are_answered_in_their_order);
    g_test_add_func("/connection/handlers_on_network_threads_do_not_hold_up_strangers",
                    handlers_on_network_threads_do_not_hold_up_strangers);
    return g_test_run();
}
