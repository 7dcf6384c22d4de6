// SPDX-License-Identifier: Apache-2.0
#include "cli/tree.h"

#include <string.h>

static const struct cli_terminal plain = { 0 };

static json_t *parse(const char *text) {
    json_t *value = json_loads(text, 0, NULL);
    g_assert_nonnull(value);
    return value;
}

static struct cli_tree *diamond(json_t **ret_nodes) {
    json_t *nodes =
        parse("[{\"NodeId\":4,\"NodeName\":\"last\"},{\"NodeId\":2,\"NodeName\":\"left\"},"
              "{\"NodeId\":3,\"NodeName\":\"right\"},{\"NodeId\":1,\"NodeName\":\"first\"}]");
    json_t *edges = parse("[{\"NodeFrom\":1,\"NodeEnd\":2},{\"NodeFrom\":1,\"NodeEnd\":3},{"
                          "\"NodeFrom\":1,\"NodeEnd\":4},"
                          "{\"NodeFrom\":2,\"NodeEnd\":4},{\"NodeFrom\":3,\"NodeEnd\":4},{"
                          "\"NodeFrom\":9,\"NodeEnd\":1}]");
    struct cli_tree *tree = cli_tree_new(nodes, edges);
    json_decref(edges);
    *ret_nodes = nodes;
    return tree;
}

static void nodes_stand_below_and_right_of_what_they_wait_for(void) {
    json_t *nodes = NULL;
    struct cli_tree *tree = diamond(&nodes);
    g_autoptr(GPtrArray) lines = cli_tree_lines(tree, &plain, 0, 0, 0);
    static const char *const starts[] = { "  . first", "  .   left", "  .   right",
                                          "  .     last" };
    g_assert_cmpuint(lines->len, ==, G_N_ELEMENTS(starts));
    for (guint i = 0; i < lines->len; i++) {
        g_assert_true(g_str_has_prefix(g_ptr_array_index(lines, i), starts[i]));
    }
    cli_tree_free(tree);
    json_decref(nodes);
}

static void a_circle_of_edges_ends(void) {
    json_t *nodes = parse("[{\"NodeId\":1,\"NodeName\":\"a\"},{\"NodeId\":2,\"NodeName\":\"b\"}]");
    json_t *edges = parse("[{\"NodeFrom\":1,\"NodeEnd\":2},{\"NodeFrom\":2,\"NodeEnd\":1}]");
    struct cli_tree *tree = cli_tree_new(nodes, edges);
    g_autoptr(GPtrArray) lines = cli_tree_lines(tree, &plain, 0, 0, 0);
    g_assert_cmpuint(lines->len, ==, 2);
    cli_tree_free(tree);
    json_decref(nodes);
    json_decref(edges);
}

static void collect(const struct cli_tree_change *change, void *user) {
    g_string_append_printf(user, "%s=%s ", change->name, change->state->name);
}

static void only_what_changed_is_told(void) {
    json_t *nodes = NULL;
    struct cli_tree *tree = diamond(&nodes);
    json_t *now = parse("[{\"NodeId\":1,\"StateName\":\"SUCCESS\",\"Status\":4,\"Attempt\":1},"
                        "{\"NodeId\":2,\"StateName\":\"RUNNING\",\"Status\":1,\"Attempt\":1}]");
    g_autoptr(GString) first = g_string_new(NULL);
    g_autoptr(GString) second = g_string_new(NULL);
    cli_tree_update(tree, now, 1000);
    cli_tree_changes(tree, collect, first);
    cli_tree_update(tree, now, 2000);
    cli_tree_changes(tree, collect, second);
    g_assert_cmpstr(first->str, ==, "first=SUCCESS left=RUNNING ");
    g_assert_cmpstr(second->str, ==, "");
    unsigned ended = 0;
    unsigned all = 0;
    cli_tree_count(tree, &ended, &all);
    g_assert_cmpuint(ended, ==, 1);
    g_assert_cmpuint(all, ==, 4);
    cli_tree_free(tree);
    json_decref(nodes);
    json_decref(now);
}

static void few_rows_show_what_runs_and_count_the_rest(void) {
    json_t *nodes = json_array();
    for (int i = 1; i <= 1000; i++) {
        json_array_append_new(nodes, json_pack("{s:i,s:s,s:s}", "NodeId", i, "NodeName",
                                               i == 777 ? "it" : "n", "StateName",
                                               i == 777 ? "RUNNING" : "WAITING"));
    }
    struct cli_tree *tree = cli_tree_new(nodes, NULL);
    cli_tree_update(tree, nodes, 5000);
    g_autoptr(GPtrArray) lines = cli_tree_lines(tree, &plain, 10, 80, 7500);
    g_assert_cmpuint(lines->len, ==, 10);
    bool is_there = false;
    for (guint i = 0; i < lines->len; i++) {
        const char *line = g_ptr_array_index(lines, i);
        is_there |= strstr(line, "it ") != NULL && strstr(line, "RUNNING") != NULL &&
                    strstr(line, "2.5 s") != NULL;
    }
    g_assert_true(is_there);
    g_assert_cmpstr(g_ptr_array_index(lines, 9), ==,
                    "    and 991 more nodes; 0 of 1000 have ended");
    cli_tree_free(tree);
    json_decref(nodes);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli_tree/nodes_stand_below_and_right_of_what_they_wait_for",
                    nodes_stand_below_and_right_of_what_they_wait_for);
    g_test_add_func("/cli_tree/a_circle_of_edges_ends", a_circle_of_edges_ends);
    g_test_add_func("/cli_tree/only_what_changed_is_told", only_what_changed_is_told);
    g_test_add_func("/cli_tree/few_rows_show_what_runs_and_count_the_rest",
                    few_rows_show_what_runs_and_count_the_rest);
    return g_test_run();
}
