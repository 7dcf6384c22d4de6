// SPDX-License-Identifier: Apache-2.0
//
// Golden event lists: what each action does in each state (behaviour.md §3.4, §3.5, §3.5.1).

#include "run_kit.h"

#include "base/fault.h"
#include "core/moves.h"
#include "core/run.h"

static void a_chain_runs_node_after_node(void) {
    struct kit kit;
    kit_start(&kit, "a>b b>c");
    kit_assert(&kit, "WAITING a=WAITING b=WAITING c=WAITING");
    kit_do(&kit, RUN_EVENT_START);
    kit_assert(&kit, "RUNNING a=QUEUED b=WAITING c=WAITING");
    kit_grant(&kit, "a");
    kit_pass(&kit, "a");
    kit_assert(&kit, "RUNNING a=SUCCESS b=QUEUED c=WAITING");
    kit_grant(&kit, "b");
    kit_pass(&kit, "b");
    kit_grant(&kit, "c");
    kit_pass(&kit, "c");
    kit_assert(&kit, "SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS");
    g_assert_cmpint(kit_count_effects(&kit, EFFECT_START), ==, 3);
    g_assert_cmpint(kit_count_effects(&kit, EFFECT_CLOSED), ==, 3);
    kit_done(&kit);
}

static void a_repeated_exit_changes_nothing(void) {
    struct kit kit;
    kit_start(&kit, "a>b");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    int64_t fence = kit.fence;
    kit_pass(&kit, "a");
    guint known = kit.effects->items->len;
    (void)kit_step(
        &kit,
        (struct run_event){
            .kind = RUN_EVENT_EXITED, .node = 0, .fence = fence, .outcome = OUTCOME_FAILURE },
        NULL);
    g_assert_cmpuint(kit.effects->items->len, ==, known);
    kit_assert(&kit, "RUNNING a=SUCCESS b=QUEUED");
    kit_done(&kit);
}

static void suspend_holds_queued_nodes_and_lets_running_ones_finish(void) {
    struct kit kit;
    kit_start(&kit, "a>c b c>d");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_do(&kit, RUN_EVENT_SUSPEND);
    kit_assert(&kit, "SUSPENDED a=RUNNING c=WAITING b=WAITING d=WAITING");
    kit_pass(&kit, "a");
    kit_assert(&kit, "SUSPENDED a=SUCCESS c=WAITING b=WAITING d=WAITING");
    kit_do(&kit, RUN_EVENT_SUSPEND);
    kit_do(&kit, RUN_EVENT_RESUME);
    kit_assert(&kit, "RUNNING a=SUCCESS c=QUEUED b=QUEUED d=WAITING");
    kit_refused(&kit, RUN_EVENT_RESUME, "only SUSPENDED runs can be resumed");
    kit_done(&kit);
}

static void a_suspended_run_grants_no_node(void) {
    struct kit kit;
    kit_start(&kit, "a");
    kit_do(&kit, RUN_EVENT_START);
    kit_do(&kit, RUN_EVENT_SUSPEND);
    (void)kit_step(&kit, (struct run_event){ .kind = RUN_EVENT_GRANT, .node = 0, .fence = 5 },
                   NULL);
    kit_assert(&kit, "SUSPENDED a=WAITING");
    kit_done(&kit);
}

static void a_run_that_never_started_resumes_to_waiting(void) {
    struct kit kit;
    kit_start(&kit, "a");
    kit_do(&kit, RUN_EVENT_SUSPEND);
    kit_do(&kit, RUN_EVENT_RESUME);
    kit_assert(&kit, "WAITING a=WAITING");
    kit_done(&kit);
}

static void a_run_whose_nodes_all_ended_stays_suspended_until_resume(void) {
    struct kit kit;
    kit_start(&kit, "a");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_do(&kit, RUN_EVENT_SUSPEND);
    kit_pass(&kit, "a");
    kit_assert(&kit, "SUSPENDED a=SUCCESS");
    kit_do(&kit, RUN_EVENT_RESUME);
    kit_assert(&kit, "SUCCESS a=SUCCESS");
    kit_done(&kit);
}

