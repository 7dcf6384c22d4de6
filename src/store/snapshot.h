// SPDX-License-Identifier: Apache-2.0
//
// snapshot: the draft as a snapshot document (core/plan.c describes it). Private to this folder.
#pragma once

#include "store/flow_head.h"

enum { SNAPSHOT_BYTES_MAX = 256 * 1024 * 1024 };

// What a version keeps of its flow. The strings are the caller's, freed by snapshot_done.
struct snapshot {
    char *flow_name;
    char *owner_name;
    char *document;
};
bool snapshot_make(struct store_reader *reader, const struct flow_head *flow,
                   struct snapshot *ret_snapshot, GError **error);
void snapshot_done(struct snapshot *snapshot);
