// SPDX-License-Identifier: Apache-2.0
//
// Contract of what a draft may hold in all, and of drafts that are gathered before the turn.

#include "kit.h"
#include "store/private.h"

#define TOTAL "SELECT bytes FROM draft_size WHERE node_id = 0 AND part = 0 AND flow_id = ?1"
#define PARTS "SELECT sum(bytes) FROM draft_size WHERE (node_id, part) <> (0, 0) AND flow_id = ?1"
#define LEN(column) "coalesce(length(CAST(" column " AS BLOB)), 0)"
#define TEXTS                                                                                                          \
    "SELECT (SELECT coalesce(sum(" LEN("name") " + " LEN("content") " + " LEN("config") " + " LEN("output") " + " LEN( \
        "time_variables") " + " LEN("graph_param") "), 0) FROM node n"                                                 \
                                                   " WHERE n.flow_id = f.id)"                                          \
                                                   " + " LEN("constants") " + " LEN(                                   \
                                                       "time_variables") " FROM flow f WHERE "                         \
                                                                         "f.id = ?1"

static int64_t number(struct kit *kit, const char *statement, int64_t flow) {
    g_autoptr(GError) error = NULL;
    int64_t value = 0;
    (void)query_int(kit->store->reader.sql, statement, VALUES(INT(flow)), 0, &value, &error);
    g_assert_no_error(error);
    return value;
}

static struct change *content(struct kit *kit, int64_t node, int bytes) {
    struct change *change = kit_change(kit, CHANGE_NODE_CONTENT, 0);
    g_autofree char *filler = g_strnfill((gsize)bytes - 2, 'x');
    change->node_id = node;
    change->content = g_strdup_printf("\"%s\"", filler);
    return change;
}

static struct change *document(struct kit *kit, enum change_kind kind, int64_t flow, char *take) {
    struct change *change = kit_change(kit, kind, flow);
    change->document = take;
    return change;
}

static void a_draft_grows_to_its_limit_and_no_further(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    store_set_draft_limit(kit->store, 1000);
    int64_t a = kit_node(kit, flow, "a"); // 1 + 17
    int64_t b = kit_node(kit, flow, "b");
    kit_apply(kit, content(kit, a, 1000 - 1 - 18)); // exactly all
    kit_refuse(kit, content(kit, b, 18), FAULT_LIMIT_EXCEEDED,
               "NodeContent has 18 bytes, and the texts of task flow");
    kit_refuse(kit, content(kit, b, 18), FAULT_LIMIT_EXCEEDED,
               "have 1000 together; they would have 1001, and may have 1000");
    kit_refuse(kit, kit_node_change(kit, flow, "c"), FAULT_LIMIT_EXCEEDED, "have 1018");
    struct change *change = kit_change(kit, CHANGE_NODE_RENAME, 0);
    change->node_id = a;
    change->name = g_strdup("aa");
    kit_refuse(kit, change, FAULT_LIMIT_EXCEEDED, "NodeName has 2 bytes");
    kit_refuse(
        kit,
        document(kit, CHANGE_FLOW_CONSTANTS, flow, g_strdup("[{\"Key\":\"k\",\"Value\":\"v\"}]")),
        FAULT_LIMIT_EXCEEDED, "DagConstants has");
    kit_refuse(kit, document(kit, CHANGE_FLOW_TIME_VARIABLES, flow, g_strdup("{\"variables\":[]}")),
               FAULT_LIMIT_EXCEEDED, "TimeVariables has 16 bytes");
    kit_apply(kit, content(kit, b, 17)); // nothing grows

    // Another flow has its own room; what is gone makes room.
    int64_t other = kit_node(kit, kit_flow(kit, "weekly"), "a");
    kit_apply(kit, content(kit, other, 900));
    change = kit_change(kit, CHANGE_NODE_DELETE, 0);
    change->node_id = b;
    kit_apply(kit, change);
    kit_apply(kit, content(kit, a, 999));
    g_assert_cmpint(number(kit, TOTAL, flow), ==, 1000);
    kit_free(kit);
}

