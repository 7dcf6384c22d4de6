// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_BASE_ATTEMPT_LOG_H
#define SLUICE_BASE_ATTEMPT_LOG_H

/* The log file of one attempt: the first bytes and the last bytes are kept, what lay between is
 * counted (reliability.md G12). One writer, the supervisor; any number of readers, also while it is
 * written.
 *
 * A log is a stream of bytes with offsets from 0. Offsets [0, head) never move. Beyond, a ring keeps
 * the last `ring` bytes; the bytes between are the gap. The format stands in
 * docs/attempt-journal.md.
 *
 * No GLib; functions return 0 or -errno. A struct attempt_log belongs to one thread; reading needs
 * no object and may be done anywhere. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ATTEMPT_LOG_HEAD_BYTES (8u * 1024 * 1024)
#define ATTEMPT_LOG_RING_BYTES (8u * 1024 * 1024)
#define ATTEMPT_LOG_HEADER_BYTES 64u

/* The writer's side. A log that can not be created or written swallows what it is given and counts
 * it in `lost`; it never fails its user. */
struct attempt_log {
    int fd; /* -1: there is no file */
    uint64_t head_bytes;
    uint64_t ring_bytes;
    uint32_t guard_bytes; /* most bytes of the ring that may be half written */
    uint64_t total;       /* bytes of the stream */
    uint64_t lost;        /* bytes that could not be written; they are not part of the stream */
    bool is_header_written;
};

/* Creates dir/name (it must not exist) with mode 0600; the owner is set when `uid` is not
 * (uid_t)-1. head_bytes and ring_bytes of 0 mean the defaults. On failure the object is usable and
 * counts everything as lost. */
int attempt_log_create(struct attempt_log *log, int dir_fd, const char *name, uid_t uid, gid_t gid,
                       uint64_t head_bytes, uint64_t ring_bytes);

/* Opens a log that another writer left behind, to go on where it stopped: a file of `uid`, or of ours
 * with (uid_t)-1, see own_file(). -EBADMSG, -ENODATA: no log. */
int attempt_log_reopen(struct attempt_log *log, int dir_fd, const char *name, uid_t uid);

/* Appends bytes to the stream. */
void attempt_log_append(struct attempt_log *log, const void *data, size_t len);

/* Bytes a reader can not get: those that fell out of the ring and those never written. */
uint64_t attempt_log_dropped(const struct attempt_log *log);

/* Marks the log as complete and closes the file. Harmless when done before. */
void attempt_log_finish(struct attempt_log *log);

/* Closes the file without marking it complete. */
void attempt_log_close(struct attempt_log *log);

struct attempt_log_range {
    size_t len;           /* bytes put into the buffer */
    uint64_t offset;      /* stream offset of the first of them */
    uint64_t next_offset; /* where to read on: offset + len */
    uint64_t total;       /* length of the stream now */
    uint64_t gap_begin;   /* the gap, empty when both are equal */
    uint64_t gap_end;
    uint64_t dropped; /* as attempt_log_dropped() */
    bool is_finished;
};

/* Reads up to `len` bytes of the stream from `offset`; a negative offset counts from the end. An
 * offset in the gap jumps to its end; a read stops where the gap begins. len 0 bytes with
 * next_offset == total means that there is no more for now. Safe against a writer that overwrites
 * the ring meanwhile: bytes that may have been overwritten are not returned.
 * -ENODATA: nothing was written yet, not even a header. -EBADMSG: not a log of this format. */
int attempt_log_read(int fd, int64_t offset, void *buf, size_t len,
                     struct attempt_log_range *ret_range);

/* The path of an attempt's log below DIR/logs: "FENCE/1000 '/' FENCE.log". */
#define ATTEMPT_LOG_PATH_BYTES 64
void attempt_log_path(uint64_t fence, char ret_path[ATTEMPT_LOG_PATH_BYTES]);

#endif
