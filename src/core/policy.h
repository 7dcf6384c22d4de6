// SPDX-License-Identifier: Apache-2.0
//
// policy: which operations a user may call, as a document in a subset of the RAM policy language (protocol.md §12):
//
//   { "Version": "1",
//     "Statement": [ { "Effect": "Allow" | "Deny", "Action": "dms:List*" or [ … ], "Resource": "*" or [ … ] } ] }
//
// Nothing else is a policy: an unknown element makes the whole document invalid, as one that is passed over could be the one that
// forbids. Pure; values belong to the thread that made them.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    POLICY_BYTES_MAX = 8192,
    POLICY_ACTION_BYTES_MAX = 128, // of one Action text
};

struct policy;

// Reads a document of `len` bytes. FAULT_INVALID_FIELD "Policy" names the element: "Statement[0].Condition is not supported; …".
// The caller frees the policy.
bool policy_new(const char *document, size_t len, struct policy **ret_policy, GError **error);
void policy_free(struct policy *policy);

// May this operation be called ("ListTaskFlow", without a prefix)? A statement that denies wins; what no statement allows is forbidden.
// Never asked for a user without a policy, who may do what the roles permit (core/access).
bool policy_allows(const struct policy *policy, const char *operation);

// Does `text` match the pattern as a whole? `*` stands for any run of characters, `?` for exactly one byte; ASCII letters match in
// either case. Takes at most strlen(pattern) × strlen(text) steps.
bool policy_matches(const char *pattern, const char *text);
