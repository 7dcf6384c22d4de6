// SPDX-License-Identifier: Apache-2.0
//
// snapshot: the draft as a snapshot document (core/plan.c describes it). Private to this folder.
#pragma once

#include "store/flow_head.h"

// What is larger is not read at all. Only drafts that grew before they had a limit can be (store/draft_size). Read from the store, their JSON texts
// hold at most twice as many bytes in a snapshot, which the database still takes.
enum { SNAPSHOT_BYTES_MAX = 256 * 1024 * 1024 };

// What a version keeps of its flow. The strings are the caller's, freed by snapshot_done.
struct snapshot {
    char *flow_name;
    char *owner_name;
    char *document;
    char *schedule; // the document's "schedule" and "slaRules" alone: what deploying reads
};
// FAULT_LIMIT_EXCEEDED: more than SNAPSHOT_BYTES_MAX.
bool snapshot_make(struct store_reader *reader, const struct flow_head *flow,
                   struct snapshot *ret_snapshot, GError **error);
void snapshot_done(struct snapshot *snapshot);
