// SPDX-License-Identifier: Apache-2.0
//
// user_ops: users of a tenant (operations.md §3.2).
#include "api/user_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler user_ops[] = {
    { "GetUser", refuse },     { "ListUsers", refuse },  { "RegisterUser", refuse },
    { "UpdateUser", refuse },  { "DeleteUser", refuse }, { "EnableUser", refuse },
    { "DisableUser", refuse }, { NULL, NULL },
};
