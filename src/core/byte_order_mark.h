// SPDX-License-Identifier: Apache-2.0
//
// byte_order_mark: U+FEFF in UTF-8, which editors put before a text and which is no part of it. Pure.
#pragma once

#include <stddef.h>
#include <string.h>

// Bytes of the mark that `text` begins with: 0 when it begins with none.
static inline size_t byte_order_mark_len(const char *text, size_t len) {
    static const char mark[] = { '\xef', '\xbb', '\xbf' };
    return len >= sizeof mark && memcmp(text, mark, sizeof mark) == 0 ? sizeof mark : 0;
}