static void what_is_larger_than_a_new_limit_may_become_smaller(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t a = kit_node(kit, flow, "a");
    kit_apply(kit, content(kit, a, 5000));
    store_set_draft_limit(kit->store, 1000);
    struct node_row *node = NULL;
    g_assert_true(
        store_node_get(store_as_reader(kit->store), &kit->admin, a, ACCESS_VIEW, &node, NULL));
    g_assert_cmpuint(strlen(node->content), ==, 5000);
    node_row_free(node);
    kit_refuse(kit, content(kit, a, 5001), FAULT_LIMIT_EXCEEDED, "have 5001 together");
    kit_apply(kit, content(kit, a, 5000));
    kit_apply(kit, content(kit, a, 4000));
    kit_refuse(kit, content(kit, a, 4001), FAULT_LIMIT_EXCEEDED, "have 4001 together");
    struct change *publish = kit_change(kit, CHANGE_FLOW_RENAME, flow);
    publish->name = g_strdup("renamed");
    kit_apply(kit, publish);
    kit_apply(kit, content(kit, a, 900));
    kit_refuse(kit, content(kit, a, 1000), FAULT_LIMIT_EXCEEDED, "may have 1000");
    kit_free(kit);
}

static struct change *config(struct kit *kit, int64_t node, char *take) {
    struct change *change = kit_change(kit, CHANGE_NODE_CONFIG, 0);
    change->node_id = node;
    change->config = take;
    return change;
}

static void settings_can_be_changed_above_the_limit(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t a = kit_node(kit, flow, "a");
    kit_apply(kit, content(kit, a, 5000));
    store_set_draft_limit(kit->store, 1000);
    kit_apply(kit, config(kit, a, g_strdup("{\"disabled\":true}")));
    g_assert_cmpint(number(kit, TOTAL, flow), ==, 1 + 5000 + 17);
    kit_apply(kit, config(kit, a, g_strdup("{\"disabled\":false,\"timeoutSeconds\":60}")));
    g_autofree char *note = g_strnfill(256 - 11, 'x');
    kit_apply(kit, config(kit, a, g_strdup_printf("{\"note\":\"%s\"}", note)));
    g_assert_cmpint(number(kit, TOTAL, flow), ==, 1 + 5000 + 256);
    // A remark is content.
    kit_refuse(kit, config(kit, a, g_strdup_printf("{\"note\":\"%sx\"}", note)),
               FAULT_LIMIT_EXCEEDED, "NodeConfig has 257 bytes");
    g_assert_cmpint(number(kit, TOTAL, flow), ==, number(kit, PARTS, flow));
    kit_free(kit);
}

static void what_is_no_text_of_the_draft_can_be_changed_above_the_limit(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    int64_t a = kit_node(kit, flow, "aa");
    int64_t b = kit_node(kit, flow, "b");
    kit_apply(kit, content(kit, a, 5000));
    store_set_draft_limit(kit->store, 1000);
    struct change *change = kit_change(kit, CHANGE_NODE_RENAME, 0);
    change->node_id = a;
    change->name = g_strdup("c"); // no longer than it was
    kit_apply(kit, change);
    change = kit_change(kit, CHANGE_FLOW_RENAME, flow);
    change->name = g_strdup("a name that is longer than the one before");
    change->description = g_strdup("and a description");
    kit_apply(kit, change);
    change = kit_change(kit, CHANGE_NODE_DELETE, 0);
    change->node_id = b;
    kit_apply(kit, change);
    g_assert_cmpint(number(kit, TOTAL, flow), ==, 1 + 5000);
    kit_free(kit);
}

static void edit_everything(struct kit *kit, int64_t flow) {
    struct change *change = kit_node_change(kit, flow, "Größe");
    change->output = g_strdup("{\"outputs\":[]}");
    change->time_variables = g_strdup("{\"variables\":[]}");
    change->graph_param = g_strdup("{\"x\":\"ü\"}");
    int64_t node = kit_apply(kit, change);
    int64_t gone = kit_node(kit, flow, "gone");
    kit_apply(kit, content(kit, gone, 300));
    for (int i = 0; i < 2; i++) {
        kit_apply(kit, content(kit, node, 100 + i));
        change = kit_change(kit, CHANGE_NODE_CONFIG, 0);
        change->node_id = node;
        change->config = g_strdup(i == 0 ? "{\"note\":\"ä\"}" : "{}");
        kit_apply(kit, change);
        change = kit_change(kit, CHANGE_NODE_OUTPUT, 0);
        change->node_id = node;
        change->output = i == 0 ? g_strdup("{\"outputs\": []}") : NULL;
        kit_apply(kit, change);
        change = kit_change(kit, CHANGE_NODE_TIME_VARIABLES, 0);
        change->node_id = node;
        change->time_variables = g_strdup("{\"variables\": []}");
        kit_apply(kit, change);
        kit_apply(kit,
                  document(kit, CHANGE_FLOW_TIME_VARIABLES, flow, g_strdup("{\"variables\": []}")));
        kit_apply(kit, document(kit, CHANGE_FLOW_CONSTANTS, flow,
                                g_strdup("[{\"Key\":\"k\",\"Value\":\"ö\"}]")));
    }
    change = kit_change(kit, CHANGE_NODE_RENAME, 0);
    change->node_id = node;
    change->name = g_strdup("Größen");
    kit_apply(kit, change);
    change = kit_change(kit, CHANGE_NODE_DELETE, 0);
    change->node_id = gone;
    kit_apply(kit, change);
}

