// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_LINK_H
#define SLUICE_SUPERVISOR_LINK_H

/* The connection to the server: what came in, what has to be told, and what waits to be sent.
 *
 * What has to be told is kept as (kind, fence) and becomes a frame only when there is room: results
 * of a thousand ends are read from the journal one by one and never lie in memory together. One
 * thread; 0 or -errno. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/frame.h"
#include "supervisor/journal.h"

struct link_item {
    enum frame_type type;
    enum frame_refusal reason; /* REFUSED */
    int32_t error;             /* REFUSED */
    uint64_t fence;
};

struct link_facts {
    const struct journal *journal;
    uint32_t capacity;
    const char *level;
    const char *boot_id;
};

struct link {
    int fd; /* -1: no server */
    bool is_greeted;
    bool is_muted; /* nobody reads what would be told */
    struct frame_reader reader;
    struct frame_writer writer;
    struct link_item *items;
    size_t items_begin;
    size_t items_end;
    size_t items_size;
    struct frame_state state; /* counts and mark as they were at HELLO */
};

void link_init(struct link *link);
void link_done(struct link *link);

/* Takes over a connected socket; one that is there already is closed. */
void link_attach(struct link *link, int fd);
void link_detach(struct link *link);

/* Ends the talk in both directions: what waits is forgotten, nothing is queued until the next
 * link_attach; what the server has said already can still be read, up to the end of file. */
void link_mute(struct link *link);

/* Queues a message; nothing happens without a greeted server. */
void link_tell(struct link *link, enum frame_type type, uint64_t fence);
void link_refuse(struct link *link, uint64_t fence, enum frame_refusal reason, int error);

/* HELLO came: queues STATE, STARTED and EXITED of all entries, STATE_END. To be called before the
 * mark is raised, so that the server sees it as it was. */
void link_greet(struct link *link, const struct link_facts *facts);

/* Whether so much waits that nothing more should be read from the server. */
bool link_is_crowded(const struct link *link);

/* Sends what the socket takes. 0: all is sent; -EAGAIN: wait until it is writable; else the
 * connection is broken. */
int link_pump(struct link *link, const struct link_facts *facts);

#endif
