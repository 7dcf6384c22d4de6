// SPDX-License-Identifier: Apache-2.0
//
// A graph in compressed rows: for each direction one array of neighbours and one of offsets into it.
//
// What always holds of a built graph: both directions list the same edges, each once, neighbours in ascending order; the order array is
// a permutation of all positions with every edge pointing forward. Nothing recurses: a chain may be as long as the graph.

#include "core/graph.h"

#include <stdlib.h>

#include "base/fault.h"

struct adjacency {
    int *offsets; // node_count + 1
    int *items;
};

struct graph {
    int node_count;
    struct adjacency upstream;
    struct adjacency downstream;
    int *order;
};

static struct graph_span span_of(const struct adjacency *adjacency, int node) {
    int start = adjacency->offsets[node];
    return (struct graph_span){ .items = adjacency->items + start,
                                .count = adjacency->offsets[node + 1] - start };
}

// offsets[i + 1] holds the count of row i; afterwards offsets[i] is where row i starts.
static void sum_up(int *offsets, int node_count) {
    for (int i = 0; i < node_count; i++) {
        offsets[i + 1] += offsets[i];
    }
}

static void fill_raw(struct adjacency *raw, int node_count, const struct graph_edge *edges,
                     int edge_count) {
    raw->offsets = g_new0(int, (size_t)node_count + 1);
    raw->items = g_new(int, (size_t)edge_count + 1);
    for (int i = 0; i < edge_count; i++) {
        g_assert(edges[i].from >= 0 && edges[i].from < node_count);
        g_assert(edges[i].to >= 0 && edges[i].to < node_count);
        raw->offsets[edges[i].to + 1]++;
    }
    sum_up(raw->offsets, node_count);
    g_autofree int *next = g_memdup2(raw->offsets, ((size_t)node_count + 1) * sizeof *next);
    for (int i = 0; i < edge_count; i++) {
        raw->items[next[edges[i].to]++] = edges[i].from;
    }
}

// The other direction of `in`. Rows come out in ascending order, so that doubles stand side by side and are dropped.
static void transpose(const struct adjacency *in, int node_count, struct adjacency *out) {
    int edge_count = in->offsets[node_count];
    out->offsets = g_new0(int, (size_t)node_count + 1);
    out->items = g_new(int, (size_t)edge_count + 1);
    g_autofree int *last = g_new(int, (size_t)node_count + 1);
    for (int i = 0; i < node_count; i++) {
        last[i] = -1;
    }
    for (int row = 0; row < node_count; row++) {
        struct graph_span span = span_of(in, row);
        for (int i = 0; i < span.count; i++) {
            int target = span.items[i];
            out->offsets[target + 1] += last[target] != row;
            last[target] = row;
        }
    }
    sum_up(out->offsets, node_count);
    g_autofree int *next = g_memdup2(out->offsets, ((size_t)node_count + 1) * sizeof *next);
    for (int row = 0; row < node_count; row++) {
        struct graph_span span = span_of(in, row);
        for (int i = 0; i < span.count; i++) {
            int target = span.items[i];
            int at = next[target];
            if (at == out->offsets[target] || out->items[at - 1] != row) {
                out->items[at] = row;
                next[target]++;
            }
        }
    }
}

// Sorts topologically: takes nodes whose upstream is done, lowest position first among those that become free together.
// Returns how many were placed; `open` keeps the number of upstream nodes not placed.
static int place_in_order(struct graph *graph, int *open) {
    int placed = 0;
    for (int i = 0; i < graph->node_count; i++) {
        open[i] = span_of(&graph->upstream, i).count;
        if (open[i] == 0) {
            graph->order[placed++] = i;
        }
    }
    for (int done = 0; done < placed; done++) {
        struct graph_span span = span_of(&graph->downstream, graph->order[done]);
        for (int i = 0; i < span.count; i++) {
            if (--open[span.items[i]] == 0) {
                graph->order[placed++] = span.items[i];
            }
        }
    }
    g_assert(placed <= graph->node_count);
    return placed;
}

// Every node that was not placed has an upstream node that was not placed. So walking up from any of them comes back to a node it
// has seen, and the stretch between, read backward, is a cycle.
static GArray *find_cycle(const struct graph *graph, const int *open) {
    g_autofree int *step_of = g_new0(int, (size_t)graph->node_count); // 1 + index in path
    g_autoptr(GArray) path = g_array_new(FALSE, FALSE, sizeof(int));
    int node = 0;
    while (open[node] == 0) {
        node++;
        g_assert(node < graph->node_count);
    }
    while (step_of[node] == 0) {
        g_array_append_val(path, node);
        step_of[node] = (int)path->len;
        struct graph_span span = span_of(&graph->upstream, node);
        int i = 0;
        while (open[span.items[i]] == 0) {
            i++;
            g_assert(i < span.count);
        }
        node = span.items[i];
    }
    GArray *cycle = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_val(cycle, node);
    for (int i = (int)path->len - 1; i >= step_of[node] - 1; i--) {
        g_array_append_val(cycle, g_array_index(path, int, i));
    }
    return cycle;
}

