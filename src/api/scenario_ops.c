// SPDX-License-Identifier: Apache-2.0
//
// scenario_ops: business scenarios and where a flow lies (operations.md §2.2).
#include "api/scenario_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler scenario_ops[] = {
    { "CreateScenario", refuse },         { "UpdateScenario", refuse },
    { "DeleteScenario", refuse },         { "ListScenarios", refuse },
    { "MoveTaskFlowToScenario", refuse }, { NULL, NULL },
};
