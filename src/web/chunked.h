// SPDX-License-Identifier: Apache-2.0
//
// chunked: takes the chunk framing off a body, in whatever pieces it comes. Strict like head.h: sizes in hexadecimal, lines end with CR
// LF, no blanks around a size. Extensions and trailers are read and dropped.
//
// Pure; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chunked_place {
    CHUNKED_SIZE,
    CHUNKED_EXTENSION,
    CHUNKED_SIZE_END, // the LF of a size line
    CHUNKED_DATA,
    CHUNKED_DATA_CR,
    CHUNKED_DATA_LF,
    CHUNKED_TRAILER_START,
    CHUNKED_TRAILER,
    CHUNKED_TRAILER_END,
    CHUNKED_LAST_LF,
    CHUNKED_DONE,
};

// Zeroed for a new body.
struct chunked {
    enum chunked_place place;
    uint64_t left;     // of this chunk's data
    unsigned digits;   // of its size
    size_t line_bytes; // of its extensions; then of all trailers
};

// Reads on, and moves the data to the beginning of `bytes`. False: this is no chunked body. `ret_used` is less than `len` only behind
// its end (CHUNKED_DONE).
bool chunked_read(struct chunked *chunked, char *bytes, size_t len, size_t *ret_data_len,
                  size_t *ret_used);