static void sizes_are_those_of_the_texts(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    edit_everything(kit, flow);
    int64_t bytes = number(kit, TEXTS, flow);
    g_assert_cmpint(bytes, >, 150);
    g_assert_cmpint(number(kit, PARTS, flow), ==, bytes);
    g_assert_cmpint(number(kit, TOTAL, flow), ==, bytes);

    // A store of an earlier program gets the same.
    kit_sql(kit, "DROP TABLE draft_size");
    kit_sql(kit, "UPDATE schema SET version = 7");
    store_close(kit->store);
    kit_open_store(kit);
    g_assert_cmpint(number(kit, PARTS, flow), ==, bytes);
    g_assert_cmpint(number(kit, TOTAL, flow), ==, bytes);
    kit_free(kit);
}

static struct draft *gather(struct kit *kit, int64_t flow) {
    g_autoptr(GError) error = NULL;
    struct draft *draft = NULL;
    (void)store_draft_gather(store_as_reader(kit->store), &kit->admin, flow, &draft, &error);
    g_assert_no_error(error);
    return draft;
}

static int64_t version_of(struct kit *kit, int64_t flow, struct draft *draft) {
    g_autoptr(GError) error = NULL;
    int64_t version = 0;
    kit_begin(kit);
    (void)store_version_for_run(kit->store, &kit->admin, flow, VERSION_DRAFT, draft, KIT_NOW_MS,
                                &version, &error);
    g_assert_no_error(error);
    kit_commit(kit);
    return version;
}

static int stored_nodes(struct kit *kit, int64_t version) {
    g_autoptr(GError) error = NULL;
    struct plan *plan = NULL;
    (void)store_plan_load(store_as_reader(kit->store), version, &plan, &error);
    g_assert_no_error(error);
    int count = plan->node_count;
    plan_unref(plan);
    return count;
}

static void a_draft_that_was_gathered_before_is_stored_as_it_is(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    g_assert_null(gather(kit, flow)); // no nodes: nothing to run
    g_assert_null(gather(kit, flow + 1000));
    kit_node(kit, flow, "a");
    struct draft *draft = gather(kit, flow);
    g_assert_nonnull(draft);
    g_assert_null(draft_take_plan(draft, 0 + 77));
    int64_t version = version_of(kit, flow, draft);
    g_assert_cmpint(stored_nodes(kit, version), ==, 1);
    struct plan *plan = draft_take_plan(draft, version);
    g_assert_nonnull(plan);
    g_assert_cmpint(plan->version_id, ==, version);
    g_assert_cmpint(plan->flow_id, ==, flow);
    g_assert_null(draft_take_plan(draft, version));
    plan_unref(plan);
    draft_free(draft);
    g_assert_null(gather(kit, flow)); // the version of this revision is there
    kit_free(kit);
}

static void expect_stale(struct kit *kit, int64_t flow, struct draft *draft) {
    g_autoptr(GError) error = NULL;
    int64_t version = 0;
    kit_begin(kit);
    g_assert_false(store_version_for_run(kit->store, &kit->admin, flow, VERSION_DRAFT, draft,
                                         KIT_NOW_MS, &version, &error));
    kit_commit(kit);
    g_assert_true(fault_is(error, FAULT_REVISION_STALE));
    g_assert_nonnull(strstr(error->message, "was edited while it was being made ready to run"));
    g_assert_cmpint(version, ==, 0);
}

