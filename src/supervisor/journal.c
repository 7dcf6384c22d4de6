// SPDX-License-Identifier: Apache-2.0

/* The attempt journal: an append-only file and the table of what it still holds.
 *
 * Not here: what to do about an attempt; processes; the protocol. Bytes are in record.c.
 *
 * What always holds:
 * - `entries` is the fold of the records up to `end`; bytes behind `end` mean nothing.
 * - The file has space allocated for one small end of every open attempt (EXIT_RESERVE_BYTES), so a
 *   full disk can refuse a start and drop a result, but never an end.
 * - The mark never falls; a rewrite carries it in the header. */

#include "supervisor/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "supervisor/table.h"

#define EXIT_RESERVE_BYTES 256u
#define ALLOCATE_BYTES (1024u * 1024)
#define COMPACT_BYTES_DEFAULT (8u * 1024 * 1024)
#define FILE_BYTES_MAX (UINT64_C(4) << 30)

struct journal {
    int dir_fd;
    char name[64];
    int fd;
    char boot_id[FILE_BOOT_ID_BYTES];
    uint32_t salt;
    uint64_t mark;
    bool is_damaged;
    bool is_synced;
    bool can_allocate; /* false where the file system has no fallocate: no room is kept there */
    uint64_t end;
    uint64_t allocated;
    uint64_t live_bytes; /* records that a rewrite would carry over */
    uint64_t compact_bytes;
    uint32_t open_count;
    struct table entries;
};

static_assert(RECORD_PREFIX_BYTES + 160 <= EXIT_RESERVE_BYTES, "an end without result has room");

static size_t started_size(const struct record_started *started) {
    return record_size(80 + strlen(started->cgroup));
}

static size_t entry_size(const struct journal_entry *entry) {
    return entry->is_exited ? record_size(entry->frame_len) : started_size(&entry->started);
}

static struct journal_entry *add_entry(struct journal *journal, uint64_t fence) {
    struct journal_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->fence = fence;
    if (table_put(&journal->entries, fence, entry) == 0)
        return entry;
    free(entry);
    return NULL;
}

/* The fold of one record into the table. */
static int apply(void *user, const struct record *record) {
    struct journal *journal = user;
    struct journal_entry *entry = table_get(&journal->entries, record->fence);
    if (record->fence > journal->mark)
        journal->mark = record->fence;
    switch (record->type) {
    case RECORD_STARTED:
        if (entry == NULL && (entry = add_entry(journal, record->fence)) == NULL)
            return -ENOMEM;
        if (entry->is_exited || entry->started.fence != 0)
            return 0;
        entry->started = record->started;
        journal->open_count++;
        journal->live_bytes += entry_size(entry);
        return 0;
    case RECORD_EXITED:
        /* A rewritten journal holds ends without their starts. */
        if (entry == NULL && (entry = add_entry(journal, record->fence)) == NULL)
            return -ENOMEM;
        if (entry->is_exited)
            return 0;
        if (entry->started.fence != 0) {
            journal->live_bytes -= entry_size(entry);
            journal->open_count--;
        }
        entry->is_exited = true;
        entry->frame_offset = record->frame_offset;
        entry->frame_len = (uint32_t)record->frame_len;
        journal->live_bytes += entry_size(entry);
        return 0;
    case RECORD_ACKED:
        if (entry == NULL || !entry->is_exited)
            return 0;
        journal->live_bytes -= entry_size(entry);
        table_remove(&journal->entries, record->fence);
        free(entry);
        return 0;
    case RECORD_MARK: journal->is_damaged = false; return 0;
    }
    return 0;
}

/* Keeps `wanted` bytes behind `end` allocated, besides the room for the ends of `open_count`. */
static int reserve(struct journal *journal, uint64_t wanted, uint32_t open_count) {
    uint64_t need = journal->end + wanted + (uint64_t)open_count * EXIT_RESERVE_BYTES;
    if (need > FILE_BYTES_MAX)
        return -EFBIG;
    if (need <= journal->allocated || !journal->can_allocate)
        return 0;
    uint64_t size = (need + ALLOCATE_BYTES - 1) / ALLOCATE_BYTES * ALLOCATE_BYTES;
    if (fallocate(journal->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) != 0) {
        if (errno == EOPNOTSUPP || errno == ENOSYS) {
            journal->can_allocate = false;
            return 0;
        }
        return -errno;
    }
    journal->allocated = size;
    return 0;
}

