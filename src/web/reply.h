// SPDX-License-Identifier: Apache-2.0
//
// reply: the bytes of a reply, made and written. Private to the room web; the thread that has the connection.
#pragma once

#include "web/exchange.h"

// Makes the head of the reply that http_reply_send was given.
void reply_make_head(struct http_reply *exchange, const char *content_type);
// Writes on. 0: all is written; -EAGAIN: not now; another error: the client has left.
int reply_write(struct http_reply *exchange);
// Tells the client to go on with its body. False: it has left.
bool reply_continue(struct peer *peer);
