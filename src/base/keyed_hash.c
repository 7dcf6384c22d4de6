// SPDX-License-Identifier: Apache-2.0
//
// keyed_hash: SipHash with one round for each word and three at the end (Aumasson and Bernstein), the variant made for hash tables.

#include "base/keyed_hash.h"

#include <string.h>

#include "base/crypto.h"

struct state {
    uint64_t v[4];
};

static uint64_t turned(uint64_t word, int bits) {
    return word << bits | word >> (64 - bits);
}

static void mix(struct state *state) {
    uint64_t *v = state->v;
    v[0] += v[1];
    v[2] += v[3];
    v[1] = turned(v[1], 13) ^ v[0];
    v[3] = turned(v[3], 16) ^ v[2];
    v[0] = turned(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = turned(v[1], 17) ^ v[2];
    v[3] = turned(v[3], 21) ^ v[0];
    v[2] = turned(v[2], 32);
}

static void take(struct state *state, uint64_t word) {
    state->v[3] ^= word;
    mix(state);
    state->v[0] ^= word;
}

uint64_t keyed_hash_under(const uint64_t key[2], const void *data, size_t len) {
    const uint8_t *bytes = data;
    struct state state = { { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                             key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573 } };
    size_t whole = len - len % 8;
    for (size_t at = 0; at < whole; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        take(&state, GUINT64_FROM_LE(word));
    }
    uint64_t last = (uint64_t)len << 56;
    for (size_t at = whole; at < len; at++) {
        last |= (uint64_t)bytes[at] << 8 * (at - whole);
    }
    take(&state, last);
    state.v[2] ^= 0xff;
    mix(&state);
    mix(&state);
    mix(&state);
    return state.v[0] ^ state.v[1] ^ state.v[2] ^ state.v[3];
}

static const uint64_t *process_key(void) {
    static uint64_t key[2];
    static gsize is_made;
    if (g_once_init_enter(&is_made)) {
        crypto_random(key, sizeof key);
        g_once_init_leave(&is_made, 1);
    }
    return key;
}

uint64_t keyed_hash_bytes(const void *data, size_t len) {
    return keyed_hash_under(process_key(), data, len);
}

guint keyed_hash_text(gconstpointer text) {
    return (guint)keyed_hash_bytes(text, strlen(text));
}

guint keyed_hash_int64(gconstpointer number) {
    return (guint)keyed_hash_bytes(number, sizeof(int64_t));
}
