// SPDX-License-Identifier: Apache-2.0
//
// schedule_rows: schedule and SLA rules of a draft as its rows hold them. Private to this folder.
#pragma once

#include "store/flow_head.h"
#include "store/payload.h"

// The caller frees it.
bool schedule_rows_read(struct store_reader *reader, const struct flow_head *flow,
                        struct schedule_fields **ret_fields, GError **error);
// GArray of struct sla_rule, by id.
bool schedule_rows_rules(struct store_reader *reader, const struct flow_head *flow,
                         GArray **ret_rules, GError **error);
