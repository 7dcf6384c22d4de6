// SPDX-License-Identifier: Apache-2.0
//
// backlog: the sum of the server and that of each address are the sums over its peers; a peer that was cut counts no more, though its memory is
// freed a moment later, by whoever has it.
#include "web/backlog.h"

#include <string.h>

static void count_out(struct peer *peer) {
    peer->server->backlog_count -= peer->backlog_bytes > 0;
    peer->server->backlog_bytes -= peer->backlog_bytes;
    peer->claim.address->backlog_bytes -= peer->backlog_bytes;
    peer->backlog_bytes = 0;
    peer->backlog_key = NULL;
}

static bool is_weaker(const struct peer *peer, const struct peer *than) {
    size_t mine = peer->claim.address->backlog_bytes;
    size_t theirs = than->claim.address->backlog_bytes;
    return mine != theirs ? mine > theirs : peer->taken_us < than->taken_us;
}

// There is one while the sum is not 0.
static struct peer *find_weakest(struct http_server *server) {
    struct peer *weakest = NULL;
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, server->peers);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        struct peer *peer = key;
        if (peer->backlog_bytes > 0 && (weakest == NULL || is_weaker(peer, weakest))) {
            weakest = peer;
        }
    }
    return weakest;
}

void backlog_enter(struct peer *peer, size_t bytes, const char *key) {
    struct http_server *server = peer->server;
    g_mutex_lock(&server->mutex);
    peer->taken_us = g_get_monotonic_time();
    if (peer->backlog_bytes == 0 && bytes > BACKLOG_OWN_BYTES && !peer->is_cut) {
        peer->backlog_bytes = bytes - BACKLOG_OWN_BYTES;
        peer->backlog_key = key;
        peer->claim.address->backlog_bytes += peer->backlog_bytes;
        server->backlog_bytes += peer->backlog_bytes;
        server->backlog_count++;
    }
    while (server->backlog_bytes > BACKLOG_BYTES && server->backlog_count > 1) {
        struct peer *weakest = find_weakest(server);
        count_out(weakest);
        if (!weakest->is_cut) { // else whoever has it is about to free it
            peer_cut(weakest);
        }
    }
    g_mutex_unlock(&server->mutex);
}

void backlog_leave(struct peer *peer) {
    struct http_server *server = peer->server;
    g_mutex_lock(&server->mutex);
    count_out(peer);
    g_mutex_unlock(&server->mutex);
}

size_t backlog_of_key(struct http_server *server, const char *key) {
    size_t bytes = 0;
    g_mutex_lock(&server->mutex);
    int64_t since_us = g_get_monotonic_time() - BACKLOG_LIVELY_MS * 1000;
    GHashTableIter iter;
    gpointer at;
    g_hash_table_iter_init(&iter, server->peers);
    while (server->backlog_count > 0 && g_hash_table_iter_next(&iter, &at, NULL)) {
        const struct peer *peer = at;
        if (peer->backlog_key != NULL && peer->taken_us >= since_us &&
            strcmp(peer->backlog_key, key) == 0) {
            bytes += peer->backlog_bytes;
        }
    }
    g_mutex_unlock(&server->mutex);
    return bytes;
}
