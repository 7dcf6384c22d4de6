// SPDX-License-Identifier: Apache-2.0
//
// budget: who holds how much memory for requests, and who gives way when there is no more.
//
// Each connection has HTTP_OWN_BYTES for the request on it. What a request needs beyond them, head and body, it claims as its bytes
// arrive, from one store of HTTP_STORE_BYTES for the whole server. A claim belongs to a holder: the address of the connection (a stranger), or the access key whose
// signature over the head holds. When the store is empty,
//
//   - strangers give way to keys, never the other way round;
//   - among strangers, or among keys, the one who holds most gives way, with the claim that it began first. A key never pushes
//     out its own;
//   - what is with a handler stays. Strangers' requests with handlers hold at most half of the store together (or are one alone).
//
// So unfinished requests of strangers refuse nobody, and finished ones leave half of it to keys.
//
// Threads: none of its own; the server's mutex guards it.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

enum { HTTP_OWN_BYTES = 64 * 1024, HTTP_STORE_BYTES = 64 * 1024 * 1024 };

struct holder {
    char *name;
    bool is_key;
    unsigned references;
    unsigned connections; // of an address
    unsigned waiting; // of these, without a complete request; counted when somebody must give way
    size_t bytes;     // claimed
    size_t backlog_bytes; // of replies that wait (web/backlog)
};

struct budget {
    GTree *holders; // name → holder; ordered, because names come from outside
    GQueue claims;  // that may give way, the first begun first
    size_t bytes;
    size_t fixed_bytes; // strangers', with handlers
};

// Part of a connection. Zeroed but for the holder while nothing is claimed.
struct claim {
    struct holder *address; // the holder of the connection
    struct holder *key;     // the holder of this request when its signature holds; NULL
    size_t bytes;
    bool is_fixed; // with a handler
    bool
        is_lost; // gave way: nothing of it is counted any more, and its owner is to end the request
    GList link;  // in claims, while data is set
};

void budget_init(struct budget *budget);
void budget_done(struct budget *budget);

// The holder of that name, made when it is new. One reference.
struct holder *budget_holder(struct budget *budget, const char *name, bool is_key);
void budget_drop(struct budget *budget, struct holder *holder);

// From now on the claim is the key's. Once for a request.
void budget_vouch(struct budget *budget, struct claim *claim, const char *key);
// The request holds `bytes` in all now, more than before. False: there is no room for it. Told of each that gave way.
bool budget_grow(struct budget *budget, struct claim *claim, size_t bytes,
                 void (*gave_way)(void *ctx, struct claim *claim), void *ctx);
// Its request goes to a handler. False: it may not now.
bool budget_fix(struct budget *budget, struct claim *claim);
// Its request has ended.
void budget_release(struct budget *budget, struct claim *claim);
