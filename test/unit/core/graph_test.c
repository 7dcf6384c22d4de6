// SPDX-License-Identifier: Apache-2.0
// Small graphs by hand, and random ones against the slow and obvious answer.
#include <glib.h>
#include <string.h>

#include "base/fault.h"
#include "core/graph.h"

enum { RANDOM_NODES_MAX = 12, LARGE_NODES = 10000, LARGE_EDGES = 100000 };

static struct graph *build(int node_count, const struct graph_edge *edges, int edge_count) {
    struct graph *graph = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(graph_new(node_count, edges, edge_count, &graph, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(graph_node_count(graph), ==, node_count);
    return graph;
}

static void assert_span(struct graph_span span, const int *items, int count) {
    g_assert_cmpint(span.count, ==, count);
    for (int i = 0; i < count; i++) {
        g_assert_cmpint(span.items[i], ==, items[i]);
    }
}

static void neighbours_are_listed_once_in_order(void) {
    static const struct graph_edge edges[] = { { 3, 0 }, { 1, 0 }, { 3, 0 }, { 3, 2 }, { 1, 0 } };
    struct graph *graph = build(4, edges, G_N_ELEMENTS(edges));
    assert_span(graph_upstream(graph, 0), (const int[]){ 1, 3 }, 2);
    assert_span(graph_downstream(graph, 3), (const int[]){ 0, 2 }, 2);
    assert_span(graph_downstream(graph, 1), (const int[]){ 0 }, 1);
    assert_span(graph_upstream(graph, 1), NULL, 0);
    assert_span(graph_order(graph), (const int[]){ 1, 3, 0, 2 }, 4);
    graph_free(graph);
}

static void an_empty_graph_is_a_graph(void) {
    struct graph *graph = build(0, NULL, 0);
    assert_span(graph_order(graph), NULL, 0);
    graph_free(graph);
    graph_free(NULL);
}

static void assert_cycle(int node_count, const struct graph_edge *edges, int edge_count,
                         guint length) {
    struct graph *graph = NULL;
    g_autoptr(GArray) cycle = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(graph_new(node_count, edges, edge_count, &graph, &cycle, &error));
    g_assert_true(fault_is(error, FAULT_GRAPH_HAS_CYCLE));
    g_assert_null(graph);
    g_assert_cmpuint(cycle->len, ==, length + 1);
    g_assert_cmpint(g_array_index(cycle, int, 0), ==, g_array_index(cycle, int, length));
    for (guint i = 0; i < length; i++) {
        bool is_edge = false;
        for (int j = 0; j < edge_count; j++) {
            is_edge = is_edge || (edges[j].from == g_array_index(cycle, int, i) &&
                                  edges[j].to == g_array_index(cycle, int, i + 1));
        }
        g_assert_true(is_edge);
    }
}

static void a_cycle_is_refused_and_its_path_named(void) {
    static const struct graph_edge self[] = { { 0, 1 }, { 1, 1 } };
    static const struct graph_edge pair[] = { { 0, 1 }, { 1, 2 }, { 2, 1 }, { 2, 3 } };
    static const struct graph_edge ring[] = { { 0, 3 }, { 3, 1 }, { 1, 2 }, { 2, 0 }, { 2, 4 } };
    assert_cycle(2, self, G_N_ELEMENTS(self), 1);
    assert_cycle(4, pair, G_N_ELEMENTS(pair), 2);
    assert_cycle(5, ring, G_N_ELEMENTS(ring), 4);
    g_assert_false(graph_new(2, self, G_N_ELEMENTS(self), NULL, NULL, NULL));
}

static void everything_behind_the_seeds_is_marked(void) {
    static const struct graph_edge edges[] = { { 0, 1 }, { 1, 2 }, { 3, 2 }, { 2, 4 } };
    struct graph *graph = build(6, edges, G_N_ELEMENTS(edges));
    bool marks[6] = { [5] = true };
    graph_mark_behind(graph, (const int[]){ 1 }, 1, marks);
    g_assert_cmpmem(marks, sizeof marks, ((const bool[]){ false, false, true, false, true, true }),
                    sizeof marks);
    // A seed is marked when another seed leads to it; a mark from before does not stop the walk.
    bool more[6] = { [2] = true };
    graph_mark_behind(graph, (const int[]){ 1, 0, 1 }, 3, more);
    g_assert_cmpmem(more, sizeof more, ((const bool[]){ false, true, true, false, true, false }),
                    sizeof more);
    graph_free(graph);
}

struct visit {
    int nodes[16];
    int distances[16];
    int count;
    int stop_after;
};

static bool note_visit(int node, int distance, void *user) {
    struct visit *visit = user;
    visit->nodes[visit->count] = node;
    visit->distances[visit->count] = distance;
    visit->count++;
    return visit->count != visit->stop_after;
}

static void ancestors_come_nearest_first_then_by_position(void) {
    static const struct graph_edge edges[] = { { 5, 0 }, { 2, 0 }, { 1, 5 }, { 4, 2 },
                                               { 5, 2 }, { 3, 4 }, { 0, 6 } };
    struct graph *graph = build(7, edges, G_N_ELEMENTS(edges));
    struct visit visit = { .count = 0 };
    graph_visit_before(graph, 0, note_visit, &visit);
    g_assert_cmpint(visit.count, ==, 5);
    g_assert_cmpmem(visit.nodes, 5 * sizeof(int), ((const int[]){ 2, 5, 1, 4, 3 }),
                    5 * sizeof(int));
    g_assert_cmpmem(visit.distances, 5 * sizeof(int), ((const int[]){ 1, 1, 2, 2, 3 }),
                    5 * sizeof(int));
    struct visit stopped = { .stop_after = 2 };
    graph_visit_before(graph, 0, note_visit, &stopped);
    g_assert_cmpint(stopped.count, ==, 2);
    graph_free(graph);
}

// The slow and obvious answer: reach[a][b] says whether a path of one edge or more leads from a to b.
struct closure {
    bool edge[RANDOM_NODES_MAX][RANDOM_NODES_MAX];
    bool reach[RANDOM_NODES_MAX][RANDOM_NODES_MAX];
};

static bool close_up(struct closure *closure, int count) {
    bool has_cycle = false;
    memcpy(closure->reach, closure->edge, sizeof closure->reach);
    for (int k = 0; k < count; k++) {
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < count; j++) {
                closure->reach[i][j] |= closure->reach[i][k] && closure->reach[k][j];
            }
        }
    }
    for (int i = 0; i < count; i++) {
        has_cycle = has_cycle || closure->reach[i][i];
    }
    return has_cycle;
}

