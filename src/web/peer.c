// SPDX-License-Identifier: Apache-2.0
//
// peer: the connections of the server, and who of them gives way when more come than there may be. Declared in exchange.h.
//
// What always holds: a peer is in the table from peer_enter to peer_close and its descriptor is open in between; `open` of the server and
// `connections` of its address count it until it is cut or closed; what is parked belongs to nobody.
#include "web/exchange.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

// Its name in logs into `peer`; and the name of the holder it belongs to: of IPv6 addresses the first 64 bits are one network's.
static void name_peer(struct peer *peer, const struct sockaddr_storage *from,
                      char ret_holder[INET6_ADDRSTRLEN]) {
    char text[INET6_ADDRSTRLEN] = "local";
    unsigned port = 0;
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)from;
        (void)inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        port = ntohs(in->sin_port);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)from;
        (void)inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
        port = ntohs(in6->sin6_port);
    }
    (void)snprintf(peer->address, sizeof peer->address, "%s:%u", text, port);
    if (from->ss_family == AF_INET6) {
        struct in6_addr network = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
        for (size_t i = 8; i < sizeof network.s6_addr; i++) {
            network.s6_addr[i] = 0;
        }
        (void)inet_ntop(AF_INET6, &network, text, sizeof text);
    }
    (void)g_strlcpy(ret_holder, text, INET6_ADDRSTRLEN);
}

struct peer *peer_new(struct http_server *server, int fd, const struct sockaddr_storage *from) {
    struct peer *peer = g_new0(struct peer, 1);
    char holder[INET6_ADDRSTRLEN];
    peer->server = server;
    peer->fd = fd;
    peer->since_us = g_get_monotonic_time();
    name_peer(peer, from, holder);
    g_mutex_lock(&server->mutex);
    peer->claim.address = budget_holder(&server->budget, holder, false);
    g_mutex_unlock(&server->mutex);
    if (server->tls != NULL) {
        peer->tls = tls_session_new(server->tls, fd);
    }
    return peer;
}

// Called with the mutex.
static void peer_free(struct peer *peer) {
    budget_drop(&peer->server->budget, peer->claim.address);
    g_clear_pointer(&peer->held, g_byte_array_unref);
    g_free(peer);
}

// ---- Who gives way

// A connection whose client keeps us waiting for its request, and has proved nothing on it.
static bool may_give_way(const struct peer *peer) {
    return peer->is_parked && !peer->is_cut && peer->claim.key == NULL &&
           (peer->stage == STAGE_HEAD || peer->stage == STAGE_BODY || peer->stage == STAGE_DRAIN);
}

// Of the address with most of them; of these one that was never of use, and waits longest.
static bool is_weaker(const struct peer *peer, const struct peer *than) {
    unsigned mine = peer->claim.address->waiting;
    unsigned theirs = than->claim.address->waiting;
    if (mine != theirs) {
        return mine > theirs;
    }
    return peer->was_used != than->was_used ? !peer->was_used : peer->since_us < than->since_us;
}

// The one that gives way to another connection, of that address or (NULL) of any; or NULL. Called with the mutex.
static struct peer *find_weakest(struct http_server *server, const struct holder *address) {
    struct peer *weakest = NULL;
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, server->peers);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        ((struct peer *)key)->claim.address->waiting = 0;
    }
    g_hash_table_iter_init(&iter, server->peers);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        struct peer *peer = key;
        peer->claim.address->waiting += may_give_way(peer);
    }
    g_hash_table_iter_init(&iter, server->peers);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        struct peer *peer = key;
        if (may_give_way(peer) && (address == NULL || peer->claim.address == address) &&
            (weakest == NULL || is_weaker(peer, weakest))) {
            weakest = peer;
        }
    }
    return weakest;
}

bool peer_may_come(struct http_server *server) {
    return server->open < server->options.connections_max || find_weakest(server, NULL) != NULL;
}

static void count_out(struct peer *peer) {
    struct http_server *server = peer->server;
    server->open--;
    peer->claim.address->connections--;
    if (server->acceptor_waits) {
        g_cond_signal(&server->has_room);
    }
}

void peer_cut(struct peer *peer) {
    g_assert(!peer->is_cut);
    peer->is_cut = true;
    count_out(peer);
    (void)shutdown(peer->fd, SHUT_RDWR);
}

// Called with the mutex.
static bool make_room(struct peer *peer) {
    struct http_server *server = peer->server;
    struct holder *address = peer->claim.address;
    struct peer *weakest = NULL;
    if (address->connections >= server->options.address_connections_max) {
        weakest = find_weakest(server, address);
        if (weakest == NULL) {
            return false;
        }
    } else if (server->open >= server->options.connections_max) {
        weakest = find_weakest(server, NULL);
    }
    if (weakest != NULL) {
        peer_cut(weakest);
    }
    return true;
}

bool peer_enter(struct peer *peer) {
    struct http_server *server = peer->server;
    bool is_able = peer->tls != NULL || server->tls == NULL;
    g_mutex_lock(&server->mutex);
    bool may_enter = is_able && make_room(peer);
    if (may_enter) {
        server->open++;
        peer->claim.address->connections++;
        (void)g_hash_table_add(server->peers, peer);
        if (g_hash_table_size(server->peers) == 1) {
            g_cond_signal(&server->reaper_woken);
        }
    }
    g_mutex_unlock(&server->mutex);
    if (!may_enter) {
        tls_session_free(peer->tls);
        (void)close(peer->fd);
        g_mutex_lock(&server->mutex);
        peer_free(peer);
        g_mutex_unlock(&server->mutex);
    }
    return may_enter;
}

void peer_close(struct peer *peer) {
    struct http_server *server = peer->server;
    int fd = peer->fd;
    g_assert(peer->exchange == NULL);
    tls_session_free(peer->tls);
    g_mutex_lock(&server->mutex);
    // Before the descriptor is closed, so that nobody cuts its successor.
    (void)g_hash_table_remove(server->peers, peer);
    server->kept -= peer->is_kept;
    budget_release(&server->budget, &peer->claim);
    if (!peer->is_cut) {
        count_out(peer);
    }
    peer_free(peer);
    g_mutex_unlock(&server->mutex);
    (void)close(fd); // leaves the epoll set as well
}

// ---- Whose it is

void peer_watch(struct peer *peer, uint32_t events) {
    struct epoll_event event = { .events = events | EPOLLONESHOT, .data.ptr = peer };
    int status = epoll_ctl(peer->server->epoll_fd, EPOLL_CTL_MOD, peer->fd, &event);
    g_assert(status == 0); // it was added, and is open
}

void peer_park(struct peer *peer, uint32_t events) {
    struct http_server *server = peer->server;
    g_mutex_lock(&server->mutex);
    peer->is_parked = true;
    if (server->acceptor_waits) {
        g_cond_signal(&server->has_room); // it may give way now
    }
    // With the mutex: somebody may have it from then on, and nobody may close it before.
    peer_watch(peer, events);
    g_mutex_unlock(&server->mutex);
}

bool peer_take_up(struct http_server *server, struct peer *peer) {
    g_mutex_lock(&server->mutex);
    bool is_ours = g_hash_table_contains(server->peers, peer) && peer->is_parked;
    if (is_ours) {
        peer->is_parked = false;
        peer->must_give_up = peer->claim.is_lost;
    }
    g_mutex_unlock(&server->mutex);
    return is_ours;
}
