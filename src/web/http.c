// SPDX-License-Identifier: Apache-2.0
//
// http: the server over libmicrohttpd. The only file that includes it.
//
// A request's life:
//
//   HEAD ──gate──▶ BODY ──complete──▶ BUSY (suspended, a worker has it) ──▶ REPLY ──sent──▶ freed
//     └──refused──▶ DRAIN (the body is read and dropped) ──▶ REPLY
//
// What always holds: while a request is BUSY its connection is suspended, so the network threads never wait for a handler; the reply's
// sender resumes it as its last act and touches nothing afterwards. A body that cannot be framed is not drained: the connection is closed.
//
// The mutex guards the list of connections (the reaper cuts slow ones) and the counters; it is held for a few instructions.
#include "web/http.h"

#include "base/fault.h"
#include "base/log.h"
#include "web/framing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    // Holds a target of 1 MiB, its headers, and the library's notes on its parameters. The library clears all of it between two
    // requests of a kept connection, so it is as small as the target allows, and kept connections are counted.
    CONNECTION_MEMORY_BYTES = 1024 * 1024 + 160 * 1024,
    DRAIN_BYTES_MAX = 64 * 1024 * 1024,
    NETWORK_THREADS = 2,
    BYTES_PER_SECOND_MIN = 1024, // of a body or reply, after the grace
    REAPER_PERIOD_MS = 500,
};

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_DRAIN, STAGE_BUSY, STAGE_REPLY };

// One TCP connection.
struct peer {
    int fd;
    bool is_kept;  // has answered a request and may wait for the next
    bool was_used; // has ended a request
    bool has_line; // a request's first line has come, its end has not
    bool is_cut;
    enum stage stage;    // of the request on it; STAGE_HEAD between requests
    int64_t since_us;    // when that stage, or the wait for a request, began
    uint64_t body_bytes; // received in this body
    uint64_t read_bytes; // taken by the client when the grace of this reply ended; 0: not ended
    char address[INET6_ADDRSTRLEN + 8];
};

struct http_reply {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct peer *peer;
    struct api_request request;
    char *target;
    GArray *headers;    // struct api_header
    GPtrArray *trimmed; // copies of values that ended in blanks
    struct framing framing;
    enum stage stage;
    bool is_suspended; // a worker sends the reply
    bool must_close;
    bool is_http11;
    GByteArray *body;
    size_t body_bytes_max;
    uint64_t drained_bytes;
    enum http_refusal refusal;
    // The reply, once sent.
    struct MHD_Response *response;
    unsigned status;
    size_t reply_bytes;
    GPtrArray *extra; // name, value, name, value…
    char *note;
    int64_t begun_us;
};

struct http_server {
    struct http_options options;
    struct MHD_Daemon *daemon;
    GThreadPool *workers;
    GThread *reaper;
    uint16_t port;
    GMutex mutex;
    GCond reaper_woken; // the first connection came, or stopping
    GCond fewer;        // while stopping: a request ended
    GHashTable *peers;  // struct peer, all open connections
    unsigned kept;
    unsigned requests; // begun and not freed
    unsigned busy;     // of these, with a worker
    size_t bodies_bytes;
    bool is_stopping;
};

// Signalling is a system call even when nobody waits, and nobody does before the server stops. Called with the mutex.
static void tell_stopping(struct http_server *server) {
    if (server->is_stopping) {
        g_cond_broadcast(&server->fewer);
    }
}

static void set_stage(struct http_reply *exchange, enum stage stage) {
    struct http_server *server = exchange->server;
    g_mutex_lock(&server->mutex);
    server->busy += stage == STAGE_BUSY;
    exchange->stage = stage;
    exchange->peer->stage = stage;
    exchange->peer->since_us = g_get_monotonic_time();
    g_mutex_unlock(&server->mutex);
}

// ---- Replies

void http_reply_header(struct http_reply *reply, const char *name, const char *value) {
    g_assert(strpbrk(name, "\r\n") == NULL);
    g_assert(strpbrk(value, "\r\n") == NULL);
    g_ptr_array_add(reply->extra, g_strdup(name));
    g_ptr_array_add(reply->extra, g_strdup(value));
}

void http_reply_note(struct http_reply *reply, const char *note) {
    g_free(reply->note);
    reply->note = g_strdup(note);
}

void http_reply_close(struct http_reply *reply) {
    reply->must_close = true;
}

// A kept connection holds its memory for as long as it is open, so only so many are kept.
static bool may_keep(struct http_reply *exchange) {
    struct http_server *server = exchange->server;
    g_mutex_lock(&server->mutex);
    bool keeps = !exchange->must_close && !server->is_stopping &&
                 (exchange->peer->is_kept || server->kept < server->options.kept_connections_max);
    if (keeps && !exchange->peer->is_kept) {
        exchange->peer->is_kept = true;
        server->kept++;
    }
    g_mutex_unlock(&server->mutex);
    return keeps;
}

