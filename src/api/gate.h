// SPDX-License-Identifier: Apache-2.0
//
// gate: who may come in: the key table, the classes of operations and the users' policies, as hooks of api_options. docs/permissions.md
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
// FAULT_USER_NOT_EXIST and FAULT_USER_STATE when tenant or user are not active; FAULT_NO_PERMISSION when the caller's roles do not do, or a temporary key would make keys; FAULT_FORBIDDEN_BY_POLICY.
bool gate_permit(void *ctx, const struct api_key *key, const struct operation *operation,
                 GError **error);
