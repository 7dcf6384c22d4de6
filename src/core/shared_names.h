// SPDX-License-Identifier: Apache-2.0
//
// shared_names: which of many variables has a clash (core/clash)? Pure.
//
// Looking at one variable after the other costs variables × (nodes + edges). Whether two givers clash does not depend on the variable, so
// that it is found for all pairs at once, 64 givers to a word: (nodes + edges + declarations) × givers / 64, in memory for 512 givers.
#pragma once

#include <glib.h>

#include "core/graph.h"

// The positions that set one variable, each once, in ascending order.
struct givers {
    const int *positions;
    int count;
};

// The first of the variables that has a clash, or -1.
int shared_names_find(const struct graph *graph, const struct givers *names, int name_count);
