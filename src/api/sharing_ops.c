// SPDX-License-Identifier: Apache-2.0
//
// sharing_ops: owners and stakeholders (operations.md §2.3).
#include "api/sharing_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler sharing_ops[] = {
    { "UpdateTaskFlowOwner", refuse },
    { "ChangeLhDagOwner", refuse },
    { "ListTaskFlowCooperators", refuse },
    { "UpdateTaskFlowCooperators", refuse },
    { NULL, NULL },
};
