// SPDX-License-Identifier: Apache-2.0
//
// flow_list_ops: the detailed flow list (operations.md §2.1).
#include "api/flow_list_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler flow_list_ops[] = {
    { "ListTaskFlowsByPage", refuse },
    { NULL, NULL },
};
