// SPDX-License-Identifier: Apache-2.0
//
// Client tokens: one answer per caller, action and token, for a day, sealed.

#include "kit.h"
#include "store/tokens.h"

enum { DAY_MS = CLIENT_TOKEN_HOURS * 3600 * 1000 };
#define SECRET "canary-secret-0123456789"

static struct origin origin_of(const char *action, const char *token, const char *digest) {
    return (struct origin){ .action = action, .client_token = token, .digest = digest };
}

static bool find(struct kit *kit, const struct caller *caller, const struct origin *origin,
                 int64_t now_ms, struct change_result *ret_result, GError **error) {
    bool is_repeat = true;
    bool is_good = store_token_find(store_as_reader(kit->store), caller, origin, now_ms, &is_repeat,
                                    ret_result, error);
    return is_good && is_repeat;
}

static void check_unknown(struct kit *kit, const struct caller *caller, const struct origin *origin,
                          int64_t now_ms) {
    struct change_result result = { 0 };
    g_autoptr(GError) error = NULL;
    g_assert_false(find(kit, caller, origin, now_ms, &result, &error));
    g_assert_no_error(error);
}

static void add(struct kit *kit, const struct origin *origin, const struct change_result *result,
                int64_t now_ms) {
    g_autoptr(GError) error = NULL;
    kit_begin(kit);
    (void)store_token_add(kit->store, &kit->admin, origin, result, now_ms, &error);
    g_assert_no_error(error);
    kit_commit(kit);
}

static void a_repeated_call_finds_its_first_answer_also_after_opening_again(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("CreateAccessKey", "t", "d");
    struct change_result result = { .id = -5, .second_id = INT64_C(1) << 50 };
    result.ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t ids[] = { 7, -8 };
    g_array_append_vals(result.ids, ids, 2);
    const char *texts[] = { "key-id", SECRET, "", NULL };
    result.text = g_strdupv((char **)texts);
    add(kit, &origin, &result, KIT_NOW_MS);
    change_result_done(&result);
    store_close(kit->store);
    kit_open_store(kit);
    g_assert_true(find(kit, &kit->admin, &origin, KIT_NOW_MS + DAY_MS - 1, &result, NULL));
    g_assert_cmpint(result.id, ==, -5);
    g_assert_cmpint(result.second_id, ==, INT64_C(1) << 50);
    g_assert_cmpuint(result.ids->len, ==, 2);
    g_assert_cmpint(g_array_index(result.ids, int64_t, 1), ==, -8);
    g_assert_true(g_strv_equal((const char *const *)result.text, texts));
    change_result_done(&result);
    kit_free(kit);
}

static void an_answer_without_lists_stays_without_them(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("CreateTaskFlow", "t", "d");
    struct change_result result = { .id = 3 };
    add(kit, &origin, &result, KIT_NOW_MS);
    g_assert_true(find(kit, &kit->admin, &origin, KIT_NOW_MS, &result, NULL));
    g_assert_null(result.ids);
    g_assert_null(result.text);
    kit_free(kit);
}

static void a_token_belongs_to_one_caller_and_one_action(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("CreateTaskFlow", "t", "d");
    struct origin other = origin_of("CreateTask", "t", "d");
    struct origin none = origin_of("CreateTaskFlow", NULL, NULL);
    struct change_result result = { .id = 3 };
    add(kit, &origin, &result, KIT_NOW_MS);
    add(kit, &none, &result, KIT_NOW_MS);
    check_unknown(kit, &kit->user, &origin, KIT_NOW_MS);
    check_unknown(kit, &kit->stranger, &origin, KIT_NOW_MS);
    check_unknown(kit, &kit->admin, &other, KIT_NOW_MS);
    check_unknown(kit, &kit->admin, &none, KIT_NOW_MS);
    kit_free(kit);
}

static void other_arguments_are_a_mismatch(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("CreateTaskFlow", "t", "d");
    struct origin other = origin_of("CreateTaskFlow", "t", "e");
    struct change_result result = { .id = 3 };
    g_autoptr(GError) error = NULL;
    add(kit, &origin, &result, KIT_NOW_MS);
    g_assert_false(find(kit, &kit->admin, &other, KIT_NOW_MS, &result, &error));
    g_assert_error(error, FAULT, FAULT_TOKEN_MISMATCH);
    g_assert_cmpstr(fault_field(error), ==, "ClientToken");
    kit_free(kit);
}

