// SPDX-License-Identifier: Apache-2.0

/* The journal's bytes.
 *
 *     header:  "SLUJRNL1"  u64 mark  u32 damaged  char boot_id[36]  u32 salt  u32 CRC-32C of the rest
 *     record:  u32 "SLUR"  u32 payload length  u32 type  u32 CRC-32C of magic, length,
 *              type and payload, begun with the salt  payload  padding of zeros to a multiple of 8
 *
 * Each record begins with a word that is easy to look for, so that valid records behind damage are
 * found: a torn tail has none behind it, which is how the two are told apart.
 *
 * What always holds: nothing is read beyond `len`, whatever the bytes say. */

#include "supervisor/record.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/frame.h"

#define RECORD_MAGIC UINT32_C(0x52554c53) /* "SLUR" */

static const char journal_magic[8] = { 'S', 'L', 'U', 'J', 'R', 'N', 'L', '1' };

static_assert(RECORD_PAYLOAD_MAX > FRAME_RESULT_BYTES_MAX + 256, "an exit fits into a record");

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

void record_header_encode(const struct record_journal_header *header,
                          uint8_t ret_bytes[RECORD_HEADER_BYTES]) {
    memset(ret_bytes, 0, RECORD_HEADER_BYTES);
    memcpy(ret_bytes, journal_magic, sizeof journal_magic);
    put(ret_bytes + 8, header->mark, 8);
    put(ret_bytes + 16, header->is_damaged, 4);
    memcpy(ret_bytes + 20, header->boot_id, FILE_BOOT_ID_BYTES - 1);
    put(ret_bytes + 56, header->salt, 4);
    put(ret_bytes + 60, file_crc32c(0, ret_bytes, 60), 4);
}

int record_header_decode(const uint8_t *bytes, size_t len,
                         struct record_journal_header *ret_header) {
    if (len < RECORD_HEADER_BYTES || memcmp(bytes, journal_magic, sizeof journal_magic) != 0 ||
        get(bytes + 60, 4) != file_crc32c(0, bytes, 60))
        return -EBADMSG;
    struct record_journal_header header = { .mark = get(bytes + 8, 8),
                                            .is_damaged = get(bytes + 16, 4) != 0,
                                            .salt = (uint32_t)get(bytes + 56, 4) };
    memcpy(header.boot_id, bytes + 20, FILE_BOOT_ID_BYTES - 1);
    *ret_header = header;
    return 0;
}

size_t record_size(size_t payload_len) {
    return (RECORD_PREFIX_BYTES + payload_len + 7) & ~(size_t)7;
}

static uint32_t record_check(uint32_t salt, const uint8_t prefix[RECORD_PREFIX_BYTES],
                             const uint8_t *payload, size_t payload_len) {
    return file_crc32c(file_crc32c(salt, prefix, 12), payload, payload_len);
}

void record_prefix_encode(uint32_t salt, enum record_type type, const uint8_t *payload,
                          size_t payload_len, uint8_t ret_bytes[RECORD_PREFIX_BYTES]) {
    assert(payload_len <= RECORD_PAYLOAD_MAX);
    put(ret_bytes, RECORD_MAGIC, 4);
    put(ret_bytes + 4, payload_len, 4);
    put(ret_bytes + 8, type, 4);
    put(ret_bytes + 12, record_check(salt, ret_bytes, payload, payload_len), 4);
}

size_t record_started_encode(const struct record_started *started,
                             uint8_t ret_payload[RECORD_STARTED_BYTES_MAX]) {
    size_t cgroup_len = strnlen(started->cgroup, RECORD_CGROUP_MAX);
    put(ret_payload, started->fence, 8);
    memset(ret_payload + 8, 0, 40);
    memcpy(ret_payload + 8, started->boot_id, strnlen(started->boot_id, FILE_BOOT_ID_BYTES - 1));
    put(ret_payload + 48, started->identity.pid, 4);
    put(ret_payload + 52, started->identity.pidfd_inode, 8);
    put(ret_payload + 60, started->identity.start_ticks, 8);
    put(ret_payload + 68, (uint64_t)started->started_ms, 8);
    put(ret_payload + 76, cgroup_len, 4);
    memcpy(ret_payload + 80, started->cgroup, cgroup_len);
    return 80 + cgroup_len;
}