static void stop_kills_cancels_and_waits_for_the_last_attempt(void) {
    struct kit kit;
    kit_start(&kit, "a>c b>c");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_do(&kit, RUN_EVENT_STOP);
    kit_assert(&kit, "ENDING a=KILLING c=CANCELLED b=CANCELLED");
    g_assert_cmpint(kit_count_effects(&kit, EFFECT_KILL), ==, 1);
    kit_refused(&kit, RUN_EVENT_SUSPEND, "is ENDING");
    kit_end(&kit, "a", OUTCOME_KILLED);
    kit_assert(&kit, "STOPPED a=FAIL c=CANCELLED b=CANCELLED");
    g_assert_cmpstr(kit.run->message, ==, "stopped by tester");
    kit_do(&kit, RUN_EVENT_STOP);
    kit_assert(&kit, "STOPPED a=FAIL c=CANCELLED b=CANCELLED");
    kit_done(&kit);
}

static void stop_without_an_open_attempt_ends_at_once(void) {
    struct kit kit;
    kit_start(&kit, "a>b");
    kit_do(&kit, RUN_EVENT_START);
    kit_do(&kit, RUN_EVENT_STOP);
    kit_assert(&kit, "STOPPED a=CANCELLED b=CANCELLED");
    kit_done(&kit);
}

static void an_exit_before_the_kill_decides_by_its_code(void) {
    struct kit kit;
    kit_start(&kit, "a b");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_grant(&kit, "b");
    kit_do(&kit, RUN_EVENT_STOP);
    kit_pass(&kit, "a");
    kit_fail(&kit, "b");
    kit_assert(&kit, "STOPPED a=SUCCESS b=FAIL");
    kit_done(&kit);
}

static void set_successful_skips_what_is_unfinished_and_keeps_failures(void) {
    struct kit kit;
    kit_start_with(&kit, "a>d b c", POLICY_COMPLETE_RUNNABLE);
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_grant(&kit, "b");
    kit_fail(&kit, "b");
    kit_do(&kit, RUN_EVENT_SET_SUCCESS);
    kit_assert(&kit, "ENDING a=KILLING d=SKIPPED b=FAIL c=SKIPPED");
    g_assert_nonnull(
        strstr(kit.run->nodes[kit_position(&kit, "b")].message, "set to successful by tester"));
    kit_end(&kit, "a", OUTCOME_KILLED);
    kit_assert(&kit, "SUCCESS a=SKIPPED d=SKIPPED b=FAIL c=SKIPPED");
    kit_done(&kit);
}

static void a_stop_overrules_set_successful_while_ending(void) {
    struct kit kit;
    kit_start(&kit, "a");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_do(&kit, RUN_EVENT_SET_SUCCESS);
    kit_do(&kit, RUN_EVENT_STOP);
    kit_assert(&kit, "ENDING a=KILLING");
    kit_end(&kit, "a", OUTCOME_KILLED);
    kit_assert(&kit, "STOPPED a=FAIL");
    kit_do(&kit, RUN_EVENT_SET_SUCCESS);
    kit_assert(&kit, "SUCCESS a=FAIL");
    kit_refused(&kit, RUN_EVENT_SET_SUCCESS, "run 47 is SUCCESS");
    kit_done(&kit);
}

static void rerun_runs_all_nodes_and_counts_attempts_on(void) {
    struct kit kit;
    kit_start(&kit, "a>b");
    kit_refused(&kit, RUN_EVENT_RERUN, "only FAILED, STOPPED, SUCCESS runs can be rerun");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_fail(&kit, "a");
    kit_assert(&kit, "FAILED a=FAIL b=CANCELLED");
    g_assert_cmpstr(kit.run->message, ==, "node a failed: exit code 1");
    kit_do(&kit, RUN_EVENT_RERUN);
    kit_assert(&kit, "RUNNING a=QUEUED b=WAITING");
    g_assert_cmpint(kit.run->run_number, ==, 2);
    g_assert_null(kit.run->message);
    kit_grant(&kit, "a");
    g_assert_cmpint(kit.run->nodes[0].attempt, ==, 2);
    kit_pass(&kit, "a");
    kit_grant(&kit, "b");
    kit_pass(&kit, "b");
    kit_assert(&kit, "SUCCESS a=SUCCESS b=SUCCESS");
    kit_do(&kit, RUN_EVENT_RERUN);
    kit_assert(&kit, "RUNNING a=QUEUED b=WAITING");
    kit_done(&kit);
}

