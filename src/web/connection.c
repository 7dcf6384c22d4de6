// SPDX-License-Identifier: Apache-2.0
//
// connection: reads what has come, asks the judge of heads, collects the body, and writes the reply. Everything here is done by the
// thread that has the connection, and ends by parking it, closing it, or leaving it to a worker, which does the same with its reply.
//
// What always holds: after a function that says so the connection is not the caller's any more, and must not be touched.
#include "web/connection.h"

#include "base/fault.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "web/backlog.h"
#include "web/client.h"
#include "web/reply.h"
#include "web/stream.h"

enum {
    PIECE_BYTES = 64 * 1024, // read at a time
    PIECES_MAX = 16,         // then others have their turn
    DRAIN_BYTES_MAX = 64 * 1024 * 1024,
    // The one that waited least is woken first, so those that are not needed cost nothing.
    THREADS = 16,
    // So many handlers may run on them at a time: one thread is always left for strangers.
    QUICK_MAX = THREADS - 1,
};

struct network {
    struct http_server *server;
    gint quick; // handlers that run on these threads now
    GThread *threads[THREADS];
};

// ---- Ends

static void end_request(struct http_reply *exchange) {
    // Also one of which no byte was sent may wait, behind the end of the reply before.
    if (exchange->reply_head != NULL) {
        backlog_leave(exchange->peer);
    }
    exchange_end(exchange);
}

// The client has left, or was cut. The connection is gone afterwards.
static void abandon(struct peer *peer) {
    if (peer->exchange != NULL) {
        end_request(peer->exchange);
    }
    peer_close(peer);
}

// Lets the client read to the end: closing with bytes unread would take the reply from it.
static void close_after_reply(struct peer *peer) {
    stream_end(peer);
    (void)stream_discard(peer);
    peer_close(peer);
}

// The same for a client that may be sending still: what it sends is dropped, until it ends or is late.
static void linger(struct peer *peer) {
    stream_end(peer);
    g_mutex_lock(&peer->server->mutex);
    peer->stage = STAGE_DRAIN;
    g_mutex_unlock(&peer->server->mutex);
    peer_park(peer, EPOLLIN);
}

static void drain(struct peer *peer) {
    for (int i = 0; i < PIECES_MAX; i++) {
        ssize_t len = stream_discard(peer);
        if (len == -EAGAIN) {
            break;
        }
        peer->drained_bytes += len > 0 ? (size_t)len : 0;
        if (len <= 0 || peer->drained_bytes > DRAIN_BYTES_MAX) {
            peer_close(peer);
            return;
        }
        g_mutex_lock(&peer->server->mutex);
        peer->body_bytes += (size_t)len;
        g_mutex_unlock(&peer->server->mutex);
    }
    peer_park(peer, EPOLLIN);
}

// ---- Replies

// Writes on. The connection waits for its next request, for room to write, or is closed; it is not the caller's any more.
static void write_reply(struct http_reply *exchange) {
    struct peer *peer = exchange->peer;
    ssize_t status = reply_write(exchange);
    if (status == -EAGAIN) {
        backlog_enter(peer, exchange->reply_bytes, exchange->access_key_id);
        peer_park(peer, stream_events(peer, EPOLLOUT));
        return;
    }
    bool keeps = exchange->keeps;
    bool is_broken_off = exchange->is_broken_off;
    end_request(exchange);
    if (status < 0) {
        peer_close(peer); // the client has left
    } else if (keeps) {
        // What is here already would not wake anybody.
        bool has_more = peer->held != NULL || stream_has_pending(peer);
        peer_park(peer, has_more ? EPOLLIN | EPOLLOUT : EPOLLIN);
    } else if (is_broken_off) {
        linger(peer);
    } else {
        close_after_reply(peer);
    }
}

static void send_reply(struct http_reply *exchange, const char *content_type) {
    reply_make_head(exchange, content_type);
    write_reply(exchange);
}

// ---- Requests

// May one more handler run on a network thread? Then it is counted.
static bool take_place(struct network *network) {
    if (g_atomic_int_add(&network->quick, 1) < QUICK_MAX) {
        return true;
    }
    (void)g_atomic_int_add(&network->quick, -1);
    return false;
}

// The request is complete.
static void serve(struct http_reply *exchange) {
    struct http_server *server = exchange->server;
    const struct http_options *options = &server->options;
    if (!exchange_admit(exchange)) {
        exchange_refuse(exchange, HTTP_OVERLOADED);
        return;
    }
    exchange->request.client = &web_client;
    if (options->is_quick != NULL && options->is_quick(options->ctx, &exchange->request) &&
        take_place(server->network)) {
        exchange_handle(exchange);
        (void)g_atomic_int_add(&server->network->quick, -1);
    } else {
        (void)g_thread_pool_push(server->workers, exchange, NULL);
    }
}

