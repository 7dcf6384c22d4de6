// SPDX-License-Identifier: Apache-2.0
//
// instance_ops: registering, changing and removing data sources (operations.md §4.1).
#include "api/instance_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler instance_ops[] = {
    { "AddInstance", refuse },
    { "SimplyAddInstance", refuse },
    { "ModifyInstance", refuse },
    { "UpdateInstance", refuse },
    { "DeleteInstance", refuse },
    { "GetPagedInstance", refuse },
    { NULL, NULL },
};