static void rerun_in_another_version_keeps_known_nodes(void) {
    struct kit kit;
    kit_start(&kit, "a>b");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_fail(&kit, "a");
    g_autofree char *snapshot = kit_snapshot("a>b b>c", POLICY_COMPLETE_RUNNING);
    struct plan *other = NULL;
    g_assert_true(plan_new(10, snapshot, &other, NULL));
    int64_t ids[] = { 1, 2, 77 };
    g_assert_true(kit_step(
        &kit, (struct run_event){ .kind = RUN_EVENT_RERUN, .plan = other, .node_run_ids = ids },
        NULL));
    g_assert_cmpint(kit_count_effects(&kit, EFFECT_PLAN_CHANGED), ==, 1);
    g_assert_cmpint(kit.run->plan->node_count, ==, 3);
    g_assert_cmpint(kit.run->nodes[0].id, ==, 1001);
    g_assert_cmpint(kit.run->nodes[0].attempt, ==, 1);
    g_assert_cmpint(kit.run->nodes[2].id, ==, 77);
    plan_unref(other);
    kit_done(&kit);
}

static void restore_runs_only_what_did_not_succeed(void) {
    struct kit kit;
    kit_start(&kit, "a>b b>c d");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_grant(&kit, "d");
    kit_pass(&kit, "a");
    kit_grant(&kit, "b");
    kit_fail(&kit, "b");
    kit_pass(&kit, "d");
    kit_assert(&kit, "FAILED a=SUCCESS b=FAIL c=CANCELLED d=SUCCESS");
    kit_do(&kit, RUN_EVENT_RESTORE);
    kit_assert(&kit, "RUNNING a=SUCCESS b=QUEUED c=WAITING d=SUCCESS");
    kit_grant(&kit, "b");
    kit_pass(&kit, "b");
    kit_grant(&kit, "c");
    kit_pass(&kit, "c");
    kit_assert(&kit, "SUCCESS a=SUCCESS b=SUCCESS c=SUCCESS d=SUCCESS");
    kit_refused(&kit, RUN_EVENT_RESTORE, "only FAILED, STOPPED runs can be restored");
    kit_done(&kit);
}

static void restore_in_another_version_keeps_what_succeeded(void) {
    struct kit kit;
    kit_start(&kit, "a>b b>c");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_pass(&kit, "a");
    kit_grant(&kit, "b");
    kit_fail(&kit, "b");
    g_autofree char *snapshot = kit_snapshot("a>b b>c a>d", POLICY_COMPLETE_RUNNING);
    struct plan *other = NULL;
    g_assert_true(plan_new(10, snapshot, &other, NULL));
    int64_t ids[] = { 1, 2, 3, 77 };
    g_assert_true(kit_step(
        &kit, (struct run_event){ .kind = RUN_EVENT_RESTORE, .plan = other, .node_run_ids = ids },
        NULL));
    g_assert_cmpint(kit_count_effects(&kit, EFFECT_PLAN_CHANGED), ==, 1);
    g_assert_cmpint(kit.run->nodes[3].id, ==, 77);
    g_assert_cmpint(kit.run->nodes[0].state, ==, NODE_SUCCESS);
    g_assert_cmpint(kit.run->nodes[1].state, ==, NODE_QUEUED);
    g_assert_cmpint(kit.run->nodes[2].state, ==, NODE_WAITING);
    g_assert_cmpint(kit.run->nodes[3].state, ==, NODE_QUEUED);
    plan_unref(other);
    kit_done(&kit);
}

