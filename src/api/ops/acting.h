// SPDX-License-Identifier: Apache-2.0
//
// acting: for whom a call on data sources acts: its caller, or the user whom RealLoginUserUid names (operations.md §0.7; proposed: for administrators
// only). What is asked and logged is then that user's; the operation log names the caller.
#pragma once

#include "api/services.h"

// *ret_caller: a value. FAULT_NO_PERMISSION for who is no administrator; FAULT_USER_NOT_EXIST; FAULT_USER_STATE for a disabled user.
bool acting_caller(const struct call *call, struct store_reader *reader, struct caller *ret_caller,
                   GError **error);