void http_reply_send(struct http_reply *reply, unsigned status, const char *content_type,
                     char *body_take, size_t len) {
    g_assert(reply->response == NULL); // one reply for a request
    g_assert(len == 0 || body_take != NULL);
    char *body = body_take == NULL ? g_strdup("") : body_take;
    // The library frees by the last argument, not by the buffer.
    reply->response =
        MHD_create_response_from_buffer_with_free_callback_cls(len, body, g_free, body);
    g_assert(reply->response != NULL);
    reply->status = status;
    reply->reply_bytes = len;
    (void)MHD_add_response_header(reply->response, "Content-Type", content_type);
    for (guint i = 0; i + 1 < reply->extra->len; i += 2) {
        (void)MHD_add_response_header(reply->response, g_ptr_array_index(reply->extra, i),
                                      g_ptr_array_index(reply->extra, i + 1));
    }
    if (may_keep(reply)) {
        (void)MHD_set_response_options(reply->response, MHD_RF_SEND_KEEP_ALIVE_HEADER, MHD_RO_END);
        (void)MHD_add_response_header(reply->response, "Keep-Alive", "timeout=25");
    } else {
        (void)MHD_add_response_header(reply->response, "Connection", "close");
    }
    bool is_suspended = reply->is_suspended;
    struct http_server *server = reply->server;
    set_stage(reply, STAGE_REPLY);
    if (is_suspended) {
        MHD_resume_connection(reply->connection); // the network thread frees `reply` from here on
        g_mutex_lock(&server->mutex);
        server->busy--; // only now: the library must not be stopped with a suspended connection
        tell_stopping(server);
        g_mutex_unlock(&server->mutex);
    }
}

static enum MHD_Result queue_reply(struct http_reply *exchange) {
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, exchange->status, exchange->response);
    MHD_destroy_response(exchange->response);
    exchange->response = NULL;
    return result;
}

static void refuse_plainly(enum http_refusal refusal, struct http_reply *reply) {
    static const unsigned statuses[] = {
        [HTTP_MALFORMED] = 400,      [HTTP_TARGET_TOO_LONG] = 414, [HTTP_HEADERS_TOO_LARGE] = 431,
        [HTTP_BODY_TOO_LARGE] = 413, [HTTP_OVERLOADED] = 503,
    };
    http_reply_send(reply, statuses[refusal], "text/plain;charset=utf-8", g_strdup("refused\n"), 8);
}

static void send_refusal(struct http_reply *exchange, enum http_refusal refusal) {
    http_reply_close(exchange);
    if (exchange->server->options.refuse == NULL) {
        refuse_plainly(refusal, exchange);
    } else {
        exchange->server->options.refuse(exchange->server->options.ctx, &exchange->request, refusal,
                                         exchange);
    }
    g_assert(exchange->response != NULL);
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
        g_ptr_array_add(exchange->trimmed, (gpointer)header.value);
    }
    g_array_append_val(exchange->headers, header);
    return MHD_YES;
}

// Begins a request: called with the target as sent, before anything else of the request is read.
static void *on_target(void *ctx, const char *target, struct MHD_Connection *connection) {
    struct http_server *server = ctx;
    struct http_reply *exchange = g_new0(struct http_reply, 1);
    exchange->server = server;
    exchange->connection = connection;
    exchange->peer =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    exchange->target = g_strdup(target);
    exchange->headers = g_array_new(FALSE, FALSE, sizeof(struct api_header));
    exchange->extra = g_ptr_array_new_with_free_func(g_free);
    exchange->trimmed = g_ptr_array_new_with_free_func(g_free);
    exchange->refusal = HTTP_ACCEPTED;
    exchange->begun_us = g_get_monotonic_time();
    g_mutex_lock(&server->mutex);
    server->requests++;
    exchange->peer->has_line = true;
    if (exchange->peer
            ->was_used) { // the first head of a connection has its time from the connection's start
        exchange->peer->since_us = exchange->begun_us;
    }
    g_mutex_unlock(&server->mutex);
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
    set_stage(exchange, STAGE_DRAIN);
    return MHD_YES;
}

static enum MHD_Result refuse(struct http_reply *exchange, enum http_refusal refusal) {
    send_refusal(exchange, refusal);
    return queue_after_body(exchange);
}