bool graph_new(int node_count, const struct graph_edge *edges, int edge_count,
               struct graph **ret_graph, GArray **ret_cycle, GError **error) {
    g_assert(node_count >= 0);
    g_assert(edge_count >= 0);
    struct adjacency raw;
    fill_raw(&raw, node_count, edges, edge_count);
    struct graph *graph = g_new0(struct graph, 1);
    graph->node_count = node_count;
    graph->order = g_new(int, (size_t)node_count + 1);
    transpose(&raw, node_count, &graph->downstream);
    transpose(&graph->downstream, node_count, &graph->upstream);
    g_free(raw.offsets);
    g_free(raw.items);

    g_autofree int *open = g_new(int, (size_t)node_count + 1);
    if (place_in_order(graph, open) == node_count) {
        *ret_graph = graph;
        return true;
    }
    g_autoptr(GArray) cycle = find_cycle(graph, open);
    fault_set(error, FAULT_GRAPH_HAS_CYCLE,
              "the edges form a cycle of %u nodes; a task flow must be free of cycles",
              cycle->len - 1);
    if (ret_cycle != NULL) {
        *ret_cycle = g_steal_pointer(&cycle);
    }
    graph_free(graph);
    return false;
}

void graph_free(struct graph *graph) {
    if (graph == NULL) {
        return;
    }
    g_free(graph->upstream.offsets);
    g_free(graph->upstream.items);
    g_free(graph->downstream.offsets);
    g_free(graph->downstream.items);
    g_free(graph->order);
    g_free(graph);
}

int graph_node_count(const struct graph *graph) {
    return graph->node_count;
}

struct graph_span graph_upstream(const struct graph *graph, int node) {
    g_assert(node >= 0 && node < graph->node_count);
    return span_of(&graph->upstream, node);
}

struct graph_span graph_downstream(const struct graph *graph, int node) {
    g_assert(node >= 0 && node < graph->node_count);
    return span_of(&graph->downstream, node);
}

struct graph_span graph_order(const struct graph *graph) {
    return (struct graph_span){ .items = graph->order, .count = graph->node_count };
}

void graph_mark_behind(const struct graph *graph, const int *seeds, int seed_count, bool *marks) {
    // Marks that were there before say nothing about what is behind them: keep our own.
    g_autofree bool *is_reached = g_new0(bool, (size_t)graph->node_count + 1);
    g_autofree bool *is_seed = g_new0(bool, (size_t)graph->node_count + 1);
    g_autofree int *pending = g_new(int, (size_t)graph->node_count + 1);
    int pending_count = 0;
    for (int i = 0; i < seed_count; i++) {
        g_assert(seeds[i] >= 0 && seeds[i] < graph->node_count);
        if (!is_seed[seeds[i]]) {
            is_seed[seeds[i]] = true;
            pending[pending_count++] = seeds[i];
        }
    }
    while (pending_count > 0) {
        struct graph_span span = span_of(&graph->downstream, pending[--pending_count]);
        for (int i = 0; i < span.count; i++) {
            int node = span.items[i];
            if (!is_reached[node]) {
                is_reached[node] = true;
                marks[node] = true;
                if (!is_seed[node]) { // seeds are or were pending anyway
                    pending[pending_count++] = node;
                }
            }
        }
    }
}

static int compare_positions(const void *left, const void *right) {
    int a = *(const int *)left;
    int b = *(const int *)right;
    return (a > b) - (a < b);
}

void graph_visit_before(const struct graph *graph, int node, graph_visit_fn visit, void *user) {
    g_assert(node >= 0 && node < graph->node_count);
    g_autofree bool *is_seen = g_new0(bool, (size_t)graph->node_count);
    g_autofree int *queue = g_new(int, (size_t)graph->node_count);
    queue[0] = node;
    is_seen[node] = true;
    int level_start = 0;
    int level_end = 1;
    for (int distance = 1; level_start < level_end; distance++) {
        int next_end = level_end;
        for (int i = level_start; i < level_end; i++) {
            struct graph_span span = span_of(&graph->upstream, queue[i]);
            for (int j = 0; j < span.count; j++) {
                if (!is_seen[span.items[j]]) {
                    is_seen[span.items[j]] = true;
                    queue[next_end++] = span.items[j];
                }
            }
        }
        qsort(queue + level_end, (size_t)(next_end - level_end), sizeof *queue, compare_positions);
        for (int i = level_end; i < next_end; i++) {
            if (!visit(queue[i], distance, user)) {
                return;
            }
        }
        level_start = level_end;
        level_end = next_end;
    }
}
