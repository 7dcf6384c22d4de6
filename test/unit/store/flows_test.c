// SPDX-License-Identifier: Apache-2.0
//
// Contract of flows, nodes, edges and versions.

#include "../base/colliding.h"
#include "kit.h"

static void a_flow_is_created_listed_and_deleted(void) {
    struct kit *kit = kit_new();
    GPtrArray *flows = NULL;
    int64_t first = kit_flow(kit, "nightly");
    int64_t second = kit_flow(kit, "weekly");
    g_assert_true(store_flow_list(store_as_reader(kit->store), &kit->admin, &flows, NULL));
    g_assert_cmpuint(flows->len, ==, 2);
    const struct flow_row *newest = flows->pdata[0];
    g_assert_cmpint(newest->id, ==, second);
    g_assert_cmpstr(newest->owner_name, ==, "admin");
    g_assert_cmpint(newest->status, ==, FLOW_DRAFT);
    g_assert_cmpint(newest->latest_run_state, ==, -1);
    g_assert_cmpstr(newest->zone, ==, "Asia/Shanghai");
    g_ptr_array_unref(flows);
    kit_apply(kit, kit_change(kit, CHANGE_FLOW_DELETE, first));
    kit_refuse(kit, kit_change(kit, CHANGE_FLOW_DELETE, first), FAULT_FLOW_NOT_EXIST,
               "no task flow");
    g_assert_cmpint(kit_flow(kit, "nightly"), >, second);
    kit_free(kit);
}

static void a_taken_name_is_refused(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    struct change *change = kit_change(kit, CHANGE_FLOW_CREATE, 0);
    change->name = g_strdup("nightly");
    kit_refuse(kit, change, FAULT_NAME_EXISTED, "\"nightly\"");
    int64_t other = kit_flow(kit, "Nightly");
    change = kit_change(kit, CHANGE_FLOW_RENAME, other);
    change->name = g_strdup("nightly");
    kit_refuse(kit, change, FAULT_NAME_EXISTED, "exists already");
    change = kit_change(kit, CHANGE_FLOW_RENAME, flow);
    change->name = g_strdup("nightly");
    change->description = g_strdup("the same name again");
    kit_apply(kit, change);
    struct flow_row *row = kit_get_flow(kit, flow);
    g_assert_cmpstr(row->description, ==, "the same name again");
    flow_row_free(row);
    kit_free(kit);
}

static void names_and_texts_have_limits(void) {
    struct kit *kit = kit_new();
    g_autofree char *just = g_strnfill(FLOW_NAME_MAX, 'n');
    g_autofree char *over = g_strnfill(FLOW_NAME_MAX + 1, 'n');
    g_autofree char *essay = g_strnfill(FLOW_DESCRIPTION_MAX + 1, 'd');
    kit_flow(kit, just);
    kit_flow(kit, "Fluß 流程");
    struct change *change = kit_change(kit, CHANGE_FLOW_CREATE, 0);
    change->name = g_strdup(over);
    kit_refuse(kit, change, FAULT_INVALID_FIELD, "at most 128");
    change = kit_change(kit, CHANGE_FLOW_CREATE, 0);
    kit_refuse(kit, change, FAULT_MISSING_FIELD, "DagName");
    change = kit_change(kit, CHANGE_FLOW_CREATE, 0);
    change->name = g_strdup("short");
    change->description = g_strdup(essay);
    kit_refuse(kit, change, FAULT_INVALID_FIELD, "Description");
    change = kit_change(kit, CHANGE_FLOW_CREATE, 0);
    change->name = g_strdup("short");
    change->scenario_id = 4711;
    kit_refuse(kit, change, FAULT_SCENARIO_NOT_EXIST, "4711");
    kit_free(kit);
}

