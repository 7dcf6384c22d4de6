// SPDX-License-Identifier: Apache-2.0
//
// gate: who may come in: the key table, the permission table and the users' policies, as hooks of api_options. docs/permissions.md
// tells operators.
//
// Rights on single flows are not here: they need the flow and are checked by the store, with the rows in hand (behaviour.md §8).
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "api/api.h"
#include "api/readers.h"
#include "core/access.h"

// For api_options.key_find; key_ctx is the struct readers *. A store that can not be read counts as an unknown key and is logged.
bool gate_key_find(void *readers, const char *access_key_id, struct api_key *ret_key);

// For api_options.permit; permit_ctx is not used; the key is one of gate_key_find's. In this order: FAULT_TENANT_STATE,
// FAULT_USER_NOT_EXIST and FAULT_USER_STATE when tenant or user are not active; FAULT_NOT_SUPPORTED for an operation without a row;
// FAULT_NO_PERMISSION when the caller's roles do not do, or a temporary key would make keys; FAULT_FORBIDDEN_BY_POLICY.
bool gate_permit(void *ctx, const struct api_key *key, const struct operation *operation,
                 GError **error);

// The table, row by row, sorted by action: an operation's class, and whether it makes keys, which a temporary key may not. False at
// the end. For the test that compares docs/permissions.md.
bool gate_row_at(size_t index, const char **ret_action, enum access_class *ret_class,
                 bool *ret_makes_keys);

// Does each operation of these tables have a row, and each row a handler? *ret_action names the first that has not. For a test.
bool gate_is_complete(const struct op_handler *const *handlers, const char **ret_action);
