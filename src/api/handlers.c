// SPDX-License-Identifier: Apache-2.0
//
// handlers: which rooms serve operations. A new room is one line here.
#include "api/handlers.h"

#include "api/alarm_ops.h"
#include "api/audit_ops.h"
#include "api/backfill_ops.h"
#include "api/database_ops.h"
#include "api/execute_ops.h"
#include "api/flow_list_ops.h"
#include "api/flow_ops.h"
#include "api/graph_ops.h"
#include "api/instance_ops.h"
#include "api/key_ops.h"
#include "api/log_ops.h"
#include "api/node_ops.h"
#include "api/people_ops.h"
#include "api/policy_ops.h"
#include "api/run_ops.h"
#include "api/scenario_ops.h"
#include "api/schedule_ops.h"
#include "api/sharing_ops.h"
#include "api/source_ops.h"
#include "api/space_ops.h"
#include "api/sqlaudit_ops.h"
#include "api/user_ops.h"
#include "api/variable_ops.h"

#include <stddef.h>

const struct op_handler *const api_handlers[] = {
    alarm_ops,  audit_ops,  backfill_ops, database_ops, execute_ops,  flow_list_ops,
    flow_ops,   graph_ops,  instance_ops, key_ops,      log_ops,      node_ops,
    people_ops, policy_ops, run_ops,      scenario_ops, schedule_ops, sharing_ops,
    source_ops, space_ops,  sqlaudit_ops, user_ops,     variable_ops, NULL,
};
