// SPDX-License-Identifier: Apache-2.0
//
// desk: the real server on loopback with a handler that tells what it saw, and clients that speak to it in bytes. Waits are for events
// with a deadline, never for a time.
#pragma once

#include "web/http.h"

#include "base/fault.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 20000 };

// What the handler saw and does. One of them for each test.
struct desk {
    struct http_server *server;
    GMutex mutex;
    GCond changed;
    unsigned slow_now; // handlers that wait
    bool is_open;      // they may go on
    unsigned handled;
};

static inline char *describe(const struct api_request *request) {
    unsigned sum = 0;
    for (size_t i = 0; i < request->body_len; i++) {
        sum = sum * 31 + (unsigned char)request->body[i];
    }
    return g_strdup_printf("%s %zu %zu %u", request->method, strlen(request->target),
                           request->body_len, sum);
}

static inline void answer(const struct api_request *request, struct http_reply *reply) {
    char *text = describe(request);
    http_reply_send(reply, 200, "text/plain", text, strlen(text));
}

struct errand {
    const struct api_request *request;
    struct http_reply *reply;
};

static inline gpointer run_errand(gpointer data) {
    struct errand *errand = data;
    answer(errand->request, errand->reply);
    g_free(errand);
    return NULL;
}

static inline void wait_until_open(struct desk *desk) {
    g_mutex_lock(&desk->mutex);
    desk->slow_now++;
    g_cond_broadcast(&desk->changed);
    while (!desk->is_open) {
        g_cond_wait(&desk->changed, &desk->mutex);
    }
    desk->slow_now--;
    g_mutex_unlock(&desk->mutex);
}

enum { HUGE_BYTES = 32 * 1024 * 1024, ENORMOUS_BYTES = 300 * 1024 * 1024 };

static inline void handle(void *ctx, const struct api_request *request, struct http_reply *reply) {
    struct desk *desk = ctx;
    g_mutex_lock(&desk->mutex);
    desk->handled++;
    g_mutex_unlock(&desk->mutex);
    if (g_str_has_prefix(request->target, "/slow")) {
        wait_until_open(desk);
    }
    if (g_str_has_prefix(request->target, "/elsewhere")) {
        struct errand *errand = g_new0(struct errand, 1);
        *errand = (struct errand){ request, reply };
        g_thread_unref(g_thread_new("errand", run_errand, errand));
        return;
    }
    if (g_str_has_prefix(request->target, "/huge")) {
        http_reply_send(reply, 200, "text/plain", g_malloc0(HUGE_BYTES), HUGE_BYTES);
        return;
    }
    if (g_str_has_prefix(request->target, "/enormous")) {
        http_reply_send(reply, 200, "text/plain", g_malloc0(ENORMOUS_BYTES), ENORMOUS_BYTES);
        return;
    }
    answer(request, reply);
}

static inline bool gate(void *ctx, const struct api_request *request, size_t *ret_max,
                        struct http_reply *reply) {
    if (g_str_has_prefix(request->target, "/closed")) {
        http_reply_send(reply, 403, "text/plain", g_strdup("no"), 2);
        return false;
    }
    if (g_str_has_prefix(request->target, "/large")) {
        *ret_max = 50 * 1024 * 1024;
    }
    return true;
}

static inline char *vouch(void *ctx, const struct api_request *request) {
    return g_strdup(api_request_header(request, "x-known"));
}

static inline void desk_open_with(struct desk *desk, struct http_options options) {
    *desk = (struct desk){ 0 };
    g_mutex_init(&desk->mutex);
    g_cond_init(&desk->changed);
    GError *error = NULL;
    g_assert_true(http_listen("127.0.0.1:0", &options.listen_fd, &error));
    options.gate = gate;
    options.handler = handle;
    options.vouch = vouch;
    options.ctx = desk;
    g_assert_true(http_server_start(&options, &desk->server, &error));
    g_assert_no_error(error);
}

static inline void desk_open(struct desk *desk) {
    desk_open_with(desk, (struct http_options){ 0 });
}

