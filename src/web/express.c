// SPDX-License-Identifier: Apache-2.0
//
// express: looks at what a socket holds without taking it (MSG_PEEK), takes exactly one request when it is all there, answers, and waits
// for the next.
//
// What always holds: nothing is taken from a socket before it is certain that this room serves the request; the grammar here is narrower
// than the library's, never wider. Whoever served a connection arms it again as the last act, since another thread may have it from then on.
#include "web/express.h"

#include "base/fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    REQUEST_BYTES_MAX = 64 * 1024, // head and body
    // The one that waited least is woken first, so those that are not needed cost nothing.
    THREADS = 16,
    // So many handlers may run on them at a time: one thread is always left for strangers.
    QUICK_MAX = THREADS - 1,
    DISCARD_BYTES = 64 * 1024,
};

struct express {
    struct http_server *server;
    int epoll_fd;
    int stop_fd; // readable once the threads are to end
    gint quick;  // handlers that run on these threads now
    GThread *threads[THREADS];
};

// ---- Reading

static bool is_token(char byte) {
    return g_ascii_isalnum(byte) || (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_name(const char *text) {
    size_t len = 0;
    while (is_token(text[len])) {
        len++;
    }
    return len > 0 && text[len] == 0;
}

// Printable ASCII and, where blanks are allowed, blank and tab.
static bool is_plain(const char *text, bool allows_blanks) {
    for (; *text != 0; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= 0x7f || (byte <= 0x20 && !(allows_blanks && (byte == ' ' || byte == '\t')))) {
            return false;
        }
    }
    return true;
}

// "POST /?a=b HTTP/1.1" into the exchange; the line ends with a NUL.
static bool read_request_line(char *line, struct http_reply *exchange) {
    char *target = strchr(line, ' ');
    char *version = target == NULL ? NULL : strchr(target + 1, ' ');
    if (version == NULL || strcmp(version, " HTTP/1.1") != 0) {
        return false;
    }
    *target++ = 0;
    *version = 0;
    exchange->request.method = line;
    exchange->request.target = exchange->target = target;
    return (strcmp(line, "GET") == 0 || strcmp(line, "POST") == 0) && target[0] == '/' &&
           is_plain(target, false);
}

// Headers that change how the rest is read are the library's, but for the two plain forms of Connection.
static bool may_have(const struct api_header *header, bool *ret_closes) {
    static const char *const others[] = { "Transfer-Encoding", "Expect", "Upgrade",
                                          "Trailer",           "TE",     "Keep-Alive" };
    if (strcasecmp(header->name, "Connection") == 0) {
        bool closes = strcasecmp(header->value, "close") == 0;
        *ret_closes |= closes;
        return closes || strcasecmp(header->value, "keep-alive") == 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (strcasecmp(header->name, others[i]) == 0) {
            return false;
        }
    }
    return true;
}

static bool read_header(char *line, struct http_reply *exchange) {
    char *value = strchr(line, ':');
    if (value == NULL) {
        return false;
    }
    *value++ = 0;
    value += strspn(value, " \t");
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
        value[--len] = 0;
    }
    struct api_header header = { .name = line, .value = value };
    g_array_append_val(exchange->headers, header);
    return is_name(line) && is_plain(value, true) && may_have(&header, &exchange->must_close);
}

// The head's lines, each ended by CR LF, up to the empty one. The text is cut into pieces.
static bool read_head(char *head, struct http_reply *exchange) {
    bool is_first = true;
    for (char *line = head; *line != 0;) {
        char *end = strstr(line, "\r\n");
        if (end == NULL) {
            return false;
        }
        *end = 0;
        if (end == line) {
            return !is_first;
        }
        if (!(is_first ? read_request_line(line, exchange) : read_header(line, exchange))) {
            return false;
        }
        is_first = false;
        line = end + 2;
    }
    return false;
}

static void send_reply(struct http_reply *exchange, const char *content_type, char *body_take,
                       size_t len, bool keeps);

// Fills an exchange that is not counted yet. Returns the length of the request, 0 when the library shall read it.
static size_t read_request(struct http_reply *exchange, char *text, size_t head_len, size_t len) {
    if (!read_head(text, exchange)) {
        return 0;
    }
    exchange->request.headers = (const void *)exchange->headers->data;
    exchange->request.header_count = exchange->headers->len;
    if (framing_check(&exchange->request, true, &exchange->framing) != HTTP_ACCEPTED ||
        exchange->framing.length > len - head_len) {
        return 0;
    }
    exchange->request.body_len = (size_t)exchange->framing.length;
    exchange->request.body = exchange->request.body_len == 0 ? NULL : text + head_len;
    return head_len + exchange->request.body_len;
}

