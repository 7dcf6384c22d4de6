// SPDX-License-Identifier: Apache-2.0
//
// express: the short way for small, complete requests. Private to the room web.
//
// A connection begins here. As long as each of its requests is there as a whole when it is looked at (head and body within 64 KiB, HTTP/1.1, GET or
// POST, strictly framed), they are served here. The first one that is not is left in the socket, and the connection goes to the HTTP library
// for the rest of its life: what is slow, large, chunked, malformed or merely unusual has one judge, the one that always judged it.
//
// Threads: a few network threads wait for requests together. What the server's options call quick they handle themselves; the rest goes
// to a worker, which writes the reply itself. A connection belongs to one thread at a time (EPOLLONESHOT).
#pragma once

#include "web/exchange.h"

struct express;

// Never fails but for want of descriptors, with FAULT_UNAVAILABLE.
bool express_start(struct http_server *server, struct express **ret_express, GError **error);

// Takes a connection that is in the server's table. Its descriptor does not block.
void express_add(struct express *express, struct peer *peer);

// Ends the threads, closes the connections that are still here, and frees. No handler may run any more.
void express_stop(struct express *express);

// The request at the beginning of `bytes` when it is complete and plain, in `ret_exchange`; returns its length. 0: it is not.
// Pure but for the count of requests; shown here for tests.
size_t express_read(struct peer *peer, const char *bytes, size_t len,
                    struct http_reply **ret_exchange);
