// SPDX-License-Identifier: Apache-2.0

/* The queue of things to tell and its way into the socket.
 *
 * What always holds: messages leave in the order they were queued; at most WRITER_BYTES_MAX wait in
 * memory; an item whose fence is gone meanwhile (acknowledged) is left out. */

#include "supervisor/link.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WRITER_BYTES_MAX (4u * 1024 * 1024)
#define WRITER_BYTES_FULL (1u * 1024 * 1024)
#define ITEMS_CROWDED 65536u

void link_init(struct link *link) {
    *link = (struct link){ .fd = -1 };
    frame_reader_init(&link->reader, 64u * 1024); /* no message of the server is larger */
    frame_writer_init(&link->writer, WRITER_BYTES_MAX);
}

void link_done(struct link *link) {
    link_detach(link);
    free(link->items);
    *link = (struct link){ .fd = -1 };
}

void link_detach(struct link *link) {
    if (link->fd >= 0)
        (void)close(link->fd);
    link->fd = -1;
    link->is_greeted = false;
    link->is_muted = false;
    link->items_begin = link->items_end = 0;
    frame_reader_done(&link->reader);
    frame_writer_done(&link->writer);
}

void link_attach(struct link *link, int fd) {
    assert(fd >= 0);
    link_detach(link);
    link->fd = fd;
}

void link_mute(struct link *link) {
    (void)shutdown(link->fd, SHUT_RDWR);
    link->is_muted = true;
    link->items_begin = link->items_end = 0;
    frame_writer_done(&link->writer);
}

static void queue(struct link *link, struct link_item item) {
    if (link->fd < 0 || !link->is_greeted || link->is_muted)
        return;
    if (link->items_end == link->items_size && link->items_begin > 0) {
        memmove(link->items, link->items + link->items_begin,
                (link->items_end - link->items_begin) * sizeof *link->items);
        link->items_end -= link->items_begin;
        link->items_begin = 0;
    }
    if (link->items_end == link->items_size) {
        size_t size = link->items_size == 0 ? 64 : link->items_size * 2;
        struct link_item *grown = realloc(link->items, size * sizeof *grown);
        if (grown == NULL) { /* the server comes back and is told everything */
            link_detach(link);
            return;
        }
        link->items = grown;
        link->items_size = size;
    }
    link->items[link->items_end++] = item;
}

void link_tell(struct link *link, enum frame_type type, uint64_t fence) {
    queue(link, (struct link_item){ .type = type, .fence = fence });
}

void link_refuse(struct link *link, uint64_t fence, enum frame_refusal reason, int error) {
    queue(link, (struct link_item){
                    .type = FRAME_REFUSED, .fence = fence, .reason = reason, .error = error });
}

void link_greet(struct link *link, const struct link_facts *facts) {
    link->is_greeted = true;
    link->state = (struct frame_state){
        .mark = journal_mark(facts->journal),
        .pid = (uint32_t)getpid(),
        .capacity = facts->capacity,
        .open_count = journal_open_count(facts->journal),
        .exits_count = journal_exits_count(facts->journal),
        .is_journal_damaged = journal_is_damaged(facts->journal),
        .level = frame_text(facts->level),
        .boot_id = frame_text(facts->boot_id),
    };
    link_tell(link, FRAME_STATE, 0);
    for (int want_exited = 0; want_exited <= 1; want_exited++) {
        size_t walk = 0;
        const struct journal_entry *entry;
        while ((entry = journal_walk(facts->journal, &walk)) != NULL)
            if (entry->is_exited == (want_exited == 1))
                link_tell(link, want_exited == 1 ? FRAME_EXITED : FRAME_STARTED, entry->fence);
    }
    link_tell(link, FRAME_STATE_END, 0);
}

bool link_is_crowded(const struct link *link) {
    return link->items_end - link->items_begin > ITEMS_CROWDED;
}

static int push_exited(struct link *link, const struct link_facts *facts,
                       const struct journal_entry *entry) {
    uint8_t *frame = malloc(entry->frame_len);
    if (frame == NULL)
        return -ENOMEM;
    struct frame_message message;
    int error = journal_read_exit(facts->journal, entry, frame, entry->frame_len);
    if (error == 0)
        error = frame_decode(frame, entry->frame_len, &message);
    /* The disk gave back something else than was written: the outcome is unknown. */
    if (error != 0 || message.type != FRAME_EXITED)
        message = (struct frame_message){
            .type = FRAME_EXITED,
            .exited = { .fence = entry->fence,
                        .cause = FRAME_CAUSE_LOST,
                        .started_ms = entry->started.started_ms,
                        .ended_ms = entry->started.started_ms },
        };
    error = frame_writer_push(&link->writer, &message);
    free(frame);
    return error;
}

static int push_refused(struct link *link, const struct link_item *item) {
    static const char *const reasons[] = {
        [FRAME_STALE_FENCE] = "this fence is not above the highest one seen; it may have run",
        [FRAME_LIMIT] = "as many attempts are open as the supervisor can hold",
        [FRAME_JOURNAL] = "the start could not be recorded, or had no room, so it did not happen",
        [FRAME_SPAWN] = "no process could be made for the attempt; nothing ran",
    };
    char text[256];
    (void)snprintf(text, sizeof text, "%s%s%s", reasons[item->reason], item->error != 0 ? ": " : "",
                   item->error != 0 ? strerrordesc_np(item->error) : "");
    struct frame_message message = {
        .type = FRAME_REFUSED,
        .refused = { .fence = item->fence,
                     .error = item->error,
                     .reason = item->reason,
                     .text = frame_text(text) },
    };
    return frame_writer_push(&link->writer, &message);
}

static int push_item(struct link *link, const struct link_facts *facts,
                     const struct link_item *item) {
    const struct journal_entry *entry = journal_find(facts->journal, item->fence);
    struct frame_message message = { .type = item->type };
    switch (item->type) {
    case FRAME_STATE: message.state = link->state; break;
    case FRAME_STATE_END: break;
    case FRAME_STARTED:
        if (entry == NULL)
            return 0;
        /* Kept when it has ended meanwhile: STATE has promised so many of them. */
        message.started = (struct frame_started){ .fence = item->fence,
                                                  .pid = entry->started.identity.pid,
                                                  .started_ms = entry->started.started_ms };
        break;
    case FRAME_EXITED:
        return entry != NULL && entry->is_exited ? push_exited(link, facts, entry) : 0;
    case FRAME_REFUSED: return push_refused(link, item);
    case FRAME_HELLO:
    case FRAME_START:
    case FRAME_VOID:
    case FRAME_KILL:
    case FRAME_ACK:
    case FRAME_QUIT: return -EINVAL;
    }
    return frame_writer_push(&link->writer, &message);
}

int link_pump(struct link *link, const struct link_facts *facts) {
    assert(link->fd >= 0);
    for (;;) {
        while (link->items_begin < link->items_end &&
               frame_writer_pending(&link->writer) < WRITER_BYTES_FULL) {
            int error = push_item(link, facts, &link->items[link->items_begin]);
            if (error != 0)
                return error;
            link->items_begin++;
        }
        int error = frame_writer_flush(&link->writer, link->fd);
        if (error != 0)
            return error;
        if (link->items_begin == link->items_end)
            return 0;
    }
}
