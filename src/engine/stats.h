// SPDX-License-Identifier: Apache-2.0
//
// stats: what the engine tells of itself, as of its last turn. A value.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct engine_stats {
    int64_t turns;
    int64_t commits;
    int active_runs;
    int running_attempts;
    int queued_nodes;
    bool has_supervisor;
    char level[64]; // isolation level of the supervisor
};
