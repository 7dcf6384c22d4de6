// SPDX-License-Identifier: Apache-2.0
//
// deployments: makes a published version the one that scheduled runs use. Private to this folder.
//
// Try runs use the draft; scheduled runs use the version deployed last.
#pragma once

#include "store/flow_head.h"

struct deployment {
    int64_t version_id;   // published, of this flow
    const char *schedule; // its snapshot, or of it "schedule" and "slaRules" alone
    int64_t person_id;    // who deploys
    bool is_new;          // just published: a schedule that can not work is refused
};

// Checks the version's schedule and SLA rules, writes the deployment's row and the flow's, and gives the deployment's id.
// FAULT_FLOW_STATE says what would have to change.
bool deployment_make(struct store *store, const struct flow_head *flow,
                     const struct deployment *deployment, int64_t now_ms, int64_t *ret_id,
                     GError **error);

// The version that a redeploy of `wanted` deploys (0: the newest published one), and what deploying reads of it, which the caller frees. Reads
// the whole version: on a call's thread. FAULT_FLOW_NOT_PUBLISHED, FAULT_VERSION_NOT_EXIST, FAULT_INVALID_DATA.
bool deployment_read(struct store_reader *reader, const struct flow_head *flow, int64_t wanted,
                     int64_t *ret_version_id, char **ret_schedule, GError **error);

// Nothing of the flow is scheduled any more.
bool deployment_end(struct store *store, const struct flow_head *flow, GError **error);
