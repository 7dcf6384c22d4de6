// SPDX-License-Identifier: Apache-2.0
// folder: web
//
// Any bytes of a socket are either left to the HTTP library or are one whole request: with a plain line, headers of printable text, one Host, and as
// much body as it says. The same bytes with more behind them are the same request: what comes later changes nothing.
#include "web/express.h"

#include <assert.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>

// Only its counters and their lock are used: nothing is listened to.
static struct http_server server;

static size_t read_bytes(struct peer *peer, const char *bytes, size_t len,
                         struct http_reply **ret_exchange) {
    *ret_exchange = NULL;
    size_t taken = express_read(peer, bytes, len, ret_exchange);
    assert((taken > 0) == (*ret_exchange != NULL));
    assert(taken <= len);
    return taken;
}

static void check(const struct api_request *request, size_t taken) {
    assert(strcmp(request->method, "GET") == 0 || strcmp(request->method, "POST") == 0);
    assert(request->target[0] == '/' && strpbrk(request->target, " \t\r\n") == NULL);
    assert(api_request_header_count(request, "host") == 1);
    assert(api_request_header_count(request, "transfer-encoding") == 0);
    assert(request->body_len < taken);
    for (size_t i = 0; i < request->header_count; i++) {
        assert(strpbrk(request->headers[i].name, " \t\r\n:") == NULL);
        assert(strpbrk(request->headers[i].value, "\r\n") == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sockaddr_storage from = { .ss_family = AF_INET };
    struct peer *peer = peer_new(&server, -1, &from, sizeof from);
    struct http_reply *exchange = NULL;
    size_t taken = read_bytes(peer, (const char *)data, size, &exchange);
    if (taken > 0) {
        check(&exchange->request, taken);
        exchange_end(exchange);
        g_autofree char *more = g_malloc(size + 16);
        memcpy(more, data, size);
        memcpy(more + size, "GET / HTTP/1.1\r\n", 16);
        size_t again = read_bytes(peer, more, size + 16, &exchange);
        assert(again == taken);
        exchange_end(exchange);
    }
    assert(server.requests == 0);
    g_free(peer);
    return 0;
}