// The node that failed is gone, and nothing else is left to do.
static void restore_in_a_version_without_the_failure_ends_at_once(void) {
    struct kit kit;
    kit_start(&kit, "a>b");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_pass(&kit, "a");
    kit_grant(&kit, "b");
    kit_fail(&kit, "b");
    g_autofree char *snapshot = kit_snapshot("a", POLICY_COMPLETE_RUNNING);
    struct plan *other = NULL;
    g_assert_true(plan_new(10, snapshot, &other, NULL));
    int64_t ids[] = { 1 };
    g_assert_true(kit_step(
        &kit, (struct run_event){ .kind = RUN_EVENT_RESTORE, .plan = other, .node_run_ids = ids },
        NULL));
    g_assert_cmpint(kit.run->state, ==, RUN_SUCCESS);
    plan_unref(other);
    kit_done(&kit);
}

static void restore_asks_conditions_behind_a_failure_again(void) {
    struct kit kit;
    kit_start_with(&kit, "a>h h>w ?h=one_failed", POLICY_COMPLETE_RUNNABLE);
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_fail(&kit, "a");
    kit_grant(&kit, "w");
    kit_pass(&kit, "w");
    kit_assert(&kit, "FAILED a=FAIL h=SUCCESS w=SUCCESS");
    kit_do(&kit, RUN_EVENT_RESTORE);
    kit_assert(&kit, "RUNNING a=QUEUED h=WAITING w=SUCCESS");
    kit_grant(&kit, "a");
    kit_pass(&kit, "a");
    kit_assert(&kit, "SUCCESS a=SUCCESS h=SUCCESS w=SUCCESS");
    kit_done(&kit);
}

static void retries_wait_and_are_tried_again(void) {
    struct kit kit;
    kit_start(&kit, "a~2>b");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_fail(&kit, "a");
    kit_assert(&kit, "RUNNING a=RETRY_WAIT b=WAITING");
    g_assert_cmpint(run_due_ms(kit.run), ==, kit.now_ms + 10000);
    kit_do(&kit, RUN_EVENT_TIMER);
    kit_assert(&kit, "RUNNING a=RETRY_WAIT b=WAITING");
    kit.now_ms += 10000;
    kit_do(&kit, RUN_EVENT_TIMER);
    kit_assert(&kit, "RUNNING a=QUEUED b=WAITING");
    kit_grant(&kit, "a");
    kit_fail(&kit, "a");
    kit.now_ms += 10000;
    kit_do(&kit, RUN_EVENT_TIMER);
    kit_grant(&kit, "a");
    g_assert_cmpint(kit.run->nodes[0].attempt, ==, 3);
    kit_fail(&kit, "a");
    kit_assert(&kit, "FAILED a=FAIL b=CANCELLED");
    kit_done(&kit);
}

// Durations are counted on a clock of their own: what people are shown may jump by days.
static void the_wall_clock_may_be_set_while_a_run_runs(void) {
    const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    struct kit kit;
    kit_start(&kit, "a~1");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit.now_ms += day_ms;
    kit.steady_away_ms -= day_ms;
    kit_do(&kit, RUN_EVENT_TIMER);
    kit_assert(&kit, "RUNNING a=RUNNING");
    kit_fail(&kit, "a");
    kit.now_ms += 9999;
    kit_do(&kit, RUN_EVENT_TIMER);
    kit_assert(&kit, "RUNNING a=RETRY_WAIT");
    kit.now_ms += 1 - 2 * day_ms;
    kit.steady_away_ms += 2 * day_ms;
    kit_do(&kit, RUN_EVENT_TIMER);
    kit_assert(&kit, "RUNNING a=QUEUED");
    kit_do(&kit, RUN_EVENT_SUSPEND);
    g_assert_cmpint(kit.run->running_ms, ==, 10000);
    kit_do(&kit, RUN_EVENT_RESUME);
    kit.steady_away_ms += 3600 * 1000 - 10000;
    kit_do(&kit, RUN_EVENT_TIMER);
    g_assert_nonnull(strstr(kit.run->message, "ran longer than its limit of 3600 s"));
    kit_done(&kit);
}

