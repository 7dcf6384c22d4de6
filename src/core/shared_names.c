// SPDX-License-Identifier: Apache-2.0
//
// Two givers clash when no edges lead from one to the other and some node is behind both. The givers are taken in blocks: of each node,
// three sets of the block's givers are found along the edges, those before it, those behind it, and those that have a node behind
// them in common with it. A variable has a clash when one of its givers shares a node with another that is neither before nor behind.

#include "core/shared_names.h"

#include <stdint.h>
#include <string.h>

enum { BLOCK_WORDS = 8, BLOCK_GIVERS = BLOCK_WORDS * 64 }; // a line of the processor's cache

struct block {
    uint64_t words[BLOCK_WORDS];
};

struct search {
    const struct graph *graph;
    int *numbers; // of each node among those that set a shared variable; -1: it sets none
    int giver_count;
    struct block *before;
    struct block *behind;
    struct block *meets; // is the node, or one behind it, the giver or behind the giver?
    int *cursors;        // of each variable: how many of its givers the blocks up to here had
};

static void block_add(struct block *block, const struct block *more) {
    for (int i = 0; i < BLOCK_WORDS; i++) {
        block->words[i] |= more->words[i];
    }
}

// The node's own bit, where it is a giver of the block that begins with `first`.
static void block_add_self(struct block *block, const struct search *search, int node, int first) {
    int bit = search->numbers[node] - first;
    if (search->numbers[node] >= 0 && bit >= 0 && bit < BLOCK_GIVERS) {
        block->words[bit / 64] |= (uint64_t)1 << (bit % 64);
    }
}

// Numbers in ascending order of positions, so that the givers of every variable ascend too.
static void number_givers(struct search *search, const struct givers *names, int name_count) {
    int node_count = graph_node_count(search->graph);
    search->numbers = g_new(int, (size_t)node_count + 1);
    for (int i = 0; i < node_count; i++) {
        search->numbers[i] = -1;
    }
    for (int i = 0; i < name_count; i++) {
        for (int j = 0; names[i].count > 1 && j < names[i].count; j++) {
            search->numbers[names[i].positions[j]] = 0;
        }
    }
    for (int i = 0; i < node_count; i++) {
        if (search->numbers[i] == 0) {
            search->numbers[i] = search->giver_count++;
        }
    }
}

static void look_before(struct search *search, int first) {
    struct graph_span order = graph_order(search->graph);
    memset(search->before, 0, sizeof *search->before * (size_t)order.count);
    for (int i = 0; i < order.count; i++) {
        struct block *before = &search->before[order.items[i]];
        struct graph_span upstream = graph_upstream(search->graph, order.items[i]);
        for (int j = 0; j < upstream.count; j++) {
            block_add(before, &search->before[upstream.items[j]]);
            block_add_self(before, search, upstream.items[j], first);
        }
    }
}

static void look_behind(struct search *search, int first) {
    struct graph_span order = graph_order(search->graph);
    memset(search->behind, 0, sizeof *search->behind * (size_t)order.count);
    for (int i = order.count - 1; i >= 0; i--) {
        int node = order.items[i];
        struct block *behind = &search->behind[node];
        struct block *meets = &search->meets[node];
        struct graph_span downstream = graph_downstream(search->graph, node);
        *meets = search->before[node];
        block_add_self(meets, search, node, first);
        for (int j = 0; j < downstream.count; j++) {
            block_add(behind, &search->behind[downstream.items[j]]);
            block_add_self(behind, search, downstream.items[j], first);
            block_add(meets, &search->meets[downstream.items[j]]);
        }
    }
}

// The variable's givers in this block, and one more of its givers: do they clash?
static bool meets_other(const struct search *search, const struct block *of_name, int node,
                        int first) {
    struct block allowed = { { 0 } };
    uint64_t found = 0;
    block_add(&allowed, &search->before[node]);
    block_add(&allowed, &search->behind[node]);
    block_add_self(&allowed, search, node, first);
    for (int i = 0; i < BLOCK_WORDS; i++) {
        found |= search->meets[node].words[i] & of_name->words[i] & ~allowed.words[i];
    }
    return found != 0;
}

static bool name_clashes(struct search *search, const struct givers *name, int *cursor, int first) {
    struct block of_name = { { 0 } };
    int start = *cursor;
    while (*cursor < name->count &&
           search->numbers[name->positions[*cursor]] < first + BLOCK_GIVERS) {
        block_add_self(&of_name, search, name->positions[(*cursor)++], first);
    }
    bool has_clash = false;
    // A pair is looked at where the first of the two is in the block.
    for (int i = start; *cursor > start && i < name->count && !has_clash; i++) {
        has_clash = meets_other(search, &of_name, name->positions[i], first);
    }
    return has_clash;
}

int shared_names_find(const struct graph *graph, const struct givers *names, int name_count) {
    size_t node_count = (size_t)graph_node_count(graph);
    struct search search = { .graph = graph };
    int limit = name_count; // the first that is known to clash
    number_givers(&search, names, name_count);
    if (search.giver_count > 0) {
        search.before = g_new(struct block, node_count);
        search.behind = g_new(struct block, node_count);
        search.meets = g_new(struct block, node_count);
        search.cursors = g_new0(int, (size_t)name_count);
    }
    for (int first = 0; first < search.giver_count; first += BLOCK_GIVERS) {
        look_before(&search, first);
        look_behind(&search, first);
        for (int i = 0; i < limit; i++) {
            if (names[i].count > 1 && name_clashes(&search, &names[i], &search.cursors[i], first)) {
                limit = i;
            }
        }
    }
    g_free(search.numbers);
    g_free(search.before);
    g_free(search.behind);
    g_free(search.meets);
    g_free(search.cursors);
    return limit < name_count ? limit : -1;
}
