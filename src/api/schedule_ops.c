// SPDX-License-Identifier: Apache-2.0
//
// schedule_ops: schedules and which version is deployed (operations.md §2.7).
#include "api/schedule_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler schedule_ops[] = {
    { "UpdateTaskFlowSchedule", refuse },
    { "ReDeployLhDagVersion", refuse },
    { NULL, NULL },
};
