// SPDX-License-Identifier: Apache-2.0
//
// http_server: accepts, watches over slow clients, and leads requests through libmicrohttpd, unless they can go the short way
// (express.c). The only file that includes that library.
//
// A request's life in the library:
//
//   HEAD ──gate──▶ BODY ──complete──▶ BUSY (suspended, a worker has it) ──▶ REPLY ──sent──▶ freed
//     └──refused──▶ DRAIN (the body is read and dropped) ──▶ REPLY
//
// What always holds: while a request is BUSY its connection is suspended, so the network threads never wait for a handler; the reply's
// sender resumes it as its last act and touches nothing afterwards. A body that cannot be framed is not drained: the connection is closed.
//
// Connections are accepted here and handed to the library, so that the limits on them count both ways together.
#include "web/http.h"

#include "base/fault.h"
#include "base/log.h"
#include "web/exchange.h"
#include "web/express.h"
#include "web/framing.h"

#include <errno.h>
#include <linux/tcp.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>

#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    // Holds a target of 1 MiB, its headers, and the library's notes on its parameters. The library clears all of it between two
    // requests of a kept connection, so it is as small as the target allows, and kept connections are counted.
    CONNECTION_MEMORY_BYTES = 1024 * 1024 + 160 * 1024,
    DRAIN_BYTES_MAX = 64 * 1024 * 1024,
    BYTES_PER_SECOND_MIN = 1024, // of a body or reply, after the grace
    REAPER_PERIOD_MS = 500,
    ACCEPT_PAUSE_MS = 100,
};

// ---- Replies

// Makes the library's response and lets the connection go on. A network thread frees `exchange` once it is resumed.
static void send_response(struct http_reply *exchange, const char *content_type, char *body_take,
                          size_t len, bool keeps) {
    // The library frees by the last argument, not by the buffer.
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(len, body_take, g_free, body_take);
    g_assert(response != NULL);
    (void)MHD_add_response_header(response, "Content-Type", content_type);
    for (guint i = 0; exchange->extra != NULL && i + 1 < exchange->extra->len; i += 2) {
        (void)MHD_add_response_header(response, g_ptr_array_index(exchange->extra, i),
                                      g_ptr_array_index(exchange->extra, i + 1));
    }
    if (keeps) {
        (void)MHD_set_response_options(response, MHD_RF_SEND_KEEP_ALIVE_HEADER, MHD_RO_END);
        (void)MHD_add_response_header(response, "Keep-Alive", "timeout=25");
    } else {
        (void)MHD_add_response_header(response, "Connection", "close");
    }
    bool is_suspended = exchange->is_suspended;
    exchange->response = response;
    if (is_suspended) {
        MHD_resume_connection(exchange->connection);
    }
}

static enum MHD_Result queue_reply(struct http_reply *exchange) {
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, exchange->status, exchange->response);
    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return result;
}

// ---- Requests

static enum MHD_Result collect_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                      size_t name_len, const char *value, size_t value_len) {
    struct http_reply *exchange = ctx;
    struct api_header header = { .name = name, .value = value == NULL ? "" : value };
    if (strlen(header.name) != name_len || strlen(header.value) != value_len) {
        exchange->refusal = HTTP_MALFORMED; // a NUL inside
    }
    size_t end = strlen(header.value);
    if (end > 0 && g_ascii_isspace(header.value[end - 1])) {
        header.value =
            g_strchomp(g_strdup(header.value)); // the library removes only those in front
        if (exchange->trimmed == NULL) {
            exchange->trimmed = g_ptr_array_new_with_free_func(g_free);
        }
        g_ptr_array_add(exchange->trimmed, (gpointer)header.value);
    }
    g_array_append_val(exchange->headers, header);
    return MHD_YES;
}

// Begins a request: called with the target as sent, before anything else of the request is read.
static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection) {
    struct peer *peer =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct http_reply *exchange = exchange_new(peer, send_response);
    exchange->target = g_strdup(target);
    exchange->connection = connection;
    exchange_begin(exchange);
    return exchange;
}

// Queues a reply that was made before the body came. The body is read and dropped first, so that a client which is still sending gets
// its answer; not when it waits for `100 Continue`, announces too much, or cannot be framed.
static enum MHD_Result queue_after_body(struct http_reply *exchange) {
    const struct framing *framing = &exchange->framing;
    bool has_body = framing->is_chunked || framing->length > 0;
    if (!has_body || framing->expects_continue || framing->length > DRAIN_BYTES_MAX) {
        return queue_reply(exchange);
    }
    exchange_set_stage(exchange, STAGE_DRAIN);
    return MHD_YES;
}

