// SPDX-License-Identifier: Apache-2.0
//
// policy_ops: policies of users and session keys (docs/extensions.md).
#include "api/policy_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler policy_ops[] = {
    { "PutUserPolicy", refuse },
    { "GetUserPolicy", refuse },
    { "CreateSessionKey", refuse },
    { NULL, NULL },
};
