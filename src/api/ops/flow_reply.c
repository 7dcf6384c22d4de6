// SPDX-License-Identifier: Apache-2.0
//
// A flow as an item of a list. The lists differ in the types of some fields; those are written by the lists themselves.
#include "api/ops/flow_reply.h"

void reply_flow(json_t *item, const struct flow_row *flow) {
    reply_id(item, "Id", flow->id);
    reply_text(item, "DagName", flow->name);
    reply_id_text(item, "CreatorId", flow->creator_id);
    reply_text(item, "CreatorNickName", flow->creator_name);
    reply_text(item, "DagOwnerNickName", flow->owner_name);
    reply_id(item, "DeployId", flow->deploy_id);
    reply_number(item, "Status", flow_status_code(flow->status, flow->is_scheduled));
    if (flow->latest_run_state >= 0) {
        reply_number(item, "LatestInstanceStatus",
                     run_state_code((enum run_state)flow->latest_run_state));
    }
}
