// SPDX-License-Identifier: Apache-2.0
//
// exchange: one request with its reply, the connection it came on, and the server they belong to. Private to the room web.
//
//   HEAD ──judged, gate──▶ BODY ──complete──▶ BUSY (a handler has it) ──▶ REPLY ──sent──▶ HEAD, or closed
//     └──refused───────────────┴────────────────────────────────────────▶ REPLY ──▶ DRAIN ──▶ closed
//
// Threads: a connection belongs to one thread at a time: to nobody while it is parked (the network waits for its client), then to the
// network thread that takes it up, then to the worker that handles its request. What others look at is guarded by the server's mutex, which is
// held for a few instructions.
#pragma once

#include "web/budget.h"
#include "web/chunked.h"
#include "web/http.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_BUSY, STAGE_REPLY, STAGE_DRAIN };

// One TCP connection.
struct peer {
    struct http_server *server;
    int fd;
    char address[INET6_ADDRSTRLEN + 8];
    // Guarded by the mutex.
    bool is_parked; // nobody has it; the network waits for its client
    bool is_cut;    // ended by us; it counts no more, and its owner is to close it
    bool is_kept;   // has answered a request and may wait for the next
    bool was_used;  // has ended a request
    bool has_begun; // some of the next request has come
    enum stage stage;
    int64_t since_us;        // when that stage, or the wait for a request, began
    uint64_t body_bytes;     // received in this body
    size_t backlog_bytes;    // of its reply, while that waits for the client (web/backlog)
    int64_t taken_us;        // when the client last took some of it
    const char *backlog_key; // whose reply that is; the exchange's; NULL: nobody's
    uint64_t read_bytes;     // taken by the client when the grace of this reply ended; 0: not ended
    struct claim claim;      // memory for the request on it
    // The owner's.
    struct tls_session *tls; // NULL: plain
    GByteArray *held;        // received, and not part of a request yet; NULL: nothing
    struct head_scan scan;
    struct http_reply *exchange; // the request on it; NULL: none
    uint64_t drained_bytes;
    bool must_give_up; // others have the memory of the request on it
};

struct http_reply {
    struct http_server *server;
    struct peer *peer;
    struct api_request request;
    struct head head;
    char *text; // the head as sent, and what came with it; the request points into it
    size_t text_len;
    GByteArray *body; // NULL: it came with the head
    struct chunked chunked;
    size_t body_bytes_max;
    bool was_vouched_for; // it was asked for a key that vouches for it
    bool is_broken_off;   // more of the request may come, which nobody will read
    bool must_close;
    bool has_reply;
    enum stage stage;
    int64_t begun_us;
    // The reply, once sent.
    unsigned status;
    GPtrArray *extra; // name, value, name, value…; NULL: none
    char *note;
    char *access_key_id; // whose reply it is; NULL: nobody's
    GString *reply_head;
    char *reply_body;
    size_t reply_bytes; // of the body
    size_t sent_bytes;  // of both
    bool keeps;
};

struct http_server {
    struct http_options options;
    int listen_fd;
    int stop_fd; // readable once the server stops
    int epoll_fd;
    struct tls_context *tls; // NULL: plain
    struct network *network;
    // Writes the reply's head and sends both, now or when the client takes them. The exchange may be gone afterwards.
    void (*send)(struct http_reply *exchange, const char *content_type);
    GThreadPool *workers;
    GThread *acceptor;
    GThread *reaper;
    uint16_t port;
    GMutex mutex;
    GCond reaper_woken; // the first connection came, or stopping
    GCond fewer;        // while stopping: a request ended
    GCond has_room;     // for one more connection, or stopping
    GHashTable *peers;  // struct peer, all connections
    struct budget budget;
    size_t backlog_bytes;   // of all peers
    unsigned backlog_count; // of peers that hold some of it
    unsigned open;          // connections that are not cut
    unsigned kept;
    unsigned requests; // begun and not freed
    unsigned busy;     // of these, with a worker
    bool acceptor_waits;
    bool is_stopping;
};

// ---- Connections

// A new connection from `from`, which takes the descriptor.
struct peer *peer_new(struct http_server *server, int fd, const struct sockaddr_storage *from);
// Enters it. When there are too many, the one that waits longest for a request, of the address that has most such, is cut; false when none may
// be, which frees the peer and closes the descriptor.
bool peer_enter(struct peer *peer);
// Is there room, or somebody who would give way? Called with the mutex.
bool peer_may_come(struct http_server *server);
// Ends it, whoever has it: its owner sees the end of the socket. Called with the mutex.
void peer_cut(struct peer *peer);
// Out of the table, closed and freed. The owner's, without a request on it.
void peer_close(struct peer *peer);

// The network looks at it when one of these events is there. Called with the mutex.
void peer_watch(struct peer *peer, uint32_t events);
// The same, and nobody has the connection from now on.
void peer_park(struct peer *peer, uint32_t events);
// The calling thread has it now; false: somebody else has, or it is gone.
bool peer_take_up(struct http_server *server, struct peer *peer);

// ---- Requests

// A request on this connection that is not counted yet.
struct http_reply *exchange_new(struct peer *peer);
// Counts it, and notes on the peer that a request has begun.
void exchange_begin(struct http_reply *exchange);
// `received` more bytes of its body have come, of which `kept` are to be stored. False: there is no memory for them.
bool exchange_hold(struct http_reply *exchange, size_t received, size_t kept);
// The same for a head of `bytes` so far, which is no request yet.
bool exchange_hold_head(struct peer *peer, size_t bytes);
void exchange_set_stage(struct http_reply *exchange, enum stage stage);
// Sends the reply to a refused request, which closes the connection.
void exchange_refuse(struct http_reply *exchange, enum http_refusal refusal);
// Shows the complete request to the handler, on a worker or here. The exchange may be gone afterwards.
void exchange_handle(struct http_reply *exchange);
// It goes to a handler. False: there are too many large ones of strangers already.
bool exchange_admit(struct http_reply *exchange);
// Answered, broken off, or never complete: writes the access log and frees.
void exchange_end(struct http_reply *exchange);
