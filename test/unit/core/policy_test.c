// SPDX-License-Identifier: Apache-2.0
//
// What a policy allows, and that everything that is not wholly understood is no policy.
#include <glib.h>
#include <string.h>

#include "base/fault.h"
#include "core/policy.h"

static struct policy *read_policy(const char *document) {
    struct policy *policy = NULL;
    g_autoptr(GError) error = NULL;
    (void)policy_new(document, strlen(document), &policy, &error);
    g_assert_no_error(error);
    g_assert_nonnull(policy);
    return policy;
}

static bool allows(const char *document, const char *operation) {
    struct policy *policy = read_policy(document);
    bool is_allowed = policy_allows(policy, operation);
    policy_free(policy);
    return is_allowed;
}

#define POLICY(statements) "{\"Version\":\"1\",\"Statement\":" statements "}"
#define ALLOW(action) "{\"Effect\":\"Allow\",\"Action\":" action ",\"Resource\":\"*\"}"
#define DENY(action) "{\"Effect\":\"Deny\",\"Action\":" action ",\"Resource\":\"*\"}"

static void what_no_statement_allows_is_forbidden(void) {
    const char *lists = POLICY("[" ALLOW("[\"dms:List*\",\"dms:GetTask\"]") "]");
    g_assert_true(allows(lists, "ListTaskFlow"));
    g_assert_true(allows(lists, "GetTask"));
    g_assert_false(allows(lists, "GetTaskFlowGraph"));
    g_assert_false(allows(lists, "CreateTaskFlow"));
    g_assert_false(allows(POLICY(DENY("\"dms:Delete*\"")), "ListTaskFlow"));
}

static void a_deny_wins_wherever_it_stands(void) {
    const char *last = POLICY("[" ALLOW("\"*\"") "," DENY("\"dms:Delete*\"") "]");
    const char *first =
        POLICY("[" DENY("\"dms:Delete*\"") "," ALLOW("\"*\"") "," ALLOW("\"dms:DeleteTask\"") "]");
    g_assert_false(allows(last, "DeleteTask"));
    g_assert_false(allows(first, "DeleteTask"));
    g_assert_true(allows(last, "CreateTask"));
    g_assert_true(allows(first, "CreateTask"));
}

static void both_prefixes_and_a_single_statement_do(void) {
    g_assert_true(allows(POLICY(ALLOW("\"dms:ListUsers\"")), "ListUsers"));
    g_assert_true(allows(POLICY(ALLOW("\"dms-console:ListUsers\"")), "ListUsers"));
    g_assert_false(allows(POLICY(ALLOW("\"dms-console:ListUsers\"")), "ListUser"));
}

// proposed: names match in any case.
static void a_deny_in_other_letters_still_denies(void) {
    g_assert_false(allows(POLICY("[" ALLOW("\"*\"") "," DENY("\"dms:deletetaskflow\"") "]"),
                          "DeleteTaskFlow"));
    g_assert_true(allows(POLICY(ALLOW("\"dms:LIST*\"")), "ListUsers"));
}

// proposed: only these cover everything; the rest of the forms is refused below.
static void a_resource_must_cover_everything(void) {
    static const char *const resources[] = {
        "\"*\"",
        "\"acs:*:*:*:*\"",
        "\"acs:dms:*:*:*\"",
        "\"acs:dms:*:*:*/*\"",
        "[\"*\",\"acs:dms:*:*:*\"]",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(resources); i++) {
        g_autofree char *document = g_strdup_printf(
            POLICY("[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":%s}]"), resources[i]);
        g_assert_true(allows(document, "ListUsers"));
    }
}

