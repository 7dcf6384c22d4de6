// SPDX-License-Identifier: Apache-2.0
//
// subscriptions: which flows wait for events of which others, once as drafted and once as deployed (behaviour.md §4.3). Private to
// this folder.
#pragma once

#include "core/schedule.h"
#include "store/flow_head.h"

// Replaces what a flow waits for; `schedule` NULL, off or not by events: nothing.
bool subscriptions_set(struct store *store, const struct flow_head *flow, bool is_deployed,
                       const struct schedule *schedule, GError **error);

// Would these events make the flow wait for itself, through any number of flows? *ret_path is then "3 → 5 → 3", freed by the caller,
// otherwise NULL.
bool subscriptions_find_cycle(struct store_reader *reader, const struct flow_head *flow,
                              bool is_deployed, const struct schedule *schedule, char **ret_path,
                              GError **error);

// Is there what an event comes from: a flow of the same tenant, and the node in it?
bool subscriptions_find_source(struct store_reader *reader, const struct flow_head *flow,
                               const struct schedule_event *event, bool *ret_exists,
                               GError **error);
