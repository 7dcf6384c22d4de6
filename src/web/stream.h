// SPDX-License-Identifier: Apache-2.0
//
// stream: the bytes of a connection, plain or TLS, the same to whom reads and writes them. Private to the room web; the thread that has
// the connection. Nothing waits.
#pragma once

#include "web/exchange.h"

#include <sys/types.h>
#include <sys/uio.h>

// Bytes; 0: the client has ended; -EAGAIN: none now; another error: the connection is over.
ssize_t stream_receive(struct peer *peer, char *bytes, size_t len);
// The same for writing what the pieces hold. After -EAGAIN the same is to be given again.
ssize_t stream_send(struct peer *peer, const struct iovec *pieces, size_t count);
// After -EAGAIN: the event to wait for, `usual` unless TLS needs another.
uint32_t stream_events(const struct peer *peer, uint32_t usual);
// Are there bytes that the socket does not tell of?
bool stream_has_pending(const struct peer *peer);
// Nothing more will be sent.
void stream_end(struct peer *peer);
// Takes bytes that nobody will read, after stream_end; returns like stream_receive.
ssize_t stream_discard(struct peer *peer);