static int started_decode(const uint8_t *payload, size_t len, struct record_started *ret_started) {
    if (len < 80)
        return -EBADMSG;
    size_t cgroup_len = (size_t)get(payload + 76, 4);
    if (cgroup_len > RECORD_CGROUP_MAX || len != 80 + cgroup_len)
        return -EBADMSG;
    struct record_started started = {
        .fence = get(payload, 8),
        .identity = { .pid = (uint32_t)get(payload + 48, 4),
                      .pidfd_inode = get(payload + 52, 8),
                      .start_ticks = get(payload + 60, 8) },
        .started_ms = (int64_t)get(payload + 68, 8),
    };
    memcpy(started.boot_id, payload + 8, FILE_BOOT_ID_BYTES - 1);
    memcpy(started.cgroup, payload + 80, cgroup_len);
    if (started.fence == 0)
        return -EBADMSG;
    *ret_started = started;
    return 0;
}

static int payload_decode(const uint8_t *payload, size_t len, struct record *record) {
    struct frame_message message;
    switch (record->type) {
    case RECORD_STARTED: return started_decode(payload, len, &record->started);
    case RECORD_EXITED:
        if (frame_decode(payload, len, &message) != 0 || message.type != FRAME_EXITED ||
            message.exited.fence == 0)
            return -EBADMSG;
        record->fence = message.exited.fence;
        record->frame = payload;
        record->frame_len = len;
        return 0;
    case RECORD_ACKED:
    case RECORD_MARK:
        if (len != 8)
            return -EBADMSG;
        record->fence = get(payload, 8);
        return 0;
    }
    return -EBADMSG;
}

int record_decode(uint32_t salt, const uint8_t *bytes, size_t len, struct record *ret_record,
                  size_t *ret_len) {
    if (len < RECORD_PREFIX_BYTES || get(bytes, 4) != RECORD_MAGIC)
        return -EBADMSG;
    size_t payload_len = (size_t)get(bytes + 4, 4);
    if (payload_len > RECORD_PAYLOAD_MAX || record_size(payload_len) > len ||
        get(bytes + 12, 4) != record_check(salt, bytes, bytes + RECORD_PREFIX_BYTES, payload_len))
        return -EBADMSG;
    struct record record = { .type = (enum record_type)get(bytes + 8, 4) };
    int error = payload_decode(bytes + RECORD_PREFIX_BYTES, payload_len, &record);
    if (error != 0)
        return error;
    if (record.type == RECORD_STARTED)
        record.fence = record.started.fence;
    *ret_record = record;
    *ret_len = record_size(payload_len);
    return 0;
}

int record_scan(uint32_t salt, const uint8_t *bytes, size_t len, record_visit_fn visit, void *user,
                uint64_t *ret_end, bool *ret_is_damaged) {
    size_t at = RECORD_HEADER_BYTES, end = RECORD_HEADER_BYTES;
    bool is_broken = false, is_damaged = false;
    while (at < len) {
        struct record record;
        size_t record_len = 0;
        if (record_decode(salt, bytes + at, len - at, &record, &record_len) != 0) {
            is_broken = true;
            at++; /* look on, byte by byte: a valid record behind this is damage, not a torn tail */
            continue;
        }
        is_damaged = is_damaged || is_broken;
        record.frame_offset = at + RECORD_PREFIX_BYTES;
        int error = visit(user, &record);
        if (error != 0)
            return error;
        at += record_len;
        assert(at <= len);
        end = at;
    }
    *ret_end = end;
    *ret_is_damaged = is_damaged;
    return 0;
}