size_t express_read(struct peer *peer, const char *bytes, size_t len,
                    struct http_reply **ret_exchange) {
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    if (end == NULL || memchr(bytes, 0, (size_t)(end - bytes)) != NULL) {
        return 0;
    }
    char *text = g_malloc(len + 1);
    memcpy(text, bytes, len);
    text[len] = 0;
    struct http_reply *exchange = exchange_new(peer, send_reply);
    exchange->text = text;
    size_t taken = read_request(exchange, text, (size_t)(end - bytes) + 4, len);
    if (taken == 0) {
        exchange_free(exchange);
        return 0;
    }
    exchange->request.peer = peer->address;
    exchange_begin(exchange);
    *ret_exchange = exchange;
    return taken;
}

// ---- Connections

static void arm(struct peer *peer, uint32_t events) {
    struct epoll_event event = { .events = events | EPOLLONESHOT, .data.ptr = peer };
    int status = epoll_ctl(peer->server->express->epoll_fd, EPOLL_CTL_MOD, peer->fd, &event);
    g_assert(status == 0); // it was added, and is open
}

static void close_peer(struct peer *peer) {
    int fd = peer->fd;
    peer_leave(peer);
    (void)close(fd); // leaves the epoll set as well
}

// Lets the client read to the end: closing with bytes unread would take the reply from it.
static void close_after_reply(struct peer *peer) {
    (void)shutdown(peer->fd, SHUT_WR);
    (void)recv(peer->fd, NULL, DISCARD_BYTES, MSG_TRUNC | MSG_DONTWAIT);
    close_peer(peer);
}

static void hand_over(struct peer *peer) {
    (void)epoll_ctl(peer->server->express->epoll_fd, EPOLL_CTL_DEL, peer->fd, NULL);
    http_take_over(peer);
}

// ---- Replies

// "Sun, 06 Nov 1994 08:49:37 GMT". The names are English whatever the locale.
static void append_date(GString *head) {
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = time(NULL);
    struct tm at;
    if (gmtime_r(&now, &at) != NULL) {
        char text[64];
        (void)snprintf(text, sizeof text, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d GMT\r\n",
                       days + 3 * at.tm_wday, at.tm_mday, months + 3 * at.tm_mon, 1900 + at.tm_year,
                       at.tm_hour, at.tm_min, at.tm_sec);
        g_string_append(head, text);
    }
}

static const char *reason_of(unsigned status) {
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Answer";
    }
}

static void append_header(GString *head, const char *name, const char *value) {
    g_string_append(head, name);
    g_string_append(head, ": ");
    g_string_append(head, value);
    g_string_append(head, "\r\n");
}

static GString *make_head(const struct http_reply *exchange, const char *content_type) {
    GString *head = g_string_sized_new(512);
    char line[96];
    (void)snprintf(line, sizeof line, "HTTP/1.1 %u %s\r\n", exchange->status,
                   reason_of(exchange->status));
    g_string_append(head, line);
    append_date(head);
    append_header(head, "Content-Type", content_type);
    for (guint i = 0; exchange->extra != NULL && i + 1 < exchange->extra->len; i += 2) {
        append_header(head, g_ptr_array_index(exchange->extra, i),
                      g_ptr_array_index(exchange->extra, i + 1));
    }
    g_string_append(head, exchange->keeps ? "Connection: Keep-Alive\r\nKeep-Alive: timeout=25\r\n"
                                          : "Connection: close\r\n");
    (void)snprintf(line, sizeof line, "Content-Length: %zu\r\n\r\n", exchange->reply_bytes);
    g_string_append(head, line);
    return head;
}

// Writes on. The connection waits for its next request, for room to write, or is closed; it is not the caller's any more.
static void write_reply(struct http_reply *exchange) {
    struct peer *peer = exchange->peer;
    size_t head_len = exchange->head->len;
    size_t total = head_len + exchange->reply_bytes;
    while (exchange->sent_bytes < total) {
        size_t done = exchange->sent_bytes;
        size_t head_done = MIN(done, head_len);
        struct iovec pieces[] = {
            { exchange->head->str + head_done, head_len - head_done },
            { exchange->reply_body + (done - head_done), total - head_len - (done - head_done) },
        };
        struct msghdr message = { .msg_iov = pieces, .msg_iovlen = G_N_ELEMENTS(pieces) };
        ssize_t sent = sendmsg(peer->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) {
            peer->unsent = exchange;
            arm(peer, EPOLLOUT);
            return;
        }
        if (sent < 0 && errno != EINTR) {
            exchange->keeps = false; // the client has left
            break;
        }
        exchange->sent_bytes += sent < 0 ? 0 : (size_t)sent;
    }
    bool keeps = exchange->keeps;
    peer->unsent = NULL;
    exchange_end(exchange);
    if (keeps) {
        arm(peer, EPOLLIN);
    } else {
        close_after_reply(peer);
    }
}

static void send_reply(struct http_reply *exchange, const char *content_type, char *body_take,
                       size_t len, bool keeps) {
    exchange->keeps = keeps;
    exchange->reply_body = body_take;
    exchange->head = make_head(exchange, content_type);
    write_reply(exchange);
}

