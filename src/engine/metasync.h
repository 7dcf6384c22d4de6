// SPDX-License-Identifier: Apache-2.0
//
// metasync: reads the structure of registered databases in the background, one after the other, and stores what it finds
// (operations.md §4.2, SyncDatabaseMeta, SyncInstanceMeta).
//
// Tenants take turns, within one the first job comes first; a tenant has at most 1 000 that wait, all together 10 000.
// The databases are opened by sluice-sql under the supervisor. Jobs live in memory: what a stopping server has not read is asked for again
// by whoever wants it.
#pragma once

#include "engine/loop.h"

struct metasync;

// Everything is borrowed. The thread begins with the first job.
struct metasync *metasync_new(struct loop *loop, const char *dir, struct store *store);
// Ends the thread; the loop has ended before, so that the present job is refused. No job is taken any more.
void metasync_stop(struct metasync *metasync);
void metasync_free(struct metasync *metasync);

// Any thread. A job that waits already is not taken twice. database_id 0: the source and its databases, their tables only when wanted.
// FAULT_UNAVAILABLE when too many wait, of the caller's tenant or of all. *ret_ticket (may be NULL): what metasync_wait takes; of the job that
// waits already, if one does.
bool metasync_post(struct metasync *metasync, const struct caller *caller, int64_t source_id,
                   int64_t database_id, bool with_tables, int64_t *ret_ticket, GError **error);
// Any thread. Waits until the job of this ticket has been done, well or not, at most timeout_ms. Other jobs do not count, whenever they were posted.
// Was it done in time?
bool metasync_wait(struct metasync *metasync, int64_t ticket, int64_t timeout_ms);
