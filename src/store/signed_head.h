// SPDX-License-Identifier: Apache-2.0
//
// signed_head: a signed end of the operation log's chain as text, the form in which it leaves the machine and comes back (reliability.md,
// Audit):
//
//     NUMBER-OF-THE-ROW TIME HASH HMAC
//
// decimal numbers without leading zeros, the time in UTC milliseconds, hash and HMAC in lower-case hexadecimal, one blank between them. One
// text for one head: what was read prints as it was. Pure; from any thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "store/audit.h"

struct signed_head {
    int64_t seq; // from 1
    int64_t at_ms;
    uint8_t hash[AUDIT_HASH_BYTES];
    uint8_t mac[CRYPTO_SHA256_BYTES]; // over the text in front of it
};

enum { SIGNED_HEAD_TEXT_BYTES = 2 * 20 + 2 * 64 + 3 }; // at most, without a line's end

// What stands in front of a head in a line of a system's log; readers skip all up to its end.
#define SIGNED_HEAD_MARK "audit-head "

// FAULT_INVALID_DATA when the bytes are not exactly one head.
bool signed_head_parse(const char *text, size_t len, struct signed_head *ret_head, GError **error);

// The text; the caller frees it. The same without the HMAC: what is signed.
char *signed_head_print(const struct signed_head *head);
char *signed_head_subject(const struct signed_head *head);

// Heads that somebody kept, one a line, in any order: each alone or behind SIGNED_HEAD_MARK, as a system's log shows it; empty lines and
// carriage returns do not count. *ret_heads holds struct signed_head, the smallest number first; the caller unrefs it. FAULT_INVALID_DATA
// names the first line that holds none; a line that is skipped could have been the one that proves something.
bool signed_heads_read(const char *text, size_t len, GArray **ret_heads, GError **error);