static void check_against_closure(const struct graph *graph, const struct closure *closure,
                                  int count) {
    struct graph_span order = graph_order(graph);
    int place[RANDOM_NODES_MAX];
    for (int i = 0; i < count; i++) {
        place[order.items[i]] = i;
    }
    for (int i = 0; i < count; i++) {
        bool marks[RANDOM_NODES_MAX] = { false };
        graph_mark_behind(graph, &i, 1, marks);
        struct visit visit = { .count = 0 };
        graph_visit_before(graph, i, note_visit, &visit);
        int upstream = 0;
        int downstream = 0;
        int before = 0;
        for (int j = 0; j < count; j++) {
            g_assert_cmpint(marks[j], ==, closure->reach[i][j]);
            g_assert_true(!closure->edge[i][j] || place[i] < place[j]);
            upstream += closure->edge[j][i];
            downstream += closure->edge[i][j];
            before += closure->reach[j][i];
        }
        g_assert_cmpint(graph_upstream(graph, i).count, ==, upstream);
        g_assert_cmpint(graph_downstream(graph, i).count, ==, downstream);
        g_assert_cmpint(visit.count, ==, before);
    }
}

static void random_graphs_agree_with_the_closure(void) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(47);
    int cycles = 0;
    for (int round = 0; round < 5000; round++) {
        int count = g_rand_int_range(rand, 2, RANDOM_NODES_MAX + 1);
        int edge_count = g_rand_int_range(rand, 0, 2 * count + 1);
        struct graph_edge edges[2 * RANDOM_NODES_MAX + 1];
        struct closure closure = { .edge = { { false } } };
        for (int i = 0; i < edge_count; i++) {
            edges[i] = (struct graph_edge){ g_rand_int_range(rand, 0, count),
                                            g_rand_int_range(rand, 0, count) };
            if (round % 2 == 0 && edges[i].from >= edges[i].to) { // half of them without cycles
                edges[i] = (struct graph_edge){ 0, count - 1 };
            }
            closure.edge[edges[i].from][edges[i].to] = true;
        }
        if (close_up(&closure, count)) {
            struct graph *graph = NULL;
            g_autoptr(GArray) cycle = NULL;
            g_assert_false(graph_new(count, edges, edge_count, &graph, &cycle, NULL));
            assert_cycle(count, edges, edge_count, cycle->len - 1);
            cycles++;
        } else {
            struct graph *graph = build(count, edges, edge_count);
            check_against_closure(graph, &closure, count);
            graph_free(graph);
        }
    }
    g_assert_cmpint(cycles, >, 500);
    g_assert_cmpint(cycles, <, 4500);
}