static int append(struct journal *journal, enum record_type type, const uint8_t *payload,
                  size_t payload_len) {
    uint8_t prefix[RECORD_PREFIX_BYTES];
    static const uint8_t zeros[8];
    record_prefix_encode(journal->salt, type, payload, payload_len, prefix);
    size_t size = record_size(payload_len);
    struct iovec parts[3] = {
        { .iov_base = prefix, .iov_len = sizeof prefix },
        { .iov_base = (void *)(uintptr_t)payload, .iov_len = payload_len },
        { .iov_base = (void *)(uintptr_t)zeros,
          .iov_len = size - RECORD_PREFIX_BYTES - payload_len },
    };
    ssize_t wrote;
    do {
        wrote = pwritev(journal->fd, parts, 3, (off_t)journal->end);
    } while (wrote < 0 && errno == EINTR);
    /* What was written in part lies behind `end`: the next record overwrites it, a reader cuts it
     * off. Truncating it would give the reserved room back. */
    if (wrote != (ssize_t)size)
        return wrote < 0 ? -errno : -ENOSPC;
    journal->is_synced = false;
    journal->end += size;
    return 0;
}

static int write_header(struct journal *journal, int fd) {
    struct record_journal_header header = { .mark = journal->mark,
                                            .is_damaged = journal->is_damaged,
                                            .salt = journal->salt };
    memcpy(header.boot_id, journal->boot_id, sizeof header.boot_id);
    uint8_t bytes[RECORD_HEADER_BYTES];
    record_header_encode(&header, bytes);
    return file_write_at(fd, bytes, sizeof bytes, 0);
}

/* Copies one entry to the end of a new file. */
static int copy_entry(const struct journal *journal, const struct journal_entry *entry, int fd,
                      uint64_t at) {
    size_t size = entry_size(entry);
    uint8_t *bytes = calloc(1, size);
    if (bytes == NULL)
        return -ENOMEM;
    size_t len = entry->frame_len;
    int error = 0;
    if (entry->is_exited)
        error = journal_read_exit(journal, entry, bytes + RECORD_PREFIX_BYTES, len);
    else
        len = record_started_encode(&entry->started, bytes + RECORD_PREFIX_BYTES);
    if (error == 0) {
        record_prefix_encode(journal->salt, entry->is_exited ? RECORD_EXITED : RECORD_STARTED,
                             bytes + RECORD_PREFIX_BYTES, len, bytes);
        error = file_write_at(fd, bytes, size, at);
    }
    free(bytes);
    return error;
}

/* Writes header and live entries into `fd` and says where they end. */
static int copy_live(struct journal *journal, int fd, uint64_t *ret_end) {
    int error = write_header(journal, fd);
    uint64_t at = RECORD_HEADER_BYTES;
    size_t walk = 0;
    for (struct journal_entry *entry;
         error == 0 && (entry = table_walk(&journal->entries, &walk)) != NULL;) {
        error = copy_entry(journal, entry, fd, at);
        at += entry_size(entry);
    }
    *ret_end = at;
    return error;
}

/* Rewrites the journal with nothing but its live entries. On failure the old file stays. */
static int rewrite(struct journal *journal) {
    char name[80];
    (void)snprintf(name, sizeof name, ".%s.new", journal->name);
    (void)unlinkat(journal->dir_fd, name, 0);
    int fd =
        openat(journal->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    uint64_t end = 0;
    int error = copy_live(journal, fd, &end);
    uint64_t reserved = end + (uint64_t)journal->open_count * EXIT_RESERVE_BYTES + ALLOCATE_BYTES;
    if (error == 0 && journal->can_allocate &&
        fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)reserved) != 0)
        error = -errno;
    /* Ends that were synced in the old file must not be younger than the rename. */
    if (error == 0 && journal->entries.count > 0 && fdatasync(fd) != 0)
        error = -errno;
    if (error == 0 && renameat(journal->dir_fd, name, journal->dir_fd, journal->name) != 0)
        error = -errno;
    if (error != 0) {
        (void)close(fd);
        (void)unlinkat(journal->dir_fd, name, 0);
        return error;
    }
    size_t walk = 0;
    uint64_t at = RECORD_HEADER_BYTES;
    for (struct journal_entry *entry; (entry = table_walk(&journal->entries, &walk)) != NULL;) {
        entry->frame_offset = at + RECORD_PREFIX_BYTES;
        at += entry_size(entry);
    }
    assert(at == end);
    if (journal->fd >= 0)
        (void)close(journal->fd);
    journal->fd = fd;
    journal->end = end;
    journal->allocated = journal->can_allocate ? reserved : 0;
    journal->is_synced = journal->entries.count == 0;
    return 0;
}

