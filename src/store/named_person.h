// SPDX-License-Identifier: Apache-2.0
//
// named_person: users that a call names as owner, cooperator or member. Private to this folder.
#pragma once

#include "core/access.h"
#include "store/private.h"

// The user must belong to the caller's tenant: FAULT_USER_NOT_EXIST, also for a deleted one; and must not be disabled: FAULT_USER_STATE.
// `field` is the wire's parameter.
bool named_person_check(struct store_reader *reader, const struct caller *caller, int64_t user_id,
                        const char *field, GError **error);
// The same for a list of int64_t.
bool named_person_check_all(struct store_reader *reader, const struct caller *caller,
                            const GArray *user_ids, const char *field, GError **error);
