// SPDX-License-Identifier: Apache-2.0
//
// backfill_ops: runs for past business dates (behaviour.md §6).
#include "api/backfill_ops.h"

#include "base/fault.h"

static bool refuse(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    fault_set(error, FAULT_NOT_SUPPORTED, "%s is not offered by this server",
              call->operation->action);
    return false;
}

const struct op_handler backfill_ops[] = {
    { "BackFill", refuse },
    { NULL, NULL },
};
