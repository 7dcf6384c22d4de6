// SPDX-License-Identifier: Apache-2.0
//
// alarm_ops: notifications and SLA rules (operations.md §2.9).
#include "api/alarm_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler alarm_ops[] = {
    { "GetTaskFlowNotification", refuse }, { "UpdateTaskFlowNotification", refuse },
    { "ListDefaultSLARules", refuse },     { "ListSLARules", refuse },
    { "UpdateSLARules", refuse },          { "GetIntervalLimitOfSLA", refuse },
    { "GetRuleNumLimitOfSLA", refuse },    { NULL, NULL },
};