static void a_begun_call_is_open_until_its_answer_is_known(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("ExecuteScript", "t", "d");
    struct change_result result = { .id = 3 };
    g_autoptr(GError) error = NULL;
    add(kit, &origin, NULL, KIT_NOW_MS);
    g_assert_false(find(kit, &kit->admin, &origin, KIT_NOW_MS, &result, &error));
    g_assert_error(error, FAULT, FAULT_TOKEN_OPEN);
    add(kit, &origin, &result, KIT_NOW_MS);
    result.id = 0;
    g_assert_true(find(kit, &kit->admin, &origin, KIT_NOW_MS, &result, NULL));
    g_assert_cmpint(result.id, ==, 3);
    kit_free(kit);
}

static void a_token_is_free_again_after_a_day(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("CreateTaskFlow", "t", "d");
    struct origin again = origin_of("CreateTaskFlow", "t", "e");
    struct change_result result = { .id = 3 };
    add(kit, &origin, &result, KIT_NOW_MS);
    check_unknown(kit, &kit->admin, &again, KIT_NOW_MS + DAY_MS);
    result.id = 4;
    add(kit, &again, &result, KIT_NOW_MS + DAY_MS);
    g_assert_true(find(kit, &kit->admin, &again, KIT_NOW_MS + DAY_MS, &result, NULL));
    g_assert_cmpint(result.id, ==, 4);
    kit_free(kit);
}

static void old_tokens_are_forgotten_within_the_limit(void) {
    struct kit *kit = kit_new();
    struct change_result result = { .id = 3 };
    for (int i = 0; i < 5; i++) {
        g_autofree char *token = g_strdup_printf("t%d", i);
        struct origin origin = origin_of("CreateTaskFlow", token, "d");
        add(kit, &origin, &result, KIT_NOW_MS + i);
    }
    struct origin oldest = origin_of("CreateTaskFlow", "t0", "d");
    struct origin kept = origin_of("CreateTaskFlow", "t4", "d");
    struct origin later = origin_of("CreateTaskFlow", "t2", "d");
    kit_begin(kit);
    g_assert_true(store_token_purge(kit->store, KIT_NOW_MS + 3 + DAY_MS, 1, NULL));
    check_unknown(kit, &kit->admin, &oldest, KIT_NOW_MS);
    g_assert_true(find(kit, &kit->admin, &later, KIT_NOW_MS, &result, NULL));
    g_assert_true(store_token_purge(kit->store, KIT_NOW_MS + 3 + DAY_MS, 100, NULL));
    check_unknown(kit, &kit->admin, &later, KIT_NOW_MS);
    g_assert_true(find(kit, &kit->admin, &kept, KIT_NOW_MS, &result, NULL));
    kit_commit(kit);
    kit_free(kit);
}

static void a_secret_in_an_answer_is_not_in_the_file(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("CreateAccessKey", "t", "d");
    const char *texts[] = { SECRET, NULL };
    struct change_result result = { .text = (char **)texts };
    add(kit, &origin, &result, KIT_NOW_MS);
    const char *names[] = { "state.db", "state.db-wal" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(kit->dir, names[i], NULL);
        g_autofree char *bytes = NULL;
        gsize len = 0;
        g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
        g_assert_null(memmem(bytes, len, SECRET, strlen(SECRET)));
    }
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tokens/a_repeated_call_finds_its_first_answer_also_after_opening_again",
                    a_repeated_call_finds_its_first_answer_also_after_opening_again);
    g_test_add_func("/tokens/an_answer_without_lists_stays_without_them",
                    an_answer_without_lists_stays_without_them);
    g_test_add_func("/tokens/a_token_belongs_to_one_caller_and_one_action",
                    a_token_belongs_to_one_caller_and_one_action);
    g_test_add_func("/tokens/other_arguments_are_a_mismatch", other_arguments_are_a_mismatch);
    g_test_add_func("/tokens/a_begun_call_is_open_until_its_answer_is_known",
                    a_begun_call_is_open_until_its_answer_is_known);
    g_test_add_func("/tokens/a_token_is_free_again_after_a_day", a_token_is_free_again_after_a_day);
    g_test_add_func("/tokens/old_tokens_are_forgotten_within_the_limit",
                    old_tokens_are_forgotten_within_the_limit);
    g_test_add_func("/tokens/a_secret_in_an_answer_is_not_in_the_file",
                    a_secret_in_an_answer_is_not_in_the_file);
    return g_test_run();
}
