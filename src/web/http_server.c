// SPDX-License-Identifier: Apache-2.0
//
// http_server: starts and stops, accepts, and watches over time: the threads around those of connection.c.
#include "web/http.h"

#include "base/fault.h"
#include "web/connection.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    BYTES_PER_SECOND_MIN = 1024, // of a body or reply, after the grace
    REAPER_PERIOD_MS = 500,
    ACCEPT_PAUSE_MS = 100,
    UNSENT_BYTES_MAX = 128 * 1024,
};

// ---- Time

// A reply is with the client as far as its host has acknowledged it; what the kernel holds for it does not count.
static bool reads_slowly(struct peer *peer, int64_t watched_ms, int64_t grace_ms) {
    struct tcp_info info = { 0 };
    socklen_t len = sizeof info;
    if (getsockopt(peer->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) {
        return false;
    }
    if (peer->read_bytes == 0) {
        peer->read_bytes = info.tcpi_bytes_acked + 1;
        return false;
    }
    // Over less time than the grace a client that stands still for a moment would be taken for a slow one.
    return watched_ms > grace_ms && info.tcpi_bytes_acked + 1 - peer->read_bytes <
                                        (uint64_t)watched_ms / 1000 * BYTES_PER_SECOND_MIN;
}

// Is the connection slower than its stage allows?
static bool is_late(const struct http_server *server, struct peer *peer, int64_t now_us) {
    const struct http_options *options = &server->options;
    int64_t waited_ms = (now_us - peer->since_us) / 1000;
    int64_t grace_ms = options->slow_grace_ms;
    switch (peer->stage) {
    case STAGE_HEAD:
        return waited_ms > (peer->was_used && !peer->has_begun ? options->idle_timeout_ms
                                                               : options->header_timeout_ms);
    case STAGE_BODY:
    case STAGE_DRAIN:
        return waited_ms > options->body_timeout_ms ||
               (waited_ms > grace_ms &&
                peer->body_bytes < (uint64_t)(waited_ms - grace_ms) / 1000 * BYTES_PER_SECOND_MIN);
    case STAGE_BUSY: return false;
    case STAGE_REPLY:
        return waited_ms > 2 * (int64_t)options->body_timeout_ms ||
               (waited_ms > grace_ms && reads_slowly(peer, waited_ms - grace_ms, grace_ms));
    }
    return false;
}

// Cuts late connections. Sleeps without a timer while nobody is connected.
static gpointer run_reaper(gpointer data) {
    struct http_server *server = data;
    g_mutex_lock(&server->mutex);
    while (!server->is_stopping) {
        if (g_hash_table_size(server->peers) == 0) {
            g_cond_wait(&server->reaper_woken, &server->mutex);
            continue;
        }
        int64_t now_us = g_get_monotonic_time();
        GHashTableIter iter;
        gpointer key;
        g_hash_table_iter_init(&iter, server->peers);
        while (g_hash_table_iter_next(&iter, &key, NULL)) {
            struct peer *peer = key;
            if (peer->is_parked && !peer->is_cut && is_late(server, peer, now_us)) {
                peer_cut(peer);
            }
        }
        int64_t until_us = g_get_monotonic_time() + REAPER_PERIOD_MS * 1000;
        while (!server->is_stopping &&
               g_cond_wait_until(&server->reaper_woken, &server->mutex, until_us)) {
        }
    }
    g_mutex_unlock(&server->mutex);
    return NULL;
}

// ---- Accepting

// Waits until one more connection may come; false when the server stops.
static bool wait_for_room(struct http_server *server) {
    g_mutex_lock(&server->mutex);
    server->acceptor_waits = true;
    while (!server->is_stopping && !peer_may_come(server)) {
        g_cond_wait(&server->has_room, &server->mutex);
    }
    server->acceptor_waits = false;
    bool goes_on = !server->is_stopping;
    g_mutex_unlock(&server->mutex);
    return goes_on;
}

// What a client does not take is to wait with us, where it is counted (web/backlog), not in buffers of the kernel that
// grow to 4 MiB for each connection. A smaller buffer (SO_SNDBUF) would hold what is on its way to a client far away as
// well, and slow down good readers; this bounds only what is not sent yet.
static void bound_unsent(int fd) {
    int bytes = UNSENT_BYTES_MAX;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

static void greet(struct http_server *server, int fd, const struct sockaddr_storage *from) {
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bound_unsent(fd);
    struct peer *peer = peer_new(server, fd, from);
    if (peer_enter(peer)) {
        network_add(server->network, peer);
    }
}

static gpointer run_acceptor(gpointer data) {
    struct http_server *server = data;
    while (wait_for_room(server)) {
        struct pollfd pollers[] = { { .fd = server->listen_fd, .events = POLLIN },
                                    { .fd = server->stop_fd, .events = POLLIN } };
        if (poll(pollers, G_N_ELEMENTS(pollers), -1) <= 0 || pollers[0].revents == 0) {
            continue;
        }
        struct sockaddr_storage from = { 0 };
        socklen_t from_len = sizeof from;
        int fd = accept4(server->listen_fd, (struct sockaddr *)&from, &from_len,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            greet(server, fd, &from);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            // They are ours or somebody else's; some will be freed.
            (void)poll(&pollers[1], 1, ACCEPT_PAUSE_MS);
        }
    }
    return NULL;
}

// ---- The server

static void fill_defaults(struct http_options *options) {
    options->workers_max = options->workers_max == 0 ? 128 : options->workers_max;
    options->connections_max = options->connections_max == 0 ? 512 : options->connections_max;
    options->address_connections_max =
        options->address_connections_max == 0 ? 200 : options->address_connections_max;
    options->slow_grace_ms = options->slow_grace_ms == 0 ? 5000 : options->slow_grace_ms;
    options->kept_connections_max =
        options->kept_connections_max == 0 ? 64 : options->kept_connections_max;
    options->header_timeout_ms =
        options->header_timeout_ms == 0 ? 10 * 1000 : options->header_timeout_ms;
    options->body_timeout_ms = options->body_timeout_ms == 0 ? 60 * 1000 : options->body_timeout_ms;
    options->idle_timeout_ms = options->idle_timeout_ms == 0 ? 60 * 1000 : options->idle_timeout_ms;
}

static uint16_t port_of(int fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address = { 0 };
    socklen_t len = sizeof address;
    if (getsockname(fd, &address.any, &len) < 0) {
        return 0;
    }
    return ntohs(address.any.sa_family == AF_INET6 ? address.in6.sin6_port : address.in.sin_port);
}

// Frees what http_server_start has made so far. The threads have ended.
static void server_free(struct http_server *server) {
    g_assert(server->requests == 0);
    g_assert(g_hash_table_size(server->peers) == 0);
    g_thread_pool_free(server->workers, FALSE, TRUE);
    g_hash_table_unref(server->peers);
    budget_done(&server->budget);
    tls_context_free(server->tls);
    (void)close(server->listen_fd);
    if (server->stop_fd >= 0) {
        (void)close(server->stop_fd);
    }
    if (server->epoll_fd >= 0) {
        (void)close(server->epoll_fd);
    }
    g_cond_clear(&server->reaper_woken);
    g_cond_clear(&server->fewer);
    g_cond_clear(&server->has_room);
    g_mutex_clear(&server->mutex);
    g_free(server);
}

static void run_worker(gpointer data, gpointer ctx) {
    exchange_handle(data);
}

static struct http_server *server_new(const struct http_options *options) {
    struct http_server *server = g_new0(struct http_server, 1);
    server->options = *options;
    server->options.tls = NULL; // the caller's
    server->listen_fd = options->listen_fd;
    fill_defaults(&server->options);
    g_mutex_init(&server->mutex);
    g_cond_init(&server->reaper_woken);
    g_cond_init(&server->fewer);
    g_cond_init(&server->has_room);
    server->peers = g_hash_table_new(g_direct_hash, g_direct_equal);
    budget_init(&server->budget);
    server->port = port_of(options->listen_fd);
    server->workers =
        g_thread_pool_new(run_worker, server, (gint)server->options.workers_max, FALSE, NULL);
    server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return server;
}

bool http_server_start(const struct http_options *options, struct http_server **ret_server,
                       GError **error) {
    g_assert(options->handler != NULL);
    struct http_server *server = server_new(options);
    if ((options->tls != NULL && !tls_context_new(options->tls, &server->tls, error)) ||
        !network_start(server, error)) {
        server_free(server);
        return false;
    }
    server->reaper = g_thread_new("http-reaper", run_reaper, server);
    server->acceptor = g_thread_new("http-acceptor", run_acceptor, server);
    *ret_server = server;
    return true;
}

uint16_t http_server_port(const struct http_server *server) {
    return server->port;
}

// Running handlers end by themselves; their replies, and the requests that are on their way, have some time.
static void wait_for_requests(struct http_server *server, unsigned drain_ms) {
    g_mutex_lock(&server->mutex);
    server->is_stopping = true;
    g_cond_signal(&server->reaper_woken);
    g_cond_signal(&server->has_room);
    while (server->busy > 0) {
        g_cond_wait(&server->fewer, &server->mutex);
    }
    int64_t until_us = g_get_monotonic_time() + (int64_t)drain_ms * 1000;
    while (server->requests > 0 && g_cond_wait_until(&server->fewer, &server->mutex, until_us)) {
    }
    g_mutex_unlock(&server->mutex);
}

void http_server_stop(struct http_server *server, unsigned drain_ms) {
    wait_for_requests(server, drain_ms);
    uint64_t one = 1;
    ssize_t written = write(server->stop_fd, &one, sizeof one);
    g_assert(written == sizeof one);
    (void)g_thread_join(server->acceptor);
    (void)g_thread_join(server->reaper);
    network_stop(server->network);
    server_free(server);
}

unsigned http_server_connections(const struct http_server *server) {
    struct http_server *unlocked = (struct http_server *)server;
    g_mutex_lock(&unlocked->mutex);
    unsigned count = g_hash_table_size(unlocked->peers);
    g_mutex_unlock(&unlocked->mutex);
    return count;
}

size_t http_server_body_bytes(const struct http_server *server) {
    struct http_server *unlocked = (struct http_server *)server;
    g_mutex_lock(&unlocked->mutex);
    size_t bytes = unlocked->budget.bytes;
    g_mutex_unlock(&unlocked->mutex);
    return bytes;
}
