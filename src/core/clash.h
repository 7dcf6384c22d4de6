// SPDX-License-Identifier: Apache-2.0
//
// clash: do two nodes give the same variable to one node, neither being behind the other (behaviour.md §5.1)? Pure.
#pragma once

#include <stdbool.h>

#include "core/graph.h"

// Positions: `node` is behind both `first` and `second`, and no edges lead from one of these to the other.
struct clash {
    int first; // the lower position of the two
    int second;
    int node;
};

// Looks at one variable: is_giver says of each position whether it sets the variable. True when there is a clash. Linear time.
bool clash_find(const struct graph *graph, const bool *is_giver, struct clash *ret_clash);
