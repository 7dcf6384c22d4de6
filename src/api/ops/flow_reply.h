// SPDX-License-Identifier: Apache-2.0
//
// flow_reply: what the published lists of flows have in common.
#pragma once

#include "api/wire/reply.h"
#include "store/flows.h"

// Id, DagName, creator, owner's nickname, DeployId, Status and LatestInstanceStatus.
void reply_flow(json_t *item, const struct flow_row *flow);