// ---- Serving

// May one more handler run on a network thread? Then it is counted.
static bool take_place(struct express *express) {
    if (g_atomic_int_add(&express->quick, 1) < QUICK_MAX) {
        return true;
    }
    (void)g_atomic_int_add(&express->quick, -1);
    return false;
}

// The same order of checks as on the way through the library. The body has been read already, so nothing needs to be drained.
static void serve(struct http_reply *exchange) {
    struct http_server *server = exchange->server;
    const struct http_options *options = &server->options;
    size_t body_len = exchange->request.body_len;
    if (options->gate != NULL &&
        !options->gate(options->ctx, &exchange->request, &exchange->body_bytes_max, exchange)) {
        return;
    }
    if (body_len > exchange->body_bytes_max) {
        exchange_refuse(exchange, HTTP_BODY_TOO_LARGE);
        return;
    }
    if (!exchange_hold(exchange, body_len)) {
        exchange_refuse(exchange, HTTP_OVERLOADED);
        return;
    }
    exchange_set_stage(exchange, STAGE_BUSY);
    if (options->is_quick != NULL && options->is_quick(options->ctx, &exchange->request) &&
        take_place(server->express)) {
        exchange_handle(exchange);
        (void)g_atomic_int_add(&server->express->quick, -1);
    } else {
        (void)g_thread_pool_push(server->workers, exchange, NULL);
    }
}

static void look(struct peer *peer, char *buf) {
    if (peer->unsent != NULL) {
        write_reply(peer->unsent);
        return;
    }
    ssize_t len = recv(peer->fd, buf, REQUEST_BYTES_MAX, MSG_PEEK | MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        arm(peer, EPOLLIN);
        return;
    }
    if (len <= 0) {
        close_peer(peer);
        return;
    }
    struct http_reply *exchange = NULL;
    size_t taken = express_read(peer, buf, (size_t)len, &exchange);
    if (taken == 0) {
        hand_over(peer);
        return;
    }
    // It is there and nobody else reads; but what a client can do to a connection is not to be staked on.
    if (recv(peer->fd, buf, taken, MSG_DONTWAIT) != (ssize_t)taken) {
        exchange_end(exchange);
        close_peer(peer);
        return;
    }
    serve(exchange);
}

static gpointer run_thread(gpointer data) {
    struct express *express = data;
    g_autofree char *buf = g_malloc(REQUEST_BYTES_MAX);
    for (;;) {
        struct epoll_event event = { 0 };
        int count = epoll_wait(express->epoll_fd, &event, 1, -1);
        if (count == 1 && event.data.ptr == NULL) {
            return NULL; // stays readable, so that all threads see it
        }
        if (count == 1) {
            look(event.data.ptr, buf);
        }
    }
}

void express_add(struct express *express, struct peer *peer) {
    struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = peer };
    if (epoll_ctl(express->epoll_fd, EPOLL_CTL_ADD, peer->fd, &event) < 0) {
        close_peer(peer);
    }
}

bool express_start(struct http_server *server, struct express **ret_express, GError **error) {
    struct express *express = g_new0(struct express, 1);
    express->server = server;
    express->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    express->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN };
    if (express->epoll_fd < 0 || express->stop_fd < 0 ||
        epoll_ctl(express->epoll_fd, EPOLL_CTL_ADD, express->stop_fd, &event) < 0) {
        fault_set(error, FAULT_UNAVAILABLE, "the HTTP server does not start: %s",
                  g_strerror(errno));
        (void)close(express->epoll_fd);
        (void)close(express->stop_fd);
        g_free(express);
        return false;
    }
    *ret_express = express; // the threads look for it
    for (size_t i = 0; i < THREADS; i++) {
        express->threads[i] = g_thread_new("http-express", run_thread, express);
    }
    return true;
}

// The connections that are here. Those of the library come and go meanwhile.
static GPtrArray *list_peers(struct http_server *server) {
    GPtrArray *peers = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;
    g_mutex_lock(&server->mutex);
    g_hash_table_iter_init(&iter, server->peers);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (((const struct peer *)key)->is_express) {
            g_ptr_array_add(peers, key);
        }
    }
    g_mutex_unlock(&server->mutex);
    return peers;
}

void express_stop(struct express *express) {
    struct http_server *server = express->server;
    uint64_t one = 1;
    ssize_t written = write(express->stop_fd, &one, sizeof one);
    g_assert(written == sizeof one);
    for (size_t i = 0; i < THREADS; i++) {
        (void)g_thread_join(express->threads[i]);
    }
    g_autoptr(GPtrArray) peers = list_peers(server);
    for (guint i = 0; i < peers->len; i++) {
        struct peer *peer = g_ptr_array_index(peers, i);
        if (peer->unsent != NULL) {
            exchange_end(peer->unsent);
        }
        close_peer(peer);
    }
    (void)close(express->epoll_fd);
    (void)close(express->stop_fd);
    g_free(express);
}
