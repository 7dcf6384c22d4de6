// SPDX-License-Identifier: Apache-2.0
// States the codes that the specification leaves to us, next to the published ones.
#include <glib.h>

#include "core/model.h"

static void run_states_have_their_codes(void) {
    static const int codes[RUN_STATE_COUNT] = {
        [RUN_WAITING] = 0, [RUN_RUNNING] = 1, [RUN_SUSPENDED] = 2, [RUN_ENDING] = 1,
        [RUN_FAILED] = 3,  [RUN_STOPPED] = 3, [RUN_SUCCESS] = 4,
    };
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        enum run_state state = (enum run_state)i;
        enum run_state back = RUN_STATE_COUNT;
        g_assert_cmpint(run_state_code(state), ==, codes[i]);
        g_assert_true(run_state_from_name(run_state_name(state), &back));
        g_assert_cmpint(back, ==, state);
        g_assert_cmpint(run_state_is_terminal(state), ==, i >= RUN_FAILED);
    }
}

static void node_states_have_their_codes(void) {
    static const int codes[NODE_STATE_COUNT] = {
        [NODE_WAITING] = 0, [NODE_RETRY_WAIT] = 0, [NODE_QUEUED] = 0, [NODE_RUNNING] = 1,
        [NODE_SUSPEND] = 2, [NODE_KILLING] = 1,    [NODE_FAIL] = 3,   [NODE_SUCCESS] = 4,
        [NODE_SKIPPED] = 5, [NODE_CANCELLED] = 5,
    };
    for (int i = 0; i < NODE_STATE_COUNT; i++) {
        enum node_state state = (enum node_state)i;
        enum node_state back = NODE_STATE_COUNT;
        g_assert_cmpint(node_state_code(state), ==, codes[i]);
        g_assert_true(node_state_from_name(node_state_name(state), &back));
        g_assert_cmpint(back, ==, state);
        g_assert_cmpint(node_state_is_terminal(state), ==, i >= NODE_FAIL);
    }
}

static void unknown_names_are_refused(void) {
    enum run_state run_state = RUN_ENDING;
    enum node_state node_state = NODE_FAIL;
    enum failure_policy policy = POLICY_TERMINATE;
    enum node_kind kind = KIND_SCRIPT;
    g_assert_false(run_state_from_name("running", &run_state));
    g_assert_false(node_state_from_name("", &node_state));
    g_assert_false(failure_policy_from_name("NONE", &policy));
    g_assert_false(node_kind_from_text("NO_SUCH", &kind));
    g_assert_false(node_kind_from_text("", &kind));
    g_assert_false(node_kind_from_text("-1", &kind));
    g_assert_false(node_kind_from_text("1x", &kind));
    g_assert_false(node_kind_from_text("99999999999999999999", &kind));
    g_assert_cmpint(run_state, ==, RUN_ENDING);
    g_assert_cmpint(kind, ==, KIND_SCRIPT);
}

static void kinds_have_documented_numbers(void) {
    static const struct {
        const char *word;
        int number;
    } rows[] = {
        { "NORMAL_SQL", 1 },
        { "DEPENDENCY_CHECK", 2 },
        { "TABLE_TIME_CHECK", 17 },
        { "QUALITY_CHECK", 26 },
        { "CONDITION", 31 },
        { "SQL_ASSIGNMENT", 32 },
        { "SPARK_SQL", 36 },
        { "ECS_SCRIPT", 42 },
        { "SSH_COMMAND", 45 },
        { "AZKABAN_COMMAND_REMOTE", 1001 },
        { "LOOP_NORMAL_SQL", 1002 },
        { "SQL_STATUS_CHECK", 1003 },
        { "SPARK_INTEGRATION", 1004 },
        { "DTS_FULL_SYNC", 1005 },
        { "NLOCK_DATA_CORRECT", 1006 },
        { "DBS_BACKUP", 1007 },
        { "LINDORM_FILE_CHECK", 1008 },
        { "DTS_CHECKPOINT", 1009 },
        { "LINDORM_SPARK", 1010 },
        { "ADB_SPARK", 1011 },
        { "DLA_SERVERLESS_SPARK", 1012 },
        { "DLA_SERVERLESS_SPARK_SQL", 1013 },
        { "DLA_ONE_CLICK_DW", 1014 },
    };
    g_assert_cmpint(G_N_ELEMENTS(rows), ==, KIND_COUNT);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        enum node_kind by_word = KIND_COUNT;
        enum node_kind by_number = KIND_COUNT;
        enum node_kind by_small_word = KIND_COUNT;
        char number[16];
        (void)g_snprintf(number, sizeof number, "%d", rows[i].number);
        g_autofree char *small_word = g_ascii_strdown(rows[i].word, -1);
        g_assert_true(node_kind_from_text(rows[i].word, &by_word));
        g_assert_true(node_kind_from_text(number, &by_number));
        g_assert_true(node_kind_from_text(small_word, &by_small_word));
        g_assert_cmpint(by_word, ==, by_number);
        g_assert_cmpint(by_word, ==, by_small_word);
        g_assert_cmpint(node_kind_number(by_word), ==, rows[i].number);
        g_assert_cmpstr(node_kind_word(by_word), ==, rows[i].word);
    }
}