static void rights_follow_the_table(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    struct change *change = kit_change(kit, CHANGE_FLOW_DELETE, flow);
    change->caller = kit->user;
    kit_refuse(kit, change, FAULT_NO_PERMISSION, "user may not edit");
    GPtrArray *flows = NULL;
    g_assert_true(store_flow_list(store_as_reader(kit->store), &kit->user, &flows, NULL));
    g_assert_cmpuint(flows->len, ==, 0);
    g_ptr_array_unref(flows);
    change = kit_change(kit, CHANGE_FLOW_CREATE, 0);
    change->caller = kit->user;
    change->name = g_strdup("own");
    int64_t own = kit_apply(kit, change);
    g_assert_true(store_flow_list(store_as_reader(kit->store), &kit->user, &flows, NULL));
    g_assert_cmpuint(flows->len, ==, 1);
    g_assert_cmpint(((struct flow_row *)flows->pdata[0])->relation, ==, RELATION_OWNER);
    g_ptr_array_unref(flows);
    change = kit_change(kit, CHANGE_FLOW_DELETE, own);
    change->caller = kit->user;
    kit_apply(kit, change);
    kit_free(kit);
}

// The text of a fault, with the id that was asked for cut out.
static char *refusal(struct kit *kit, const struct caller *caller, int64_t flow_id,
                     int64_t node_id) {
    g_autoptr(GError) error = NULL;
    struct flow_row *flow = NULL;
    struct node_row *node = NULL;
    bool is_good = node_id == 0 ? store_flow_get(store_as_reader(kit->store), caller, flow_id,
                                                 ACCESS_VIEW, &flow, &error)
                                : store_node_get(store_as_reader(kit->store), caller, node_id,
                                                 ACCESS_VIEW, &node, &error);
    g_assert_false(is_good);
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, node_id == 0 ? flow_id : node_id);
    g_auto(GStrv) parts = g_strsplit(error->message, id, -1);
    g_autofree char *text = g_strjoinv("ID", parts);
    return g_strdup_printf("%d %s", error->code, text);
}

static void another_tenants_things_look_like_unknown_ones(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t node = kit_node(kit, flow, "extract");
    g_autofree char *foreign_flow = refusal(kit, &kit->stranger, flow, 0);
    g_autofree char *unknown_flow = refusal(kit, &kit->stranger, 987654, 0);
    g_assert_cmpstr(foreign_flow, ==, unknown_flow);
    g_autofree char *foreign_node = refusal(kit, &kit->stranger, 0, node);
    g_autofree char *unknown_node = refusal(kit, &kit->stranger, 0, 987654);
    g_assert_cmpstr(foreign_node, ==, unknown_node);
    for (int kind = CHANGE_FLOW_RENAME; kind < CHANGE_SOURCE_REGISTER; kind++) {
        bool is_node = kind > CHANGE_NODE_CREATE && kind <= CHANGE_NODE_DELETE;
        struct change *change = kit_node_change(kit, flow, "x");
        change->kind = (enum change_kind)kind;
        change->caller = kit->stranger;
        change->node_id = node;
        kit_refuse(kit, change, is_node ? FAULT_NODE_NOT_EXIST : FAULT_FLOW_NOT_EXIST,
                   "there is no task");
    }
    kit_free(kit);
}

