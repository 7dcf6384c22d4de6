// SPDX-License-Identifier: Apache-2.0
//
// key_ops: access keys and tenants (docs/extensions.md).
#include "api/key_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler key_ops[] = {
    { "CreateAccessKey", refuse }, { "ListAccessKeys", refuse }, { "UpdateAccessKey", refuse },
    { "DeleteAccessKey", refuse }, { "CreateTenant", refuse },   { NULL, NULL },
};
