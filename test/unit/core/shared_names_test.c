// SPDX-License-Identifier: Apache-2.0
// Random graphs and variables against what core/clash says of each variable by itself.
#include <glib.h>

#include "core/clash.h"
#include "core/shared_names.h"

struct world {
    struct graph *graph;
    int node_count;
    GPtrArray *givers; // of each variable: GArray of positions
};

static void world_done(struct world *world) {
    graph_free(world->graph);
    g_ptr_array_unref(world->givers);
}

static void build(struct world *world, int node_count, const struct graph_edge *edges,
                  int edge_count) {
    world->node_count = node_count;
    world->givers = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    g_assert_true(graph_new(node_count, edges, edge_count, &world->graph, NULL, NULL));
}

// Edges in no order of positions, and variables that one node in `rarity` sets.
static void build_random(struct world *world, GRand *rand, int node_count, int edge_count,
                         int name_count, int rarity) {
    g_autofree struct graph_edge *edges = g_new(struct graph_edge, (size_t)edge_count + 1);
    g_autofree int *places = g_new(int, (size_t)node_count);
    for (int i = 0; i < node_count; i++) {
        int other = g_rand_int_range(rand, 0, i + 1);
        places[i] = i;
        places[i] = places[other];
        places[other] = i;
    }
    for (int i = 0; i < edge_count; i++) {
        int from = g_rand_int_range(rand, 0, node_count - 1);
        int to = g_rand_int_range(rand, from + 1, node_count);
        edges[i] = (struct graph_edge){ places[from], places[to] };
    }
    build(world, node_count, edges, edge_count);
    for (int i = 0; i < name_count; i++) {
        GArray *positions = g_array_new(FALSE, FALSE, sizeof(int));
        for (int j = 0; j < node_count; j++) {
            if (g_rand_int_range(rand, 0, rarity) == 0) {
                g_array_append_val(positions, j);
            }
        }
        g_ptr_array_add(world->givers, positions);
    }
}

static int one_by_one(const struct world *world) {
    for (guint i = 0; i < world->givers->len; i++) {
        const GArray *positions = g_ptr_array_index(world->givers, i);
        g_autofree bool *is_giver = g_new0(bool, (size_t)world->node_count);
        struct clash clash;
        for (guint j = 0; j < positions->len; j++) {
            is_giver[g_array_index(positions, int, j)] = true;
        }
        if (clash_find(world->graph, is_giver, &clash)) {
            return (int)i;
        }
    }
    return -1;
}

static int all_at_once(const struct world *world) {
    g_autofree struct givers *names = g_new(struct givers, world->givers->len + 1);
    for (guint i = 0; i < world->givers->len; i++) {
        const GArray *positions = g_ptr_array_index(world->givers, i);
        names[i] = (struct givers){ .positions = (const int *)(const void *)positions->data,
                                    .count = (int)positions->len };
    }
    return shared_names_find(world->graph, names, (int)world->givers->len);
}

static void small_graphs_agree_with_each_variable_by_itself(void) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(83);
    int rounds = 20000;
    int clashes = 0;
    int later = 0;
    for (int round = 0; round < rounds; round++) {
        struct world world;
        build_random(&world, rand, g_rand_int_range(rand, 2, 12), g_rand_int_range(rand, 0, 16),
                     g_rand_int_range(rand, 0, 6), 4);
        int found = all_at_once(&world);
        g_assert_cmpint(found, ==, one_by_one(&world));
        clashes += found >= 0;
        later += found > 0;
        world_done(&world);
    }
    g_assert_cmpint(clashes, >, rounds / 20);
    g_assert_cmpint(clashes, <, rounds - rounds / 20);
    g_assert_cmpint(later, >, rounds / 100);
}

// More givers than a block has, and pairs of which each is in another block.
static void large_graphs_agree_too(void) {
    g_autoptr(GRand) rand = g_rand_new_with_seed(84);
    int clashes = 0;
    enum { ROUNDS = 60 };
    for (int round = 0; round < ROUNDS; round++) {
        struct world world;
        int count = g_rand_int_range(rand, 600, 1800);
        build_random(&world, rand, count, g_rand_int_range(rand, count / 10, count / 2), 400,
                     g_rand_int_range(rand, 200, 900));
        int found = all_at_once(&world);
        g_assert_cmpint(found, ==, one_by_one(&world));
        clashes += found >= 0;
        world_done(&world);
    }
    g_assert_cmpint(clashes, >, ROUNDS / 10);
    g_assert_cmpint(clashes, <, ROUNDS);
}

static void a_block_s_last_and_the_next_one_s_first_clash(void) {
    for (int first = 510; first < 515; first++) {
        struct world world;
        struct graph_edge edges[] = { { first, 1100 }, { first + 1, 1100 } };
        build(&world, 1101, edges, 2);
        GArray *positions = g_array_new(FALSE, FALSE, sizeof(int));
        for (int i = 0; i < 1100; i++) {
            g_array_append_val(positions, i);
        }
        g_ptr_array_add(world.givers, positions);
        g_assert_cmpint(all_at_once(&world), ==, 0);
        world_done(&world);
    }
}

// A chain, so that no variable ends the search. One by one each costs all edges; at once, a thousand must cost less than fifty by themselves.
static void a_thousand_variables_do_not_cost_a_thousand_times_one(void) {
    enum { NODES = 20000, EDGES = 100000, NAMES = 1000, GIVERS = 190, SOLO = 50 };
    g_autoptr(GRand) rand = g_rand_new_with_seed(85);
    g_autofree struct graph_edge *edges = g_new(struct graph_edge, EDGES);
    struct world world;
    for (int i = 0; i < EDGES; i++) {
        int from = i < NODES - 1 ? i : g_rand_int_range(rand, 0, NODES - 1);
        int to = i < NODES - 1 ? i + 1 : g_rand_int_range(rand, from + 1, NODES);
        edges[i] = (struct graph_edge){ from, to };
    }
    build(&world, NODES, edges, EDGES);
    for (int i = 0; i < NAMES; i++) {
        GArray *positions = g_array_new(FALSE, FALSE, sizeof(int));
        for (int j = 0; j < GIVERS; j++) {
            g_array_append_val(positions, j);
        }
        g_ptr_array_add(world.givers, positions);
    }
    int64_t start_us = g_get_monotonic_time();
    g_assert_cmpint(all_at_once(&world), ==, -1);
    int64_t together_us = g_get_monotonic_time() - start_us;
    g_ptr_array_set_size(world.givers, SOLO);
    start_us = g_get_monotonic_time();
    g_assert_cmpint(one_by_one(&world), ==, -1);
    int64_t solo_us = g_get_monotonic_time() - start_us;
    g_test_message("%d variables at once: %" G_GINT64_FORMAT
                   " us; %d by themselves: %" G_GINT64_FORMAT " us",
                   NAMES, together_us, SOLO, solo_us);
    g_assert_cmpint(together_us, <, solo_us);
    world_done(&world);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/shared_names/small_graphs_agree_with_each_variable_by_itself",
                    small_graphs_agree_with_each_variable_by_itself);
    g_test_add_func("/shared_names/large_graphs_agree_too", large_graphs_agree_too);
    g_test_add_func("/shared_names/a_block_s_last_and_the_next_one_s_first_clash",
                    a_block_s_last_and_the_next_one_s_first_clash);
    g_test_add_func("/shared_names/a_thousand_variables_do_not_cost_a_thousand_times_one",
                    a_thousand_variables_do_not_cost_a_thousand_times_one);
    return g_test_run();
}
