// SPDX-License-Identifier: Apache-2.0
//
// What the store's tests share: a store in a scratch directory with a first administrator, short forms of changes, and the checks every
// test ends with: the folded events equal the stored state, and the database's file is sound. Each test program uses a part of it.
#pragma once

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/fault.h"
#include "store/flows.h"
#include "store/people.h"
#include "store/private.h"
#include "store/query.h"
#include "store/runs.h"
#include "store/sources.h"
#include "store/store.h"

#define KIT_FN G_GNUC_UNUSED static

enum { KIT_NOW_MS = 1700000000 };
#define KIT_SCRIPT "{\"script\":\"true\"}"

struct kit {
    char *dir;
    struct store *store;
    struct caller admin;    // DBA and administrator
    struct caller user;     // of the same tenant, without a role
    struct caller stranger; // an administrator of another tenant
};

KIT_FN void kit_open_store(struct kit *kit) {
    g_autoptr(GError) error = NULL;
    (void)(store_open(kit->dir, &kit->store, &error) &&
           store_master_key(kit->store, kit->dir, &error));
    g_assert_no_error(error);
}

KIT_FN struct kit *kit_new(void) {
    g_autoptr(GError) error = NULL;
    struct kit *kit = g_new0(struct kit, 1);
    kit->dir = g_strdup("/var/tmp/sluice-store-XXXXXX");
    g_assert_nonnull(g_mkdtemp(kit->dir));
    kit_open_store(kit);
    (void)store_first_people(kit->store, kit->dir, "admin-key", "0123456789abcdef", KIT_NOW_MS,
                             &error);
    g_assert_no_error(error);
    struct key_row *key = NULL;
    (void)store_key_find(store_as_reader(kit->store), "admin-key", &key, &error);
    g_assert_no_error(error);
    kit->admin = key->caller;
    kit->user = (struct caller){
        .tenant_id = kit->admin.tenant_id, .user_id = 900, .roles = ROLE_USER, .name = "user"
    };
    kit->stranger = (struct caller){
        .tenant_id = 901, .user_id = 902, .roles = ROLE_ADMIN, .name = "stranger"
    };
    key_row_free(key);
    return kit;
}

KIT_FN void kit_check(struct kit *kit) {
    g_autoptr(GError) error = NULL;
    char *fault = NULL;
    struct store_reader *reader = NULL;
    (void)store_reader_open(kit->dir, &reader, &error);
    g_assert_no_error(error);
    bool is_sound = store_check_events(reader, &fault, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(fault, ==, NULL);
    g_assert_true(is_sound);
    (void)store_check_integrity(reader, &error);
    g_assert_no_error(error);
    store_reader_close(reader);
}

KIT_FN void kit_free(struct kit *kit) {
    kit_check(kit);
    store_close(kit->store);
    GDir *dir = g_dir_open(kit->dir, 0, NULL);
    for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(kit->dir, name, NULL);
        (void)g_unlink(path);
    }
    g_dir_close(dir);
    (void)g_rmdir(kit->dir);
    g_free(kit->dir);
    g_free(kit);
}

KIT_FN void kit_begin(struct kit *kit) {
    g_autoptr(GError) error = NULL;
    (void)store_begin(kit->store, &error);
    g_assert_no_error(error);
}

KIT_FN void kit_commit(struct kit *kit) {
    g_autoptr(GError) error = NULL;
    (void)store_commit(kit->store, &error);
    g_assert_no_error(error);
}

// A statement that no operation makes, in a transaction of its own.
KIT_FN void kit_sql(struct kit *kit, const char *statement) {
    g_autoptr(GError) error = NULL;
    kit_begin(kit);
    (void)query_run(store_change_sql(kit->store), statement, NO_VALUES, &error);
    g_assert_no_error(error);
    kit_commit(kit);
}

// Applies a change in a transaction of its own, takes it, and gives its id.
KIT_FN int64_t kit_apply(struct kit *kit, struct change *change) {
    g_autoptr(GError) error = NULL;
    struct change_result result = { 0 };
    kit_begin(kit);
    (void)store_change(kit->store, change, KIT_NOW_MS, &result, &error);
    g_assert_no_error(error);
    kit_commit(kit);
    change_free(change);
    if (result.ids != NULL) {
        result.id = g_array_index(result.ids, int64_t, 0);
        g_array_unref(result.ids);
    }
    return result.id;
}

// The change must be refused with this fault and leave nothing; takes the change. The message must hold `text`.
KIT_FN void kit_refuse(struct kit *kit, struct change *change, enum fault kind, const char *text) {
    g_autoptr(GError) error = NULL;
    struct change_result result = { 0 };
    kit_begin(kit);
    g_assert_false(store_change(kit->store, change, KIT_NOW_MS, &result, &error));
    g_assert_nonnull(error);
    g_test_message("%s", error->message);
    g_assert_cmpstr(fault_name((enum fault)error->code), ==, fault_name(kind));
    g_assert_nonnull(strstr(error->message, text));
    g_assert_false(store_is_dirty(kit->store));
    kit_commit(kit);
    change_free(change);
}

KIT_FN struct change *kit_change(struct kit *kit, enum change_kind kind, int64_t flow_id) {
    struct change *change = change_new(kind, &kit->admin);
    change->flow_id = flow_id;
    return change;
}

KIT_FN int64_t kit_flow(struct kit *kit, const char *name) {
    struct change *change = kit_change(kit, CHANGE_FLOW_CREATE, 0);
    change->name = g_strdup(name);
    return kit_apply(kit, change);
}

KIT_FN struct change *kit_node_change(struct kit *kit, int64_t flow_id, const char *name) {
    struct change *change = kit_change(kit, CHANGE_NODE_CREATE, flow_id);
    change->name = g_strdup(name);
    change->node_kind = KIND_SCRIPT;
    change->content = g_strdup(KIT_SCRIPT);
    return change;
}

KIT_FN int64_t kit_node(struct kit *kit, int64_t flow_id, const char *name) {
    return kit_apply(kit, kit_node_change(kit, flow_id, name));
}

KIT_FN void kit_add_edge(struct change *change, int64_t id, int64_t from, int64_t to) {
    if (change->edges == NULL) {
        change->edges = g_array_new(FALSE, FALSE, sizeof(struct edge_row));
    }
    struct edge_row edge = { .id = id, .node_from = from, .node_to = to };
    g_array_append_val(change->edges, edge);
}

KIT_FN int64_t kit_edge(struct kit *kit, int64_t flow_id, int64_t from, int64_t to) {
    struct change *change = kit_change(kit, CHANGE_EDGES_ADD, flow_id);
    kit_add_edge(change, 0, from, to);
    return kit_apply(kit, change);
}

KIT_FN guint kit_edge_count(struct kit *kit, int64_t flow_id) {
    GArray *edges = NULL;
    g_assert_true(
        store_edge_list(store_as_reader(kit->store), &kit->admin, flow_id, 0, 0, 0, &edges, NULL));
    guint count = edges->len;
    g_array_unref(edges);
    return count;
}

KIT_FN struct flow_row *kit_get_flow(struct kit *kit, int64_t flow_id) {
    g_autoptr(GError) error = NULL;
    struct flow_row *row = NULL;
    (void)store_flow_get(store_as_reader(kit->store), &kit->admin, flow_id, ACCESS_VIEW, &row,
                         &error);
    g_assert_no_error(error);
    return row;
}
