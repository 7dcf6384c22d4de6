// SPDX-License-Identifier: Apache-2.0
//
// readers: a pool of read-only connections to the store, so that reads never go through the engine (docs/ARCHITECTURE.md).
//
// A reader is lent to one thread at a time. There are as many as threads read at once; a few stay open for the next.
// Every function may be called from any thread.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "store/store.h"

struct readers;

// Readers of DIR's store. `store` lends its master key to each, so that sealed secrets can be read; it must outlive the pool.
struct readers *readers_new(const char *dir, const struct store *store);
// All readers must have been given back.
void readers_free(struct readers *readers);

// A reader on loan; give it back soon, an open read makes the write-ahead log grow.
struct reader_loan {
    struct readers *readers;
    struct store_reader *reader;
    bool is_moment; // all that is read is of one moment
};

// Fails only when a connection can not be opened.
bool reader_borrow(struct readers *readers, struct reader_loan *ret_loan, GError **error);
// The same, and all that is read until the return is of one moment: not for a loan that outlives a change which it is to see.
bool reader_borrow_moment(struct readers *readers, struct reader_loan *ret_loan, GError **error);
// Gives the reader back and empties the loan. An empty loan is fine.
void reader_return(struct reader_loan *loan);

// A loan that is given back where the variable's scope ends: `READER_LOAN loan = { 0 };`.
#define READER_LOAN __attribute__((cleanup(reader_return))) struct reader_loan
