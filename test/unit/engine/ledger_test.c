// SPDX-License-Identifier: Apache-2.0
//
// What calls leave in the store, through the engine's door: entries with the effect, notes with the next commit, nothing by themselves.

#include "kit.h"
#include "store/audit.h"
#include "store/keys.h"
#include "store/nonces.h"

static struct origin origin_of(const char *action, const char *nonce) {
    return (struct origin){ .action = action,
                            .request_id = "REQUEST",
                            .access_key_id = "admin-key",
                            .nonce = nonce,
                            .peer = "127.0.0.1" };
}

static int64_t make_flow(struct kit *kit, const char *name, const struct origin *origin) {
    g_autoptr(GError) error = NULL;
    struct change_result result = { 0 };
    struct change *change = change_new(CHANGE_FLOW_CREATE, &kit->admin);
    change->name = g_strdup(name);
    (void)engine_change(kit->engine, origin, change, &result, &error);
    g_assert_no_error(error);
    return result.id;
}

static void note(struct kit *kit, const char *nonce, const char *code) {
    struct note entry = { .caller = kit->admin,
                          .origin = origin_of("DeleteTaskFlow", nonce),
                          .code = code,
                          .keeps_nonce = code != NULL,
                          .at_ms = 1700000000000 };
    engine_note(kit->engine, &entry);
}

static void count_nonce(const char *access_key_id, const char *nonce, int64_t seen_ms, void *ctx) {
    (*(int *)ctx)++;
}

static int nonce_count(struct kit *kit) {
    int count = 0;
    g_assert_true(store_nonce_each(kit->reader, count_nonce, &count, NULL));
    return count;
}