static enum MHD_Result refuse(struct http_reply *exchange, enum http_refusal refusal) {
    exchange_refuse(exchange, refusal);
    return queue_after_body(exchange);
}

static enum MHD_Result on_head(struct http_reply *exchange, const char *method,
                               const char *version) {
    struct http_server *server = exchange->server;
    (void)MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, collect_header,
                                      exchange);
    exchange->is_http11 = strcmp(version, "HTTP/1.1") == 0;
    exchange->request = (struct api_request){ .method = method,
                                              .target = exchange->target,
                                              .headers = (const void *)exchange->headers->data,
                                              .header_count = exchange->headers->len,
                                              .peer = exchange->peer->address };
    enum http_refusal refusal = exchange->refusal;
    if (refusal == HTTP_ACCEPTED) {
        refusal = framing_check(&exchange->request, exchange->is_http11, &exchange->framing);
    }
    if (refusal != HTTP_ACCEPTED) {
        return refuse(exchange, refusal);
    }
    if (server->options.gate != NULL &&
        !server->options.gate(server->options.ctx, &exchange->request, &exchange->body_bytes_max,
                              exchange)) {
        g_assert(exchange->response != NULL);
        return queue_after_body(exchange);
    }
    if (exchange->framing.length > exchange->body_bytes_max) {
        return refuse(exchange, HTTP_BODY_TOO_LARGE);
    }
    if (exchange_is_overloaded(server, exchange->framing.length)) {
        return refuse(exchange, HTTP_OVERLOADED);
    }
    exchange_set_stage(exchange, STAGE_BODY);
    return MHD_YES;
}

static enum MHD_Result on_body_bytes(struct http_reply *exchange, const char *data, size_t len) {
    struct http_server *server = exchange->server;
    g_mutex_lock(&server->mutex);
    exchange->peer->body_bytes += len;
    g_mutex_unlock(&server->mutex);
    if (exchange->stage == STAGE_DRAIN) {
        exchange->drained_bytes += len;
        return exchange->drained_bytes > DRAIN_BYTES_MAX ? MHD_NO : MHD_YES;
    }
    size_t held = exchange->body == NULL ? 0 : exchange->body->len;
    bool is_too_large = held + len > exchange->body_bytes_max;
    if (is_too_large || !exchange_hold(exchange, len)) {
        exchange_release_body(exchange);
        exchange->refusal = is_too_large ? HTTP_BODY_TOO_LARGE : HTTP_OVERLOADED;
        exchange_set_stage(exchange, STAGE_DRAIN);
        return MHD_YES;
    }
    if (exchange->body == NULL) {
        exchange->body = g_byte_array_new();
    }
    g_byte_array_append(exchange->body, (const guint8 *)data, (guint)len);
    return MHD_YES;
}

static enum MHD_Result on_body_end(struct http_reply *exchange) {
    if (exchange->stage == STAGE_DRAIN) {
        if (exchange->response == NULL) { // too large, which showed only on the way
            exchange_refuse(exchange, exchange->refusal);
        }
        return queue_reply(exchange);
    }
    if (exchange->body != NULL) {
        exchange->request.body = (const char *)exchange->body->data;
        exchange->request.body_len = exchange->body->len;
    }
    exchange->is_suspended = true;
    exchange_set_stage(exchange, STAGE_BUSY);
    MHD_suspend_connection(exchange->connection);
    (void)g_thread_pool_push(exchange->server->workers, exchange, NULL);
    return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **request_ctx) {
    struct http_reply *exchange = *request_ctx;
    switch (exchange->stage) {
    case STAGE_HEAD: return on_head(exchange, method, version);
    case STAGE_BODY:
    case STAGE_DRAIN:
        if (*data_len > 0) {
            size_t len = *data_len;
            *data_len = 0;
            return on_body_bytes(exchange, data, len);
        }
        return on_body_end(exchange);
    case STAGE_BUSY: return MHD_YES;
    case STAGE_REPLY: return exchange->response == NULL ? MHD_YES : queue_reply(exchange);
    }
    return MHD_NO;
}

