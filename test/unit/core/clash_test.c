// SPDX-License-Identifier: Apache-2.0
// Random graphs against the definition: two givers in front of one node, no path between them.
#include <glib.h>
#include <string.h>

#include "core/clash.h"

enum { NODES_MAX = 10, EDGES_MAX = 20, LARGE_NODES = 20000 };

static void build(struct graph **ret_graph, int node_count, const struct graph_edge *edges,
                  int edge_count) {
    g_assert_true(graph_new(node_count, edges, edge_count, ret_graph, NULL, NULL));
}

static void reach_of(const struct graph *graph, int count, bool reach[NODES_MAX][NODES_MAX]) {
    for (int i = 0; i < count; i++) {
        graph_mark_behind(graph, &i, 1, reach[i]);
    }
}

static bool is_clash(bool reach[NODES_MAX][NODES_MAX], const bool *is_giver, int first, int second,
                     int node) {
    return first != second && is_giver[first] && is_giver[second] && reach[first][node] &&
           reach[second][node] && !reach[first][second] && !reach[second][first];
}

static void random_graphs_agree_with_the_definition(void) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(51);
    int clashes = 0;
    int rounds = 20000;
    for (int round = 0; round < rounds; round++) {
        int count = g_rand_int_range(rand, 2, NODES_MAX + 1);
        int edge_count = g_rand_int_range(rand, 0, EDGES_MAX + 1);
        struct graph_edge edges[EDGES_MAX];
        int names[NODES_MAX]; // positions do not tell the order
        bool is_giver[NODES_MAX];
        for (int i = 0; i < count; i++) {
            names[i] = i;
            is_giver[i] = g_rand_int_range(rand, 0, 3) == 0;
            int other = g_rand_int_range(rand, 0, i + 1);
            names[i] = names[other];
            names[other] = i;
        }
        for (int i = 0; i < edge_count; i++) {
            int from = g_rand_int_range(rand, 0, count - 1);
            edges[i] =
                (struct graph_edge){ names[from], names[g_rand_int_range(rand, from + 1, count)] };
        }
        struct graph *graph = NULL;
        build(&graph, count, edges, edge_count);
        bool reach[NODES_MAX][NODES_MAX] = { { false } };
        reach_of(graph, count, reach);
        bool wanted = false;
        for (int i = 0; i < count * count * count; i++) {
            wanted = wanted ||
                     is_clash(reach, is_giver, i % count, i / count % count, i / count / count);
        }
        struct clash clash = { .node = -1 };
        bool found = clash_find(graph, is_giver, &clash);
        g_assert_cmpint(found, ==, wanted);
        g_assert_true(!found || is_clash(reach, is_giver, clash.first, clash.second, clash.node));
        clashes += found;
        graph_free(graph);
    }
    g_assert_cmpint(clashes, >, rounds / 20);
    g_assert_cmpint(clashes, <, rounds - rounds / 20);
}

static void a_long_chain_with_short_cuts_takes_a_moment(void) {
    g_autofree struct graph_edge *edges = g_new(struct graph_edge, 2 * LARGE_NODES);
    g_autofree bool *is_giver = g_new(bool, LARGE_NODES);
    memset(is_giver, true, LARGE_NODES * sizeof *is_giver);
    for (int i = 1; i < LARGE_NODES; i++) {
        edges[2 * i - 2] = (struct graph_edge){ i - 1, i };
        edges[2 * i - 1] = (struct graph_edge){ 0, i };
    }
    struct graph *graph = NULL;
    struct clash clash;
    build(&graph, LARGE_NODES, edges, 2 * LARGE_NODES - 2);
    int64_t start_us = g_get_monotonic_time();
    g_assert_false(clash_find(graph, is_giver, &clash));
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, G_USEC_PER_SEC);
    graph_free(graph);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clash/random_graphs_agree_with_the_definition",
                    random_graphs_agree_with_the_definition);
    g_test_add_func("/clash/a_long_chain_with_short_cuts_takes_a_moment",
                    a_long_chain_with_short_cuts_takes_a_moment);
    return g_test_run();
}
