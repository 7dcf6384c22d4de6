// SPDX-License-Identifier: Apache-2.0
//
// flow_list: one flow's row for lists that choose the ids themselves. Private to this folder; the rest of the room is in flows.h.
#pragma once

#include "store/flows.h"
#include "store/private.h"

// No right is checked. *ret_flow is NULL for an unknown, deleted or foreign flow; the caller frees it.
bool flow_list_find(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    struct flow_row **ret_flow, GError **error);
