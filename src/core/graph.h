// SPDX-License-Identifier: Apache-2.0
//
// graph: a directed graph over node positions 0 … n-1 in compact form: cycle check, order, neighbours. Pure, immutable when built.
//
// Building and checking take time linear in nodes plus edges; 10 000 nodes are no problem (behaviour.md §1.1, §10).
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct graph;

struct graph_edge {
    int from; // position of the upstream node
    int to;
};

// Neighbours of a node; lives as long as the graph.
struct graph_span {
    const int *items;
    int count;
};

// Builds a graph; duplicate edges count once. A cycle (also a self edge) is refused with FAULT_GRAPH_HAS_CYCLE; *ret_cycle (may be NULL)
// then holds the positions along it, the first repeated at the end, as a GArray of int that the caller frees, so that the caller can
// name the path. Positions must be in range.
bool graph_new(int node_count, const struct graph_edge *edges, int edge_count,
               struct graph **ret_graph, GArray **ret_cycle, GError **error);
void graph_free(struct graph *graph);

int graph_node_count(const struct graph *graph);
struct graph_span graph_upstream(const struct graph *graph, int node);
struct graph_span graph_downstream(const struct graph *graph, int node);
// All positions so that every node comes after its upstream nodes.
struct graph_span graph_order(const struct graph *graph);

// Marks every node that can be reached from the seeds by edges (the seeds themselves only if another seed leads to them).
// `marks` has node_count entries and is added to.
void graph_mark_behind(const struct graph *graph, const int *seeds, int seed_count, bool *marks);

// Calls `visit` for every node in front of `node` (ancestors), nearest first (breadth first), until it returns false.
typedef bool (*graph_visit_fn)(int node, int distance, void *user);
void graph_visit_before(const struct graph *graph, int node, graph_visit_fn visit, void *user);
