// SPDX-License-Identifier: Apache-2.0
// folder: web
//
// Any bytes are a chunked body or none, the same in one piece and in pieces of any size, and never longer than what was sent.
#include "web/chunked.h"

#include <assert.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>

struct outcome {
    bool is_good;
    bool is_done;
    size_t used;
    GString *data;
};

static struct outcome read_in_pieces(const char *bytes, size_t len, size_t piece) {
    struct chunked chunked = { 0 };
    struct outcome outcome = { .is_good = true, .data = g_string_new(NULL) };
    while (outcome.used < len && outcome.is_good && chunked.place != CHUNKED_DONE) {
        size_t part = MIN(len - outcome.used, piece);
        g_autofree char *copy = g_memdup2(bytes + outcome.used, part);
        size_t data_len = 0;
        size_t used = 0;
        outcome.is_good = chunked_read(&chunked, copy, part, &data_len, &used);
        if (outcome.is_good) {
            assert(data_len <= used && used <= part);
            assert(used == part || chunked.place == CHUNKED_DONE);
            g_string_append_len(outcome.data, copy, (gssize)data_len);
            outcome.used += used;
        }
    }
    outcome.is_done = chunked.place == CHUNKED_DONE;
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *bytes = (const char *)data;
    struct outcome whole = read_in_pieces(bytes, size, size == 0 ? 1 : size);
    struct outcome pieces = read_in_pieces(bytes, size, size == 0 ? 1 : 1 + data[0] % 7);
    assert(whole.is_good == pieces.is_good);
    if (whole.is_good) {
        assert(whole.is_done == pieces.is_done && whole.used == pieces.used);
        assert(g_string_equal(whole.data, pieces.data));
    }
    g_string_free(whole.data, TRUE);
    g_string_free(pieces.data, TRUE);
    return 0;
}
