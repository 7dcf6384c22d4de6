// SPDX-License-Identifier: Apache-2.0
//
// http: the door to the network: HTTP/1.1 requests in, replies out. It knows limits, framing and time; it knows no operation.
//
// A request is shown twice: to the gate as soon as its headers are there, and to the handler when its body is complete. The gate runs on
// a network thread and must not block; the handler runs on a worker and may, unless the request is quick: then a network thread may handle it. Each request gets exactly one reply, sent with
// http_reply_send by the gate, the handler, or any thread the handler passed the reply to.
//
// Limits (reliability.md, HTTP): target 1 MiB (414), 100 header fields and 16 KiB of them (431), body as the gate says (413), memory as
// budget.h shares it (503). What head.h or chunked.h do not read is refused with 400, another version with 505. Every refusal is one reply, made by
// http_refuse_fn, and closes the connection. Cut without a reply: heads slower than 10 s, bodies slower than 60 s, bodies and replies slower than
// 1 KiB/s after 5 s, 60 s of silence.
//
// A connection that finds the server full takes the place of one that waits for a request to come: the oldest of the address that has most of
// them. Nobody whose request is handled, or vouched for, gives way.
#pragma once

#include "api/wire/request.h"
#include "web/head.h"
#include "web/tls.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_reply; // the reply to one request, until it is sent
struct http_server;

// Looks at a request without its body. Returns true to go on, with the greatest body it takes; or sends a reply and returns false.
typedef bool (*http_gate_fn)(void *ctx, const struct api_request *request,
                             size_t *ret_body_bytes_max, struct http_reply *reply);

// Handles a complete request. `request` lives until the reply is sent.
typedef void (*http_handler_fn)(void *ctx, const struct api_request *request,
                                struct http_reply *reply);

// Does this request's handler end soon, as a rule, without waiting for anybody? Then it may run on a network thread; there are always threads
// left that serve others meanwhile.
typedef bool (*http_quick_fn)(void *ctx, const struct api_request *request);

// Who vouches for a request whose body has not come yet: the name of a caller that the head proves, which the caller frees, or NULL. Asked
// once, when the request needs more memory than each may have. Runs on a network thread.
typedef char *(*http_vouch_fn)(void *ctx, const struct api_request *request);

// Sends the reply to a refused request. Must not block. Of a head that could not be read the method may be NULL and the target empty.
typedef void (*http_refuse_fn)(void *ctx, const struct api_request *request,
                               enum http_refusal refusal, struct http_reply *reply);

struct http_options {
    int listen_fd;     // from http_listen; the server closes it
    http_gate_fn gate; // NULL: everything may pass
    http_handler_fn handler;
    http_refuse_fn refuse;  // NULL: a plain text
    http_quick_fn is_quick; // NULL: none is
    http_vouch_fn vouch;    // NULL: nobody
    void *ctx;
    // 0 takes the default of each.
    unsigned workers_max;             // 128: how many handlers may block at a time
    unsigned connections_max;         // 512
    unsigned kept_connections_max;    // 64: more than these are closed after their reply
    unsigned header_timeout_ms;       // 10 s
    unsigned body_timeout_ms;         // 60 s
    unsigned idle_timeout_ms;         // 60 s
    unsigned address_connections_max; // 200: of one address, or of one /64 of IPv6 addresses
    unsigned slow_grace_ms;     // 5 s: from then on a body comes, and a reply is read, with 1 KiB/s
    bool writes_access_log;     // one line a request, without the query
    const struct tls_pair *tls; // NULL: plain HTTP. Read by http_server_start only
};

// Opens a listening socket: "127.0.0.1:8080", "[::1]:0", "localhost:8080". The caller owns the descriptor until http_server_start.
bool http_listen(const char *address, int *ret_fd, GError **error);
// The same, but anything that is not loopback once the name is resolved is FAULT_INVALID_DATA: plain HTTP is for this host only.
bool http_listen_on_loopback(const char *address, int *ret_fd, GError **error);
// Is the address that this socket is bound to loopback?
bool http_is_loopback(int listen_fd);

// Takes over listen_fd, on failure too.
bool http_server_start(const struct http_options *options, struct http_server **ret_server,
                       GError **error);

// The port that is listened on.
uint16_t http_server_port(const struct http_server *server);

// Stops accepting, lets running handlers finish and their replies go out (for at most `drain_ms` after the last handler), closes
// everything and frees the server. Handlers must end by themselves.
void http_server_stop(struct http_server *server, unsigned drain_ms);

// Connections that are open now, and bytes of bodies held now. For metrics and tests.
unsigned http_server_connections(const struct http_server *server);
size_t http_server_body_bytes(const struct http_server *server);

// Adds a header. `name` and `value` are copied; line breaks in them are our mistake and end the process.
void http_reply_header(struct http_reply *reply, const char *name, const char *value);

// Will this request stand in the access log?
bool http_reply_is_logged(const struct http_reply *reply);
// Text for it, `key=value` pairs. Copied.
void http_reply_note(struct http_reply *reply, const char *note);

// Whose reply it is, for api_client. Copied; NULL: nobody's.
void http_reply_key(struct http_reply *reply, const char *access_key_id);

// Closes the connection after this reply.
void http_reply_close(struct http_reply *reply);

// Sends. Takes `body` (from g_malloc; may be NULL when `len` is 0). Reply and request are gone after this call.
void http_reply_send(struct http_reply *reply, unsigned status, const char *content_type,
                     char *body_take, size_t len);