static void a_retry_due_while_suspended_waits_for_resume(void) {
    struct kit kit;
    kit_start(&kit, "a~1");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_do(&kit, RUN_EVENT_SUSPEND);
    kit_fail(&kit, "a");
    kit.now_ms += 20000;
    kit_do(&kit, RUN_EVENT_TIMER);
    kit_assert(&kit, "SUSPENDED a=RETRY_WAIT");
    g_assert_cmpint(run_due_ms(kit.run), ==, 0);
    kit_do(&kit, RUN_EVENT_RESUME);
    kit_assert(&kit, "RUNNING a=QUEUED");
    kit_done(&kit);
}

static void a_stop_ends_a_waiting_retry_with_its_last_message(void) {
    struct kit kit;
    kit_start(&kit, "a~1");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_fail(&kit, "a");
    kit_do(&kit, RUN_EVENT_STOP);
    kit_assert(&kit, "STOPPED a=FAIL");
    g_assert_cmpstr(kit.run->nodes[0].message, ==, "exit code 1");
    kit_done(&kit);
}

static void lost_is_retried_only_when_the_node_says_so(void) {
    struct kit kit;
    kit_start_with(&kit, "a~1 b~1L", POLICY_COMPLETE_RUNNABLE);
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_grant(&kit, "b");
    kit_attempt_event(&kit, "a", RUN_EVENT_LOST, "lost: outcome unknown");
    kit_attempt_event(&kit, "b", RUN_EVENT_LOST, "lost: outcome unknown");
    kit_assert(&kit, "RUNNING a=FAIL b=RETRY_WAIT");
    g_assert_cmpstr(kit.run->nodes[0].message, ==, "lost: outcome unknown");
    kit_done(&kit);
}

static void an_attempt_that_never_started_is_queued_again(void) {
    struct kit kit;
    kit_start(&kit, "a");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_attempt_event(&kit, "a", RUN_EVENT_VOIDED, NULL);
    kit_assert(&kit, "RUNNING a=QUEUED");
    kit_grant(&kit, "a");
    kit_do(&kit, RUN_EVENT_SUSPEND);
    kit_attempt_event(&kit, "a", RUN_EVENT_VOIDED, NULL);
    kit_assert(&kit, "SUSPENDED a=WAITING");
    kit_done(&kit);
}

static void a_refused_start_fails_with_the_reason(void) {
    struct kit kit;
    kit_start(&kit, "a");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_attempt_event(&kit, "a", RUN_EVENT_REFUSED, "could not start: no space");
    kit_assert(&kit, "FAILED a=FAIL");
    g_assert_cmpstr(kit.run->message, ==, "node a failed: could not start: no space");
    kit_done(&kit);
}

static void an_unprepared_node_fails_without_an_attempt(void) {
    struct kit kit;
    kit_start(&kit, "a~3");
    kit_do(&kit, RUN_EVENT_START);
    (void)kit_step(&kit,
                   (struct run_event){ .kind = RUN_EVENT_UNPREPARED,
                                       .node = 0,
                                       .message = "variable ${x} is unknown" },
                   NULL);
    kit_assert(&kit, "FAILED a=FAIL");
    g_assert_cmpint(kit.run->nodes[0].attempt, ==, 0);
    kit_done(&kit);
}

static void a_failure_lets_running_nodes_finish_and_cancels_the_rest(void) {
    struct kit kit;
    kit_start(&kit, "a>c b>d e");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_grant(&kit, "b");
    kit_fail(&kit, "a");
    kit_assert(&kit, "RUNNING a=FAIL c=CANCELLED b=RUNNING d=CANCELLED e=CANCELLED");
    kit_pass(&kit, "b");
    kit_assert(&kit, "FAILED a=FAIL c=CANCELLED b=SUCCESS d=CANCELLED e=CANCELLED");
    kit_done(&kit);
}

