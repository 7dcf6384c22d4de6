// SPDX-License-Identifier: Apache-2.0

/* The bounded log file of an attempt.
 *
 *     0         magic "SLUICLOG"
 *     8   u32   version 1
 *     12  u32   guard bytes
 *     16  u64   head bytes
 *     24  u64   ring bytes
 *     32  u64   total      0 while the stream lies in the head: the file's size says it
 *     40  u64   lost
 *     48  u32   finished   0 or 1
 *     52  u32   check      CRC-32C of bytes 8..51
 *     56  u64   total again
 *     64        head, then the ring; little endian throughout
 *
 * While the stream lies in the head nothing but the bytes themselves is written, so a short log
 * costs one write per batch and one at its end. In the ring the header follows the bytes, after
 * each `guard` bytes at the latest; a reader therefore trusts all but the oldest `guard` bytes of
 * an unfinished ring. A reader that meets a header between two writes sees check and totals
 * disagree and reads again.
 *
 * What always holds: bytes of the stream never get another offset. */

#include "base/attempt_log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"

#define LOG_VERSION 1
#define GUARD_BYTES_MAX (128u * 1024)
/* A writer that lost its processor in the middle of a header is given time to get it back. */
#define HEADER_TRIES_MAX 300
#define HEADER_TRIES_AT_ONCE 50
#define HEADER_PAUSE_NS 1000000

static const char log_magic[8] = { 'S', 'L', 'U', 'I', 'C', 'L', 'O', 'G' };

struct log_header {
    uint32_t guard_bytes;
    uint64_t head_bytes;
    uint64_t ring_bytes;
    uint64_t total;
    uint64_t lost;
    bool is_finished;
};