// Ends a request: answered, broken off, or never complete.
static void on_completed(void *ctx, struct MHD_Connection *connection, void **request_ctx,
                         enum MHD_RequestTerminationCode reason) {
    struct http_reply *exchange = *request_ctx;
    if (exchange == NULL) {
        return;
    }
    *request_ctx = NULL;
    if (exchange->response != NULL) {
        MHD_destroy_response(exchange->response);
    }
    g_assert(exchange->stage != STAGE_BUSY); // a suspended connection does not end
    exchange_end(exchange);
}

// ---- Connections

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_ctx,
                          enum MHD_ConnectionNotificationCode what) {
    struct http_server *server = ctx;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        g_mutex_lock(&server->mutex);
        struct peer *peer = g_hash_table_lookup(server->moving, GINT_TO_POINTER(fd));
        g_assert(peer != NULL);
        (void)g_hash_table_remove(server->moving, GINT_TO_POINTER(fd));
        peer->is_moving = false;
        g_mutex_unlock(&server->mutex);
        *socket_ctx = peer;
        return;
    }
    peer_leave(*socket_ctx);
}

void http_take_over(struct peer *peer) {
    struct http_server *server = peer->server;
    int fd = peer->fd;
    struct sockaddr_storage from = peer->from;
    socklen_t from_len = peer->from_len;
    g_mutex_lock(&server->mutex);
    peer->is_express = false;
    peer->is_moving = true;
    (void)g_hash_table_insert(server->moving, GINT_TO_POINTER(fd), peer);
    struct MHD_Daemon *daemon =
        server->daemons[server->next_daemon++ % G_N_ELEMENTS(server->daemons)];
    g_mutex_unlock(&server->mutex);
    // What fails here or later leaves the peer behind until its descriptor comes again.
    (void)MHD_add_connection(daemon, fd, (const struct sockaddr *)&from, from_len);
}

// A reply is with the client as far as its host has acknowledged it; what the kernel holds for it does not count.
static bool reads_slowly(struct peer *peer, int64_t watched_ms) {
    struct tcp_info info = { 0 };
    socklen_t len = sizeof info;
    if (getsockopt(peer->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) {
        return false;
    }
    if (peer->read_bytes == 0) {
        peer->read_bytes = info.tcpi_bytes_acked + 1;
        return false;
    }
    return info.tcpi_bytes_acked + 1 - peer->read_bytes <
           (uint64_t)watched_ms / 1000 * BYTES_PER_SECOND_MIN;
}

// Is the connection slower than its stage allows?
static bool is_late(const struct http_server *server, struct peer *peer, int64_t now_us) {
    int64_t waited_ms = (now_us - peer->since_us) / 1000;
    int64_t grace_ms = server->options.slow_grace_ms;
    switch (peer->stage) {
    case STAGE_HEAD:
        return waited_ms > (peer->was_used && !peer->has_line ? server->options.idle_timeout_ms
                                                              : server->options.header_timeout_ms);
    case STAGE_BODY:
    case STAGE_DRAIN:
        return waited_ms > server->options.body_timeout_ms ||
               (waited_ms > grace_ms &&
                peer->body_bytes < (uint64_t)(waited_ms - grace_ms) / 1000 * BYTES_PER_SECOND_MIN);
    case STAGE_BUSY: return false;
    case STAGE_REPLY:
        return waited_ms > 2 * (int64_t)server->options.body_timeout_ms ||
               (waited_ms > grace_ms && reads_slowly(peer, waited_ms - grace_ms));
    }
    return false;
}

// Cuts late connections. Shutting the socket down is enough: the network thread sees its end and closes it. Sleeps without a timer while nobody is
// connected.
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
            if (!peer->is_cut && !peer->is_moving && is_late(server, peer, now_us)) {
                peer->is_cut = true;
                (void)shutdown(peer->fd, SHUT_RDWR);
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

static void on_library_message(void *ctx, const char *format, va_list arguments)
    G_GNUC_PRINTF(2, 0);

static void on_library_message(void *ctx, const char *format, va_list arguments) {
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    g_autofree char *quoted = log_quote(g_strchomp(text));
    log_debug("web", "event=library text=%s", quoted);
}

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

// ---- Accepting

// Waits until one more connection may come; false when the server stops.
static bool wait_for_room(struct http_server *server) {
    g_mutex_lock(&server->mutex);
    while (!server->is_stopping &&
           g_hash_table_size(server->peers) >= server->options.connections_max) {
        g_cond_wait(&server->has_room, &server->mutex);
    }
    bool goes_on = !server->is_stopping;
    g_mutex_unlock(&server->mutex);
    return goes_on;
}

static void greet(struct http_server *server, int fd, const struct sockaddr_storage *from,
                  socklen_t from_len) {
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct peer *peer = peer_new(server, fd, from, from_len);
    peer->is_express = !server->is_tls;
    if (!peer_enter(peer)) {
        (void)close(fd);
        g_free(peer);
    } else if (server->is_tls) {
        http_take_over(peer);
    } else {
        express_add(server->express, peer);
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
            greet(server, fd, &from, from_len);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            (void)poll(&pollers[1], 1,
                       ACCEPT_PAUSE_MS); // they are ours or somebody else's; some will be freed
        }
    }
    return NULL;
}

// ---- The server

static struct MHD_Daemon *start_daemon(struct http_server *server, const struct tls_pair *pair) {
    const struct http_options *options = &server->options;
    // Not the library's strict mode: it answers a missing Host in its own words and keeps the connection; framing.c closes it.
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC |
                     MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = { { MHD_OPTION_END, 0, NULL },
                                    { MHD_OPTION_HTTPS_MEM_KEY, 0, NULL },
                                    { MHD_OPTION_HTTPS_PRIORITIES, 0,
                                      (void *)(uintptr_t)tls_priorities },
                                    { MHD_OPTION_END, 0, NULL } };
    if (pair != NULL) {
        flags |= MHD_USE_TLS;
        tls[0] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, pair->certificate };
        tls[1].ptr_value = pair->key;
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_library_message,
        NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, options->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
        MAX(1, options->idle_timeout_ms / 1000), MHD_OPTION_STRICT_FOR_CLIENT, 0,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_ARRAY, tls,
        MHD_OPTION_END);
}

