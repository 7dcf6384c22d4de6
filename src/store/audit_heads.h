// SPDX-License-Identifier: Apache-2.0
//
// audit_heads: signed ends of the operation log's chain, kept beside the database in DIR/audit.heads, so that rows taken away from the
// log's end are seen (reliability.md, Audit).
//
// One line each: number of the row, time of signing in UTC milliseconds, the row's hash, and an HMAC of these three under a key derived from the
// master key. Whoever can write both files and read the master key can forge all of it: copy the heads to another machine.
#pragma once

#include "store/store.h"

// Signs the present end and appends it, durably; nothing when the last line has it already or the log is empty. Engine thread,
// outside of a transaction.
bool store_audit_heads_append(struct store *store, const char *dir, int64_t now_ms, GError **error);

// Compares every line with the log. False with a sentence in *ret_fault (caller frees) at the first that does not fit; false without it on an
// error. The reader has the master key. A missing file is no line.
bool store_audit_heads_verify(struct store_reader *reader, const char *dir, int64_t *ret_count,
                              char **ret_fault, GError **error);