static void the_policy_terminate_kills_what_runs(void) {
    struct kit kit;
    kit_start_with(&kit, "a>c b>d", POLICY_TERMINATE);
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_grant(&kit, "b");
    kit_fail(&kit, "a");
    kit_assert(&kit, "ENDING a=FAIL c=CANCELLED b=KILLING d=CANCELLED");
    kit_end(&kit, "b", OUTCOME_KILLED);
    kit_assert(&kit, "FAILED a=FAIL c=CANCELLED b=FAIL d=CANCELLED");
    g_assert_cmpstr(kit.run->message, ==, "node a failed: exit code 1");
    kit_done(&kit);
}

static void the_policy_complete_runnable_runs_what_is_not_behind(void) {
    struct kit kit;
    kit_start_with(&kit, "a>c b>d c>e d>e", POLICY_COMPLETE_RUNNABLE);
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_fail(&kit, "a");
    kit_assert(&kit, "RUNNING a=FAIL c=CANCELLED b=QUEUED d=WAITING e=CANCELLED");
    kit_grant(&kit, "b");
    kit_pass(&kit, "b");
    kit_grant(&kit, "d");
    kit_pass(&kit, "d");
    kit_assert(&kit, "FAILED a=FAIL c=CANCELLED b=SUCCESS d=SUCCESS e=CANCELLED");
    kit_done(&kit);
}

static void a_handler_behind_the_failure_runs_under_every_policy_but_terminate(void) {
    enum failure_policy policies[] = { POLICY_COMPLETE_RUNNING, POLICY_COMPLETE_RUNNABLE };
    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++) {
        struct kit kit;
        kit_start_with(&kit, "a>x x>h h>w ?h=one_failed", policies[i]);
        kit_do(&kit, RUN_EVENT_START);
        kit_grant(&kit, "a");
        kit_fail(&kit, "a");
        kit_assert(&kit, "RUNNING a=FAIL x=CANCELLED h=SUCCESS w=QUEUED");
        kit_grant(&kit, "w");
        kit_pass(&kit, "w");
        kit_assert(&kit, "FAILED a=FAIL x=CANCELLED h=SUCCESS w=SUCCESS");
        kit_done(&kit);
    }
    struct kit kit;
    kit_start_with(&kit, "a>h h>w ?h=one_failed", POLICY_TERMINATE);
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_fail(&kit, "a");
    kit_assert(&kit, "FAILED a=FAIL h=CANCELLED w=CANCELLED");
    kit_done(&kit);
}

static void a_false_condition_skips_its_branch_down_every_path(void) {
    struct kit kit;
    kit_start(&kit, "a>h h>x x>y a>z z>y ?h=one_failed");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_pass(&kit, "a");
    kit_assert(&kit, "RUNNING a=SUCCESS h=SUCCESS x=SKIPPED y=SKIPPED z=QUEUED");
    kit_grant(&kit, "z");
    kit_pass(&kit, "z");
    kit_assert(&kit, "SUCCESS a=SUCCESS h=SUCCESS x=SKIPPED y=SKIPPED z=SUCCESS");
    kit_done(&kit);
}

static void an_all_done_condition_joins_branches(void) {
    struct kit kit;
    kit_start(&kit, "a>h h>x x>j a>z z>j j>k ?h=one_failed ?j=all_done");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_pass(&kit, "a");
    kit_grant(&kit, "z");
    kit_pass(&kit, "z");
    kit_grant(&kit, "k");
    kit_pass(&kit, "k");
    kit_assert(&kit, "SUCCESS a=SUCCESS h=SUCCESS x=SKIPPED j=SUCCESS z=SUCCESS k=SUCCESS");
    kit_done(&kit);
}

static void an_unknown_variable_fails_the_condition(void) {
    struct kit kit;
    kit_start(&kit, "a>h h>x !h=nothing");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_pass(&kit, "a");
    kit_assert(&kit, "FAILED a=SUCCESS h=FAIL x=CANCELLED");
    g_assert_nonnull(strstr(kit.run->message, "nothing"));
    kit_done(&kit);
}