static bool is_overloaded(struct http_server *server, uint64_t more_bytes) {
    g_mutex_lock(&server->mutex);
    bool is_over = server->is_stopping || server->bodies_bytes + more_bytes > HTTP_BODIES_BYTES_MAX;
    g_mutex_unlock(&server->mutex);
    return is_over;
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
    exchange->body_bytes_max = HTTP_BODY_BYTES_MAX;
    if (server->options.gate != NULL &&
        !server->options.gate(server->options.ctx, &exchange->request, &exchange->body_bytes_max,
                              exchange)) {
        g_assert(exchange->response != NULL);
        return queue_after_body(exchange);
    }
    if (exchange->framing.length > exchange->body_bytes_max) {
        return refuse(exchange, HTTP_BODY_TOO_LARGE);
    }
    if (is_overloaded(server, exchange->framing.length)) {
        return refuse(exchange, HTTP_OVERLOADED);
    }
    set_stage(exchange, STAGE_BODY);
    return MHD_YES;
}

static void release_body(struct http_reply *exchange) {
    if (exchange->body == NULL) {
        return;
    }
    g_mutex_lock(&exchange->server->mutex);
    g_assert(exchange->server->bodies_bytes >= exchange->body->len);
    exchange->server->bodies_bytes -= exchange->body->len;
    g_mutex_unlock(&exchange->server->mutex);
    g_byte_array_unref(exchange->body);
    exchange->body = NULL;
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
    if (is_too_large || is_overloaded(server, len)) {
        release_body(exchange);
        exchange->refusal = is_too_large ? HTTP_BODY_TOO_LARGE : HTTP_OVERLOADED;
        set_stage(exchange, STAGE_DRAIN);
        return MHD_YES;
    }
    if (exchange->body == NULL) {
        exchange->body = g_byte_array_new();
    }
    g_byte_array_append(exchange->body, (const guint8 *)data, (guint)len);
    g_mutex_lock(&server->mutex);
    server->bodies_bytes += len;
    g_mutex_unlock(&server->mutex);
    return MHD_YES;
}

