// SPDX-License-Identifier: Apache-2.0
// folder: supervisor
//
// record: a journal of any bytes is read to an end inside it, and every record seen lies inside it too.
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "supervisor/record.h"

struct bounds {
    const uint8_t *data;
    size_t size;
};

static int visit(void *user, const struct record *record) {
    const struct bounds *bounds = user;
    if (record->type == RECORD_EXITED) {
        assert(record->frame >= bounds->data);
        assert(record->frame_len <= bounds->size);
        assert(record->frame_offset <= bounds->size - record->frame_len);
        assert(record->frame == bounds->data + record->frame_offset);
    }
    if (record->type == RECORD_STARTED) {
        assert(memchr(record->started.cgroup, 0, sizeof record->started.cgroup) != NULL);
        assert(memchr(record->started.boot_id, 0, sizeof record->started.boot_id) != NULL);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct record_journal_header header;
    if (size < RECORD_HEADER_BYTES || record_header_decode(data, size, &header) != 0) {
        return 0;
    }
    struct bounds bounds = { .data = data, .size = size };
    uint64_t end = 0;
    bool is_damaged = false;
    int result = record_scan(header.salt, data, size, visit, &bounds, &end, &is_damaged);
    assert(result == 0);
    assert(end >= RECORD_HEADER_BYTES);
    assert(end <= size);
    return 0;
}
