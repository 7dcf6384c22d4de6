// SPDX-License-Identifier: Apache-2.0
//
// execute_ops: SQL that runs now (operations.md §4.3).
#include "api/execute_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler execute_ops[] = {
    { "ExecuteScript", refuse },
    { NULL, NULL },
};