static enum MHD_Result on_body_end(struct http_reply *exchange) {
    if (exchange->stage == STAGE_DRAIN) {
        if (exchange->response == NULL) { // too large, which showed only on the way
            send_refusal(exchange, exchange->refusal);
        }
        return queue_reply(exchange);
    }
    if (exchange->body != NULL) {
        exchange->request.body = (const char *)exchange->body->data;
        exchange->request.body_len = exchange->body->len;
    }
    exchange->is_suspended = true;
    set_stage(exchange, STAGE_BUSY);
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

static void run_worker(gpointer data, gpointer ctx) {
    struct http_reply *exchange = data;
    struct http_server *server = ctx;
    server->options.handler(server->options.ctx, &exchange->request, exchange);
}

static void write_access_log(const struct http_reply *exchange) {
    g_autofree char *path = g_strndup(exchange->target, MIN(strcspn(exchange->target, "?"), 256));
    g_autofree char *quoted = log_quote(path);
    log_info("web", "event=request method=%s path=%s peer=%s status=%u bytes=%zu ms=%.1f%s%s",
             exchange->request.method == NULL ? "-" : exchange->request.method, quoted,
             exchange->peer->address, exchange->status, exchange->reply_bytes,
             (double)(g_get_monotonic_time() - exchange->begun_us) / 1000.0,
             exchange->note == NULL ? "" : " ", exchange->note == NULL ? "" : exchange->note);
}

// Ends a request: answered, broken off, or never complete.
static void on_completed(void *ctx, struct MHD_Connection *connection, void **request_ctx,
                         enum MHD_RequestTerminationCode reason) {
    struct http_server *server = ctx;
    struct http_reply *exchange = *request_ctx;
    if (exchange == NULL) {
        return;
    }
    *request_ctx = NULL;
    if (server->options.writes_access_log) {
        write_access_log(exchange);
    }
    release_body(exchange);
    if (exchange->response != NULL) {
        MHD_destroy_response(exchange->response);
    }
    g_mutex_lock(&server->mutex);
    g_assert(exchange->stage != STAGE_BUSY); // a suspended connection does not end
    exchange->peer->stage = STAGE_HEAD;
    exchange->peer->was_used = true;
    exchange->peer->has_line = false;
    exchange->peer->body_bytes = 0;
    exchange->peer->read_bytes = 0;
    exchange->peer->since_us = g_get_monotonic_time();
    server->requests--;
    tell_stopping(server);
    g_mutex_unlock(&server->mutex);
    g_free(exchange->target);
    g_free(exchange->note);
    g_array_unref(exchange->headers);
    g_ptr_array_unref(exchange->extra);
    g_ptr_array_unref(exchange->trimmed);
    g_free(exchange);
}

// ---- Connections

static void name_peer(struct peer *peer, const struct sockaddr *address) {
    char text[INET6_ADDRSTRLEN] = "local";
    unsigned port = 0;
    if (address != NULL && address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        (void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        port = ntohs(in->sin_port);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
        (void)inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
        port = ntohs(in6->sin6_port);
    }
    (void)snprintf(peer->address, sizeof peer->address, "%s:%u", text, port);
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_ctx,
                          enum MHD_ConnectionNotificationCode what) {
    struct http_server *server = ctx;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct peer *peer = g_new0(struct peer, 1);
        peer->fd =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        peer->since_us = g_get_monotonic_time();
        name_peer(
            peer,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
        *socket_ctx = peer;
        g_mutex_lock(&server->mutex);
        (void)g_hash_table_add(server->peers, peer);
        if (g_hash_table_size(server->peers) == 1) {
            g_cond_signal(&server->reaper_woken);
        }
        g_mutex_unlock(&server->mutex);
        return;
    }
    struct peer *peer = *socket_ctx;
    g_mutex_lock(&server->mutex);
    (void)g_hash_table_remove(server->peers, peer);
    server->kept -= peer->is_kept;
    g_mutex_unlock(&server->mutex);
    g_free(peer);
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
            if (!peer->is_cut && is_late(server, peer, now_us)) {
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

// ---- The server

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

static struct MHD_Daemon *start_daemon(struct http_server *server) {
    const struct http_options *options = &server->options;
    // Not the library's strict mode: it answers a missing Host in its own words and keeps the connection; framing.c closes it.
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = { { MHD_OPTION_END, 0, NULL },
                                    { MHD_OPTION_HTTPS_MEM_KEY, 0, NULL },
                                    { MHD_OPTION_HTTPS_PRIORITIES, 0,
                                      (void *)(uintptr_t)tls_priorities },
                                    { MHD_OPTION_END, 0, NULL } };
    if (options->tls != NULL) {
        flags |= MHD_USE_TLS;
        tls[0] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, options->tls->certificate };
        tls[1].ptr_value = options->tls->key;
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_library_message,
        NULL, MHD_OPTION_LISTEN_SOCKET, options->listen_fd, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)NETWORK_THREADS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_CONNECTION_LIMIT, options->connections_max,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->address_connections_max,
        MHD_OPTION_CONNECTION_TIMEOUT, MAX(1, options->idle_timeout_ms / 1000),
        MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static void server_free(struct http_server *server) {
    if (server->workers != NULL) {
        g_thread_pool_free(server->workers, FALSE, TRUE);
    }
    g_hash_table_unref(server->peers);
    g_cond_clear(&server->reaper_woken);
    g_cond_clear(&server->fewer);
    g_mutex_clear(&server->mutex);
    g_free(server);
}

bool http_server_start(const struct http_options *options, struct http_server **ret_server,
                       GError **error) {
    g_assert(options->handler != NULL);
    struct http_server *server = g_new0(struct http_server, 1);
    server->options = *options;
    fill_defaults(&server->options);
    g_mutex_init(&server->mutex);
    g_cond_init(&server->reaper_woken);
    g_cond_init(&server->fewer);
    server->peers = g_hash_table_new(g_direct_hash, g_direct_equal);
    server->port = port_of(options->listen_fd);
    server->workers =
        g_thread_pool_new(run_worker, server, (gint)server->options.workers_max, FALSE, NULL);
    server->daemon = start_daemon(server);
    server->options.tls = NULL; // the caller's again
    if (server->daemon == NULL) {
        (void)close(options->listen_fd);
        server_free(server);
        fault_set(error, FAULT_UNAVAILABLE, "the HTTP server does not start: %s",
                  g_strerror(errno));
        return false;
    }
    server->reaper = g_thread_new("http-reaper", run_reaper, server);
    *ret_server = server;
    return true;
}

uint16_t http_server_port(const struct http_server *server) {
    return server->port;
}

void http_server_stop(struct http_server *server, unsigned drain_ms) {
    int listen_fd = MHD_quiesce_daemon(server->daemon);
    g_mutex_lock(&server->mutex);
    server->is_stopping = true;
    g_cond_signal(&server->reaper_woken);
    while (server->busy > 0) {
        g_cond_wait(&server->fewer, &server->mutex);
    }
    int64_t until_us = g_get_monotonic_time() + (int64_t)drain_ms * 1000;
    while (server->requests > 0 && g_cond_wait_until(&server->fewer, &server->mutex, until_us)) {
    }
    g_mutex_unlock(&server->mutex);
    (void)g_thread_join(server->reaper);
    MHD_stop_daemon(server->daemon);
    if (listen_fd >= 0) {
        (void)close(listen_fd);
    }
    g_assert(server->requests == 0);
    g_assert(server->bodies_bytes == 0);
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