static void a_large_graph_is_built_in_a_moment(void) {
    g_autofree struct graph_edge *edges = g_new(struct graph_edge, LARGE_EDGES);
    g_autoptr(GRand) rand = g_rand_new_with_seed(47);
    for (int i = 0; i < LARGE_EDGES; i++) {
        int from = g_rand_int_range(rand, 0, LARGE_NODES - 1);
        // A chain through all nodes, as deep as can be, and edges across it.
        edges[i] = i < LARGE_NODES - 1
                       ? (struct graph_edge){ i, i + 1 }
                       : (struct graph_edge){ from, g_rand_int_range(rand, from + 1, LARGE_NODES) };
    }
    int64_t start_us = g_get_monotonic_time();
    struct graph *graph = build(LARGE_NODES, edges, LARGE_EDGES);
    bool *marks = g_new0(bool, LARGE_NODES);
    graph_mark_behind(graph, (const int[]){ 0 }, 1, marks);
    g_assert_true(marks[LARGE_NODES - 1]);
    g_free(marks);
    graph_free(graph);
    edges[0] = (struct graph_edge){ LARGE_NODES - 1, 0 };
    edges[LARGE_EDGES - 1] = (struct graph_edge){ 0, 1 };
    struct graph *none = NULL;
    g_autoptr(GArray) cycle = NULL;
    g_assert_false(graph_new(LARGE_NODES, edges, LARGE_EDGES, &none, &cycle, NULL));
    // Linear work takes a few milliseconds; the bound leaves room for a busy machine with sanitizers.
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 2 * G_USEC_PER_SEC);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/graph/neighbours_are_listed_once_in_order",
                    neighbours_are_listed_once_in_order);
    g_test_add_func("/graph/an_empty_graph_is_a_graph", an_empty_graph_is_a_graph);
    g_test_add_func("/graph/a_cycle_is_refused_and_its_path_named",
                    a_cycle_is_refused_and_its_path_named);
    g_test_add_func("/graph/everything_behind_the_seeds_is_marked",
                    everything_behind_the_seeds_is_marked);
    g_test_add_func("/graph/ancestors_come_nearest_first_then_by_position",
                    ancestors_come_nearest_first_then_by_position);
    g_test_add_func("/graph/random_graphs_agree_with_the_closure",
                    random_graphs_agree_with_the_closure);
    g_test_add_func("/graph/a_large_graph_is_built_in_a_moment",
                    a_large_graph_is_built_in_a_moment);
    return g_test_run();
}