static void disabled_nodes_count_as_success(void) {
    struct kit kit;
    kit_start(&kit, "a->b b->c c");
    kit_do(&kit, RUN_EVENT_START);
    kit_assert(&kit, "RUNNING a=SKIPPED b=SKIPPED c=QUEUED");
    kit_done(&kit);
}

static void a_flow_over_its_time_limit_is_killed_and_fails(void) {
    struct kit kit;
    kit_start(&kit, "a>b");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    g_assert_cmpint(run_due_ms(kit.run), ==, kit.now_ms + 3600 * 1000);
    kit.now_ms += 1800 * 1000;
    kit_do(&kit, RUN_EVENT_SUSPEND);
    kit.now_ms += 9999 * 1000; // does not count
    kit_do(&kit, RUN_EVENT_RESUME);
    kit_do(&kit, RUN_EVENT_TIMER);
    kit_assert(&kit, "RUNNING a=RUNNING b=WAITING");
    kit.now_ms += 1800 * 1000;
    kit_do(&kit, RUN_EVENT_TIMER);
    kit_assert(&kit, "ENDING a=KILLING b=CANCELLED");
    kit_end(&kit, "a", OUTCOME_KILLED);
    kit_assert(&kit, "FAILED a=FAIL b=CANCELLED");
    g_assert_nonnull(strstr(kit.run->message, "limit of 3600 s"));
    kit_done(&kit);
}

static void lost_while_ending_fails_the_node_and_ends_the_run(void) {
    struct kit kit;
    kit_start(&kit, "a");
    kit_do(&kit, RUN_EVENT_START);
    kit_grant(&kit, "a");
    kit_do(&kit, RUN_EVENT_SET_SUCCESS);
    kit_attempt_event(&kit, "a", RUN_EVENT_LOST, "lost: outcome unknown");
    kit_assert(&kit, "SUCCESS a=FAIL");
    kit_done(&kit);
}

// The matrix of behaviour.md §3.4, cell by cell.
static void the_matrix_of_actions_is_that_of_the_specification(void) {
    g_autofree char *table = moves_run_table();
    g_assert_nonnull(strstr(table, "| WAITING | RUNNING | SUSPENDED | – | STOPPED | – | – | – |"));
    g_assert_nonnull(strstr(table, "| RUNNING | = | SUSPENDED | – | ENDING | ENDING | – | – |"));
    g_assert_nonnull(
        strstr(table, "| SUSPENDED | – | = | RUNNING or WAITING | ENDING | ENDING | – | – |"));
    g_assert_nonnull(strstr(table, "| ENDING | – | – | – | verdict STOPPED | – | – | – |"));
    g_assert_nonnull(strstr(table, "| FAILED | – | – | – | – | SUCCESS | RUNNING | RUNNING |"));
    g_assert_nonnull(strstr(table, "| STOPPED | – | – | – | = | SUCCESS | RUNNING | RUNNING |"));
    g_assert_nonnull(strstr(table, "| SUCCESS | – | – | – | – | – | RUNNING | – |"));
}

static void the_tables_stand_in_the_documentation(void) {
    const char *source = g_getenv("SLUICE_SOURCE");
    g_assert_nonnull(source);
    g_autofree char *path = g_build_filename(source, "docs", "states.md", NULL);
    g_autofree char *text = NULL;
    g_autofree char *runs = moves_run_table();
    g_autofree char *nodes = moves_node_table();
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, runs));
    g_assert_nonnull(strstr(text, nodes));
}

