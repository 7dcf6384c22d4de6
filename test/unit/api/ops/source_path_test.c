// SPDX-License-Identifier: Apache-2.0
//
// Where a SQLite source may lie: a real directory tree with links.
#include "api/ops/source_path.h"

#include "base/fault.h"

#include <glib/gstdio.h>
#include <unistd.h>

struct tree {
    char *root; // below it: data (the server's own), free, and links
    char *data;
};

static void tree_set_up(struct tree *tree, gconstpointer unused) {
    (void)unused;
    tree->root = g_strdup("/var/tmp/sluice-source-XXXXXX");
    g_assert_nonnull(g_mkdtemp(tree->root));
    tree->data = g_build_filename(tree->root, "data", NULL);
    g_autofree char *logs = g_build_filename(tree->data, "logs", NULL);
    g_autofree char *open_dir = g_build_filename(tree->root, "free", NULL);
    g_autofree char *sibling = g_build_filename(tree->root, "data2", NULL);
    g_autofree char *link = g_build_filename(open_dir, "into", NULL);
    g_autofree char *loop = g_build_filename(open_dir, "loop", NULL);
    g_assert_cmpint(g_mkdir_with_parents(logs, 0700), ==, 0);
    g_assert_cmpint(g_mkdir(open_dir, 0700), ==, 0);
    g_assert_cmpint(g_mkdir(sibling, 0700), ==, 0);
    g_assert_cmpint(symlink(tree->data, link), ==, 0);
    g_assert_cmpint(symlink("loop", loop), ==, 0);
}

static void tree_tear_down(struct tree *tree, gconstpointer unused) {
    (void)unused;
    const char *const names[] = {
        "free/into", "free/loop", "free", "data2", "data/logs", "data", ""
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(tree->root, names[i], NULL);
        (void)g_remove(path);
    }
    g_free(tree->root);
    g_free(tree->data);
}

static bool check(const struct tree *tree, const char *name, GError **error) {
    g_autofree char *path = g_strdup_printf("%s/%s", tree->root, name);
    return source_path_check(tree->data, path, error);
}

static void expect_good(const struct tree *tree, const char *name) {
    g_autoptr(GError) error = NULL;
    bool is_good = check(tree, name, &error);
    g_assert_no_error(error);
    g_assert_true(is_good);
}

static void expect_refused(const struct tree *tree, const char *name, enum fault fault) {
    g_autoptr(GError) error = NULL;
    g_assert_false(check(tree, name, &error));
    g_assert_true(fault_is(error, fault));
    g_assert_cmpstr(fault_field(error), ==, "Host");
}

static void a_file_of_its_own_is_allowed(struct tree *tree, gconstpointer unused) {
    (void)unused;
    expect_good(tree, "free/new.db");
    expect_good(tree, "free/not/yet/there.db");
    expect_good(tree, "free/../free/new.db");
    expect_good(tree, "data2/new.db"); // the name only begins like the data directory's
}

static void the_servers_data_is_refused_by_any_way(struct tree *tree, gconstpointer unused) {
    (void)unused;
    expect_refused(tree, "data", FAULT_INVALID_VALUE);
    expect_refused(tree, "data/state.db", FAULT_INVALID_VALUE);
    expect_refused(tree, "data/logs/0/1.log", FAULT_INVALID_VALUE);
    expect_refused(tree, "free/../data/new.db", FAULT_INVALID_VALUE);
    expect_refused(tree, "free/into/new.db", FAULT_INVALID_VALUE);
    expect_refused(tree, "free/into", FAULT_INVALID_VALUE);
    expect_refused(tree, "free/into/../data/logs/x.db", FAULT_INVALID_VALUE);
}

static void what_can_not_be_followed_is_refused(struct tree *tree, gconstpointer unused) {
    (void)unused;
    expect_refused(tree, "free/loop/new.db", FAULT_INVALID_VALUE);
    expect_refused(tree, "missing/../data/state.db", FAULT_INVALID_FIELD);
    expect_refused(tree, "missing/./new.db", FAULT_INVALID_FIELD);
    expect_refused(tree, "free/", FAULT_INVALID_FIELD);
}

static void only_absolute_paths_are_taken(struct tree *tree, gconstpointer unused) {
    (void)unused;
    const char *const paths[] = { "new.db", "", "./new.db", "file:/new.db", ":memory:" };
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(source_path_check(tree->data, paths[i], &error));
        g_assert_true(fault_is(error, FAULT_INVALID_FIELD));
    }
}

#define ADD(name, function)                                                                        \
    g_test_add("/source_path/" name, struct tree, NULL, tree_set_up, function, tree_tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD("a_file_of_its_own_is_allowed", a_file_of_its_own_is_allowed);
    ADD("the_servers_data_is_refused_by_any_way", the_servers_data_is_refused_by_any_way);
    ADD("what_can_not_be_followed_is_refused", what_can_not_be_followed_is_refused);
    ADD("only_absolute_paths_are_taken", only_absolute_paths_are_taken);
    return g_test_run();
}
