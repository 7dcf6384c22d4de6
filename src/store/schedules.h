// SPDX-License-Identifier: Apache-2.0
//
// schedules: when a flow runs, whom it tells, and how long it may take: settings of the draft (operations.md §2.7, §2.9).
#pragma once

#include "store/payload.h"
#include "store/store.h"

enum { SLA_RULES_MAX = 12, SLA_INTERVAL_LIMIT_MIN = 59, SLA_DEFAULT_MIN = 1080 };

// As stored with the draft. Needs ACCESS_VIEW. The caller frees it.
bool store_schedule_get(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                        struct schedule_fields **ret_schedule, GError **error);

bool store_notification_get(struct store_reader *reader, const struct caller *caller,
                            int64_t flow_id, struct notification_switches *ret_switches,
                            GError **error);

// GArray of struct sla_rule, by id.
bool store_sla_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    GArray **ret_rules, GError **error);
