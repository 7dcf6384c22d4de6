// SPDX-License-Identifier: Apache-2.0
//
// handlers: which rooms serve operations. A new room is one line here.
#include "api/handlers.h"

#include "api/flow_ops.h"
#include "api/graph_ops.h"
#include "api/log_ops.h"
#include "api/node_ops.h"
#include "api/people_ops.h"
#include "api/run_ops.h"
#include "api/source_ops.h"
#include "api/variable_ops.h"

#include <stddef.h>

const struct op_handler *const api_handlers[] = {
    flow_ops, graph_ops, variable_ops, node_ops, run_ops, log_ops, people_ops, source_ops, NULL,
};
