// SPDX-License-Identifier: Apache-2.0
//
// exchange: the bookkeeping of requests and connections. What always holds: a peer is in the table from peer_enter to peer_leave and its
// descriptor is open in between; a request is counted from begin to end, and as busy while a handler may still touch it.
#include "web/exchange.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

// ---- Connections

static void name_peer(struct peer *peer) {
    char text[INET6_ADDRSTRLEN] = "local";
    unsigned port = 0;
    if (peer->from.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&peer->from;
        (void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        port = ntohs(in->sin_port);
    } else if (peer->from.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&peer->from;
        (void)inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
        port = ntohs(in6->sin6_port);
    }
    (void)snprintf(peer->address, sizeof peer->address, "%s:%u", text, port);
}

struct peer *peer_new(struct http_server *server, int fd, const struct sockaddr_storage *from,
                      socklen_t from_len) {
    struct peer *peer = g_new0(struct peer, 1);
    peer->server = server;
    peer->fd = fd;
    peer->from = *from;
    peer->from_len = from_len;
    peer->since_us = g_get_monotonic_time();
    name_peer(peer);
    return peer;
}

static bool is_same_host(const struct peer *left, const struct peer *right) {
    size_t len = (size_t)(strrchr(left->address, ':') - left->address);
    return strncmp(left->address, right->address, len + 1) == 0 &&
           strrchr(right->address, ':') == right->address + len;
}

// The library may have closed a connection without ever greeting it; then its descriptor comes again. Called with the mutex.
static void forget_predecessor(struct peer *peer) {
    struct http_server *server = peer->server;
    struct peer *stale = g_hash_table_lookup(server->moving, GINT_TO_POINTER(peer->fd));
    if (stale != NULL) {
        (void)g_hash_table_remove(server->moving, GINT_TO_POINTER(peer->fd));
        (void)g_hash_table_remove(server->peers, stale);
        server->kept -= stale->is_kept;
        g_free(stale);
    }
}

bool peer_enter(struct peer *peer) {
    struct http_server *server = peer->server;
    unsigned siblings = 0;
    GHashTableIter iter;
    gpointer other;
    g_mutex_lock(&server->mutex);
    forget_predecessor(peer);
    g_hash_table_iter_init(&iter, server->peers);
    while (g_hash_table_iter_next(&iter, &other, NULL)) {
        siblings += is_same_host(peer, other);
    }
    bool may_enter = siblings < server->options.address_connections_max;
    if (may_enter) {
        (void)g_hash_table_add(server->peers, peer);
        if (g_hash_table_size(server->peers) == 1) {
            g_cond_signal(&server->reaper_woken);
        }
    }
    g_mutex_unlock(&server->mutex);
    return may_enter;
}

void peer_leave(struct peer *peer) {
    struct http_server *server = peer->server;
    g_mutex_lock(&server->mutex);
    (void)g_hash_table_remove(server->peers, peer);
    server->kept -= peer->is_kept;
    g_cond_signal(&server->has_room);
    g_mutex_unlock(&server->mutex);
    g_free(peer);
}

// ---- Requests

// Signalling is a system call even when nobody waits, and nobody does before the server stops. Called with the mutex.
static void tell_stopping(struct http_server *server) {
    if (server->is_stopping) {
        g_cond_broadcast(&server->fewer);
    }
}

struct http_reply *exchange_new(struct peer *peer, exchange_send_fn send) {
    struct http_reply *exchange = g_new(struct http_reply, 1);
    *exchange = (struct http_reply){
        .server = peer->server,
        .peer = peer,
        .send = send,
        .headers = g_array_sized_new(FALSE, FALSE, sizeof(struct api_header), 16),
        .refusal = HTTP_ACCEPTED,
        .body_bytes_max = HTTP_BODY_BYTES_MAX,
    };
    return exchange;
}

void exchange_free(struct http_reply *exchange) {
    if (exchange->text == NULL) {
        g_free(exchange->target);
    }
    g_free(exchange->text);
    g_free(exchange->note);
    g_array_unref(exchange->headers);
    g_clear_pointer(&exchange->extra, g_ptr_array_unref);
    g_clear_pointer(&exchange->trimmed, g_ptr_array_unref);
    if (exchange->head != NULL) {
        g_string_free(exchange->head, TRUE);
    }
    g_free(exchange->reply_body);
    g_free(exchange);
}

void exchange_begin(struct http_reply *exchange) {
    struct peer *peer = exchange->peer;
    exchange->begun_us = g_get_monotonic_time();
    g_mutex_lock(&exchange->server->mutex);
    exchange->server->requests++;
    peer->has_line = true;
    if (peer->was_used) { // the first head of a connection has its time from the connection's start
        peer->since_us = exchange->begun_us;
    }
    g_mutex_unlock(&exchange->server->mutex);
}

void exchange_set_stage(struct http_reply *exchange, enum stage stage) {
    struct http_server *server = exchange->server;
    g_mutex_lock(&server->mutex);
    server->busy += stage == STAGE_BUSY;
    exchange->stage = stage;
    exchange->peer->stage = stage;
    exchange->peer->since_us = g_get_monotonic_time();
    g_mutex_unlock(&server->mutex);
}

static bool has_no_room(const struct http_server *server, uint64_t more_bytes) {
    return server->is_stopping || server->bodies_bytes + more_bytes > HTTP_BODIES_BYTES_MAX;
}

bool exchange_is_overloaded(struct http_server *server, uint64_t more_bytes) {
    g_mutex_lock(&server->mutex);
    bool is_over = has_no_room(server, more_bytes);
    g_mutex_unlock(&server->mutex);
    return is_over;
}

bool exchange_hold(struct http_reply *exchange, size_t len) {
    struct http_server *server = exchange->server;
    g_mutex_lock(&server->mutex);
    bool has_room = !has_no_room(server, len);
    if (has_room) {
        server->bodies_bytes += len;
        exchange->body_bytes += len;
    }
    g_mutex_unlock(&server->mutex);
    return has_room;
}

void exchange_release_body(struct http_reply *exchange) {
    g_mutex_lock(&exchange->server->mutex);
    g_assert(exchange->server->bodies_bytes >= exchange->body_bytes);
    exchange->server->bodies_bytes -= exchange->body_bytes;
    g_mutex_unlock(&exchange->server->mutex);
    exchange->body_bytes = 0;
    g_clear_pointer(&exchange->body, g_byte_array_unref);
}

static void refuse_plainly(enum http_refusal refusal, struct http_reply *reply) {
    static const unsigned statuses[] = {
        [HTTP_MALFORMED] = 400,      [HTTP_TARGET_TOO_LONG] = 414, [HTTP_HEADERS_TOO_LARGE] = 431,
        [HTTP_BODY_TOO_LARGE] = 413, [HTTP_OVERLOADED] = 503,
    };
    http_reply_send(reply, statuses[refusal], "text/plain;charset=utf-8", g_strdup("refused\n"), 8);
}

void exchange_refuse(struct http_reply *exchange, enum http_refusal refusal) {
    const struct http_options *options = &exchange->server->options;
    http_reply_close(exchange);
    if (options->refuse == NULL) {
        refuse_plainly(refusal, exchange);
    } else {
        options->refuse(options->ctx, &exchange->request, refusal, exchange);
    }
}

void exchange_handle(struct http_reply *exchange) {
    const struct http_options *options = &exchange->server->options;
    options->handler(options->ctx, &exchange->request, exchange);
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

void exchange_end(struct http_reply *exchange) {
    struct http_server *server = exchange->server;
    struct peer *peer = exchange->peer;
    if (server->options.writes_access_log) {
        write_access_log(exchange);
    }
    if (exchange->body_bytes > 0) {
        exchange_release_body(exchange);
    }
    g_mutex_lock(&server->mutex);
    peer->stage = STAGE_HEAD;
    peer->was_used = true;
    peer->has_line = false;
    peer->body_bytes = 0;
    peer->read_bytes = 0;
    peer->since_us = g_get_monotonic_time();
    server->requests--;
    tell_stopping(server);
    g_mutex_unlock(&server->mutex);
    exchange_free(exchange);
}

// ---- Replies

void http_reply_header(struct http_reply *reply, const char *name, const char *value) {
    g_assert(strpbrk(name, "\r\n") == NULL);
    g_assert(strpbrk(value, "\r\n") == NULL);
    if (reply->extra == NULL) {
        reply->extra = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(reply->extra, g_strdup(name));
    g_ptr_array_add(reply->extra, g_strdup(value));
}

bool http_reply_is_logged(const struct http_reply *reply) {
    return reply->server->options.writes_access_log;
}

void http_reply_note(struct http_reply *reply, const char *note) {
    g_free(reply->note);
    reply->note = g_strdup(note);
}

void http_reply_close(struct http_reply *reply) {
    reply->must_close = true;
}

// A kept connection may hold its memory for as long as it is open, so only so many are kept. Called with the mutex.
static bool may_keep(struct http_reply *exchange) {
    struct http_server *server = exchange->server;
    bool keeps = !exchange->must_close && !server->is_stopping &&
                 (exchange->peer->is_kept || server->kept < server->options.kept_connections_max);
    if (keeps && !exchange->peer->is_kept) {
        exchange->peer->is_kept = true;
        server->kept++;
    }
    return keeps;
}

void http_reply_send(struct http_reply *reply, unsigned status, const char *content_type,
                     char *body_take, size_t len) {
    g_assert(!reply->has_reply); // one reply for a request
    g_assert(len == 0 || body_take != NULL);
    struct http_server *server = reply->server;
    reply->has_reply = true;
    reply->status = status;
    reply->reply_bytes = len;
    g_mutex_lock(&server->mutex);
    bool keeps = may_keep(reply);
    bool was_busy = reply->stage == STAGE_BUSY;
    reply->stage = STAGE_REPLY;
    reply->peer->stage = STAGE_REPLY;
    reply->peer->since_us = g_get_monotonic_time();
    g_mutex_unlock(&server->mutex);
    reply->send(reply, content_type, body_take == NULL ? g_strdup("") : body_take, len, keeps);
    if (was_busy) {
        g_mutex_lock(&server->mutex);
        server
            ->busy--; // only now: the server must not be stopped before its last reply is on its way
        tell_stopping(server);
        g_mutex_unlock(&server->mutex);
    }
}
