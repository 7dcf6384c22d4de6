// SPDX-License-Identifier: Apache-2.0
//
// change_check: what store_change_check (store/flows.h) and the changes themselves judge alike. Private to this folder.
#pragma once

#include "store/flows.h"

// May this draft be published? ret_remarks: what is worth telling of it. FAULT_FLOW_STATE names the node and the reason.
bool change_check_draft(struct store_reader *reader, int64_t tenant_id, const struct draft *draft,
                        struct remarks *ret_remarks, GError **error);
