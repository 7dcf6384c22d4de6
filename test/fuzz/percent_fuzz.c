// SPDX-License-Identifier: Apache-2.0
// folder: api/wire
//
// Decoding never reads or writes outside, never grows, and what is encoded decodes to itself.
#include "api/wire/decode.h"
#include "api/wire/sign.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *copy = g_memdup2(data, size);
    size_t len = 0;
    if (percent_decode(copy, size, &len)) {
        g_assert_cmpuint(len, <=, size);
    }
    g_autoptr(GString) encoded = g_string_new(NULL);
    percent_encode(encoded, (const char *)data, size);
    g_assert_true(percent_decode(encoded->str, encoded->len, &len));
    g_assert_cmpuint(len, ==, size);
    g_assert_true(size == 0 || memcmp(encoded->str, data, size) == 0);
    return 0;
}
