// SPDX-License-Identifier: Apache-2.0
//
// draft_size: how many bytes the texts of a draft have, kept beside them, so that asking costs no reading. What one draft may hold in all
// bounds what publishing it, running it and telling of it cost. Private to this folder.
#pragma once

#include "store/flow_head.h"

// Stored as numbers: none may change its own.
enum draft_part {
    DRAFT_TOTAL = 0, // of the whole draft; a row of node 0, as those of the flow itself
    DRAFT_NAME = 1,
    DRAFT_CONTENT = 2,
    DRAFT_CONFIG = 3,
    DRAFT_OUTPUT = 4,
    DRAFT_TIME_VARIABLES = 5,
    DRAFT_GRAPH_PARAM = 6,
    DRAFT_CONSTANTS = 7,
};

// A node's config of at most so many bytes counts, but is never refused: all settings that the server knows have about 150.
enum { DRAFT_SETTINGS_FREE = 256 };

struct draft_text {
    enum draft_part part;
    const char *field; // of the call, for faults; a constant
    const char *text;  // borrowed; NULL is empty
};

// These texts of the node (0: the flow itself) are about to be stored. FAULT_LIMIT_EXCEEDED: the draft would grow beyond what store_set_draft_limit
// says; one that is larger already may become smaller, and settings (DRAFT_SETTINGS_FREE) can always be stored. Inside the open transaction.
bool draft_size_put(struct store *store, const struct flow_head *flow, int64_t node_id,
                    const struct draft_text *texts, size_t count, GError **error);
// The node and all its texts are about to go.
bool draft_size_drop(struct store *store, const struct flow_head *flow, int64_t node_id,
                     GError **error);
// Bytes of all its texts.
bool draft_size_total(struct store_reader *reader, const struct flow_head *flow, int64_t *ret_bytes,
                      GError **error);