static void what_is_not_wholly_understood_is_refused_by_name(void) {
    static const struct {
        const char *document;
        const char *text; // in the message
    } cases[] = {
        { "", "not JSON" },
        { "[]", "must be a JSON object" },
        { "null", "not JSON" }, // a document is an object or a list
        { "{}", "Version" },
        { "{\"Version\":\"1\"}", "no Statement" },
        { "{\"Version\":1,\"Statement\":[" ALLOW("\"*\"") "]}", "Version" },
        { "{\"Version\":\"2\",\"Statement\":[" ALLOW("\"*\"") "]}", "Version" },
        { "{\"Version\":\"1\",\"Id\":\"a\",\"Statement\":[" ALLOW("\"*\"") "]}", "Id is not" },
        { "{\"version\":\"1\",\"Statement\":[" ALLOW("\"*\"") "]}", "version is not" },
        { "{\"Version\":\"1\",\"Version\":\"1\",\"Statement\":[" ALLOW("\"*\"") "]}", "duplicate" },
        { POLICY("[]"), "Statement is empty" },
        { POLICY("\"*\""), "Statement must be an object" },
        { POLICY("[[]]"), "Statement[0] must be an object" },
        { POLICY("[" ALLOW("\"*\"") ",1]"), "Statement[1] must be an object" },
        { POLICY("[{}]"), "Statement[0] has no Effect" },
        { POLICY("[{\"Effect\":\"Allow\",\"Action\":\"*\"}]"), "Statement[0] has no Resource" },
        { POLICY("[{\"Effect\":\"Allow\",\"Resource\":\"*\"}]"), "Statement[0] has no Action" },
        { POLICY("[{\"Effect\":\"allow\",\"Action\":\"*\",\"Resource\":\"*\"}]"),
          "Effect must be" },
        { POLICY("[{\"Effect\":null,\"Action\":\"*\",\"Resource\":\"*\"}]"), "Effect must be" },
        { POLICY("[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{}}]"),
          "Statement[0].Condition is not supported" },
        { POLICY("[{\"Effect\":\"Allow\",\"NotAction\":\"*\",\"Resource\":\"*\"}]"),
          "Statement[0].NotAction is not supported" },
        { POLICY("[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Principal\":{}}]"),
          "Statement[0].Principal is not supported" },
        { POLICY(
              "[{\"Effect\":\"Deny\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]"),
          "duplicate" },
        { POLICY("[" ALLOW("[]") "]"), "Statement[0].Action is empty" },
        { POLICY("[" ALLOW("{}") "]"), "Statement[0].Action must be a text" },
        { POLICY("[" ALLOW("[\"dms:List*\",7]") "]"), "Statement[0].Action[1] must be a text" },
        { POLICY("[" ALLOW("\"dms:\"") "]"), "Statement[0].Action is \"dms:\"" },
        { POLICY("[" ALLOW("\"ListUsers\"") "]"), "Statement[0].Action is \"ListUsers\"" },
        { POLICY("[" ALLOW("\"DMS:ListUsers\"") "]"), "Statement[0].Action is" },
        { POLICY("[" ALLOW("\"ecs:*\"") "]"), "Statement[0].Action is" },
        { POLICY("[" ALLOW("\"*:*\"") "]"), "Statement[0].Action is" },
        { POLICY("[" ALLOW("\"dms:List Users\"") "]"), "Statement[0].Action is" },
        { POLICY("[" ALLOW("\"dms:\\u00e4\"") "]"), "Statement[0].Action is" },
        { POLICY("[" ALLOW("\"dms:a\\u0000b\"") "]"), "not JSON" },
        { POLICY("[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":[]}]"),
          "Statement[0].Resource is empty" },
        { POLICY("[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"acs:dms:*:1:flow/7\"}]"),
          "Statement[0].Resource is \"acs:dms:*:1:flow/7\"" },
        { POLICY("[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":[\"*\",\"acs:ecs:*:*:*\"]}]"),
          "Statement[0].Resource[1] is" },
        { POLICY("[" ALLOW("\"*\"") "]") "x", "not JSON" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct policy *policy = NULL;
        g_autoptr(GError) error = NULL;
        g_test_message("%s", cases[i].document);
        g_assert_false(policy_new(cases[i].document, strlen(cases[i].document), &policy, &error));
        g_test_message("%s", error->message);
        g_assert_true(fault_is(error, FAULT_INVALID_FIELD));
        g_assert_cmpstr(fault_field(error), ==, "Policy");
        g_assert_nonnull(strstr(error->message, cases[i].text));
        g_assert_null(policy);
    }
}

static void too_long_and_too_deep_documents_are_refused(void) {
    g_autoptr(GError) error = NULL;
    struct policy *policy = NULL;
    GString *text = g_string_new(POLICY("[" ALLOW("\"*\"") "]"));
    while (text->len < POLICY_BYTES_MAX) {
        g_string_append_c(text, ' ');
    }
    policy_free(read_policy(text->str));
    g_string_append_c(text, ' ');
    g_assert_false(policy_new(text->str, text->len, &policy, &error));
    g_assert_nonnull(strstr(error->message, "8193 bytes"));
    g_clear_error(&error);
    g_string_truncate(text, 0);
    for (int i = 0; i < POLICY_BYTES_MAX; i++) {
        g_string_append_c(text, '[');
    }
    g_assert_false(policy_new(text->str, text->len, &policy, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_FIELD));
    g_string_free(text, TRUE);
}

static void a_long_action_and_a_message_have_their_bounds(void) {
    g_autoptr(GError) error = NULL;
    struct policy *policy = NULL;
    g_autofree char *name = g_strnfill(POLICY_ACTION_BYTES_MAX, 'a');
    g_autofree char *document = g_strdup_printf(POLICY("[" ALLOW("\"dms:%s\"") "]"), name);
    g_assert_false(policy_new(document, strlen(document), &policy, &error));
    g_assert_cmpuint(strlen(error->message), <, 400);
    name[POLICY_ACTION_BYTES_MAX - strlen("dms:")] = 0;
    g_autofree char *longest = g_strdup_printf(POLICY("[" ALLOW("\"dms:%s\"") "]"), name);
    policy_free(read_policy(longest));
}

static void wildcards_match_as_people_expect(void) {
    static const struct {
        const char *pattern;
        const char *text;
        bool is_match;
    } cases[] = {
        { "*", "", true },
        { "*", "ListUsers", true },
        { "", "", true },
        { "", "a", false },
        { "a", "", false },
        { "?", "", false },
        { "?", "a", true },
        { "?", "ab", false },
        { "List*", "List", true },
        { "List*", "ListUsers", true },
        { "List*", "GetList", false },
        { "*User", "DeleteUser", true },
        { "*User", "DeleteUsers", false },
        { "*Task*", "ListTasksInTaskFlow", true },
        { "Get*Flow?raph", "GetTaskFlowGraph", true },
        { "*a*b*c*", "xxaxxbxxcxx", true },
        { "*a*b*c*", "xxaxxcxxbxx", false },
        { "*ab", "aab", true },
        { "a*ab", "aab", true },
        { "a*ab", "ab", false },
        { "**", "x", true },
        { "*?", "", false },
        { "*?", "xy", true },
        { "listusers", "ListUsers", true },
        { "ListUsers", "ListUser", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s %s", cases[i].pattern, cases[i].text);
        g_assert_cmpint(policy_matches(cases[i].pattern, cases[i].text), ==, cases[i].is_match);
    }
}

// The definition itself, which is exponential but obviously right.
static bool matches_by_definition(const char *pattern, const char *text) {
    if (*pattern == '*') {
        return matches_by_definition(pattern + 1, text) ||
               (*text != 0 && matches_by_definition(pattern, text + 1));
    }
    if (*pattern == 0 || *text == 0) {
        return *pattern == *text;
    }
    return (*pattern == '?' || *pattern == *text) && matches_by_definition(pattern + 1, text + 1);
}

static void every_short_pattern_matches_by_definition(void) {
    static const char letters[] = "ab*?";
    for (unsigned code = 0; code < 4 * 4 * 4 * 4 * 4 * 4; code++) {
        char pattern[7] = "";
        for (unsigned i = 0, rest = code; i < 6; i++, rest /= 4) {
            pattern[i] = letters[rest % 4];
        }
        for (unsigned bits = 0; bits < 64; bits++) {
            char text[7] = "";
            for (unsigned i = 0; i < bits % 7; i++) {
                text[i] = (bits >> i) % 2 == 0 ? 'a' : 'b';
            }
            if (policy_matches(pattern, text) != matches_by_definition(pattern, text)) {
                g_error("pattern %s, text %s", pattern, text);
            }
        }
    }
}

static void a_malicious_pattern_takes_no_time(void) {
    // By the definition above: more steps than the universe has seconds.
    GString *pattern = g_string_new(NULL);
    for (int i = 0; i < 60; i++) {
        g_string_append(pattern, "a*");
    }
    g_string_append_c(pattern, 'b');
    g_autofree char *text = g_strnfill(4000, 'a');
    gint64 begin_us = g_get_monotonic_time();
    g_assert_false(policy_matches(pattern->str, text));
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 2 * G_USEC_PER_SEC);
    g_string_free(pattern, TRUE);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/what_no_statement_allows_is_forbidden",
                    what_no_statement_allows_is_forbidden);
    g_test_add_func("/policy/a_deny_wins_wherever_it_stands", a_deny_wins_wherever_it_stands);
    g_test_add_func("/policy/both_prefixes_and_a_single_statement_do",
                    both_prefixes_and_a_single_statement_do);
    g_test_add_func("/policy/a_deny_in_other_letters_still_denies",
                    a_deny_in_other_letters_still_denies);
    g_test_add_func("/policy/a_resource_must_cover_everything", a_resource_must_cover_everything);
    g_test_add_func("/policy/what_is_not_wholly_understood_is_refused_by_name",
                    what_is_not_wholly_understood_is_refused_by_name);
    g_test_add_func("/policy/too_long_and_too_deep_documents_are_refused",
                    too_long_and_too_deep_documents_are_refused);
    g_test_add_func("/policy/a_long_action_and_a_message_have_their_bounds",
                    a_long_action_and_a_message_have_their_bounds);
    g_test_add_func("/policy/wildcards_match_as_people_expect", wildcards_match_as_people_expect);
    g_test_add_func("/policy/every_short_pattern_matches_by_definition",
                    every_short_pattern_matches_by_definition);
    g_test_add_func("/policy/a_malicious_pattern_takes_no_time", a_malicious_pattern_takes_no_time);
    return g_test_run();
}
