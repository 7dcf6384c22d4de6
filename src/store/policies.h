// SPDX-License-Identifier: Apache-2.0
//
// policies: the policy document of a user (protocol.md §12). What it means: core/policy.
#pragma once

#include "store/store.h"

// The document as it was put, or NULL when the user has none. user_id 0: the caller. Others' only for administrators: FAULT_NO_PERMISSION.
bool store_policy_get(struct store_reader *reader, const struct caller *caller, int64_t user_id,
                      int64_t *ret_user_id, char **ret_document, GError **error);
