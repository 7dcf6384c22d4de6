// SPDX-License-Identifier: Apache-2.0
//
// counters: the sequences of identifiers that store_next_id serves (store.h).
#pragma once

// Counters of identifiers. All ids stay below 2^53; database ids below 2^31 (operations.md §0.6).
enum store_counter {
    COUNTER_ID,    // flows, nodes, edges, runs, versions, …: one sequence for all
    COUNTER_FENCE, // attempts: strictly increasing (reliability.md, Task supervision 2)
    COUNTER_DATABASE,
    COUNTER_COUNT,
};
