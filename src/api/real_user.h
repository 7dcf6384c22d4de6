// SPDX-License-Identifier: Apache-2.0
//
// real_user: RealLoginUserUid: an administrator calls for another user of the tenant (operations.md §0.7).
#pragma once

#include "api/services.h"

// Whose rights and counts the call has: the caller's, or those of the user that RealLoginUserUid names. FAULT_NO_PERMISSION for callers who
// are no administrators, FAULT_USER_NOT_EXIST, FAULT_USER_STATE. Keys and log rows of the call itself stay the caller's.
bool real_user_find(const struct call *call, struct store_reader *reader, struct caller *ret_user,
                    GError **error);
