// SPDX-License-Identifier: Apache-2.0
//
// There is no clash exactly when the givers in front of every node stand one behind the other. Then each node has a newest giver, and
// each giver the one before it: a forest. So take the deepest of the newest givers that a node's upstream nodes bring, and ask whether
// the others are its ancestors in that forest. The first node, in the graph's order, where one is not is a clash: up to there the
// forest says the truth.

#include "core/clash.h"

struct forest {
    int *newest; // of each node: the newest giver in front of it, -1 none
    int *depth;  // of each giver: how many givers are before it
    int *size;   // of each giver: itself and those behind it in the forest
    int *start; // of each giver: its number, so that those behind it have start … start + size - 1
    int *next;  // number for the next child; of the roots at [node_count]
};

static void forest_init(struct forest *forest, int node_count) {
    size_t count = (size_t)node_count + 1;
    forest->newest = g_new0(int, count);
    forest->depth = g_new0(int, count);
    forest->size = g_new0(int, count);
    forest->start = g_new0(int, count);
    forest->next = g_new0(int, count);
}

static void forest_done(struct forest *forest) {
    g_free(forest->newest);
    g_free(forest->depth);
    g_free(forest->size);
    g_free(forest->start);
    g_free(forest->next);
}

// The newest giver that an upstream node brings: itself, or what is in front of it.
static int brought(const struct forest *forest, const bool *is_giver, int upstream) {
    return is_giver[upstream] ? upstream : forest->newest[upstream];
}

static void find_newest(struct forest *forest, const struct graph *graph, const bool *is_giver) {
    struct graph_span order = graph_order(graph);
    for (int i = 0; i < order.count; i++) {
        int node = order.items[i];
        struct graph_span upstream = graph_upstream(graph, node);
        int newest = -1;
        for (int j = 0; j < upstream.count; j++) {
            int giver = brought(forest, is_giver, upstream.items[j]);
            if (giver >= 0 && (newest < 0 || forest->depth[giver] > forest->depth[newest])) {
                newest = giver;
            }
        }
        forest->newest[node] = newest;
        forest->depth[node] = newest >= 0 ? forest->depth[newest] + 1 : 0;
    }
}

static void number_givers(struct forest *forest, const struct graph *graph, const bool *is_giver) {
    struct graph_span order = graph_order(graph);
    for (int i = order.count - 1; i >= 0; i--) {
        int node = order.items[i];
        if (is_giver[node]) {
            forest->size[node]++;
            if (forest->newest[node] >= 0) {
                forest->size[forest->newest[node]] += forest->size[node];
            }
        }
    }
    for (int i = 0; i < order.count; i++) {
        int node = order.items[i];
        if (is_giver[node]) {
            int before = forest->newest[node] >= 0 ? forest->newest[node] : order.count;
            forest->start[node] = forest->next[before];
            forest->next[before] += forest->size[node];
            forest->next[node] = forest->start[node] + 1;
        }
    }
}

static bool is_before(const struct forest *forest, int giver, int later) {
    return forest->start[giver] <= forest->start[later] &&
           forest->start[later] < forest->start[giver] + forest->size[giver];
}

bool clash_find(const struct graph *graph, const bool *is_giver, struct clash *ret_clash) {
    struct graph_span order = graph_order(graph);
    struct forest forest;
    forest_init(&forest, order.count);
    find_newest(&forest, graph, is_giver);
    number_givers(&forest, graph, is_giver);
    bool has_clash = false;
    for (int i = 0; i < order.count && !has_clash; i++) {
        int node = order.items[i];
        int newest = forest.newest[node];
        struct graph_span upstream = graph_upstream(graph, node);
        for (int j = 0; j < upstream.count && !has_clash; j++) {
            int giver = brought(&forest, is_giver, upstream.items[j]);
            if (giver >= 0 && !is_before(&forest, giver, newest)) {
                *ret_clash = (struct clash){ .first = MIN(giver, newest),
                                             .second = MAX(giver, newest),
                                             .node = node };
                has_clash = true;
            }
        }
    }
    forest_done(&forest);
    return has_clash;
}
