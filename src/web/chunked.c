// SPDX-License-Identifier: Apache-2.0
#include "web/chunked.h"

#include <glib.h>
#include <string.h>

enum { SIZE_DIGITS_MAX = 15, EXTENSION_BYTES_MAX = 256, TRAILER_BYTES_MAX = 16 * 1024 };

static bool is_control(char byte) {
    return ((unsigned char)byte < 0x20 && byte != '\t') || byte == 0x7f;
}

static bool read_size(struct chunked *chunked, char byte) {
    if (g_ascii_isxdigit(byte)) {
        chunked->left = chunked->left * 16 + (uint64_t)g_ascii_xdigit_value(byte);
        return ++chunked->digits <= SIZE_DIGITS_MAX;
    }
    chunked->place = byte == '\r' ? CHUNKED_SIZE_END : CHUNKED_EXTENSION;
    chunked->line_bytes = 0;
    return chunked->digits > 0 && (byte == '\r' || byte == ';');
}

// A byte of extensions or trailers: within the limit and no control byte, or the CR that ends them.
static bool read_dropped(struct chunked *chunked, char byte, size_t bytes_max,
                         enum chunked_place then) {
    if (byte == '\r') {
        chunked->place = then;
        return true;
    }
    return ++chunked->line_bytes <= bytes_max && !is_control(byte);
}

static bool expect(struct chunked *chunked, char byte, char wanted, enum chunked_place then) {
    chunked->place = then;
    return byte == wanted;
}

// One byte of framing.
static bool read_byte(struct chunked *chunked, char byte) {
    switch (chunked->place) {
    case CHUNKED_SIZE: return read_size(chunked, byte);
    case CHUNKED_EXTENSION:
        return read_dropped(chunked, byte, EXTENSION_BYTES_MAX, CHUNKED_SIZE_END);
    case CHUNKED_SIZE_END: {
        bool is_last = chunked->left == 0;
        chunked->digits = 0;
        chunked->line_bytes = 0;
        return expect(chunked, byte, '\n', is_last ? CHUNKED_TRAILER_START : CHUNKED_DATA);
    }
    case CHUNKED_DATA_CR: return expect(chunked, byte, '\r', CHUNKED_DATA_LF);
    case CHUNKED_DATA_LF: return expect(chunked, byte, '\n', CHUNKED_SIZE);
    case CHUNKED_TRAILER_START:
        if (byte == '\r') {
            chunked->place = CHUNKED_LAST_LF;
            return true;
        }
        chunked->place = CHUNKED_TRAILER;
        return byte != ' ' && byte != '\t' &&
               read_dropped(chunked, byte, TRAILER_BYTES_MAX, CHUNKED_TRAILER_END);
    case CHUNKED_TRAILER:
        return read_dropped(chunked, byte, TRAILER_BYTES_MAX, CHUNKED_TRAILER_END);
    case CHUNKED_TRAILER_END: return expect(chunked, byte, '\n', CHUNKED_TRAILER_START);
    case CHUNKED_LAST_LF: return expect(chunked, byte, '\n', CHUNKED_DONE);
    case CHUNKED_DATA:
    case CHUNKED_DONE: break;
    }
    g_assert_not_reached();
}

bool chunked_read(struct chunked *chunked, char *bytes, size_t len, size_t *ret_data_len,
                  size_t *ret_used) {
    size_t at = 0;
    size_t data_len = 0;
    while (at < len && chunked->place != CHUNKED_DONE) {
        if (chunked->place != CHUNKED_DATA) {
            if (!read_byte(chunked, bytes[at++])) {
                return false;
            }
            continue;
        }
        size_t piece = (size_t)MIN((uint64_t)(len - at), chunked->left);
        memmove(bytes + data_len, bytes + at, piece);
        data_len += piece;
        at += piece;
        chunked->left -= piece;
        if (chunked->left == 0) {
            chunked->place = CHUNKED_DATA_CR;
        }
    }
    *ret_data_len = data_len;
    *ret_used = at;
    return true;
}
