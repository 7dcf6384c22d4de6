// SPDX-License-Identifier: Apache-2.0
//
// connection: the network threads, and the life of a connection in them. Private to the room web.
//
// A few threads wait for all connections together. A request that is there as a whole when it is looked at costs one read, one write
// and no worker when the server's options call it quick; everything else takes the same path in more pieces.
#pragma once

#include "web/exchange.h"

struct network;

// Starts the threads. FAULT_UNAVAILABLE when there are no descriptors.
bool network_start(struct http_server *server, GError **error);

// Takes a connection that is in the server's table. Its descriptor does not block.
void network_add(struct network *network, struct peer *peer);

// Ends the threads (stop_fd is readable), closes all connections, and frees. No handler may run any more.
void network_stop(struct network *network);
