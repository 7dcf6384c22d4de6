// SPDX-License-Identifier: Apache-2.0
//
// audit_heads: signed ends of the operation log's chain, and what they prove (reliability.md, Audit).
//
// They are kept beside the database in DIR/audit.heads, so that rows taken from the log's end are seen. Whoever takes rows away can cut that
// file too; only a head that was kept elsewhere proves the end, up to that head. Signed with a key derived from the master key: the reader
// has it.
#pragma once

#include "store/signed_head.h"
#include "store/store.h"

// Signs the present end of the log; its number is 0 when the log is empty. Engine thread, outside of a transaction.
bool store_audit_heads_sign(struct store *store, int64_t now_ms, struct signed_head *ret_head,
                            GError **error);

// Appends the head, durably. When the last line has signed the same end already nothing is written, and *head becomes that line.
bool store_audit_heads_append(struct store *store, const char *dir, struct signed_head *head,
                              GError **error);

// Compares every line of DIR/audit.heads with the log. False with a sentence in *ret_fault (caller frees) at the first that does not fit; false
// without it on an error. A missing file is no line.
bool store_audit_heads_verify(struct store_reader *reader, const char *dir, int64_t *ret_count,
                              char **ret_fault, GError **error);

// The same with heads that were kept elsewhere, as signed_heads_read() gives them, of a log whose chain is whole: when all of them fit, no row up
// to the greatest is missing or changed.
bool store_audit_heads_prove(struct store_reader *reader, const GArray *heads, char **ret_fault,
                             GError **error);
