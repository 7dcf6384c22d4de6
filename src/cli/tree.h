// SPDX-License-Identifier: Apache-2.0
//
// cli_tree: the nodes of one run as lines of text: in the order in which they can run, indented by how many nodes stand before them.
//
// No I/O and no clock: replies and the time go in, lines come out. One thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/text.h"

struct cli_tree;

// From `nodes` (NodeList.Node of GetTaskInstanceRelation) and `edges` (Edges.Edge of GetTaskFlowGraph, or NULL). Edges whose ends are
// not among the nodes, and those of a circle, do not count.
struct cli_tree *cli_tree_new(const json_t *nodes, const json_t *edges);
void cli_tree_free(struct cli_tree *tree);

// Takes the nodes' present states. `now_ms` is any clock that only goes forward.
void cli_tree_update(struct cli_tree *tree, const json_t *nodes, int64_t now_ms);

// How many nodes have ended, of how many.
void cli_tree_count(const struct cli_tree *tree, unsigned *ret_ended, unsigned *ret_all);

// At most `rows` lines, each at most `columns` wide. When not all nodes fit, those that run or failed come first and the last line counts
// the rest. The caller frees the array; it owns its texts.
GPtrArray *cli_tree_lines(const struct cli_tree *tree, const struct cli_terminal *terminal,
                          unsigned rows, unsigned columns, int64_t now_ms);

// Calls visit for each node whose state or attempt changed in the last update, in the tree's order.
struct cli_tree_change {
    int64_t node_id;
    const char *name; // clean
    const struct cli_state *state;
    int64_t attempt;
    int64_t elapsed_ms;  // 0 while it has not started
    const char *message; // clean, "" without
};
typedef void (*cli_tree_visit_fn)(const struct cli_tree_change *change, void *user);
void cli_tree_changes(const struct cli_tree *tree, cli_tree_visit_fn visit, void *user);
