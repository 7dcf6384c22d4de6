// SPDX-License-Identifier: Apache-2.0
//
// nonce: which nonces were used, so that no signed request is taken twice (protocol.md §7; reliability.md, AuthN rule 6).
//
// What always holds: of each key, and apart for its readings and its changes, every nonce is remembered that was stamped later than the key's
// mark, and what was stamped at or before the mark is refused as stale. So forgetting is always safe, memory is bounded, and no key can take
// another one's: each has a quarter of the whole, and gives of its own oldest when that is full.
//
// Age is counted on a clock that nobody sets. A nonce of a change is remembered for a day, one of a reading for twice the time window and 5
// minutes, which is longer than its request can be repeated while clocks go forward. A clock that was set back by up to a day, less the
// window, therefore opens nothing again for changes, and refuses nothing: requests are judged by the present time alone. The marks of readings
// end when the clock is set back: a reading that is repeated then changes nothing.
//
// Threads: any; one mutex inside.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NONCE_BYTES_MAX = 256,          // of one nonce
    NONCE_ENTRIES_DEFAULT = 500000, // about 60 MB when all are used
    NONCE_ENTRIES_MIN = 16,
    NONCE_CHANGE_KEEP_MS = 24 * 60 * 60 * 1000,
};

enum nonce_result {
    NONCE_FRESH,
    NONCE_USED,
    NONCE_STALE // stamped so early that it may be forgotten
};

struct nonce_use {
    const char *access_key_id;
    const char *nonce;
    int64_t stamped_ms; // the request's own time
    bool is_read;       // of an operation that changes nothing
};

struct nonce_store;

// entries_max: of all keys together, at least NONCE_ENTRIES_MIN.
struct nonce_store *nonce_store_new(int64_t window_ms, size_t entries_max);
void nonce_store_free(struct nonce_store *store);

// Was it used, as far as is remembered? Only looks.
bool nonce_store_knows(struct nonce_store *store, const struct nonce_use *use);
// Test and set in one step. Only for requests whose signature is good and whose own time is within the window around now_ms. uptime_ms: now
// as well, on a clock that is never set.
enum nonce_result nonce_store_use(struct nonce_store *store, const struct nonce_use *use,
                                  int64_t now_ms, int64_t uptime_ms);

// Takes over what an earlier server has kept, before the first use: changes stamped at or before stamped_ms may have been taken and are not
// known any more; and those that are known, oldest first, which count as used now.
void nonce_store_resume(struct nonce_store *store, int64_t stamped_ms);
void nonce_store_load(struct nonce_store *store, const struct nonce_use *use, int64_t uptime_ms);

// How many are remembered.
size_t nonce_store_count(struct nonce_store *store);
