// SPDX-License-Identifier: Apache-2.0
//
// audit: what was done or refused, append-only, each row chained to the one before: hash = SHA-256(previous hash ‖ row) (reliability.md, Audit).
#pragma once

#include "store/origin.h"
#include "store/store.h"

// One entry. Texts are borrowed; NULL is none.
struct audit_entry {
    int64_t at_ms;
    int64_t tenant_id;
    int64_t user_id; // 0: nobody known
    const char *user_name;
    const char *uid;
    const struct origin *origin;
    const char *code;     // of the refusal, NULL: done
    const char *database; // schema name, where it makes sense
    const char *note;     // further words, NULL none
};
// Inside the open transaction.
bool store_audit_add(struct store *store, const struct audit_entry *entry, GError **error);

struct audit_row {
    int64_t seq;
    int64_t at_ms;
    const char *module; // constant, operations.md §1.11
    char *content;
    char *database; // NULL: none
    int64_t user_id;
    char *uid;
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
// Newest first.
bool store_audit_list(struct store_reader *reader, const struct caller *caller,
                      const struct audit_filter *filter, GPtrArray **ret_rows, int64_t *ret_total,
                      GError **error);

// The chain's end: its newest row. seq 0 when empty.
struct audit_head {
    int64_t seq;
    int64_t at_ms;
    uint8_t hash[32];
};
bool store_audit_head(struct store_reader *reader, struct audit_head *ret_head, GError **error);
// Walks the whole chain. False with a sentence in *ret_fault (caller frees) at the first row that does not fit; false without it on an error.
bool store_audit_verify(struct store_reader *reader, int64_t *ret_count, char **ret_fault,
                        GError **error);