static void four_kinds_run_and_three_have_outputs(void) {
    for (int i = 0; i < KIND_COUNT; i++) {
        enum node_kind kind = (enum node_kind)i;
        g_assert_cmpint(node_kind_is_runnable(kind), ==,
                        kind == KIND_SCRIPT || kind == KIND_NORMAL_SQL ||
                            kind == KIND_SQL_ASSIGNMENT || kind == KIND_CONDITION);
        g_assert_cmpint(node_kind_has_outputs(kind), ==,
                        kind == KIND_SCRIPT || kind == KIND_SQL_ASSIGNMENT ||
                            kind == KIND_ECS_SCRIPT);
        g_assert_cmpint(node_kind_timeout_ms(kind), >, 0);
        g_assert_cmpint(node_kind_timeout_ms(kind), <=, (int64_t)18 * 3600 * 1000);
    }
    g_assert_cmpint(node_kind_timeout_ms(KIND_SQL_ASSIGNMENT), ==, 3600 * 1000);
    g_assert_cmpint(node_kind_timeout_ms(KIND_NORMAL_SQL), ==, 14 * 3600 * 1000);
}

static void flow_codes_follow_status_and_schedule(void) {
    g_assert_cmpint(flow_status_code(FLOW_DRAFT, true), ==, 1);
    g_assert_cmpint(flow_status_code(FLOW_PUBLISHED, false), ==, 1);
    g_assert_cmpint(flow_status_code(FLOW_PUBLISHED, true), ==, 2);
    g_assert_cmpint(flow_status_code(FLOW_OFFLINE, true), ==, 0);
    g_assert_cmpint(flow_status_code(FLOW_DELETED, false), ==, 0);
    g_assert_cmpstr(flow_status_name(FLOW_PUBLISHED), ==, "PUBLISHED");
}

static void policies_and_causes_have_names(void) {
    for (int i = 0; i < POLICY_COUNT; i++) {
        enum failure_policy back = POLICY_COUNT;
        g_assert_true(failure_policy_from_name(failure_policy_name((enum failure_policy)i), &back));
        g_assert_cmpint(back, ==, i);
    }
    g_assert_cmpstr(skip_cause_name(SKIP_NONE), ==, "");
    g_assert_cmpstr(skip_cause_name(SKIP_BRANCH), ==, "BRANCH");
    g_assert_cmpstr(skip_cause_name(SKIP_USER), ==, "USER");
}

static void roles_have_our_numbers(void) {
    static const char *const words[] = { "USER", "DBA", "ADMIN", "SECURITY_ADMIN",
                                         "STRUCT_READ_ONLY" };
    for (int number = 1; number <= USER_ROLE_COUNT; number++) {
        unsigned role = 0;
        g_assert_cmpstr(user_role_word(number), ==, words[number - 1]);
        g_assert_true(user_role_from_word(words[number - 1], &role));
        g_assert_cmpuint(role, ==, 1U << (number - 1));
    }
    unsigned role = 77;
    g_assert_false(user_role_from_word("admin", &role));
    g_assert_cmpuint(role, ==, 77);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/run_states_have_their_codes", run_states_have_their_codes);
    g_test_add_func("/model/node_states_have_their_codes", node_states_have_their_codes);
    g_test_add_func("/model/unknown_names_are_refused", unknown_names_are_refused);
    g_test_add_func("/model/kinds_have_documented_numbers", kinds_have_documented_numbers);
    g_test_add_func("/model/four_kinds_run_and_three_have_outputs",
                    four_kinds_run_and_three_have_outputs);
    g_test_add_func("/model/flow_codes_follow_status_and_schedule",
                    flow_codes_follow_status_and_schedule);
    g_test_add_func("/model/policies_and_causes_have_names", policies_and_causes_have_names);
    g_test_add_func("/model/roles_have_our_numbers", roles_have_our_numbers);
    return g_test_run();
}