static inline void let_go(struct desk *desk) {
    g_mutex_lock(&desk->mutex);
    desk->is_open = true;
    g_cond_broadcast(&desk->changed);
    g_mutex_unlock(&desk->mutex);
}

static inline void desk_close(struct desk *desk) {
    let_go(desk);
    http_server_stop(desk->server, 2000);
    g_mutex_clear(&desk->mutex);
    g_cond_clear(&desk->changed);
}

static inline int dial(const struct desk *desk) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(fd, >=, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(http_server_port(desk->server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

// Sends as much as the server takes; it may close early.
static inline void say(int fd, const char *text, size_t len) {
    while (len > 0) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        text += sent;
        len -= (size_t)sent;
    }
}

static inline void say_text(int fd, const char *text) {
    say(fd, text, strlen(text));
}

// Reads one reply: status and body. Status 0: the connection ended without one.
static inline int listen_to(int fd, char **ret_body, char **ret_head) {
    g_autoptr(GString) got = g_string_new(NULL);
    char *split = NULL;
    size_t wanted = SIZE_MAX;
    while (split == NULL || got->len < wanted) {
        struct pollfd poller = { .fd = fd, .events = POLLIN };
        g_assert_cmpint(poll(&poller, 1, DEADLINE_MS), ==, 1);
        char bytes[4096];
        // Byte by byte in the head, so that a pipelined second reply stays in the socket.
        ssize_t len = recv(fd, bytes, split == NULL ? 1 : MIN(sizeof bytes, wanted - got->len), 0);
        if (len <= 0) {
            return 0;
        }
        g_string_append_len(got, bytes, len);
        if (split == NULL && (split = strstr(got->str, "\r\n\r\n")) != NULL) {
            g_autofree char *lower = g_ascii_strdown(got->str, -1);
            const char *length = strstr(lower, "content-length: ");
            bool has_body = !g_str_has_prefix(got->str, "HTTP/1.1 100");
            wanted =
                got->len +
                (length == NULL || !has_body ? 0 : (size_t)g_ascii_strtoull(length + 16, NULL, 10));
        }
    }
    split = strstr(got->str, "\r\n\r\n");
    if (ret_body != NULL) {
        *ret_body = g_strdup(split + 4);
    }
    if (ret_head != NULL) {
        *ret_head = g_strndup(got->str, (gsize)(split - got->str));
    }
    return (int)g_ascii_strtoll(strchr(got->str, ' ') + 1, NULL, 10);
}

static inline bool is_closed(int fd) {
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    g_assert_cmpint(poll(&poller, 1, DEADLINE_MS), ==, 1);
    char byte;
    return recv(fd, &byte, 1, 0) <= 0;
}

// Everything until the server closes.
static inline char *read_to_end(int fd) {
    GString *got = g_string_new(NULL);
    for (;;) {
        struct pollfd poller = { .fd = fd, .events = POLLIN };
        g_assert_cmpint(poll(&poller, 1, DEADLINE_MS), ==, 1);
        char bytes[4096];
        ssize_t len = recv(fd, bytes, sizeof bytes, 0);
        if (len <= 0) {
            return g_string_free(got, FALSE);
        }
        g_string_append_len(got, bytes, len);
    }
}

// One request on its own connection: the status.
static inline int ask(const struct desk *desk, const char *text, size_t len, bool *ret_closed) {
    int fd = dial(desk);
    say(fd, text, len);
    int status = listen_to(fd, NULL, NULL);
    if (ret_closed != NULL) {
        *ret_closed = is_closed(fd);
    }
    (void)close(fd);
    return status;
}

static inline GString *post(const char *path, size_t body_len, const char *more) {
    GString *text = g_string_new(NULL);
    g_string_printf(text, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n%s\r\n", path,
                    body_len, more);
    g_autofree char *body = g_strnfill(body_len, 'b');
    g_string_append_len(text, body, (gssize)body_len);
    return text;
}
