// SPDX-License-Identifier: Apache-2.0
//
// backlog: replies that wait for clients to read them, and which of them give way when they hold too much memory.
//
// A reply that goes out at once counts for nothing, nor do the first BACKLOG_OWN_BYTES of one that waits. All others together hold at most
// BACKLOG_BYTES, or are one alone: the address whose replies hold most gives way, with the one of which nothing was taken for longest, and its connection is closed.
#pragma once

#include <stddef.h>

#include "web/exchange.h"

enum {
    BACKLOG_OWN_BYTES = 64 * 1024,
    BACKLOG_BYTES = 256 * 1024 * 1024,
    BACKLOG_LIVELY_MS = 1000, // a client that takes nothing for so long does not read
};

// The peer's reply waits now, or waits again after some of it was taken; `bytes` of memory are held for it. The peer itself may be the one that is cut: its
// owner sees the end of the socket. `key` is whose reply that is, or NULL; it stays until backlog_leave.
void backlog_enter(struct peer *peer, size_t bytes, const char *key);
// It waits no more, if it did.
void backlog_leave(struct peer *peer);
// What waits of this key's replies for clients that read. Takes the mutex.
size_t backlog_of_key(struct http_server *server, const char *key);