static void a_nodes_documents_are_checked_and_kept_as_they_came(void) {
    static const char CONTENT[] = "{ \"script\" : \"true\",  \"unknown\":[1,2.50] }";
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    struct change *change = kit_node_change(kit, flow, "extract");
    g_free(change->content);
    change->content = g_strdup(CONTENT);
    change->graph_param = g_strdup("not JSON");
    int64_t id = kit_apply(kit, change);
    change = kit_change(kit, CHANGE_NODE_CONFIG, 0);
    change->node_id = id;
    change->config = g_strdup(
        "{\"rerun\":{\"rerunEnable\":true,\"rerunCount\":2,\"rerunInterval\":1},\"own\":1}");
    kit_apply(kit, change);
    struct node_row *node = NULL;
    g_assert_true(
        store_node_get(store_as_reader(kit->store), &kit->admin, id, ACCESS_VIEW, &node, NULL));
    g_assert_cmpstr(node->content, ==, CONTENT);
    g_assert_cmpstr(node->graph_param, ==, "not JSON");
    g_assert_nonnull(strstr(node->config, "\"own\":1"));
    g_assert_null(node->output);
    node_row_free(node);
    change = kit_change(kit, CHANGE_NODE_CONTENT, 0);
    change->node_id = id;
    change->content = g_strdup("{nonsense");
    kit_refuse(kit, change, FAULT_INVALID_FIELD, "NodeContent is not JSON");
    change = kit_change(kit, CHANGE_NODE_TIME_VARIABLES, 0);
    change->node_id = id;
    change->time_variables =
        g_strdup("{\"variables\":[{\"name\":\"a\",\"pattern\":\"yyyy|+1Q\"}]}");
    kit_refuse(kit, change, FAULT_INVALID_FIELD, "TimeVariables");
    change = kit_change(kit, CHANGE_NODE_OUTPUT, 0);
    change->node_id = id;
    change->output =
        g_strdup("{\"outputs\":[{\"extractMethod\":\"json\",\"variableName\":\"a\"}]}");
    kit_apply(kit, change);
    kit_free(kit);
}

static void outputs_belong_to_three_kinds(void) {
    struct kit *kit = kit_new();
    struct change *change = kit_node_change(kit, kit_flow(kit, "nightly"), "load");
    change->node_kind = KIND_NORMAL_SQL;
    change->output = g_strdup("{\"outputs\":[]}");
    kit_refuse(kit, change, FAULT_INVALID_VALUE, "NORMAL_SQL");
    kit_free(kit);
}

static void node_names_are_unique_in_their_flow(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t other = kit_flow(kit, "weekly");
    kit_node(kit, flow, "a");
    int64_t b = kit_node(kit, flow, "b");
    kit_node(kit, other, "a");
    kit_refuse(kit, kit_node_change(kit, flow, "a"), FAULT_NAME_EXISTED, "\"a\"");
    struct change *change = kit_change(kit, CHANGE_NODE_RENAME, 0);
    change->node_id = b;
    change->name = g_strdup("a");
    kit_refuse(kit, change, FAULT_NAME_EXISTED, "\"a\"");
    kit_free(kit);
}

static void constants_need_distinct_valid_keys(void) {
    static const char *const bad[] = { "{}", "[{\"Value\":\"x\"}]", "[{\"Key\":\"a b\"}]",
                                       "[{\"Key\":\"a\"},{\"Key\":\"a\"}]",
                                       "[{\"Key\":\"a\",\"Value\":1}]" };
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    struct change *change = kit_change(kit, CHANGE_FLOW_CONSTANTS, flow);
    change->document = g_strdup("[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"b\"}]");
    kit_apply(kit, change);
    struct flow_row *row = kit_get_flow(kit, flow);
    g_assert_cmpstr(row->constants, ==,
                    "[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"b\",\"Value\":\"\"}]");
    flow_row_free(row);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        change = kit_change(kit, CHANGE_FLOW_CONSTANTS, flow);
        change->document = g_strdup(bad[i]);
        kit_refuse(kit, change, FAULT_INVALID_FIELD, "");
    }
    kit_free(kit);
}

