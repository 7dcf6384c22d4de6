// SPDX-License-Identifier: Apache-2.0
//
// What a backfill leaves out: which nodes those are, how a run passes over them, and what becomes of their outputs.

#include "core/selection.h"

#include "base/fault.h"
#include "core/scope.h"
#include "run_kit.h"

// Node ids out of names: "a c".
static GArray *ids_of(const struct plan *plan, const char *names) {
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_auto(GStrv) words = g_strsplit(names, " ", -1);
    for (int i = 0; words[i] != NULL; i++) {
        for (int node = 0; node < plan->node_count; node++) {
            if (strcmp(plan->nodes[node].name, words[i]) == 0) {
                g_array_append_val(ids, plan->nodes[node].id);
            }
        }
    }
    return ids;
}

static struct selection *select_nodes(const struct plan *plan, const char *start, bool with_subtree,
                                      const char *filter) {
    g_autoptr(GArray) start_ids = ids_of(plan, start);
    g_autoptr(GArray) filter_ids = ids_of(plan, filter);
    const struct selection_rule rule = { .start_node_ids = start_ids,
                                         .filter_node_ids = filter_ids,
                                         .with_subtree = with_subtree };
    return selection_new(plan, &rule);
}

static void kit_start_selected(struct kit *kit, const char *flow, const char *start,
                               bool with_subtree, const char *filter) {
    kit_start(kit, flow);
    kit->run->selection = select_nodes(kit->plan, start, with_subtree, filter);
}

static void assert_left_out(const char *flow, const char *start, bool with_subtree,
                            const char *filter, const char *wanted) {
    struct kit kit;
    kit_start_selected(&kit, flow, start, with_subtree, filter);
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < kit.plan->node_count; i++) {
        if (selection_leaves_out(kit.run->selection, i)) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", kit.plan->nodes[i].name);
        }
    }
    g_assert_cmpstr(text->str, ==, wanted);
    kit_done(&kit);
}

static void without_start_nodes_the_whole_graph_runs(void) {
    assert_left_out("a>b b>c d", "", true, "", "");
    assert_left_out("a>b b>c d", "", false, "", "");
    struct kit kit;
    kit_start_selected(&kit, "a>b", "", true, "");
    g_assert_null(kit.run->selection);
    kit_done(&kit);
}

static void with_the_subtree_what_is_behind_the_start_nodes_runs_too(void) {
    assert_left_out("a>b b>c c>d x>c", "b", true, "", "a x");
    assert_left_out("a>b b>c c>d x>c", "b x", true, "", "a");
}

static void without_the_subtree_exactly_the_start_nodes_run(void) {
    assert_left_out("a>b b>c c>d", "b", false, "", "a c d");
    assert_left_out("a>b b>c c>d", "a d", false, "", "b c");
}

static void filtered_nodes_do_not_run_even_if_they_are_start_nodes(void) {
    assert_left_out("a>b b>c", "", true, "b", "b");
    assert_left_out("a>b b>c", "a b", true, "b", "b");
}

static void dependency_checks_are_passed_over(void) {
    static const char snapshot[] =
        "{\"flow\":{\"id\":7,\"name\":\"f\",\"ownerName\":\"ann\"},\"constants\":{},"
        "\"timeVariables\":[],\"nodes\":["
        "{\"id\":1,\"name\":\"check\",\"kind\":\"DEPENDENCY_CHECK\"},"
        "{\"id\":2,\"name\":\"work\",\"kind\":\"AZKABAN_COMMAND_REMOTE\"}],\"edges\":[[1,1,2]]}";
    g_autoptr(GError) error = NULL;
    struct plan *plan = NULL;
    g_assert_true(plan_new(12, snapshot, &plan, &error));
    const struct selection_rule rule = { .with_subtree = true };
    struct selection *selection = selection_new(plan, &rule);
    g_assert_true(selection_leaves_out(selection, plan_position(plan, 1)));
    g_assert_false(selection_leaves_out(selection, plan_position(plan, 2)));
    selection_unref(selection);
    plan_unref(plan);
}

