// SPDX-License-Identifier: Apache-2.0
//
// exchange: the bookkeeping of requests. A request is counted from begin to end, and as busy while a handler may still touch it.
#include "web/exchange.h"

#include "base/log.h"

#include <string.h>
#include <sys/epoll.h>

// Signalling is a system call even when nobody waits, and nobody does before the server stops. Called with the mutex.
static void tell_stopping(struct http_server *server) {
    if (server->is_stopping) {
        g_cond_broadcast(&server->fewer);
    }
}

struct http_reply *exchange_new(struct peer *peer) {
    struct http_reply *exchange = g_new(struct http_reply, 1);
    GArray *headers = g_array_sized_new(FALSE, FALSE, sizeof(struct api_header), 16);
    *exchange = (struct http_reply){
        .server = peer->server,
        .peer = peer,
        .head = { .target = "", .headers = headers },
        .request = { .target = "", .peer = peer->address },
        .body_bytes_max = HTTP_BODY_BYTES_MAX,
    };
    peer->exchange = exchange;
    return exchange;
}

static void exchange_free(struct http_reply *exchange) {
    g_free(exchange->text);
    g_free(exchange->note);
    g_free(exchange->access_key_id);
    g_array_unref(exchange->head.headers);
    g_clear_pointer(&exchange->extra, g_ptr_array_unref);
    g_clear_pointer(&exchange->body, g_byte_array_unref);
    if (exchange->reply_head != NULL) {
        g_string_free(exchange->reply_head, TRUE);
    }
    g_free(exchange->reply_body);
    g_free(exchange);
}

// Called with the mutex. The first request of a connection has its time from the connection's start.
static void note_beginning(struct peer *peer, int64_t now_us) {
    if (!peer->has_begun && peer->was_used) {
        peer->since_us = now_us;
    }
    peer->has_begun = true;
}

void exchange_begin(struct http_reply *exchange) {
    exchange->begun_us = g_get_monotonic_time();
    g_mutex_lock(&exchange->server->mutex);
    exchange->server->requests++;
    note_beginning(exchange->peer, exchange->begun_us);
    g_mutex_unlock(&exchange->server->mutex);
}

void exchange_set_stage(struct http_reply *exchange, enum stage stage) {
    struct http_server *server = exchange->server;
    g_mutex_lock(&server->mutex);
    exchange->stage = stage;
    exchange->peer->stage = stage;
    exchange->peer->since_us = g_get_monotonic_time();
    g_mutex_unlock(&server->mutex);
}

// ---- Memory

// Its owner gives the request up as soon as it looks, which is now when nobody has the connection. Called with the mutex.
static void wake_loser(void *ctx, struct claim *claim) {
    struct peer *peer = (struct peer *)(void *)((char *)claim - offsetof(struct peer, claim));
    if (peer->is_parked) {
        peer_watch(peer, EPOLLIN | EPOLLOUT);
    }
}

bool exchange_hold_head(struct peer *peer, size_t bytes) {
    struct http_server *server = peer->server;
    g_mutex_lock(&server->mutex);
    note_beginning(peer, g_get_monotonic_time());
    bool has_room = budget_grow(&server->budget, &peer->claim, bytes, wake_loser, NULL);
    g_mutex_unlock(&server->mutex);
    return has_room;
}

bool exchange_hold(struct http_reply *exchange, size_t received, size_t kept) {
    struct http_server *server = exchange->server;
    const struct http_options *options = &server->options;
    struct peer *peer = exchange->peer;
    size_t bytes = exchange->text_len + (exchange->body == NULL ? 0 : exchange->body->len) + kept;
    g_autofree char *key = NULL;
    if (bytes > HTTP_OWN_BYTES && !exchange->was_vouched_for && options->vouch != NULL) {
        exchange->was_vouched_for = true;
        key = options->vouch(options->ctx, &exchange->request);
    }
    g_mutex_lock(&server->mutex);
    peer->body_bytes += received;
    if (key != NULL) {
        budget_vouch(&server->budget, &peer->claim, key);
    }
    bool has_room =
        !server->is_stopping && budget_grow(&server->budget, &peer->claim, bytes, wake_loser, NULL);
    g_mutex_unlock(&server->mutex);
    return has_room;
}

bool exchange_admit(struct http_reply *exchange) {
    struct http_server *server = exchange->server;
    struct peer *peer = exchange->peer;
    g_mutex_lock(&server->mutex);
    bool may = !server->is_stopping && budget_fix(&server->budget, &peer->claim);
    if (may) {
        server->busy++;
        exchange->stage = STAGE_BUSY;
        peer->stage = STAGE_BUSY;
        peer->since_us = g_get_monotonic_time();
    }
    g_mutex_unlock(&server->mutex);
    return may;
}

static void release_memory(struct http_reply *exchange) {
    g_mutex_lock(&exchange->server->mutex);
    budget_release(&exchange->server->budget, &exchange->peer->claim);
    g_mutex_unlock(&exchange->server->mutex);
    g_clear_pointer(&exchange->body, g_byte_array_unref);
}

// ---- Refused, handled, ended

static void refuse_plainly(enum http_refusal refusal, struct http_reply *reply) {
    static const unsigned statuses[] = {
        [HTTP_MALFORMED] = 400,      [HTTP_TARGET_TOO_LONG] = 414, [HTTP_HEADERS_TOO_LARGE] = 431,
        [HTTP_BODY_TOO_LARGE] = 413, [HTTP_VERSION_UNKNOWN] = 505, [HTTP_OVERLOADED] = 503,
    };
    http_reply_send(reply, statuses[refusal], "text/plain;charset=utf-8", g_strdup("refused\n"), 8);
}

void exchange_refuse(struct http_reply *exchange, enum http_refusal refusal) {
    const struct http_options *options = &exchange->server->options;
    release_memory(exchange);
    exchange->is_broken_off = true;
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
    g_autofree char *path =
        g_strndup(exchange->request.target, MIN(strcspn(exchange->request.target, "?"), 256));
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
    g_mutex_lock(&server->mutex);
    budget_release(&server->budget, &peer->claim);
    peer->stage = STAGE_HEAD;
    peer->was_used = true;
    peer->has_begun = false;
    peer->body_bytes = 0;
    peer->read_bytes = 0;
    peer->since_us = g_get_monotonic_time();
    server->requests--;
    tell_stopping(server);
    g_mutex_unlock(&server->mutex);
    peer->exchange = NULL;
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

void http_reply_key(struct http_reply *reply, const char *access_key_id) {
    g_free(reply->access_key_id);
    reply->access_key_id = g_strdup(access_key_id);
}

void http_reply_close(struct http_reply *reply) {
    reply->must_close = true;
}

// Only so many connections are kept. Called with the mutex.
static bool may_keep(struct http_reply *exchange) {
    struct http_server *server = exchange->server;
    bool keeps = exchange->head.keeps && !exchange->must_close && !exchange->is_broken_off &&
                 !server->is_stopping &&
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
    reply->reply_body = body_take;
    reply->reply_bytes = len;
    g_mutex_lock(&server->mutex);
    reply->keeps = may_keep(reply);
    bool was_busy = reply->stage == STAGE_BUSY;
    reply->stage = STAGE_REPLY;
    reply->peer->stage = STAGE_REPLY;
    reply->peer->since_us = g_get_monotonic_time();
    g_mutex_unlock(&server->mutex);
    server->send(reply, content_type);
    if (was_busy) {
        g_mutex_lock(&server->mutex);
        // Only now: the server must not be stopped before its last reply is on its way.
        server->busy--;
        tell_stopping(server);
        g_mutex_unlock(&server->mutex);
    }
}