static void edges_are_added_together_or_not_at_all(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t other = kit_node(kit, kit_flow(kit, "weekly"), "foreign");
    int64_t a = kit_node(kit, flow, "a");
    int64_t b = kit_node(kit, flow, "b");
    int64_t c = kit_node(kit, flow, "c");
    int64_t edge = kit_edge(kit, flow, a, b);
    g_assert_cmpint(kit_edge(kit, flow, a, b), ==, edge);
    struct change *change = kit_change(kit, CHANGE_EDGES_ADD, flow);
    kit_add_edge(change, 0, b, c);
    kit_add_edge(change, 0, c, a);
    kit_refuse(kit, change, FAULT_GRAPH_HAS_CYCLE, " → ");
    change = kit_change(kit, CHANGE_EDGES_ADD, flow);
    kit_add_edge(change, 0, a, a);
    kit_refuse(kit, change, FAULT_GRAPH_HAS_CYCLE, "a → a");
    change = kit_change(kit, CHANGE_EDGES_ADD, flow);
    kit_add_edge(change, 0, b, c);
    kit_add_edge(change, 0, b, other);
    kit_refuse(kit, change, FAULT_NODE_NOT_EXIST, "has no node");
    g_assert_cmpuint(kit_edge_count(kit, flow), ==, 1);
    kit_free(kit);
}

// 2654435761 from ^ to was our hash of an edge, before it had a key.
static void edges_that_were_chosen_to_collide_cost_no_more(void) {
    struct kit *kit = kit_new();
    struct change *change = kit_change(kit, CHANGE_EDGES_ADD, kit_flow(kit, "nightly"));
    for (uint32_t from = 1; from <= COLLIDING_COUNT; from++) {
        kit_add_edge(change, 0, from, (from * 2654435761U) ^ 2654435761U);
    }
    double start_s = colliding_cpu_s();
    kit_refuse(kit, change, FAULT_NODE_NOT_EXIST, "has no node");
    colliding_assert_cheap(start_s);
    kit_free(kit);
}

// The calls' threads judge; the engine takes what they judged.
static void what_was_judged_before_is_not_judged_again(void) {
    struct kit *kit = kit_new();
    struct store_reader *reader = store_as_reader(kit->store);
    struct remarks remarks = { 0 };
    g_autoptr(GError) error = NULL;
    int64_t flow = kit_flow(kit, "nightly");
    struct change *change = kit_change(kit, CHANGE_NODE_OUTPUT, 0);
    change->node_id = kit_node(kit, flow, "a");
    change->output = g_strdup("{\"outputs\":[{\"variableName\":\"a b\"}]}");
    g_assert_true(store_change_is_judged(change));
    g_assert_false(store_change_check(reader, change, &remarks, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_FIELD));
    g_clear_error(&error);
    change->is_checked = true;
    kit_apply(kit, change);

    // The stored output is bad now, and so the draft; a draft that is called judged is taken while it is the present one, and refused when it is not.
    change = kit_change(kit, CHANGE_FLOW_PUBLISH, flow);
    g_assert_false(store_change_check(reader, change, &remarks, &error));
    g_assert_true(fault_is(error, FAULT_FLOW_STATE));
    g_assert_nonnull(change->draft);
    kit_apply(kit, change);
    change = kit_change(kit, CHANGE_FLOW_PUBLISH, flow);
    g_assert_false(store_change_check(reader, change, &remarks, NULL));
    kit_node(kit, flow, "b");
    kit_refuse(kit, change, FAULT_REVISION_STALE, "was edited while it was being published");
    // Without a judge before, the turn judges.
    kit_refuse(kit, kit_change(kit, CHANGE_FLOW_PUBLISH, flow), FAULT_FLOW_STATE, "variable name");

    // What may not be changed is the change's to refuse.
    change = kit_change(kit, CHANGE_NODE_CONFIG, 0);
    change->node_id = 123456;
    change->config = g_strdup("{");
    g_assert_true(store_change_check(reader, change, &remarks, &error));
    g_assert_false(change->is_checked);
    kit_refuse(kit, change, FAULT_NODE_NOT_EXIST, "123456");
    change = kit_change(kit, CHANGE_FLOW_RENAME, flow);
    g_assert_false(store_change_is_judged(change));
    change_free(change);
    remarks_done(&remarks);
    kit_free(kit);
}

