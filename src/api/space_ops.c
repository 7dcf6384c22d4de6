// SPDX-License-Identifier: Apache-2.0
//
// space_ops: workspaces, their members and their flows (operations.md §3.3, §2.1).
#include "api/space_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler space_ops[] = {
    { "CreateLakeHouseSpace", refuse },
    { "GetLhSpaceByName", refuse },
    { "DeleteLakeHouseSpace", refuse },
    { "AddLhMembers", refuse },
    { "DeleteLhMembers", refuse },
    { "ListLhTaskFlowAndScenario", refuse },
    { NULL, NULL },
};
