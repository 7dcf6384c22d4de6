// SPDX-License-Identifier: Apache-2.0
//
// exchange: one request with its reply, and the peer that sent it: what the two ways through the server share. Private to the room web.
//
// Complete small requests on plain connections go the short way (express.h); all others go through the HTTP library (http_server.c). Both begin an
// exchange, show it to gate and handler, and end it here, so that limits, counters, stages and the access log are the same.
//
// Threads: network threads and workers; the server's mutex guards the peers, their stages and all counters. It is held for a few instructions.
#pragma once

#include "web/http.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct MHD_Connection;
struct MHD_Response;
struct express;

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_DRAIN, STAGE_BUSY, STAGE_REPLY };

// One TCP connection.
struct peer {
    struct http_server *server;
    int fd;
    bool is_kept;    // has answered a request and may wait for the next
    bool was_used;   // has ended a request
    bool has_line;   // a request's first line has come, its end has not
    bool is_express; // on the short way
    bool
        is_moving; // on its way to the HTTP library, which may close it at any time: its descriptor must not be used
    bool is_cut;
    enum stage stage;    // of the request on it; STAGE_HEAD between requests
    int64_t since_us;    // when that stage, or the wait for a request, began
    uint64_t body_bytes; // received in this body
    uint64_t read_bytes; // taken by the client when the grace of this reply ended; 0: not ended
    struct http_reply *unsent; // express: a reply that is not wholly sent
    struct sockaddr_storage from;
    socklen_t from_len;
    char address[INET6_ADDRSTRLEN + 8];
};

// Sends what http_reply_send was given, once. Takes `body`, which is never NULL. The exchange may be gone afterwards.
typedef void (*exchange_send_fn)(struct http_reply *exchange, const char *content_type,
                                 char *body_take, size_t len, bool keeps);

struct http_reply {
    struct http_server *server;
    struct peer *peer;
    struct api_request request;
    exchange_send_fn send;
    char *target;
    GArray *headers;    // struct api_header
    GPtrArray *trimmed; // copies of values that ended in blanks; NULL: none
    struct framing framing;
    enum stage stage;
    bool must_close;
    bool has_reply;
    GByteArray *body;
    size_t body_bytes_max;
    size_t body_bytes; // counted as held
    // The reply, once sent.
    unsigned status;
    size_t reply_bytes;
    GPtrArray *extra; // name, value, name, value…; NULL: none
    char *note;
    int64_t begun_us;
    // Of the way through the HTTP library.
    struct MHD_Connection *connection;
    struct MHD_Response *response;
    bool is_suspended; // a worker sends the reply
    bool is_http11;
    uint64_t drained_bytes;
    enum http_refusal refusal;
    // Of the short way.
    char *text;    // head and body as sent; target and headers point into it
    GString *head; // of the reply
    char *reply_body;
    size_t sent_bytes; // of both
    bool keeps;
};

struct http_server {
    struct http_options options;
    int listen_fd;
    int stop_fd; // readable once the server stops
    bool is_tls;
    struct MHD_Daemon *daemons[2]; // each with a thread
    unsigned next_daemon;
    struct express *express;
    GThreadPool *workers;
    GThread *acceptor;
    GThread *reaper;
    uint16_t port;
    GMutex mutex;
    GCond reaper_woken; // the first connection came, or stopping
    GCond fewer;        // while stopping: a request ended
    GCond has_room;     // for one more connection, or stopping
    GHashTable *peers;  // struct peer, all open connections
    GHashTable *moving; // descriptor → struct peer that the HTTP library has not greeted yet
    unsigned kept;
    unsigned requests; // begun and not freed
    unsigned busy;     // of these, with a worker
    size_t bodies_bytes;
    bool is_stopping;
};

// A new connection from `from`, not in the server's table yet. The descriptor stays the caller's.
struct peer *peer_new(struct http_server *server, int fd, const struct sockaddr_storage *from,
                      socklen_t from_len);
// Enters it; false when its address has as many as it may have.
bool peer_enter(struct peer *peer);
// Out of the table and freed. To be called before the descriptor is closed, so that nobody cuts its successor.
void peer_leave(struct peer *peer);

// A request that is not counted yet. It owns `text`; without one, `target`.
struct http_reply *exchange_new(struct peer *peer, exchange_send_fn send);
void exchange_free(struct http_reply *exchange);
// Counts it, and notes on the peer that a request has begun.
void exchange_begin(struct http_reply *exchange);
// Counts `len` more bytes of body as held; false when that is too much for the server, or it stops.
bool exchange_hold(struct http_reply *exchange, size_t len);
// Is there no room for so many bytes now?
bool exchange_is_overloaded(struct http_server *server, uint64_t more_bytes);
void exchange_release_body(struct http_reply *exchange);
void exchange_set_stage(struct http_reply *exchange, enum stage stage);
// Sends the reply to a refused request, which closes the connection.
void exchange_refuse(struct http_reply *exchange, enum http_refusal refusal);
// Shows the complete request to the handler. The exchange may be gone afterwards.
void exchange_handle(struct http_reply *exchange);
// Answered, broken off, or never complete: writes the access log and frees.
void exchange_end(struct http_reply *exchange);

// Gives a connection to the HTTP library, which reads it from where it was left. The peer is the library's afterwards.
void http_take_over(struct peer *peer);