static void a_flow_has_so_many_edges_and_no_more(void) {
    enum { NODES = 448 }; // 100 128 pairs
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "dense");
    int64_t nodes[NODES];
    kit_begin(kit);
    for (int i = 0; i < NODES; i++) {
        g_autofree char *name = g_strdup_printf("node %d", i);
        struct change *change = kit_node_change(kit, flow, name);
        struct change_result result = { 0 };
        g_assert_true(store_change(kit->store, change, KIT_NOW_MS, &result, NULL));
        change_free(change);
        nodes[i] = result.id;
    }
    kit_commit(kit);
    enum change_kind kinds[] = { CHANGE_EDGES_ADD, CHANGE_EDGES_REPLACE };
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
        struct change *change = kit_change(kit, kinds[k], flow);
        for (int i = 0; i < NODES; i++) {
            for (int j = i + 1; j < NODES; j++) {
                kit_add_edge(change, 0, nodes[i], nodes[j]);
            }
        }
        kit_refuse(kit, change, FAULT_LIMIT_EXCEEDED, "at most 100000");
    }
    g_assert_cmpuint(kit_edge_count(kit, flow), ==, 0);
    kit_free(kit);
}

static void two_edges_can_swap_in_one_call(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t a = kit_node(kit, flow, "a");
    int64_t b = kit_node(kit, flow, "b");
    int64_t c = kit_node(kit, flow, "c");
    int64_t first = kit_edge(kit, flow, a, b);
    int64_t second = kit_edge(kit, flow, b, c);
    struct change *change = kit_change(kit, CHANGE_EDGES_UPDATE, flow);
    kit_add_edge(change, first, b, c);
    kit_add_edge(change, second, a, b);
    kit_apply(kit, change);
    GArray *edges = NULL;
    g_assert_true(
        store_edge_list(store_as_reader(kit->store), &kit->admin, flow, first, 0, 0, &edges, NULL));
    g_assert_cmpint(g_array_index(edges, struct edge_row, 0).node_from, ==, b);
    g_array_unref(edges);
    change = kit_change(kit, CHANGE_EDGES_UPDATE, flow);
    kit_add_edge(change, first, b, a);
    kit_refuse(kit, change, FAULT_GRAPH_HAS_CYCLE, " → ");
    change = kit_change(kit, CHANGE_EDGES_UPDATE, flow);
    kit_add_edge(change, first + 100, a, b);
    kit_refuse(kit, change, FAULT_EDGE_NOT_EXIST, "has no edge");
    change = kit_change(kit, CHANGE_EDGES_UPDATE, flow);
    kit_add_edge(change, first, a, b);
    kit_refuse(kit, change, FAULT_INVALID_VALUE, "two edges");
    kit_free(kit);
}

static void edges_are_deleted_by_condition(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t a = kit_node(kit, flow, "a");
    int64_t b = kit_node(kit, flow, "b");
    int64_t c = kit_node(kit, flow, "c");
    kit_edge(kit, flow, a, b);
    kit_edge(kit, flow, a, c);
    int64_t last = kit_edge(kit, flow, b, c);
    kit_refuse(kit, kit_change(kit, CHANGE_EDGES_DELETE, flow), FAULT_MISSING_FIELD, "condition");
    struct change *change = kit_change(kit, CHANGE_EDGES_DELETE, flow);
    change->node_from = a;
    change->node_to = b;
    kit_apply(kit, change);
    g_assert_cmpuint(kit_edge_count(kit, flow), ==, 2);
    change = kit_change(kit, CHANGE_EDGES_DELETE, flow);
    change->edge_id = last + 1;
    kit_apply(kit, change);
    g_assert_cmpuint(kit_edge_count(kit, flow), ==, 2);
    change = kit_change(kit, CHANGE_NODE_DELETE, 0);
    change->node_id = c;
    kit_apply(kit, change);
    g_assert_cmpuint(kit_edge_count(kit, flow), ==, 0);
    kit_free(kit);
}