// What came behind a request is the beginning of the next one.
static void keep_rest(struct peer *peer, const char *bytes, size_t len) {
    g_assert(peer->held == NULL);
    if (len > 0) {
        peer->held = g_byte_array_sized_new((guint)len);
        g_byte_array_append(peer->held, (const guint8 *)bytes, (guint)len);
    }
}

// Each of these returns true while more must come and the connection is still the caller's.

static bool refuse(struct http_reply *exchange, enum http_refusal refusal) {
    exchange_refuse(exchange, refusal);
    return false;
}

static bool read_body(struct http_reply *exchange, char *bytes, size_t len) {
    struct peer *peer = exchange->peer;
    size_t held = exchange->body->len;
    size_t used = (size_t)MIN((uint64_t)len, exchange->head.length - held);
    size_t data_len = used;
    bool is_chunked = exchange->head.is_chunked;
    if (is_chunked && !chunked_read(&exchange->chunked, bytes, len, &data_len, &used)) {
        return refuse(exchange, HTTP_MALFORMED);
    }
    if (held + data_len > exchange->body_bytes_max) {
        return refuse(exchange, HTTP_BODY_TOO_LARGE);
    }
    if (!exchange_hold(exchange, used, data_len)) {
        return refuse(exchange, HTTP_OVERLOADED);
    }
    g_byte_array_append(exchange->body, (const guint8 *)bytes, (guint)data_len);
    if (is_chunked ? exchange->chunked.place != CHUNKED_DONE
                   : exchange->body->len < exchange->head.length) {
        return true;
    }
    exchange->is_broken_off = false;
    keep_rest(peer, bytes + used, len - used);
    exchange->request.body_len = exchange->body->len;
    exchange->request.body = exchange->body->len == 0 ? NULL : (const char *)exchange->body->data;
    serve(exchange);
    return false;
}

// The head may pass: what is there of the body?
static bool open_body(struct http_reply *exchange, char *rest, size_t rest_len, bool is_whole) {
    struct peer *peer = exchange->peer;
    if (is_whole) {
        exchange->request.body_len = (size_t)exchange->head.length;
        exchange->request.body = exchange->head.length == 0 ? NULL : rest;
        serve(exchange);
        return false;
    }
    if (exchange->head.expects_continue && rest_len == 0 && !reply_continue(peer)) {
        abandon(peer);
        return false;
    }
    exchange_set_stage(exchange, STAGE_BODY);
    exchange->body = g_byte_array_new();
    return rest_len == 0 || read_body(exchange, rest, rest_len);
}

static bool pass_gate(struct http_reply *exchange, char *rest, size_t rest_len) {
    const struct http_options *options = &exchange->server->options;
    const struct head *head = &exchange->head;
    bool is_whole = !head->is_chunked && head->length <= rest_len;
    if (is_whole) {
        keep_rest(exchange->peer, rest + head->length, rest_len - (size_t)head->length);
    }
    exchange->is_broken_off = !is_whole; // if it is answered now
    if (options->gate != NULL &&
        !options->gate(options->ctx, &exchange->request, &exchange->body_bytes_max, exchange)) {
        return false;
    }
    if (head->length > exchange->body_bytes_max) {
        return refuse(exchange, HTTP_BODY_TOO_LARGE);
    }
    return open_body(exchange, rest, rest_len, is_whole);
}

static void fill_request(struct http_reply *exchange) {
    exchange->request.method = exchange->head.method;
    exchange->request.target = exchange->head.target;
    exchange->request.headers = (const void *)exchange->head.headers->data;
    exchange->request.header_count = exchange->head.headers->len;
}

// The head is complete: the first `head_len` of the bytes that have come.
static bool begin_request(struct peer *peer, const char *bytes, size_t len, size_t head_len) {
    struct http_reply *exchange = exchange_new(peer);
    exchange->text_len = len;
    if (peer->held != NULL) { // then `bytes` are these
        g_byte_array_append(peer->held, (const guint8 *)"", 1);
        exchange->text = (char *)g_byte_array_free(g_steal_pointer(&peer->held), FALSE);
    } else {
        exchange->text = g_malloc(len + 1);
        memcpy(exchange->text, bytes, len);
        exchange->text[len] = 0;
    }
    peer->scan = (struct head_scan){ 0 };
    enum http_refusal refusal = head_read(exchange->text, head_len, &exchange->head);
    fill_request(exchange);
    exchange_begin(exchange);
    if (refusal != HTTP_ACCEPTED) {
        return refuse(exchange, refusal);
    }
    return pass_gate(exchange, exchange->text + head_len, len - head_len);
}

