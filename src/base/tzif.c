// SPDX-License-Identifier: Apache-2.0
//
// A file is a header and a block with 32-bit times, then both again with 64-bit times, then the rule in a line of its own. The first
// block is only skipped.
//
// GLib's GTimeZone is not used: it mistakes rules whose second offset is behind the first (Europe/Dublin from 2038 on).

#include "base/tzif.h"

#include <string.h>

#include "base/fault.h"
#include "base/zone_rule.h"

enum {
    HEADER_BYTES = 44,
    COUNTS_AT = 20,
    COUNT_BYTES = 4,
    TYPE_BYTES = 6,
    LEAP_EXTRA_BYTES = 4, // beside its time
    TIME_BYTES_OLD = 4,
    TIME_BYTES = 8,
    VERSION_AT = 4,
    COUNT_MAX = 65536, // of anything in a block
    OFFSET_MAX_S = 26 * 3600,
    RULE_BYTES_MAX = 256,
};

struct moment {
    int64_t at_s;
    int offset_s; // from then on
};

struct tzif {
    int first_offset_s; // before the first moment
    struct moment *moments;
    int moment_count;
    bool has_rule;
    int64_t rule_from_s; // the rule holds from here on; INT64_MIN: always
    struct zone_rule rule;
};

// The numbers of a header, in the file's order.
struct counts {
    uint32_t is_ut, is_standard, leap, time, type, chars;
};

static bool refuse(GError **error, const char *what) {
    fault_set(error, FAULT_INVALID_DATA, "the time zone file %s", what);
    return false;
}

static uint32_t read_u32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const uint8_t *at) {
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

static bool read_header(const uint8_t *at, size_t len, struct counts *counts, GError **error) {
    if (len < HEADER_BYTES || memcmp(at, "TZif", VERSION_AT) != 0) {
        return refuse(error, "has no header");
    }
    if (at[VERSION_AT] < '2') {
        return refuse(error, "is of version 1; 2 or later is needed");
    }
    uint32_t numbers[6];
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        numbers[i] = read_u32(at + COUNTS_AT + i * COUNT_BYTES);
        if (numbers[i] > COUNT_MAX) {
            return refuse(error, "has too many entries");
        }
    }
    *counts = (struct counts){ .is_ut = numbers[0],
                               .is_standard = numbers[1],
                               .leap = numbers[2],
                               .time = numbers[3],
                               .type = numbers[4],
                               .chars = numbers[5] };
    return true;
}

static size_t block_bytes(const struct counts *counts, size_t time_bytes) {
    return (size_t)counts->time * (time_bytes + 1) + (size_t)counts->type * TYPE_BYTES +
           counts->chars + (size_t)counts->leap * (time_bytes + LEAP_EXTRA_BYTES) +
           counts->is_standard + counts->is_ut;
}

static bool read_offset(const uint8_t *types, const struct counts *counts, uint8_t index,
                        int *ret_offset_s, GError **error) {
    if (index >= counts->type) {
        return refuse(error, "names a kind of time that it does not have");
    }
    int32_t offset_s = (int32_t)read_u32(types + (size_t)index * TYPE_BYTES);
    if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S) {
        return refuse(error, "has an offset of more than 26 hours");
    }
    *ret_offset_s = offset_s;
    return true;
}

// Moments that change only a name or a flag are left out.
static bool read_moments(const uint8_t *block, const struct counts *counts, struct tzif *tzif,
                         GError **error) {
    const uint8_t *indexes = block + (size_t)counts->time * TIME_BYTES;
    const uint8_t *types = indexes + counts->time;
    if (!read_offset(types, counts, 0, &tzif->first_offset_s, error)) {
        return false;
    }
    tzif->moments = g_new(struct moment, counts->time + 1);
    tzif->rule_from_s = INT64_MIN;
    int offset_s = tzif->first_offset_s;
    for (uint32_t i = 0; i < counts->time; i++) {
        struct moment moment = { .at_s = read_i64(block + (size_t)i * TIME_BYTES) };
        if (i > 0 && moment.at_s <= tzif->rule_from_s) {
            return refuse(error, "is out of order");
        }
        if (!read_offset(types, counts, indexes[i], &moment.offset_s, error)) {
            return false;
        }
        tzif->rule_from_s = moment.at_s;
        if (moment.offset_s != offset_s) {
            offset_s = moment.offset_s;
            tzif->moments[tzif->moment_count++] = moment;
        }
    }
    return true;
}

// Nothing between the two line ends: nothing is known of later times, so the last offset stays.
static bool read_rule(const uint8_t *at, size_t len, struct tzif *tzif, GError **error) {
    const uint8_t *end = len > 0 ? memchr(at + 1, '\n', len - 1) : NULL;
    if (len == 0 || at[0] != '\n' || end == NULL || end - at > RULE_BYTES_MAX) {
        return refuse(error, "does not end in a rule");
    }
    g_autofree char *text = g_strndup((const char *)at + 1, (size_t)(end - at) - 1);
    tzif->has_rule = text[0] != '\0';
    if (tzif->has_rule && !zone_rule_parse(text, &tzif->rule)) {
        return refuse(error, "ends in a rule that can not be read");
    }
    return true;
}

bool tzif_new(const void *bytes, size_t len, struct tzif **ret_tzif, GError **error) {
    const uint8_t *at = bytes;
    struct counts counts = { 0 };
    if (!read_header(at, len, &counts, error)) {
        return false;
    }
    size_t skipped = HEADER_BYTES + block_bytes(&counts, TIME_BYTES_OLD);
    if (skipped > len) {
        return refuse(error, "is cut off");
    }
    at += skipped;
    len -= skipped;
    if (!read_header(at, len, &counts, error)) {
        return false;
    }
    size_t block = block_bytes(&counts, TIME_BYTES);
    if (block > len - HEADER_BYTES || counts.type == 0) {
        return refuse(error, "is cut off");
    }
    at += HEADER_BYTES;
    len -= HEADER_BYTES;
    struct tzif *tzif = g_new0(struct tzif, 1);
    if (!read_moments(at, &counts, tzif, error) ||
        !read_rule(at + block, len - block, tzif, error)) {
        tzif_free(tzif);
        return false;
    }
    *ret_tzif = tzif;
    return true;
}

void tzif_free(struct tzif *tzif) {
    if (tzif != NULL) {
        g_free(tzif->moments);
        g_free(tzif);
    }
}

// How many moments are not after an instant.
static int count_until(const struct tzif *tzif, int64_t instant_s) {
    int low = 0;
    int high = tzif->moment_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (tzif->moments[middle].at_s <= instant_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int tzif_offset_s(const struct tzif *tzif, int64_t instant_s) {
    if (tzif->has_rule && instant_s >= tzif->rule_from_s) {
        return zone_rule_offset_s(&tzif->rule, instant_s);
    }
    int count = count_until(tzif, instant_s);
    return count > 0 ? tzif->moments[count - 1].offset_s : tzif->first_offset_s;
}

int64_t tzif_next_change_s(const struct tzif *tzif, int64_t after_s) {
    if (tzif->has_rule && after_s >= tzif->rule_from_s) {
        return zone_rule_next_change_s(&tzif->rule, after_s);
    }
    int count = count_until(tzif, after_s);
    if (count < tzif->moment_count) {
        return tzif->moments[count].at_s;
    }
    return tzif->has_rule ? tzif->rule_from_s : INT64_MAX;
}