static void publishing_makes_versions_that_never_change(void) {
    struct kit *kit = kit_new();
    GPtrArray *versions = NULL;
    int64_t total = 0;
    int64_t flow = kit_flow(kit, "nightly");
    kit_refuse(kit, kit_change(kit, CHANGE_FLOW_PUBLISH, flow), FAULT_FLOW_STATE, "");
    kit_refuse(kit, kit_change(kit, CHANGE_FLOW_OFFLINE, flow), FAULT_FLOW_NOT_PUBLISHED, "");
    int64_t node = kit_node(kit, flow, "a");
    struct change *change = kit_change(kit, CHANGE_FLOW_PUBLISH, flow);
    change->comment = g_strdup("the first");
    int64_t deploy = kit_apply(kit, change);
    change = kit_change(kit, CHANGE_FLOW_RENAME, flow);
    change->name = g_strdup("renamed");
    kit_apply(kit, change);
    kit_apply(kit, kit_change(kit, CHANGE_FLOW_PUBLISH, flow));
    g_assert_true(store_version_list(store_as_reader(kit->store), &kit->admin, flow, 1, 10,
                                     &versions, &total, NULL));
    g_assert_cmpint(total, ==, 2);
    const struct version_row *newest = versions->pdata[0];
    const struct version_row *first = versions->pdata[1];
    g_assert_cmpstr(first->flow_name, ==, "nightly");
    g_assert_cmpstr(first->comment, ==, "the first");
    g_assert_cmpint(first->last_version_id, ==, 0);
    g_assert_cmpint(newest->last_version_id, ==, first->id);
    struct flow_row *row = kit_get_flow(kit, flow);
    g_assert_cmpint(row->status, ==, FLOW_PUBLISHED);
    g_assert_cmpint(row->published_version_id, ==, newest->id);
    g_assert_cmpint(row->deploy_id, !=, deploy);
    flow_row_free(row);
    struct plan *plan = NULL;
    g_assert_true(store_plan_load(store_as_reader(kit->store), first->id, &plan, NULL));
    g_assert_cmpint(plan->nodes[0].id, ==, node);
    g_assert_cmpstr(plan->owner_name, ==, "admin");
    plan_unref(plan);
    g_assert_true(store_version_check_published(store_as_reader(kit->store), &kit->admin, flow,
                                                first->id, NULL));
    g_assert_false(store_version_check_published(store_as_reader(kit->store), &kit->admin, flow,
                                                 deploy, NULL));
    g_ptr_array_unref(versions);
    kit_refuse(kit, kit_change(kit, CHANGE_FLOW_DELETE, flow), FAULT_FLOW_STATE, "offline");
    kit_apply(kit, kit_change(kit, CHANGE_FLOW_OFFLINE, flow));
    kit_refuse(kit, kit_change(kit, CHANGE_FLOW_OFFLINE, flow), FAULT_FLOW_NOT_PUBLISHED, "");
    kit_apply(kit, kit_change(kit, CHANGE_FLOW_DELETE, flow));
    kit_free(kit);
}

static int64_t try_version(struct kit *kit, int64_t flow_id) {
    g_autoptr(GError) error = NULL;
    int64_t version = 0;
    kit_begin(kit);
    (void)store_version_for_try(kit->store, &kit->admin, flow_id, KIT_NOW_MS, &version, &error);
    g_assert_no_error(error);
    kit_commit(kit);
    return version;
}

static void an_unchanged_draft_is_tried_in_the_same_version(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    int64_t flow = kit_flow(kit, "nightly");
    int64_t version = 0;
    kit_begin(kit);
    g_assert_false(
        store_version_for_try(kit->store, &kit->admin, flow, KIT_NOW_MS, &version, &error));
    g_assert_true(fault_is(error, FAULT_FLOW_STATE));
    kit_commit(kit);
    kit_node(kit, flow, "a");
    int64_t first = try_version(kit, flow);
    g_assert_cmpint(try_version(kit, flow), ==, first);
    kit_node(kit, flow, "b");
    g_assert_cmpint(try_version(kit, flow), >, first);
    g_assert_false(
        store_version_check_published(store_as_reader(kit->store), &kit->admin, flow, first, NULL));
    kit_free(kit);
}