static void assert_check(const char *flow, const char *filter, int64_t start, enum fault kind,
                         const char *field, const char *words) {
    struct kit kit;
    kit_start(&kit, flow);
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) filter_ids = ids_of(kit.plan, filter);
    g_autoptr(GArray) start_ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (start != 0) {
        g_array_append_val(start_ids, start);
    }
    const struct selection_rule rule = { .start_node_ids = start_ids,
                                         .filter_node_ids = filter_ids };
    g_assert_false(selection_check(kit.plan, &rule, &error));
    g_test_message("%s", error->message);
    g_assert_cmpstr(fault_name((enum fault)error->code), ==, fault_name(kind));
    g_assert_cmpstr(fault_field(error), ==, field);
    g_assert_nonnull(strstr(error->message, words));
    kit_done(&kit);
}

static void a_node_that_the_version_does_not_have_is_refused(void) {
    assert_check("a>b", "", 999, FAULT_NODE_NOT_EXIST, "StartNodeIds", "no node 999");
}

static void a_backfill_of_no_node_at_all_is_refused(void) {
    assert_check("a>b", "a b", 0, FAULT_INVALID_VALUE, "FilterNodeIds", "no node");
}

// ---- The run ----

static void what_is_behind_a_node_that_is_left_out_runs(void) {
    struct kit kit;
    kit_start_selected(&kit, "a>b b>c", "b", true, "");
    kit_do(&kit, RUN_EVENT_START);
    kit_assert(&kit, "RUNNING a=SKIPPED b=QUEUED c=WAITING");
    g_assert_cmpint(kit.run->nodes[0].skip_cause, ==, SKIP_USER);
    g_assert_cmpstr(kit.run->nodes[0].message, ==, "left out of this backfill");
    kit_grant(&kit, "b");
    kit_pass(&kit, "b");
    kit_grant(&kit, "c");
    kit_pass(&kit, "c");
    kit_assert(&kit, "SUCCESS a=SKIPPED b=SUCCESS c=SUCCESS");
    kit_done(&kit);
}

static void the_order_holds_over_a_node_that_is_left_out(void) {
    struct kit kit;
    kit_start_selected(&kit, "a>b b>c", "", true, "b");
    kit_do(&kit, RUN_EVENT_START);
    kit_assert(&kit, "RUNNING a=QUEUED b=WAITING c=WAITING");
    kit_grant(&kit, "a");
    kit_pass(&kit, "a");
    kit_assert(&kit, "RUNNING a=SUCCESS b=SKIPPED c=QUEUED");
    kit_done(&kit);
}

static void a_failure_in_front_of_a_node_that_is_left_out_still_cancels_what_is_behind(void) {
    struct kit kit;
    kit_start_selected(&kit, "a>b b>c", "", true, "b");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_fail(&kit, "a");
    kit_assert(&kit, "FAILED a=FAIL b=CANCELLED c=CANCELLED");
    kit_done(&kit);
}

static void a_condition_that_is_left_out_lets_its_branch_run(void) {
    struct kit kit;
    kit_start_selected(&kit, "a>b b>c ?b=all_failed", "", true, "b");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_pass(&kit, "a");
    kit_assert(&kit, "RUNNING a=SUCCESS b=SKIPPED c=QUEUED");
    kit_done(&kit);
}

static void a_rerun_and_a_restore_leave_out_the_same_nodes(void) {
    struct kit kit;
    kit_start_selected(&kit, "a>b b>c", "b", true, "");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "b");
    kit_fail(&kit, "b");
    kit_assert(&kit, "FAILED a=SKIPPED b=FAIL c=CANCELLED");
    kit_do(&kit, RUN_EVENT_RESTORE);
    kit_assert(&kit, "RUNNING a=SKIPPED b=QUEUED c=WAITING");
    kit_do(&kit, RUN_EVENT_STOP);
    kit_do(&kit, RUN_EVENT_RERUN);
    kit_assert(&kit, "RUNNING a=SKIPPED b=QUEUED c=WAITING");
    kit_done(&kit);
}

static void a_suspended_run_leaves_nothing_out_before_it_resumes(void) {
    struct kit kit;
    kit_start_selected(&kit, "a>b b>c", "", true, "b");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_do(&kit, RUN_EVENT_SUSPEND);
    kit_pass(&kit, "a");
    kit_assert(&kit, "SUSPENDED a=SUCCESS b=WAITING c=WAITING");
    kit_do(&kit, RUN_EVENT_RESUME);
    kit_assert(&kit, "RUNNING a=SUCCESS b=SKIPPED c=QUEUED");
    kit_done(&kit);
}

// ---- Outputs ----

static const char OUTPUT[] = "{\"outputs\":[{\"variableName\":\"count\"}]}";

