// SPDX-License-Identifier: Apache-2.0
//
// audit_ops: the operation log and the log of executed SQL (operations.md §5).
#include "api/audit_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler audit_ops[] = {
    { "GetOpLog", refuse },
    { "ListSQLExecAuditLog", refuse },
    { NULL, NULL },
};
