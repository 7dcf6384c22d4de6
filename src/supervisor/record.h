// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_RECORD_H
#define SLUICE_SUPERVISOR_RECORD_H

/* The bytes of the attempt journal: its header and its records, and the search for the last valid
 * one. Pure: bytes in, values out. The format stands in docs/attempt-journal.md. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"

#define RECORD_HEADER_BYTES 64u           /* of the journal */
#define RECORD_PREFIX_BYTES 16u           /* of each record */
#define RECORD_PAYLOAD_MAX (1100u * 1024) /* an EXITED frame with the longest result */
#define RECORD_CGROUP_MAX 255u

enum record_type {
    RECORD_STARTED = 1,
    RECORD_EXITED = 2, /* payload: the EXITED frame as it is sent */
    RECORD_ACKED = 3,
    RECORD_MARK = 4, /* the mark was raised by the server */
};

/* What tells a process from another one that got its pid later. */
struct record_identity {
    uint32_t pid;
    uint64_t pidfd_inode; /* 0 where the kernel has none that is unique */
    uint64_t start_ticks; /* field 22 of /proc/PID/stat; 0 where the inode serves */
};

struct record_started {
    uint64_t fence;
    char boot_id[FILE_BOOT_ID_BYTES];
    struct record_identity identity;
    int64_t started_ms;
    char cgroup[RECORD_CGROUP_MAX + 1]; /* empty: none */
};

struct record {
    enum record_type type;
    uint64_t fence; /* ACKED, MARK */
    struct record_started started;
    const uint8_t *frame; /* EXITED: the frame, inside the scanned bytes */
    size_t frame_len;
    uint64_t frame_offset; /* EXITED: of the frame, in the scanned bytes */
};

struct record_journal_header {
    uint64_t mark;
    char boot_id[FILE_BOOT_ID_BYTES];
    bool is_damaged; /* fences it does not know may have run */
    /* Begins every record's checksum: a task knows what it prints but not the salt, so its output
     * can not pass for a record when the record around it is torn. */
    uint32_t salt;
};

void record_header_encode(const struct record_journal_header *header,
                          uint8_t ret_bytes[RECORD_HEADER_BYTES]);

/* -EBADMSG: not a header. */
int record_header_decode(const uint8_t *bytes, size_t len,
                         struct record_journal_header *ret_header);

/* Bytes of a whole record with a payload of this length. */
size_t record_size(size_t payload_len);

/* Writes the prefix of a record over `payload`; the payload follows it in the file. */
void record_prefix_encode(uint32_t salt, enum record_type type, const uint8_t *payload,
                          size_t payload_len, uint8_t ret_bytes[RECORD_PREFIX_BYTES]);

#define RECORD_STARTED_BYTES_MAX (8 + 40 + 20 + 8 + 4 + RECORD_CGROUP_MAX + 1)
size_t record_started_encode(const struct record_started *started,
                             uint8_t ret_payload[RECORD_STARTED_BYTES_MAX]);

/* Reads the record at the beginning of `bytes`; *ret_len is its length. -EBADMSG: no valid one. */
int record_decode(uint32_t salt, const uint8_t *bytes, size_t len, struct record *ret_record,
                  size_t *ret_len);

/* Called for each valid record in order. */
typedef int (*record_visit_fn)(void *user, const struct record *record);

/* Walks the records after the header. *ret_end is the offset behind the last valid record. Invalid
 * bytes with nothing valid behind them are a torn tail; with valid records behind them they are
 * damage, *ret_is_damaged is set, and the visitor sees the records on both sides. Offsets count
 * from `bytes`, which is the whole file, header included. Stops with the visitor's error when it is
 * not 0. */
int record_scan(uint32_t salt, const uint8_t *bytes, size_t len, record_visit_fn visit, void *user,
                uint64_t *ret_end, bool *ret_is_damaged);

#endif