// Frees what http_server_start has made so far. The threads have ended.
static void server_free(struct http_server *server) {
    for (size_t i = 0; i < G_N_ELEMENTS(server->daemons); i++) {
        if (server->daemons[i] != NULL) {
            MHD_stop_daemon(server->daemons[i]);
        }
    }
    g_assert(server->requests == 0);
    g_assert(server->bodies_bytes == 0);
    g_thread_pool_free(server->workers, FALSE, TRUE);
    // Those that the library never greeted are left.
    GHashTableIter iter;
    gpointer peer;
    g_hash_table_iter_init(&iter, server->peers);
    while (g_hash_table_iter_next(&iter, &peer, NULL)) {
        g_free(peer);
    }
    g_hash_table_unref(server->peers);
    g_hash_table_unref(server->moving);
    (void)close(server->listen_fd);
    if (server->stop_fd >= 0) {
        (void)close(server->stop_fd);
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
    server->is_tls = options->tls != NULL;
    fill_defaults(&server->options);
    g_mutex_init(&server->mutex);
    g_cond_init(&server->reaper_woken);
    g_cond_init(&server->fewer);
    g_cond_init(&server->has_room);
    server->peers = g_hash_table_new(g_direct_hash, g_direct_equal);
    server->moving = g_hash_table_new(g_direct_hash, g_direct_equal);
    server->port = port_of(options->listen_fd);
    server->workers =
        g_thread_pool_new(run_worker, server, (gint)server->options.workers_max, FALSE, NULL);
    server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return server;
}

static bool start_daemons(struct http_server *server, const struct tls_pair *tls, GError **error) {
    bool is_started = server->stop_fd >= 0;
    for (size_t i = 0; is_started && i < G_N_ELEMENTS(server->daemons); i++) {
        server->daemons[i] = start_daemon(server, tls);
        is_started = server->daemons[i] != NULL;
    }
    if (!is_started) {
        fault_set(error, FAULT_UNAVAILABLE, "the HTTP server does not start: %s",
                  g_strerror(errno));
    }
    return is_started;
}

bool http_server_start(const struct http_options *options, struct http_server **ret_server,
                       GError **error) {
    g_assert(options->handler != NULL);
    struct http_server *server = server_new(options);
    if (!start_daemons(server, options->tls, error) ||
        !express_start(server, &server->express, error)) {
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

void http_server_stop(struct http_server *server, unsigned drain_ms) {
    uint64_t one = 1;
    ssize_t written = write(server->stop_fd, &one, sizeof one);
    g_assert(written == sizeof one);
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
    (void)g_thread_join(server->acceptor);
    (void)g_thread_join(server->reaper);
    express_stop(server->express);
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
    size_t bytes = unlocked->bodies_bytes;
    g_mutex_unlock(&unlocked->mutex);
    return bytes;
}