// A chain of engine-decided nodes is settled in one step, without recursion; time grows with nodes plus edges.
static void a_hundred_thousand_nodes_settle_in_one_step(void) {
    enum { NODES = 100000 };
    GString *text = g_string_new("{\"flow\":{\"id\":7,\"name\":\"f\",\"ownerId\":1,\"ownerName\":"
                                 "\"o\",\"zone\":\"UTC\",\"policy\":\"");
    g_string_append_printf(text, "%s\"},\"constants\":{},\"timeVariables\":[],\"nodes\":[",
                           failure_policy_name(POLICY_COMPLETE_RUNNING));
    for (int i = 1; i <= NODES; i++) {
        g_string_append_printf(text,
                               "%s{\"id\":%d,\"name\":\"n%d\",\"kind\":\"AZKABAN_COMMAND_REMOTE\","
                               "\"config\":\"{\\\"disabled\\\":true}\"}",
                               i > 1 ? "," : "", i, i);
    }
    g_string_append(text, "],\"edges\":[");
    for (int i = 1; i < NODES; i++) {
        g_string_append_printf(text, "%s[%d,%d,%d]", i > 1 ? "," : "", NODES + i, i, i + 1);
    }
    g_string_append(text, "]}");
    struct plan *plan = NULL;
    g_autoptr(GError) error = NULL;
    bool is_built = plan_new(1, text->str, &plan, &error);
    g_assert_no_error(error);
    g_assert_true(is_built);
    g_autofree int64_t *ids = g_new0(int64_t, NODES);
    struct run *run = run_new(1, 1, plan, ids, TRIGGER_MANUAL, 5);
    struct effects *effects = effects_new();
    struct run_event event = { .kind = RUN_EVENT_START, .now_ms = 5, .steady_ms = 5, .actor = "t" };
    g_assert_true(run_step(run, &event, effects, NULL));
    g_assert_cmpstr(run_state_name(run->state), ==, "SUCCESS");
    effects_free(effects);
    run_free(run);
    plan_unref(plan);
    (void)g_string_free(text, TRUE);
}

#define ADD(name) g_test_add_func("/machine/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD(a_chain_runs_node_after_node);
    ADD(a_repeated_exit_changes_nothing);
    ADD(suspend_holds_queued_nodes_and_lets_running_ones_finish);
    ADD(a_suspended_run_grants_no_node);
    ADD(a_run_that_never_started_resumes_to_waiting);
    ADD(a_run_whose_nodes_all_ended_stays_suspended_until_resume);
    ADD(stop_kills_cancels_and_waits_for_the_last_attempt);
    ADD(stop_without_an_open_attempt_ends_at_once);
    ADD(an_exit_before_the_kill_decides_by_its_code);
    ADD(set_successful_skips_what_is_unfinished_and_keeps_failures);
    ADD(a_stop_overrules_set_successful_while_ending);
    ADD(rerun_runs_all_nodes_and_counts_attempts_on);
    ADD(rerun_in_another_version_keeps_known_nodes);
    ADD(restore_runs_only_what_did_not_succeed);
    ADD(restore_in_another_version_keeps_what_succeeded);
    ADD(restore_in_a_version_without_the_failure_ends_at_once);
    ADD(restore_asks_conditions_behind_a_failure_again);
    ADD(retries_wait_and_are_tried_again);
    ADD(the_wall_clock_may_be_set_while_a_run_runs);
    ADD(a_retry_due_while_suspended_waits_for_resume);
    ADD(a_stop_ends_a_waiting_retry_with_its_last_message);
    ADD(lost_is_retried_only_when_the_node_says_so);
    ADD(an_attempt_that_never_started_is_queued_again);
    ADD(a_refused_start_fails_with_the_reason);
    ADD(an_unprepared_node_fails_without_an_attempt);
    ADD(a_failure_lets_running_nodes_finish_and_cancels_the_rest);
    ADD(the_policy_terminate_kills_what_runs);
    ADD(the_policy_complete_runnable_runs_what_is_not_behind);
    ADD(a_handler_behind_the_failure_runs_under_every_policy_but_terminate);
    ADD(a_false_condition_skips_its_branch_down_every_path);
    ADD(an_all_done_condition_joins_branches);
    ADD(an_unknown_variable_fails_the_condition);
    ADD(disabled_nodes_count_as_success);
    ADD(a_flow_over_its_time_limit_is_killed_and_fails);
    ADD(lost_while_ending_fails_the_node_and_ends_the_run);
    ADD(the_matrix_of_actions_is_that_of_the_specification);
    ADD(the_tables_stand_in_the_documentation);
    ADD(a_hundred_thousand_nodes_settle_in_one_step);
    return g_test_run();
}
