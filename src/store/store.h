// SPDX-License-Identifier: Apache-2.0
//
// store: durable state. One writer (the engine's thread) and any number of read-only readers, over sql/sql.h.
//
// Every change happens inside the writer's open transaction: store_begin, then changes, then store_commit, which is the only moment
// anything becomes true. A change that fails leaves no trace (a savepoint around each); FAULT_IO means that the store can not be trusted
// and the server must end (reliability.md G15); FAULT_NO_SPACE and FAULT_STORE_LOCKED, that the transaction must be given up and may succeed later
// (G10). The tenant is part of every statement that reads or changes a tenant's rows, and the
// caller an argument of every function that reads them: another tenant's id gives the same fault as an unknown one.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/access.h"
#include "store/counters.h"

struct store;        // the writer; engine thread only
struct store_reader; // a read-only connection; one thread at a time

enum { STORE_PAGE_MAX = 1000 };               // entries of one page of any list
enum { STORE_DRAFT_BYTES = 4 * 1024 * 1024 }; // unless store_set_draft_limit says another number

// Opens DIR/state.db, creates it and applies migrations in one transaction; an unknown newer schema is refused.
bool store_open(const char *dir, struct store **ret_store, GError **error);
void store_close(struct store *store);
// How many bytes the texts of one draft may have together: names, contents, configs, outputs, variables, constants, places. From the next change on; what is
// larger already stays as it is and may become smaller.
void store_set_draft_limit(struct store *store, int64_t bytes);
// A reader of the same database; open after store_open.
bool store_reader_open(const char *dir, struct store_reader **ret_reader, GError **error);
void store_reader_close(struct store_reader *reader);
// All that is read from begin to end is of one moment. Several statements take the database's lock once instead of each time.
bool store_reader_begin(struct store_reader *reader, GError **error);
void store_reader_end(struct store_reader *reader);
// A reader that sees what the writer sees, uncommitted changes included; engine thread only; belongs to the store.
struct store_reader *store_as_reader(struct store *store);

// Raised by every commit that holds a caller's change, after the commit and before anybody is told of it. Any thread.
int64_t store_generation(const struct store *store);

bool store_begin(struct store *store, GError **error);
// FAULT_IO also when what was written no longer stands in DIR: the directory was deleted or replaced.
bool store_commit(struct store *store, GError **error);
// The same look without a commit.
bool store_check_place(const struct store *store, GError **error);
// After a commit: it is durable, but the database's file has no room to grow, so that its log does.
bool store_is_cramped(const struct store *store);
// How long a transaction waits for another program's lock; at first 5 s.
void store_set_patience(struct store *store, int64_t wait_ms);
void store_rollback(struct store *store);
// A part of the open transaction, which is kept or left out as a whole; parts may lie within parts. store_part_end gives `is_good` back
// unless keeping fails.
bool store_part_begin(struct store *store, GError **error);
bool store_part_end(struct store *store, bool is_good, GError **error);
// Has the open transaction changed anything? An empty turn commits nothing.
bool store_is_dirty(const struct store *store);

// The next id of a counter; durable with the next commit, never given twice even after a crash or rollback.
int64_t store_next_id(struct store *store, enum store_counter counter);
// Ids up to `used` were given by a later state of this store, of which this one is a backup: they are not given again. Within a transaction,
// durable with it. False, and nothing changes: no id can be that high.
bool store_pass_over(struct store *store, enum store_counter counter, int64_t used);
// Highest id given so far.
int64_t store_highest_id(const struct store *store, enum store_counter counter);
// Highest of those that a commit keeps: one above it is given again after a crash.
int64_t store_durable_id(const struct store *store, enum store_counter counter);

// Folds the event rows of every run and compares the result with its stored state (reliability.md T32). *ret_fault is a sentence
// (caller frees) when something differs; false only then or on an error.
bool store_check_events(struct store_reader *reader, char **ret_fault, GError **error);
// The database's own integrity check.
bool store_check_integrity(struct store_reader *reader, GError **error);
// Rows that this connection has walked over because no index served a statement: tests hold it at 0.
int64_t store_reader_scan_steps(struct store_reader *reader);
