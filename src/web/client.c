// SPDX-License-Identifier: Apache-2.0
#include "web/client.h"

#include <poll.h>
#include <stddef.h>

#include "web/backlog.h"
#include "web/exchange.h"

static const struct http_reply *exchange_of(const struct api_request *request) {
    const void *start = (const char *)request - offsetof(struct http_reply, request);
    return start;
}

// The end of its side of the connection may stand behind bytes that nobody has read yet.
static bool has_left(const struct api_request *request) {
    struct pollfd poller = { .fd = exchange_of(request)->peer->fd, .events = POLLRDHUP };
    return poll(&poller, 1, 0) > 0;
}

static size_t unread_bytes(const struct api_request *request, const char *access_key_id) {
    return backlog_of_key(exchange_of(request)->server, access_key_id);
}

const struct api_client web_client = { has_left, unread_bytes };