// What gathering costs is the caller's to pay, and never the engine's.
static void a_draft_that_was_edited_meanwhile_is_not_run(void) {
    struct kit *kit = kit_new();
    int64_t flow = kit_flow(kit, "nightly");
    kit_node(kit, flow, "a");
    struct draft *draft = gather(kit, flow);
    kit_node(kit, flow, "b");
    expect_stale(kit, flow, draft);
    draft_free(draft);
    draft = gather(kit, flow);
    g_assert_cmpint(stored_nodes(kit, version_of(kit, flow, draft)), ==, 2);
    draft_free(draft);
    // There was nothing to gather, and now there is.
    draft = gather(kit, flow);
    g_assert_null(draft);
    kit_node(kit, flow, "c");
    expect_stale(kit, flow, draft);
    // Nor is another flow's draft taken.
    int64_t other = kit_flow(kit, "weekly");
    kit_node(kit, other, "a");
    draft = gather(kit, other);
    expect_stale(kit, flow, draft);
    draft_free(draft);
    kit_free(kit);
}

// What judging costs is the caller's to pay, and not again the engine's.
static void a_publish_beside_an_edit_is_refused_and_changes_nothing(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    struct remarks remarks = { 0 };
    int64_t flow = kit_flow(kit, "nightly");
    (void)kit_node(kit, flow, "a");
    struct change *change = kit_change(kit, CHANGE_FLOW_PUBLISH, flow);
    g_assert_true(store_change_check(store_as_reader(kit->store), change, &remarks, &error));
    remarks_done(&remarks);
    (void)kit_node(kit, flow, "b");
    kit_refuse(kit, change, FAULT_REVISION_STALE, "was edited while it was being published");
    // One whose draft had to be judged and was not there then.
    change = kit_change(kit, CHANGE_FLOW_PUBLISH, flow);
    change->is_checked = true;
    kit_refuse(kit, change, FAULT_REVISION_STALE, "was edited while it was being published");
    // What was refused is judged again as it is now.
    change = kit_change(kit, CHANGE_FLOW_PUBLISH, flow);
    g_assert_true(store_change_check(store_as_reader(kit->store), change, &remarks, &error));
    remarks_done(&remarks);
    (void)kit_node(kit, flow, "c");
    g_assert_true(store_change_check(store_as_reader(kit->store), change, &remarks, &error));
    remarks_done(&remarks);
    kit_apply(kit, change);
    kit_free(kit);
}

static void too_large_a_draft_is_refused_before_it_is_read(void) {
    struct kit *kit = kit_new();
    g_autoptr(GError) error = NULL;
    struct remarks remarks = { 0 };
    struct draft *draft = NULL;
    int64_t version = 0;
    int64_t flow = kit_flow(kit, "nightly");
    kit_node(kit, flow, "a");
    kit_sql(kit, "UPDATE draft_size SET bytes = 268435457 WHERE node_id = 0 AND part = 0");
    g_assert_false(
        store_draft_gather(store_as_reader(kit->store), &kit->admin, flow, &draft, &error));
    g_assert_true(fault_is(error, FAULT_LIMIT_EXCEEDED));
    g_assert_nonnull(strstr(error->message, "have 268435457 bytes together; a version may have "
                                            "268435456"));
    g_assert_null(draft);
    g_clear_error(&error);
    struct change *publish = kit_change(kit, CHANGE_FLOW_PUBLISH, flow);
    g_assert_false(store_change_check(store_as_reader(kit->store), publish, &remarks, &error));
    g_assert_true(fault_is(error, FAULT_LIMIT_EXCEEDED));
    kit_refuse(kit, publish, FAULT_LIMIT_EXCEEDED, "a version may have");
    g_clear_error(&error);
    kit_begin(kit);
    g_assert_false(
        store_version_for_try(kit->store, &kit->admin, flow, KIT_NOW_MS, &version, &error));
    g_assert_true(fault_is(error, FAULT_LIMIT_EXCEEDED));
    kit_commit(kit);
    kit_sql(kit, "UPDATE draft_size SET bytes = 268435456 WHERE node_id = 0 AND part = 0");
    draft_free(gather(kit, flow));
    kit_free(kit);
}

// {"<member>":[ … ]} of so many entries, or the bare list.
static char *list_of(const char *member, const char *entry, int count) {
    GString *text = g_string_new(NULL);
    for (int i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("v%d", i);
        g_auto(GStrv) halves = g_strsplit(entry, "@", 2);
        g_string_append_printf(text, "%s%s%s%s", i > 0 ? "," : "", halves[0], name, halves[1]);
    }
    char *whole = member != NULL ? g_strdup_printf("{\"%s\":[%s]}", member, text->str)
                                 : g_strdup_printf("[%s]", text->str);
    g_string_free(text, TRUE);
    return whole;
}

