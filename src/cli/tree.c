// SPDX-License-Identifier: Apache-2.0
//
// cli_tree: a node's level is the length of the longest path that leads to it, so that each stands below and to the right of all that it
// waits for. Levels are computed once, in time linear in nodes and edges.
#include "cli/tree.h"

#include <string.h>

#include "cli/client.h"

enum {
    TREE_INDENT_COLUMNS = 2,
    TREE_LEVELS_SHOWN_MAX = 10, // deeper nodes are indented like this one
    TREE_NAME_COLUMNS_MAX = 48,
};

struct tree_node {
    int64_t id;
    char *name;    // clean
    char *message; // clean
    const struct cli_state *state;
    int64_t attempt;
    int64_t execute_ms;      // as the server says
    int64_t seen_running_ms; // when this state was first seen, 0: not running
    unsigned level;
    unsigned position; // as sent
    bool is_changed;
};

struct cli_tree {
    GPtrArray *nodes;  // of struct tree_node, in the order of the lines
    GHashTable *by_id; // int64_t * in the node → node
    unsigned name_columns;
};

static void tree_node_free(struct tree_node *node) {
    g_free(node->name);
    g_free(node->message);
    g_free(node);
}

static struct tree_node *tree_find(const struct cli_tree *tree, int64_t id) {
    return g_hash_table_lookup(tree->by_id, &id);
}

static struct tree_node *tree_add(struct cli_tree *tree, const json_t *item) {
    struct tree_node *node = g_new0(struct tree_node, 1);
    g_autofree char *name = cli_reply_text(item, "NodeName");
    node->id = cli_reply_number(item, "NodeId", 0);
    node->name = cli_text_clean(name, TREE_NAME_COLUMNS_MAX);
    node->message = g_strdup("");
    node->state = cli_state_find("WAITING", 0);
    node->position = tree->nodes->len;
    g_ptr_array_add(tree->nodes, node);
    (void)g_hash_table_insert(tree->by_id, &node->id, node);
    return node;
}

// Number of the edge's end in the list of nodes, or -1.
static int64_t edge_end(const struct cli_tree *tree, const json_t *edge, const char *name) {
    const struct tree_node *node = tree_find(tree, cli_reply_number(edge, name, 0));
    return node != NULL ? (int64_t)node->position : -1;
}

// Longest paths by removing nodes without open upstream, first come first served.
static void set_levels(struct cli_tree *tree, const json_t *edges) {
    guint count = tree->nodes->len;
    g_autoptr(GPtrArray) behind = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    g_autofree unsigned *open = g_new0(unsigned, count + 1);
    for (guint i = 0; i < count; i++) {
        g_ptr_array_add(behind, g_array_new(FALSE, FALSE, sizeof(unsigned)));
    }
    size_t index = 0;
    json_t *edge = NULL;
    json_array_foreach(edges, index, edge) {
        int64_t from = edge_end(tree, edge, "NodeFrom");
        int64_t end = edge_end(tree, edge, "NodeEnd");
        if (from >= 0 && end >= 0) {
            unsigned target = (unsigned)end;
            GArray *targets = g_ptr_array_index(behind, (guint)from);
            g_array_append_val(targets, target);
            open[target]++;
        }
    }
    g_autoptr(GArray) ready = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (unsigned i = 0; i < count; i++) {
        if (open[i] == 0) {
            g_array_append_val(ready, i);
        }
    }
    for (guint at = 0; at < ready->len; at++) {
        unsigned from = g_array_index(ready, unsigned, at);
        const struct tree_node *node = g_ptr_array_index(tree->nodes, from);
        const GArray *targets = g_ptr_array_index(behind, from);
        for (guint i = 0; i < targets->len; i++) {
            unsigned end = g_array_index(targets, unsigned, i);
            struct tree_node *next = g_ptr_array_index(tree->nodes, end);
            next->level = MAX(next->level, node->level + 1);
            if (--open[end] == 0) {
                g_array_append_val(ready, end);
            }
        }
    }
}

static int compare_nodes(const void *left, const void *right) {
    const struct tree_node *a = *(struct tree_node *const *)left;
    const struct tree_node *b = *(struct tree_node *const *)right;
    if (a->level != b->level) {
        return a->level < b->level ? -1 : 1;
    }
    return a->position < b->position ? -1 : a->position > b->position;
}

struct cli_tree *cli_tree_new(const json_t *nodes, const json_t *edges) {
    struct cli_tree *tree = g_new0(struct cli_tree, 1);
    tree->nodes = g_ptr_array_new_with_free_func((GDestroyNotify)tree_node_free);
    tree->by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(nodes, index, item) {
        (void)tree_add(tree, item);
    }
    set_levels(tree, edges);
    g_ptr_array_sort(tree->nodes, compare_nodes);
    for (guint i = 0; i < tree->nodes->len; i++) {
        const struct tree_node *node = g_ptr_array_index(tree->nodes, i);
        unsigned indent = MIN(node->level, TREE_LEVELS_SHOWN_MAX) * TREE_INDENT_COLUMNS;
        tree->name_columns = MAX(tree->name_columns, indent + cli_text_width(node->name));
    }
    return tree;
}

void cli_tree_free(struct cli_tree *tree) {
    if (tree != NULL) {
        g_hash_table_destroy(tree->by_id);
        g_ptr_array_free(tree->nodes, TRUE);
        g_free(tree);
    }
}