static void compact_if_worthwhile(struct journal *journal) {
    if (journal->end < journal->compact_bytes || journal->live_bytes > journal->end / 2)
        return;
    if (rewrite(journal) != 0) /* no room now: try again when it has grown by as much again */
        journal->compact_bytes = journal->end * 2;
}

/* Reads the old file into `journal`. Sets is_damaged when it can not be trusted fully. */
static int load(struct journal *journal) {
    struct stat status;
    if (fstat(journal->fd, &status) != 0)
        return -errno;
    uint64_t size = (uint64_t)status.st_size;
    if (!S_ISREG(status.st_mode) || size > FILE_BYTES_MAX)
        return -EFBIG;
    journal->is_damaged = true;
    if (size < RECORD_HEADER_BYTES)
        return 0;
    uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, journal->fd, 0);
    if (bytes == MAP_FAILED)
        return -errno;
    struct record_journal_header header;
    int error = 0;
    if (record_header_decode(bytes, size, &header) == 0) {
        bool is_damaged = false;
        journal->mark = header.mark;
        journal->salt = header.salt;
        journal->is_damaged = header.is_damaged;
        error = record_scan(header.salt, bytes, size, apply, journal, &journal->end, &is_damaged);
        if (is_damaged || strcmp(header.boot_id, journal->boot_id) != 0)
            journal->is_damaged = true;
    }
    (void)munmap(bytes, size);
    return error;
}

/* There is no room for a new file: goes on behind the old one's last record. What is behind that means
 * nothing already. */
static int go_on(struct journal *journal) {
    struct stat status;
    int error = fstat(journal->fd, &status) == 0 ? write_header(journal, journal->fd) : -errno;
    if (error == 0) {
        journal->allocated = (uint64_t)status.st_blocks * 512;
        journal->is_synced = false;
    }
    return error;
}

int journal_open(int dir_fd, const char *name, const char *boot_id, uint64_t compact_bytes,
                 struct journal **ret_journal) {
    assert(name != NULL && boot_id != NULL && ret_journal != NULL);
    assert(strlen(name) < 64);
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return -ENOMEM;
    *journal = (struct journal){ .dir_fd = dir_fd,
                                 .fd = -1,
                                 .is_damaged = true,
                                 .is_synced = true,
                                 .can_allocate = true,
                                 .compact_bytes =
                                     compact_bytes != 0 ? compact_bytes : COMPACT_BYTES_DEFAULT };
    (void)snprintf(journal->name, sizeof journal->name, "%s", name);
    (void)snprintf(journal->boot_id, sizeof journal->boot_id, "%s", boot_id);
    /* Ours, or nobody could trust what it says to have run and which processes to end. */
    int error = own_file(dir_fd, name, O_RDWR, 0, geteuid(), getegid(), &journal->fd);
    if (error == 0)
        error = load(journal);
    else if (error == -ENOENT)
        error = 0;
    /* Always begun anew: that cuts a torn tail, drops what is acknowledged and sets the boot id.
     * The salt stays, because ends are copied as they are checked: on reading. */
    if (error == 0 && journal->salt == 0 &&
        getrandom(&journal->salt, sizeof journal->salt, 0) != (ssize_t)sizeof journal->salt)
        error = -EIO;
    if (error == 0)
        error = rewrite(journal);
    if (error == -EOPNOTSUPP) {
        journal->can_allocate = false;
        error = rewrite(journal);
    }
    if (file_is_full(error) && journal->end >= RECORD_HEADER_BYTES)
        error = go_on(journal);
    if (error != 0) {
        journal_close(journal);
        return error;
    }
    *ret_journal = journal;
    return 0;
}

void journal_close(struct journal *journal) {
    if (journal == NULL)
        return;
    size_t walk = 0;
    for (struct journal_entry *entry; (entry = table_walk(&journal->entries, &walk)) != NULL;)
        free(entry);
    table_done(&journal->entries);
    if (journal->fd >= 0)
        (void)close(journal->fd);
    free(journal);
}

uint64_t journal_mark(const struct journal *journal) {
    return journal->mark;
}

bool journal_is_damaged(const struct journal *journal) {
    return journal->is_damaged;
}

static int append_fence(struct journal *journal, enum record_type type, uint64_t fence) {
    uint8_t payload[8];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(fence >> (8 * i));
    int error = append(journal, type, payload, sizeof payload);
    if (error != 0)
        return error;
    return apply(journal, &(struct record){ .type = type, .fence = fence });
}