static struct change *list_change(struct kit *kit, enum change_kind kind, int64_t id, int count) {
    struct change *change = kit_change(kit, kind, kind == CHANGE_NODE_OUTPUT ? 0 : id);
    if (kind == CHANGE_NODE_OUTPUT) {
        change->node_id = id;
        change->output =
            list_of("outputs", "{\"variableName\":\"@\",\"extractMethod\":\"json\"}", count);
    } else if (kind == CHANGE_FLOW_CONSTANTS) {
        change->document = list_of(NULL, "{\"Key\":\"@\",\"Value\":\"\"}", count);
    } else {
        change->document =
            list_of("variables", "{\"name\":\"@\",\"pattern\":\"yyyy-MM-dd|-1d\"}", count);
    }
    return change;
}

static void expect_count(struct kit *kit, enum change_kind kind, int64_t id, int count,
                         const char *refusal) {
    g_autoptr(GError) error = NULL;
    struct remarks remarks = { 0 };
    struct change *change = list_change(kit, kind, id, count);
    g_assert_true(store_change_is_judged(change));
    bool is_good = store_change_check(store_as_reader(kit->store), change, &remarks, &error);
    if (refusal == NULL) {
        g_assert_no_error(error);
        kit_apply(kit, change);
        return;
    }
    g_assert_false(is_good);
    g_assert_true(fault_is(error, FAULT_LIMIT_EXCEEDED));
    g_assert_nonnull(strstr(error->message, refusal));
    change_free(change);
}

static void a_list_of_variables_has_a_thousand_entries_and_no_more(void) {
    struct kit *kit = kit_new();
    enum change_kind kinds[] = { CHANGE_NODE_OUTPUT, CHANGE_FLOW_CONSTANTS,
                                 CHANGE_FLOW_TIME_VARIABLES };
    int64_t flow = kit_flow(kit, "nightly");
    int64_t node = kit_node(kit, flow, "a");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        int64_t id = kinds[i] == CHANGE_NODE_OUTPUT ? node : flow;
        expect_count(kit, kinds[i], id, 1001,
                     "has 1001 entries, where there are 0 now; at most 1000");
        expect_count(kit, kinds[i], id, 1000, NULL);
        expect_count(kit, kinds[i], id, 1001, "at most 1000");
        // One that was stored before there was a limit.
        kit_apply(kit, list_change(kit, kinds[i], id, 1500));
        expect_count(kit, kinds[i], id, 1501, "has 1501 entries, where there are 1500 now");
        expect_count(kit, kinds[i], id, 1400, NULL);
        expect_count(kit, kinds[i], id, 1401, "where there are 1400 now");
        expect_count(kit, kinds[i], id, 3, NULL);
    }
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/draft/a_draft_grows_to_its_limit_and_no_further",
                    a_draft_grows_to_its_limit_and_no_further);
    g_test_add_func("/draft/what_is_larger_than_a_new_limit_may_become_smaller",
                    what_is_larger_than_a_new_limit_may_become_smaller);
    g_test_add_func("/draft/settings_can_be_changed_above_the_limit",
                    settings_can_be_changed_above_the_limit);
    g_test_add_func("/draft/what_is_no_text_of_the_draft_can_be_changed_above_the_limit",
                    what_is_no_text_of_the_draft_can_be_changed_above_the_limit);
    g_test_add_func("/draft/sizes_are_those_of_the_texts", sizes_are_those_of_the_texts);
    g_test_add_func("/draft/a_draft_that_was_gathered_before_is_stored_as_it_is",
                    a_draft_that_was_gathered_before_is_stored_as_it_is);
    g_test_add_func("/draft/a_draft_that_was_edited_meanwhile_is_not_run",
                    a_draft_that_was_edited_meanwhile_is_not_run);
    g_test_add_func("/draft/a_publish_beside_an_edit_is_refused_and_changes_nothing",
                    a_publish_beside_an_edit_is_refused_and_changes_nothing);
    g_test_add_func("/draft/too_large_a_draft_is_refused_before_it_is_read",
                    too_large_a_draft_is_refused_before_it_is_read);
    g_test_add_func("/draft/a_list_of_variables_has_a_thousand_entries_and_no_more",
                    a_list_of_variables_has_a_thousand_entries_and_no_more);
    return g_test_run();
}
