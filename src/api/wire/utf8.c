// SPDX-License-Identifier: Apache-2.0
//
// utf8: one function reads one sequence; the table of RFC 3629 is in its limits for the second byte.
#include "api/wire/utf8.h"

#include <stdbool.h>
#include <stdint.h>

enum sequence { SEQUENCE_GOOD, SEQUENCE_BAD, SEQUENCE_CUT };

// Length of the sequence that a first byte announces, and the limits of its second byte; 0 when no sequence begins so.
static size_t announced(uint8_t first, uint8_t *ret_low, uint8_t *ret_high) {
    *ret_low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80; // no overlong forms
    *ret_high = first == 0xED   ? 0x9F
                : first == 0xF4 ? 0x8F
                                : 0xBF; // no surrogates, nothing above U+10FFFF
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return 2;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        return 3;
    }
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

// Reads one sequence at `at`; *ret_len (at least 1) is what belongs together, good or not.
static enum sequence read_sequence(const char *at, size_t left, size_t *ret_len) {
    g_assert(left > 0);
    uint8_t low = 0;
    uint8_t high = 0;
    size_t len = announced((uint8_t)at[0], &low, &high);
    *ret_len = 1;
    if (len == 0) {
        return SEQUENCE_BAD;
    }
    for (size_t i = 1; i < len; i++) {
        if (i == left) {
            return SEQUENCE_CUT;
        }
        uint8_t byte = (uint8_t)at[i];
        if (byte < low || byte > high) {
            return SEQUENCE_BAD;
        }
        low = 0x80;
        high = 0xBF;
        *ret_len = i + 1;
    }
    return SEQUENCE_GOOD;
}

size_t utf8_cut_tail(const char *bytes, size_t len) {
    for (size_t tail = 1; tail <= 3 && tail <= len; tail++) {
        size_t used = 0;
        const char *at = bytes + len - tail;
        bool is_inside = ((uint8_t)at[0] & 0xC0) == 0x80;
        if (!is_inside) {
            return read_sequence(at, tail, &used) == SEQUENCE_CUT ? tail : 0;
        }
    }
    return 0;
}

GString *utf8_repair(const char *bytes, size_t len) {
    GString *text = g_string_sized_new(len + 1);
    for (size_t i = 0; i < len;) {
        size_t used = 0;
        if (read_sequence(bytes + i, len - i, &used) == SEQUENCE_GOOD && bytes[i] != '\0') {
            g_string_append_len(text, bytes + i, (gssize)used);
        } else {
            g_string_append(text, "\xEF\xBF\xBD");
        }
        i += used;
    }
    return text;
}
