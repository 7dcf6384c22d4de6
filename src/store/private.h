// SPDX-License-Identifier: Apache-2.0
//
// private: what the files of this folder know of each other's store. Not for other folders.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "sql/sql.h"
#include "store/counters.h"
#include "store/place.h"
#include "store/query.h"

struct store_reader {
    struct sql *sql;
    int64_t timeout_ms; // of a statement
    bool has_master;
    uint8_t master[CRYPTO_KEY_BYTES];
};

// Ids are given from a block whose upper bound is written by the transaction that first uses it.
struct store_block {
    int64_t highest;       // given so far
    int64_t bound;         // the block's end
    int64_t durable_bound; // what the counter's row says
};

// The end of the operation log's chain, as the open transaction has it. Forgotten by a rollback.
struct audit_tail {
    bool is_known;
    int64_t seq;
    uint8_t hash[CRYPTO_SHA256_BYTES];
};

struct store {
    struct store_reader reader; // over the writer's connection
    struct store_block blocks[COUNTER_COUNT];
    struct audit_tail audit_tail;
    char *note;               // what the last change did, or NULL
    int64_t draft_bytes_max;  // of the texts of one draft
    struct store_place place; // of the database and its log
    bool is_open;             // between begin and commit or rollback
    bool is_dirty;
    bool has_changes;           // a caller's change was applied in the open transaction
    _Atomic int64_t generation; // raised by every commit that has some
};

// A change of rows is about to happen: there must be an open transaction.
struct sql *store_change_sql(struct store *store);