int journal_raise_mark(struct journal *journal, uint64_t fence) {
    if (fence <= journal->mark && !journal->is_damaged)
        return 0;
    int error = reserve(journal, record_size(8), journal->open_count);
    return error != 0 ? error : append_fence(journal, RECORD_MARK, fence);
}

int journal_started(struct journal *journal, const struct record_started *started) {
    assert(journal != NULL && started != NULL);
    assert(started->fence > journal->mark);
    int error = reserve(journal, started_size(started), journal->open_count + 1);
    if (error != 0)
        return error;
    uint8_t payload[RECORD_STARTED_BYTES_MAX];
    size_t len = record_started_encode(started, payload);
    /* The table takes it first: once it is in the file, nothing may fail any more. */
    struct record record = { .type = RECORD_STARTED, .fence = started->fence, .started = *started };
    uint64_t mark = journal->mark;
    error = apply(journal, &record);
    if (error != 0)
        return error;
    error = append(journal, RECORD_STARTED, payload, len);
    if (error != 0) {
        struct journal_entry *entry = table_get(&journal->entries, started->fence);
        journal->live_bytes -= entry_size(entry);
        journal->open_count--;
        journal->mark = mark;
        table_remove(&journal->entries, started->fence);
        free(entry);
    }
    return error;
}

int journal_exited(struct journal *journal, const struct frame_exited *exited) {
    assert(journal != NULL && exited != NULL);
    const struct journal_entry *entry = table_get(&journal->entries, exited->fence);
    assert(entry != NULL && !entry->is_exited);
    (void)entry;
    struct frame_message message = { .type = FRAME_EXITED, .exited = *exited };
    size_t len = 0;
    int error = frame_encode(&message, NULL, 0, &len);
    if (error != 0)
        return error;
    bool has_room = reserve(journal, record_size(len), journal->open_count - 1) == 0;
    uint8_t *frame = NULL;
    if (has_room)
        frame = malloc(len);
    uint8_t small[EXIT_RESERVE_BYTES];
    if (frame == NULL) {
        if (message.exited.result_flags != 0)
            message.exited.result_flags = FRAME_RESULT_LOST;
        message.exited.result = frame_text(NULL);
    }
    error = frame_encode(&message, frame != NULL ? frame : small,
                         frame != NULL ? len : sizeof small, &len);
    assert(error == 0);
    uint64_t offset = journal->end + RECORD_PREFIX_BYTES;
    error = append(journal, RECORD_EXITED, frame != NULL ? frame : small, len);
    free(frame);
    if (error != 0)
        return error;
    return apply(journal, &(struct record){ .type = RECORD_EXITED,
                                            .fence = exited->fence,
                                            .frame_offset = offset,
                                            .frame_len = len });
}

int journal_acked(struct journal *journal, uint64_t fence) {
    const struct journal_entry *entry = table_get(&journal->entries, fence);
    if (entry == NULL || !entry->is_exited)
        return 0;
    int error = reserve(journal, record_size(8), journal->open_count);
    if (error == 0)
        error = append_fence(journal, RECORD_ACKED, fence);
    if (error != 0) /* not written: forgotten all the same; a successor would offer the end again */
        (void)apply(journal, &(struct record){ .type = RECORD_ACKED, .fence = fence });
    compact_if_worthwhile(journal);
    return error;
}

int journal_sync(struct journal *journal) {
    if (journal->is_synced)
        return 0;
    if (fdatasync(journal->fd) != 0)
        return -errno;
    journal->is_synced = true;
    return 0;
}

bool journal_is_synced(const struct journal *journal) {
    return journal->is_synced;
}

const struct journal_entry *journal_find(const struct journal *journal, uint64_t fence) {
    return table_get(&journal->entries, fence);
}

const struct journal_entry *journal_walk(const struct journal *journal, size_t *at) {
    return table_walk(&journal->entries, at);
}

int journal_read_exit(const struct journal *journal, const struct journal_entry *entry,
                      uint8_t *buf, size_t size) {
    assert(entry != NULL && entry->is_exited);
    assert(size >= entry->frame_len);
    size_t len = 0;
    int error = file_read_at(journal->fd, buf, entry->frame_len, entry->frame_offset, &len);
    if (error != 0)
        return error;
    return len == entry->frame_len ? 0 : -EBADMSG;
}

uint32_t journal_open_count(const struct journal *journal) {
    return journal->open_count;
}

uint32_t journal_exits_count(const struct journal *journal) {
    return (uint32_t)journal->entries.count - journal->open_count;
}