// A head that is refused before its end. Its first line, if there is one, says in which form to answer.
static bool refuse_head(struct peer *peer, const char *bytes, enum http_refusal refusal) {
    struct http_reply *exchange = exchange_new(peer);
    size_t line_len = peer->scan.fields_at;
    if (line_len > 0) {
        exchange->text = g_malloc(line_len + 3);
        memcpy(exchange->text, bytes, line_len);
        memcpy(exchange->text + line_len, "\r\n", 3);
        (void)head_read(exchange->text, line_len + 2, &exchange->head);
    }
    g_clear_pointer(&peer->held, g_byte_array_unref);
    fill_request(exchange);
    exchange_begin(exchange);
    return refuse(exchange, refusal);
}

static bool read_head(struct peer *peer, const char *bytes, size_t len) {
    bool is_first = peer->held == NULL;
    size_t head_len = 0;
    if (!is_first) {
        g_byte_array_append(peer->held, (const guint8 *)bytes, (guint)len);
        bytes = (const char *)peer->held->data;
        len = peer->held->len;
    }
    enum http_refusal refusal = head_scan(&peer->scan, bytes, len, &head_len);
    if (refusal == HTTP_ACCEPTED && head_len == 0 && !exchange_hold_head(peer, len)) {
        refusal = HTTP_OVERLOADED;
    }
    if (refusal != HTTP_ACCEPTED) {
        return refuse_head(peer, bytes, refusal);
    }
    if (head_len > 0) {
        return begin_request(peer, bytes, len, head_len);
    }
    if (is_first) {
        keep_rest(peer, bytes, len);
    }
    return true;
}

// ---- Serving

static bool read_piece(struct peer *peer, char *bytes, size_t len) {
    return peer->stage == STAGE_HEAD ? read_head(peer, bytes, len)
                                     : read_body(peer->exchange, bytes, len);
}

static void read_on(struct peer *peer, char *buf) {
    if (peer->must_give_up) {
        (void)(peer->exchange == NULL ? refuse_head(peer, "", HTTP_OVERLOADED)
                                      : refuse(peer->exchange, HTTP_OVERLOADED));
        return;
    }
    if (peer->held != NULL && peer->scan.at < peer->held->len && !read_head(peer, buf, 0)) {
        return;
    }
    for (int i = 0; i < PIECES_MAX; i++) {
        ssize_t len = stream_receive(peer, buf, PIECE_BYTES);
        if (len == -EAGAIN) {
            peer_park(peer, stream_events(peer, EPOLLIN));
            return;
        }
        if (len <= 0) {
            abandon(peer);
            return;
        }
        if (!read_piece(peer, buf, (size_t)len)) {
            return;
        }
    }
    peer_park(peer, EPOLLIN | EPOLLOUT); // there may be more
}

static void look(struct peer *peer, char *buf) {
    switch (peer->stage) {
    case STAGE_HEAD:
    case STAGE_BODY: read_on(peer, buf); return;
    case STAGE_REPLY: write_reply(peer->exchange); return;
    case STAGE_DRAIN: drain(peer); return;
    case STAGE_BUSY: break; // its worker has it
    }
    g_assert_not_reached();
}

static gpointer run_thread(gpointer data) {
    struct network *network = data;
    struct http_server *server = network->server;
    g_autofree char *buf = g_malloc(PIECE_BYTES);
    for (;;) {
        struct epoll_event event = { 0 };
        int count = epoll_wait(server->epoll_fd, &event, 1, -1);
        if (count == 1 && event.data.ptr == NULL) {
            return NULL; // stays readable, so that all threads see it
        }
        if (count == 1 && peer_take_up(server, event.data.ptr)) {
            look(event.data.ptr, buf);
        }
    }
}

void network_add(struct network *network, struct peer *peer) {
    struct http_server *server = network->server;
    struct epoll_event event = { .events = EPOLLONESHOT, .data.ptr = peer };
    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, peer->fd, &event) < 0) {
        peer_close(peer);
        return;
    }
    peer_park(peer, EPOLLIN);
}

bool network_start(struct http_server *server, GError **error) {
    struct epoll_event event = { .events = EPOLLIN };
    if (server->epoll_fd < 0 || server->stop_fd < 0 ||
        epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->stop_fd, &event) < 0) {
        fault_set(error, FAULT_UNAVAILABLE, "the HTTP server does not start: %s",
                  g_strerror(errno));
        return false;
    }
    struct network *network = g_new0(struct network, 1);
    network->server = server;
    server->network = network;
    server->send = send_reply;
    for (size_t i = 0; i < THREADS; i++) {
        network->threads[i] = g_thread_new("http-network", run_thread, network);
    }
    return true;
}

void network_stop(struct network *network) {
    for (size_t i = 0; i < THREADS; i++) {
        (void)g_thread_join(network->threads[i]);
    }
    g_autoptr(GList) peers = g_hash_table_get_keys(network->server->peers);
    for (GList *at = peers; at != NULL; at = at->next) {
        abandon(at->data);
    }
    g_free(network);
}