// a gives ${count} and is left out; the flow has a constant of that name.
static void start_without_a(struct kit *kit, json_t *lent) {
    kit_start_selected(kit, "a>b b>c", "", true, "a");
    g_free(kit->plan->nodes[0].output);
    kit->plan->nodes[0].output = g_strdup(OUTPUT);
    (void)json_object_set_new(kit->plan->constants, "count", json_string("constant"));
    if (lent != NULL) {
        selection_lend(kit->run->selection, 0, lent);
    }
    kit_do(kit, RUN_EVENT_START);
    kit_assert(kit, "RUNNING a=SKIPPED b=QUEUED c=WAITING");
}

static struct scope *scope_of(const struct kit *kit, const char *name) {
    struct scope *scope = NULL;
    g_autoptr(GError) error = NULL;
    (void)scope_new(kit->run, kit_position(kit, name), VAR_CHINESE, &scope, &error);
    g_assert_no_error(error);
    return scope;
}

static void outputs_of_an_earlier_run_stand_in(void) {
    struct kit kit;
    start_without_a(&kit, json_pack("{s:s}", "count", "12"));
    struct scope *scope = scope_of(&kit, "c");
    g_assert_cmpstr(scope_lookup("count", scope), ==, "12");
    g_assert_null(scope_absence(scope));
    scope_free(scope);
    kit_do(&kit, RUN_EVENT_STOP);
    kit_do(&kit, RUN_EVENT_RERUN);
    scope = scope_of(&kit, "b");
    g_assert_cmpstr(scope_lookup("count", scope), ==, "12"); // a rerun has them again
    scope_free(scope);
    kit_done(&kit);
}

static void note_name(const char *name, const char *value, void *user) {
    g_assert_nonnull(value);
    *(bool *)user = *(bool *)user || strcmp(name, "count") == 0;
}

static void an_output_that_nothing_stands_in_for_is_missed_only_by_who_asks_for_it(void) {
    struct kit kit;
    start_without_a(&kit, NULL);
    struct scope *scope = scope_of(&kit, "c");
    bool has_count = false;
    scope_each(scope, note_name, &has_count);
    g_assert_false(has_count);
    g_assert_cmpstr(scope_lookup("bizdate", scope), !=, NULL);
    g_assert_null(scope_absence(scope));
    g_assert_cmpstr(scope_lookup("count", scope), ==, NULL); // and not the constant
    g_assert_nonnull(strstr(scope_absence(scope), "output variable count of node a is not there"));
    scope_free(scope);
    kit_done(&kit);
}

static void a_condition_that_needs_a_missing_output_fails_and_says_so(void) {
    struct kit kit;
    kit_start_selected(&kit, "a>b b>c !b=count", "", true, "a");
    g_free(kit.plan->nodes[0].output);
    kit.plan->nodes[0].output = g_strdup(OUTPUT);
    kit_do(&kit, RUN_EVENT_START);
    kit_assert(&kit, "FAILED a=SKIPPED b=FAIL c=CANCELLED");
    g_assert_nonnull(strstr(kit.run->nodes[1].message, "left out of this backfill"));
    kit_done(&kit);
}

#define TEST(name) g_test_add_func("/selection/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(without_start_nodes_the_whole_graph_runs);
    TEST(with_the_subtree_what_is_behind_the_start_nodes_runs_too);
    TEST(without_the_subtree_exactly_the_start_nodes_run);
    TEST(filtered_nodes_do_not_run_even_if_they_are_start_nodes);
    TEST(dependency_checks_are_passed_over);
    TEST(a_node_that_the_version_does_not_have_is_refused);
    TEST(a_backfill_of_no_node_at_all_is_refused);
    TEST(what_is_behind_a_node_that_is_left_out_runs);
    TEST(the_order_holds_over_a_node_that_is_left_out);
    TEST(a_failure_in_front_of_a_node_that_is_left_out_still_cancels_what_is_behind);
    TEST(a_condition_that_is_left_out_lets_its_branch_run);
    TEST(a_rerun_and_a_restore_leave_out_the_same_nodes);
    TEST(a_suspended_run_leaves_nothing_out_before_it_resumes);
    TEST(outputs_of_an_earlier_run_stand_in);
    TEST(an_output_that_nothing_stands_in_for_is_missed_only_by_who_asks_for_it);
    TEST(a_condition_that_needs_a_missing_output_fails_and_says_so);
    return g_test_run();
}
