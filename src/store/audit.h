// SPDX-License-Identifier: Apache-2.0
//
// audit: what was done or refused, append-only, each row chained to the one before: hash = SHA-256(previous hash ‖ row) (reliability.md, Audit).
//
// Rows are numbered from 1 without a gap. Adding is the engine thread's; reading and verifying any reader's.
#pragma once

#include "store/origin.h"
#include "store/store.h"

// One entry. Texts are borrowed; NULL is none.
struct audit_entry {
    int64_t at_ms;
    int64_t tenant_id; // 0: of no tenant; goes to that of the server's first administrator
    int64_t user_id;   // 0: nobody known
    const char *user_name;
    const char *uid;
    const struct origin *origin; // action, request, key, peer, object, database
    const char *code;            // of the refusal, NULL: done
    const char *note;            // further words, NULL none
};
// Inside the open transaction.
bool store_audit_add(struct store *store, const struct audit_entry *entry, GError **error);

struct audit_row {
    int64_t seq;
    int64_t at_ms;
    const char *module; // constant, operations.md §1.11
    char *content;      // a sentence: action, object, result
    char *database;     // NULL: none
    int64_t user_id;    // 0: none
    char *uid;          // NULL: none
    char *user_name;
};
void audit_row_free(struct audit_row *row);

struct audit_filter {
    int64_t from_ms;
    int64_t until_ms; // exclusive
    int page_number;
    int page_size;
    const char *module; // NULL: any, as the others; exact
    const char *user_name;
    const char *database;
};
// The caller's tenant, newest first.
bool store_audit_list(struct store_reader *reader, const struct caller *caller,
                      const struct audit_filter *filter, GPtrArray **ret_rows, int64_t *ret_total,
                      GError **error);

enum { AUDIT_HASH_BYTES = 32 };

// The chain's end: its newest row. seq 0 when empty.
struct audit_head {
    int64_t seq;
    int64_t at_ms;
    uint8_t hash[AUDIT_HASH_BYTES];
};
bool store_audit_head(struct store_reader *reader, struct audit_head *ret_head, GError **error);
// The hash of one row. *ret_is_there is false when there is no such row.
bool store_audit_hash(struct store_reader *reader, int64_t seq, bool *ret_is_there,
                      uint8_t ret_hash[AUDIT_HASH_BYTES], GError **error);
// Walks the whole chain. False with a sentence in *ret_fault (caller frees) at the first row that does not fit; false without it on an error.
bool store_audit_verify(struct store_reader *reader, int64_t *ret_count, char **ret_fault,
                        GError **error);
// The same of the newest row only: cheap.
bool store_audit_verify_end(struct store_reader *reader, char **ret_fault, GError **error);