static void ten_thousand_nodes_are_quick(void) {
    enum { COUNT = 10000 };
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "large");
    struct change *edges = kit_change(kit, CHANGE_EDGES_ADD, flow);
    int64_t last = 0;
    int64_t began_us = g_get_monotonic_time();
    kit_begin(kit);
    for (int i = 0; i < COUNT; i++) {
        g_autofree char *name = g_strdup_printf("node %d", i);
        struct change *change = kit_node_change(kit, flow, name);
        struct change_result result = { 0 };
        g_assert_true(store_change(kit->store, change, KIT_NOW_MS, &result, NULL));
        change_free(change);
        if (last != 0) {
            kit_add_edge(edges, 0, last, result.id);
        }
        last = result.id;
    }
    kit_commit(kit);
    kit_apply(kit, edges);
    g_assert_cmpuint(kit_edge_count(kit, flow), ==, COUNT - 1);
    int64_t version = try_version(kit, flow);
    struct plan *plan = NULL;
    g_assert_true(store_plan_load(store_as_reader(kit->store), version, &plan, NULL));
    g_assert_cmpint(plan->node_count, ==, COUNT);
    plan_unref(plan);
    int64_t took_ms = (g_get_monotonic_time() - began_us) / 1000;
    g_test_message("10000 nodes, 9999 edges and a version took %" G_GINT64_FORMAT " ms", took_ms);
    g_assert_cmpint(took_ms, <, 10000);
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flows/a_flow_is_created_listed_and_deleted",
                    a_flow_is_created_listed_and_deleted);
    g_test_add_func("/flows/a_taken_name_is_refused", a_taken_name_is_refused);
    g_test_add_func("/flows/names_and_texts_have_limits", names_and_texts_have_limits);
    g_test_add_func("/flows/rights_follow_the_table", rights_follow_the_table);
    g_test_add_func("/flows/another_tenants_things_look_like_unknown_ones",
                    another_tenants_things_look_like_unknown_ones);
    g_test_add_func("/flows/a_nodes_documents_are_checked_and_kept_as_they_came",
                    a_nodes_documents_are_checked_and_kept_as_they_came);
    g_test_add_func("/flows/outputs_belong_to_three_kinds", outputs_belong_to_three_kinds);
    g_test_add_func("/flows/node_names_are_unique_in_their_flow",
                    node_names_are_unique_in_their_flow);
    g_test_add_func("/flows/constants_need_distinct_valid_keys",
                    constants_need_distinct_valid_keys);
    g_test_add_func("/flows/edges_are_added_together_or_not_at_all",
                    edges_are_added_together_or_not_at_all);
    g_test_add_func("/flows/two_edges_can_swap_in_one_call", two_edges_can_swap_in_one_call);
    g_test_add_func("/flows/edges_are_deleted_by_condition", edges_are_deleted_by_condition);
    g_test_add_func("/flows/publishing_makes_versions_that_never_change",
                    publishing_makes_versions_that_never_change);
    g_test_add_func("/flows/an_unchanged_draft_is_tried_in_the_same_version",
                    an_unchanged_draft_is_tried_in_the_same_version);
    g_test_add_func("/flows/ten_thousand_nodes_are_quick", ten_thousand_nodes_are_quick);
    g_test_add_func("/flows/edges_that_were_chosen_to_collide_cost_no_more",
                    edges_that_were_chosen_to_collide_cost_no_more);
    g_test_add_func("/flows/what_was_judged_before_is_not_judged_again",
                    what_was_judged_before_is_not_judged_again);
    g_test_add_func("/flows/a_flow_has_so_many_edges_and_no_more",
                    a_flow_has_so_many_edges_and_no_more);
    return g_test_run();
}