static void put(uint8_t *at, uint64_t value, size_t len) {
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t len) {
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static void header_encode(const struct log_header *header,
                          uint8_t ret_bytes[ATTEMPT_LOG_HEADER_BYTES]) {
    memcpy(ret_bytes, log_magic, sizeof log_magic);
    put(ret_bytes + 8, LOG_VERSION, 4);
    put(ret_bytes + 12, header->guard_bytes, 4);
    put(ret_bytes + 16, header->head_bytes, 8);
    put(ret_bytes + 24, header->ring_bytes, 8);
    put(ret_bytes + 32, header->total, 8);
    put(ret_bytes + 40, header->lost, 8);
    put(ret_bytes + 48, header->is_finished, 4);
    put(ret_bytes + 52, file_crc32c(0, ret_bytes + 8, 44), 4);
    put(ret_bytes + 56, header->total, 8);
}

static void wait_for_writer(int try) {
    struct timespec pause = { .tv_nsec = HEADER_PAUSE_NS };
    if (try >= HEADER_TRIES_AT_ONCE)
        (void)nanosleep(&pause, NULL);
}

static int header_read(int fd, struct log_header *ret_header, uint64_t *ret_file_bytes) {
    for (int i = 0; i < HEADER_TRIES_MAX; i++) {
        uint8_t bytes[ATTEMPT_LOG_HEADER_BYTES];
        size_t len = 0;
        int error = file_read_at(fd, bytes, sizeof bytes, 0, &len);
        if (error != 0)
            return error;
        if (len == 0)
            return -ENODATA;
        if (len < sizeof bytes || memcmp(bytes, log_magic, sizeof log_magic) != 0 ||
            get(bytes + 8, 4) != LOG_VERSION)
            return -EBADMSG;
        if (get(bytes + 52, 4) != file_crc32c(0, bytes + 8, 44) ||
            get(bytes + 32, 8) != get(bytes + 56, 8)) {
            wait_for_writer(i);
            continue;
        }
        struct log_header header = { .guard_bytes = (uint32_t)get(bytes + 12, 4),
                                     .head_bytes = get(bytes + 16, 8),
                                     .ring_bytes = get(bytes + 24, 8),
                                     .total = get(bytes + 32, 8),
                                     .lost = get(bytes + 40, 8),
                                     .is_finished = get(bytes + 48, 4) != 0 };
        struct stat status;
        if (fstat(fd, &status) != 0)
            return -errno;
        uint64_t size = (uint64_t)status.st_size;
        if (header.ring_bytes == 0 || header.guard_bytes > header.ring_bytes ||
            header.head_bytes > INT64_MAX / 2 || header.ring_bytes > INT64_MAX / 2 ||
            header.total > INT64_MAX || size < ATTEMPT_LOG_HEADER_BYTES)
            return -EBADMSG;
        if (header.total == 0) {
            uint64_t in_file = size - ATTEMPT_LOG_HEADER_BYTES;
            header.total = in_file < header.head_bytes ? in_file : header.head_bytes;
        }
        *ret_header = header;
        *ret_file_bytes = size;
        return 0;
    }
    return -EBADMSG;
}

int attempt_log_create(struct attempt_log *log, int dir_fd, const char *name, uid_t uid, gid_t gid,
                       uint64_t head_bytes, uint64_t ring_bytes) {
    assert(log != NULL && name != NULL);
    *log =
        (struct attempt_log){ .fd = -1,
                              .head_bytes = head_bytes != 0 ? head_bytes : ATTEMPT_LOG_HEAD_BYTES,
                              .ring_bytes = ring_bytes != 0 ? ring_bytes : ATTEMPT_LOG_RING_BYTES };
    uint64_t guard = log->ring_bytes / 4;
    log->guard_bytes = guard < GUARD_BYTES_MAX ? (uint32_t)guard : GUARD_BYTES_MAX;
    if (log->guard_bytes == 0)
        log->guard_bytes = 1;
    int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    if (uid != (uid_t)-1 && fchown(fd, uid, gid) != 0) {
        int error = -errno;
        (void)close(fd);
        (void)unlinkat(dir_fd, name, 0);
        return error;
    }
    log->fd = fd;
    return 0;
}

int attempt_log_reopen(struct attempt_log *log, int dir_fd, const char *name, uid_t uid) {
    assert(log != NULL && name != NULL);
    *log = (struct attempt_log){ .fd = -1, .head_bytes = 1, .ring_bytes = 1, .guard_bytes = 1 };
    int fd = -1;
    int error =
        own_file(dir_fd, name, O_RDWR, 0, uid != (uid_t)-1 ? uid : geteuid(), (gid_t)-1, &fd);
    if (error != 0)
        return error;
    struct log_header header;
    uint64_t size = 0;
    error = header_read(fd, &header, &size);
    if (error != 0) {
        (void)close(fd);
        return error;
    }
    *log = (struct attempt_log){ .fd = fd,
                                 .head_bytes = header.head_bytes,
                                 .ring_bytes = header.ring_bytes,
                                 .guard_bytes = header.guard_bytes,
                                 .total = header.total,
                                 .lost = header.lost,
                                 .is_header_written = true };
    return 0;
}

static int write_header(struct attempt_log *log, bool is_finished) {
    bool lies_in_head = log->total <= log->head_bytes && !is_finished;
    struct log_header header = { .guard_bytes = log->guard_bytes,
                                 .head_bytes = log->head_bytes,
                                 .ring_bytes = log->ring_bytes,
                                 .total = lies_in_head ? 0 : log->total,
                                 .lost = log->lost,
                                 .is_finished = is_finished };
    uint8_t bytes[ATTEMPT_LOG_HEADER_BYTES];
    header_encode(&header, bytes);
    return file_write_at(log->fd, bytes, sizeof bytes, 0);
}

/* Writes what fits without a seam: up to the head's end, the ring's end or the guard. Returns the
 * bytes written, which are fewer than asked when the disk is full. */
static size_t write_piece(struct attempt_log *log, const char *data, size_t len) {
    uint64_t at = log->total, room;
    if (at < log->head_bytes) {
        room = log->head_bytes - at;
    } else {
        uint64_t in_ring = (at - log->head_bytes) % log->ring_bytes;
        room = log->ring_bytes - in_ring;
        if (room > log->guard_bytes)
            room = log->guard_bytes;
        at = log->head_bytes + in_ring;
    }
    if (len > room)
        len = (size_t)room;
    ssize_t wrote;
    do {
        wrote = pwrite(log->fd, data, len, (off_t)(ATTEMPT_LOG_HEADER_BYTES + at));
    } while (wrote < 0 && errno == EINTR);
    return wrote > 0 ? (size_t)wrote : 0;
}

/* The first write takes the header along. */
static size_t write_first(struct attempt_log *log, const char *data, size_t len) {
    struct log_header header = { .guard_bytes = log->guard_bytes,
                                 .head_bytes = log->head_bytes,
                                 .ring_bytes = log->ring_bytes };
    uint8_t bytes[ATTEMPT_LOG_HEADER_BYTES];
    header_encode(&header, bytes);
    if (len > log->head_bytes)
        len = (size_t)log->head_bytes;
    struct iovec parts[2] = { { .iov_base = bytes, .iov_len = sizeof bytes },
                              { .iov_base = (void *)(uintptr_t)data, .iov_len = len } };
    ssize_t wrote;
    do {
        wrote = pwritev(log->fd, parts, 2, 0);
    } while (wrote < 0 && errno == EINTR);
    if (wrote < (ssize_t)sizeof bytes)
        return 0;
    log->is_header_written = true;
    return (size_t)wrote - sizeof bytes;
}

void attempt_log_append(struct attempt_log *log, const void *data, size_t len) {
    assert(log != NULL && (data != NULL || len == 0));
    const char *at = data;
    while (len > 0) {
        bool is_first = !log->is_header_written;
        size_t wrote = 0;
        if (log->fd >= 0)
            wrote = is_first ? write_first(log, at, len) : write_piece(log, at, len);
        if (wrote == 0) {
            log->lost += len;
            return;
        }
        log->total += wrote;
        at += wrote;
        len -= wrote;
        if (log->total > log->head_bytes)
            (void)write_header(log, false);
    }
}

uint64_t attempt_log_dropped(const struct attempt_log *log) {
    uint64_t kept = log->head_bytes + log->ring_bytes;
    return log->lost + (log->total > kept ? log->total - kept : 0);
}

void attempt_log_finish(struct attempt_log *log) {
    assert(log != NULL);
    if (log->fd >= 0)
        (void)write_header(log, true);
    attempt_log_close(log);
}

void attempt_log_close(struct attempt_log *log) {
    assert(log != NULL);
    if (log->fd >= 0)
        (void)close(log->fd);
    log->fd = -1;
}

/* Where the gap ends: the oldest byte of the ring that can not be half overwritten. */
static uint64_t gap_end_of(const struct log_header *header) {
    if (header->total <= header->head_bytes)
        return header->head_bytes;
    uint64_t guard = header->is_finished ? 0 : header->guard_bytes;
    uint64_t in_ring = header->total - header->head_bytes + guard;
    uint64_t end = header->head_bytes;
    if (in_ring > header->ring_bytes)
        end += in_ring - header->ring_bytes;
    return end < header->total ? end : header->total;
}

static int read_stream(int fd, const struct log_header *header, uint64_t offset, char *buf,
                       size_t len, size_t *ret_len) {
    size_t done = 0;
    while (done < len) {
        uint64_t at = offset + done, room;
        if (at < header->head_bytes) {
            room = header->head_bytes - at;
        } else {
            uint64_t in_ring = (at - header->head_bytes) % header->ring_bytes;
            room = header->ring_bytes - in_ring;
            at = header->head_bytes + in_ring;
        }
        size_t piece = len - done < room ? len - done : (size_t)room;
        size_t got = 0;
        int error = file_read_at(fd, buf + done, piece, ATTEMPT_LOG_HEADER_BYTES + at, &got);
        if (error != 0)
            return error;
        done += got;
        if (got < piece)
            break;
    }
    *ret_len = done;
    return 0;
}

int attempt_log_read(int fd, int64_t offset, void *buf, size_t len,
                     struct attempt_log_range *ret_range) {
    assert(fd >= 0 && ret_range != NULL);
    struct log_header header;
    uint64_t size = 0;
    int error = header_read(fd, &header, &size);
    if (error != 0)
        return error;
    uint64_t gap_end = gap_end_of(&header);
    uint64_t start = (uint64_t)offset;
    if (offset < 0) {
        uint64_t back = (uint64_t)0 - (uint64_t)offset;
        start = back < header.total ? header.total - back : 0;
    }
    if (start > header.total)
        start = header.total;
    if (start >= header.head_bytes && start < gap_end)
        start = gap_end;
    uint64_t stop = header.total;
    if (start < header.head_bytes && gap_end > header.head_bytes)
        stop = header.head_bytes;
    if (len > stop - start)
        len = (size_t)(stop - start);
    size_t got = 0;
    error = read_stream(fd, &header, start, buf, len, &got);
    if (error != 0)
        return error;
    /* What the writer has overwritten meanwhile must not be returned under its old offset. */
    struct log_header after;
    error = header_read(fd, &after, &size);
    if (error != 0)
        return error;
    gap_end = gap_end_of(&after);
    if (start + got > after.head_bytes && gap_end > start && gap_end > after.head_bytes) {
        uint64_t from = start > after.head_bytes ? start : after.head_bytes;
        if (from > start) {
            got = (size_t)(from - start); /* keep the part that lies in the head */
        } else {
            uint64_t spoiled = gap_end - start < got ? gap_end - start : got;
            got -= (size_t)spoiled;
            memmove(buf, (char *)buf + spoiled, got);
            start = gap_end;
        }
    }
    uint64_t kept = after.head_bytes + after.ring_bytes;
    *ret_range = (struct attempt_log_range){
        .len = got,
        .offset = start,
        .next_offset = start + got,
        .total = after.total,
        .gap_begin = after.head_bytes < gap_end ? after.head_bytes : gap_end,
        .gap_end = gap_end,
        .dropped = after.lost + (after.total > kept ? after.total - kept : 0),
        .is_finished = after.is_finished,
    };
    return 0;
}

void attempt_log_path(uint64_t fence, char ret_path[ATTEMPT_LOG_PATH_BYTES]) {
    int printed = snprintf(ret_path, ATTEMPT_LOG_PATH_BYTES, "%" PRIu64 "/%" PRIu64 ".log",
                           fence / 1000, fence);
    assert(printed > 0 && printed < ATTEMPT_LOG_PATH_BYTES);
}