static int64_t row_count(struct kit *kit) {
    g_autofree char *fault = NULL;
    int64_t count = 0;
    g_autoptr(GError) error = NULL;
    (void)store_audit_verify(kit->reader, &count, &fault, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(fault, ==, NULL);
    return count;
}

static int64_t commits(struct kit *kit) {
    struct engine_stats stats;
    engine_get_stats(kit->engine, &stats);
    return stats.commits;
}

// The newest row's sentence; the caller frees it.
static char *newest(struct kit *kit) {
    g_autoptr(GPtrArray) rows = NULL;
    int64_t total = 0;
    struct audit_filter filter = { .until_ms = INT64_MAX, .page_number = 1, .page_size = 30 };
    g_assert_true(store_audit_list(kit->reader, &kit->admin, &filter, &rows, &total, NULL));
    g_assert_cmpint(total, >, 0);
    int64_t highest = 0;
    char *text = NULL;
    for (guint i = 0; i < rows->len; i++) {
        const struct audit_row *row = g_ptr_array_index(rows, i);
        if (row->seq > highest) {
            highest = row->seq;
            g_free(text);
            text = g_strdup(row->content);
        }
    }
    return text;
}

static void a_change_leaves_its_nonce_and_one_row_with_its_commit(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("CreateTaskFlow", "n1");
    int64_t before = commits(kit);
    (void)make_flow(kit, "nightly", &origin);
    g_assert_cmpint(commits(kit) - before, ==, 1);
    g_assert_cmpint(nonce_count(kit), ==, 1);
    g_assert_cmpint(row_count(kit), ==, 1);
    (void)make_flow(kit, "nobody's request", NULL);
    g_assert_cmpint(row_count(kit), ==, 1);
    kit_free(kit);
}

static void a_refused_change_leaves_nothing_until_the_next_commit(void) {
    struct kit *kit = kit_new();
    struct origin first = origin_of("CreateTaskFlow", "n1");
    struct origin last = origin_of("CreateTaskFlow", "n9");
    (void)make_flow(kit, "nightly", &first);
    int64_t before = commits(kit);
    note(kit, "n2", "NoPermission");
    note(kit, "n3", NULL); // only the use of a key
    g_autoptr(GError) error = NULL;
    struct change *refused = change_new(CHANGE_FLOW_CREATE, &kit->admin);
    refused->name = g_strdup("nightly");
    g_assert_false(
        engine_change(kit->engine, &last, refused, NULL, &error)); // a turn without effect
    g_assert_cmpint(commits(kit), ==, before);
    g_assert_cmpint(row_count(kit), ==, 1);
    (void)make_flow(kit, "weekly", &last);
    g_assert_cmpint(commits(kit) - before, ==, 1);
    g_assert_cmpint(row_count(kit), ==, 3);
    g_assert_cmpint(nonce_count(kit), ==, 3);
    g_autofree char *text = newest(kit);
    // The refusal came first and stands before the call that brought it along.
    g_assert_true(g_str_has_prefix(text, "create a task flow (CreateTaskFlow): done; "));
    kit_free(kit);
}

static void what_waits_is_written_at_an_orderly_end(void) {
    struct kit *kit = kit_new();
    note(kit, "n1", "NoPermission");
    kit_restart(kit);
    g_assert_cmpint(row_count(kit), ==, 1);
    g_assert_cmpint(nonce_count(kit), ==, 1);
    g_autoptr(GPtrArray) keys = NULL;
    g_assert_true(store_access_key_list(kit->reader, &kit->admin, 0, &keys, NULL));
    const struct access_key_row *key = g_ptr_array_index(keys, 0);
    g_assert_cmpint(key->last_used_ms, ==, 1700000000000);
    kit_free(kit);
}

static void refusals_that_were_too_many_are_counted_in_the_log(void) {
    struct kit *kit = kit_new();
    for (int i = 0; i < NOTES_MAX + 7; i++) {
        g_autofree char *nonce = g_strdup_printf("n%d", i);
        note(kit, nonce, "NoPermission");
    }
    kit_restart(kit);
    g_assert_cmpint(row_count(kit), ==, NOTES_MAX + 1);
    g_autofree char *text = newest(kit);
    g_assert_cmpstr(text, ==,
                    "drop entries of refused calls (DropNotes): done; 7 refused calls came faster "
                    "than they could be kept");
    kit_free(kit);
}

static void a_repetition_has_its_own_nonce_and_row_but_no_effect(void) {
    struct kit *kit = kit_new();
    struct origin first = origin_of("CreateTaskFlow", "n1");
    struct origin second = origin_of("CreateTaskFlow", "n2");
    first.client_token = second.client_token = "t";
    first.digest = second.digest = "d";
    int64_t flow = make_flow(kit, "nightly", &first);
    kit_restart(kit);
    g_assert_cmpint(make_flow(kit, "nightly", &second), ==, flow);
    g_assert_cmpint(row_count(kit), ==, 2);
    g_assert_cmpint(nonce_count(kit), ==, 2);
    g_autofree char *text = newest(kit);
    g_assert_nonnull(strstr(text, "repeated under its client token"));
    kit_free(kit);
}

static void the_operators_order_has_a_row_for_each_run(void) {
    struct kit *kit = kit_new();
    played_set_play(kit->played, played_hold, NULL);
    int64_t flow = kit_flow(kit, "nightly");
    (void)kit_node(kit, flow, "a");
    int64_t run = kit_try(kit, flow);
    int64_t before = row_count(kit);
    int alive = 0;
    (void)played_wait_attempts(kit->played, 1);
    g_assert_true(engine_stop_all(kit->engine, PLAYED_DEADLINE_MS, &alive));
    g_assert_cmpint(row_count(kit) - before, ==, 1);
    g_autofree char *text = newest(kit);
    g_autofree char *expected = g_strdup_printf(
        "stop a run by the operator's order (StopAll) DagInstanceId=%" G_GINT64_FORMAT
        ": done; the run was RUNNING",
        run);
    g_assert_cmpstr(text, ==, expected);
    kit_free(kit);
}

static void the_logs_end_is_signed_at_the_end(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("CreateTaskFlow", "n1");
    g_autofree char *path = g_build_filename(kit->dir, "audit.heads", NULL);
    g_autofree char *text = NULL;
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS)); // nothing to sign
    (void)make_flow(kit, "nightly", &origin);
    kit_restart(kit);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_true(g_str_has_prefix(text, "1 "));
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ledger/a_change_leaves_its_nonce_and_one_row_with_its_commit",
                    a_change_leaves_its_nonce_and_one_row_with_its_commit);
    g_test_add_func("/ledger/a_refused_change_leaves_nothing_until_the_next_commit",
                    a_refused_change_leaves_nothing_until_the_next_commit);
    g_test_add_func("/ledger/what_waits_is_written_at_an_orderly_end",
                    what_waits_is_written_at_an_orderly_end);
    g_test_add_func("/ledger/refusals_that_were_too_many_are_counted_in_the_log",
                    refusals_that_were_too_many_are_counted_in_the_log);
    g_test_add_func("/ledger/a_repetition_has_its_own_nonce_and_row_but_no_effect",
                    a_repetition_has_its_own_nonce_and_row_but_no_effect);
    g_test_add_func("/ledger/the_operators_order_has_a_row_for_each_run",
                    the_operators_order_has_a_row_for_each_run);
    g_test_add_func("/ledger/the_logs_end_is_signed_at_the_end", the_logs_end_is_signed_at_the_end);
    return g_test_run();
}