static void node_update(struct tree_node *node, const json_t *item, int64_t now_ms) {
    const char *name = json_string_value(json_object_get(item, "StateName"));
    const struct cli_state *state = cli_state_find(name, (int)cli_reply_number(item, "Status", -1));
    int64_t attempt = cli_reply_number(item, "Attempt", 0);
    node->is_changed = state != node->state || attempt != node->attempt;
    bool is_running = strcmp(state->name, "RUNNING") == 0 || strcmp(state->name, "KILLING") == 0;
    if (!is_running) {
        node->seen_running_ms = 0;
    } else if (node->seen_running_ms == 0 || attempt != node->attempt) {
        node->seen_running_ms = now_ms;
    }
    node->state = state;
    node->attempt = attempt;
    node->execute_ms = cli_reply_number(item, "ExecuteTime", 0);
    g_autofree char *message = cli_reply_text(item, "Message");
    g_free(node->message);
    node->message = cli_text_clean(message, 0);
}

void cli_tree_update(struct cli_tree *tree, const json_t *nodes, int64_t now_ms) {
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(nodes, index, item) {
        struct tree_node *node = tree_find(tree, cli_reply_number(item, "NodeId", 0));
        // A rerun in another version can bring nodes that were not there: they go to the end.
        if (node == NULL) {
            node = tree_add(tree, item);
            tree->name_columns = MAX(tree->name_columns, cli_text_width(node->name));
        }
        node_update(node, item, now_ms);
    }
}

void cli_tree_count(const struct cli_tree *tree, unsigned *ret_ended, unsigned *ret_all) {
    unsigned ended = 0;
    for (guint i = 0; i < tree->nodes->len; i++) {
        ended += ((const struct tree_node *)g_ptr_array_index(tree->nodes, i))->state->is_ended;
    }
    *ret_ended = ended;
    *ret_all = tree->nodes->len;
}

static int64_t node_elapsed(const struct tree_node *node, int64_t now_ms) {
    int64_t seen = node->seen_running_ms > 0 ? now_ms - node->seen_running_ms : 0;
    return MAX(node->execute_ms, seen);
}

// One node: symbol, indented name, state, time, message.
static char *node_line(const struct cli_tree *tree, const struct tree_node *node,
                       const struct cli_terminal *terminal, unsigned columns, int64_t now_ms) {
    unsigned indent = MIN(node->level, TREE_LEVELS_SHOWN_MAX) * TREE_INDENT_COLUMNS;
    char plain[2] = { node->state->plain_symbol, 0 };
    int64_t elapsed_ms = node_elapsed(node, now_ms);
    g_autofree char *elapsed = elapsed_ms > 0 ? cli_text_duration(elapsed_ms) : g_strdup("");
    GString *line = g_string_new("  ");
    cli_state_append(line, node->state, terminal,
                     terminal->has_symbols ? node->state->symbol : plain);
    g_string_append_printf(line, " %*s", (int)indent, "");
    cli_text_pad(line, node->name, tree->name_columns - indent + 2);
    g_autofree char *word = g_strdup_printf("%-10s", node->state->name);
    cli_state_append(line, node->state, terminal, word);
    g_string_append_printf(line, " %10s", elapsed);
    if (node->attempt > 1) {
        g_string_append_printf(line, "  attempt %" G_GINT64_FORMAT, node->attempt);
    }
    // Colours take no columns, so what is left for the message is counted without them.
    unsigned used = 4 + tree->name_columns + 2 + 10 + 11 + (node->attempt > 1 ? 12 : 0) + 3;
    if (node->message[0] != 0 && (columns == 0 || used + 8 < columns)) {
        g_autofree char *message = cli_text_clean(node->message, columns == 0 ? 0 : columns - used);
        g_string_append_printf(line, "  %s", message);
    }
    return g_string_free(line, FALSE);
}

// What deserves one of few lines: what runs or went wrong, then what waits for a place, then the rest.
static unsigned node_rank(const struct tree_node *node) {
    const char *name = node->state->name;
    if (strcmp(name, "FAIL") == 0 || strcmp(name, "RUNNING") == 0 || strcmp(name, "KILLING") == 0) {
        return 0;
    }
    return node->state->is_ended || strcmp(name, "WAITING") == 0 ? 2 : 1;
}

static char *rest_line(const struct cli_tree *tree, unsigned shown) {
    unsigned ended = 0;
    unsigned all = 0;
    cli_tree_count(tree, &ended, &all);
    return g_strdup_printf("    and %u more nodes; %u of %u have ended", all - shown, ended, all);
}

GPtrArray *cli_tree_lines(const struct cli_tree *tree, const struct cli_terminal *terminal,
                          unsigned rows, unsigned columns, int64_t now_ms) {
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    bool fits = rows == 0 || tree->nodes->len <= rows;
    g_autofree bool *is_shown = g_new0(bool, tree->nodes->len + 1);
    unsigned shown = 0;
    for (unsigned rank = 0; !fits && rank < 3; rank++) {
        for (guint i = 0; i < tree->nodes->len && shown + 1 < rows; i++) {
            if (node_rank(g_ptr_array_index(tree->nodes, i)) == rank) {
                is_shown[i] = true;
                shown++;
            }
        }
    }
    for (guint i = 0; i < tree->nodes->len; i++) {
        if (fits || is_shown[i]) {
            g_ptr_array_add(lines, node_line(tree, g_ptr_array_index(tree->nodes, i), terminal,
                                             columns, now_ms));
        }
    }
    if (!fits) {
        g_ptr_array_add(lines, rest_line(tree, shown));
    }
    return lines;
}

void cli_tree_changes(const struct cli_tree *tree, cli_tree_visit_fn visit, void *user) {
    for (guint i = 0; i < tree->nodes->len; i++) {
        const struct tree_node *node = g_ptr_array_index(tree->nodes, i);
        if (node->is_changed) {
            struct cli_tree_change change = {
                .node_id = node->id,
                .name = node->name,
                .state = node->state,
                .attempt = node->attempt,
                .elapsed_ms = node->execute_ms,
                .message = node->message,
            };
            visit(&change, user);
        }
    }
}
