// SPDX-License-Identifier: Apache-2.0
//
// The operation log: its rows, its lists, its chain, and every way of tampering that the chain and its signed heads show.

#include "kit.h"
#include "sql/sqlite.h"
#include "store/audit.h"
#include "store/audit_heads.h"
#include "store/audit_words.h"

#include <fcntl.h>
#include <unistd.h>

static struct origin origin_of(const char *action, const char *object) {
    return (struct origin){ .action = action,
                            .object = object,
                            .request_id = "REQUEST",
                            .access_key_id = "admin-key",
                            .peer = "127.0.0.1" };
}

static void put(struct kit *kit, const struct caller *caller, const struct origin *origin,
                const char *code, int64_t at_ms) {
    g_autoptr(GError) error = NULL;
    struct audit_entry entry = { .at_ms = at_ms,
                                 .tenant_id = caller->tenant_id,
                                 .user_id = caller->user_id,
                                 .user_name = caller->name,
                                 .uid = caller->uid,
                                 .origin = origin,
                                 .code = code };
    kit_begin(kit);
    (void)store_audit_add(kit->store, &entry, &error);
    g_assert_no_error(error);
    kit_commit(kit);
}

static void fill(struct kit *kit, int count) {
    for (int i = 1; i <= count; i++) {
        g_autofree char *object = g_strdup_printf("DagName=f%d", i);
        struct origin origin = origin_of("CreateTaskFlow", object);
        put(kit, &kit->admin, &origin, NULL, KIT_NOW_MS + i);
    }
}

// Something that is not Sluice changes the file.
static void tamper(struct kit *kit, const char *const *statements) {
    g_autofree char *path = g_build_filename(kit->dir, "state.db", NULL);
    struct sql *sql = NULL;
    g_autoptr(GError) error = NULL;
    (void)sqlite_open(path, SQL_STORE_WRITER, &sql, &error);
    g_assert_no_error(error);
    for (; *statements != NULL; statements++) {
        (void)sql_script(sql, *statements, &error);
        g_assert_no_error(error);
    }
    sql_close(sql);
}

static int64_t verify(struct kit *kit) {
    struct store_reader *reader = store_as_reader(kit->store);
    char *fault = NULL;
    int64_t count = -1;
    g_autoptr(GError) error = NULL;
    (void)store_audit_verify(reader, &count, &fault, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(fault, ==, NULL);
    g_assert_true(store_audit_verify_end(reader, &fault, &error));
    return count;
}

static void expect_broken(struct kit *kit, const char *sentence) {
    g_autofree char *fault = NULL;
    int64_t count = 0;
    g_autoptr(GError) error = NULL;
    g_assert_false(store_audit_verify(store_as_reader(kit->store), &count, &fault, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(fault, ==, sentence);
}

static GPtrArray *list(struct kit *kit, const struct caller *caller, struct audit_filter filter,
                       int64_t expected_total) {
    GPtrArray *rows = NULL;
    int64_t total = -1;
    g_autoptr(GError) error = NULL;
    filter.until_ms = filter.until_ms == 0 ? INT64_MAX : filter.until_ms;
    filter.page_number = MAX(filter.page_number, 1);
    filter.page_size = MAX(filter.page_size, 30);
    (void)store_audit_list(store_as_reader(kit->store), caller, &filter, &rows, &total, &error);
    g_assert_no_error(error);
    g_assert_cmpint(total, ==, expected_total);
    return rows;
}

static void an_entry_says_who_did_what_and_how_it_ended(void) {
    struct kit *kit = kit_new();
    struct origin done = origin_of("CreateTaskFlow", "DagName=nightly");
    struct origin refused = origin_of("DeleteUser", "Uid=7");
    struct origin unknown = origin_of("Conjure", NULL);
    put(kit, &kit->admin, &done, NULL, KIT_NOW_MS);
    put(kit, &kit->user, &refused, "NoPermission", KIT_NOW_MS + 1);
    put(kit, &kit->admin, &unknown, NULL, KIT_NOW_MS + 2);
    GPtrArray *rows = list(kit, &kit->admin, (struct audit_filter){ 0 }, 3);
    const struct audit_row *row = g_ptr_array_index(rows, 2);
    g_assert_cmpstr(row->content, ==,
                    "create a task flow (CreateTaskFlow) DagName=nightly: done; from 127.0.0.1");
    g_assert_cmpstr(row->module, ==, "DB_TASK");
    g_assert_cmpint(row->user_id, ==, kit->admin.user_id);
    g_assert_cmpstr(row->user_name, ==, kit->admin.name);
    g_assert_cmpstr(row->uid, ==, kit->admin.uid);
    g_assert_null(row->database);
    g_assert_cmpint(row->at_ms, ==, KIT_NOW_MS);
    row = g_ptr_array_index(rows, 1);
    g_assert_cmpstr(row->content, ==,
                    "remove a user (DeleteUser) Uid=7: refused with NoPermission; from 127.0.0.1");
    g_assert_cmpstr(row->module, ==, "USER_MANAGE");
    row = g_ptr_array_index(rows, 0);
    g_assert_cmpstr(row->content, ==, "Conjure: done; from 127.0.0.1");
    g_assert_cmpstr(row->module, ==, "CONFIG_MANAGE");
    g_ptr_array_unref(rows);
    g_assert_cmpint(verify(kit), ==, 3);
    kit_free(kit);
}

static void a_list_has_the_callers_tenant_its_filters_and_its_pages(void) {
    struct kit *kit = kit_new();
    struct origin user = origin_of("UpdateUser", "Uid=7");
    fill(kit, 40);
    put(kit, &kit->user, &user, NULL, KIT_NOW_MS + 100);
    put(kit, &kit->stranger, &user, NULL, KIT_NOW_MS + 101);
    GPtrArray *rows = list(kit, &kit->stranger, (struct audit_filter){ 0 }, 1);
    g_assert_cmpuint(rows->len, ==, 1);
    g_ptr_array_unref(rows);
    rows = list(kit, &kit->admin, (struct audit_filter){ .page_number = 2 }, 41);
    g_assert_cmpuint(rows->len, ==, 11);
    g_assert_cmpint(((struct audit_row *)g_ptr_array_index(rows, 0))->seq, ==, 11);
    g_ptr_array_unref(rows);
    g_ptr_array_unref(list(kit, &kit->admin, (struct audit_filter){ .module = "USER_MANAGE" }, 1));
    g_ptr_array_unref(list(kit, &kit->admin, (struct audit_filter){ .user_name = "user" }, 1));
    g_ptr_array_unref(list(kit, &kit->admin,
                           (struct audit_filter){ .user_name = "user", .module = "DB_TASK" }, 0));
    g_ptr_array_unref(list(kit, &kit->admin, (struct audit_filter){ .user_name = "us" }, 0));
    g_ptr_array_unref(list(kit, &kit->admin, (struct audit_filter){ .database = "main" }, 0));
    g_ptr_array_unref(
        list(kit, &kit->admin,
             (struct audit_filter){ .from_ms = KIT_NOW_MS + 5, .until_ms = KIT_NOW_MS + 9 }, 4));
    kit_free(kit);
}

static void a_list_walks_over_no_row_that_it_does_not_want(void) {
    struct kit *kit = kit_new();
    fill(kit, 300);
    struct store_reader *reader = store_as_reader(kit->store);
    int64_t before = store_reader_scan_steps(reader);
    struct audit_filter filters[] = {
        { .from_ms = 1 },
        { .module = "USER_MANAGE" },
        { .user_name = "nobody" },
        { .database = "nothing" },
        { .database = "nothing", .user_name = "nobody", .module = "USER_MANAGE" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(filters); i++) {
        g_ptr_array_unref(list(kit, &kit->admin, filters[i], i == 0 ? 300 : 0));
    }
    g_assert_cmpint(store_reader_scan_steps(reader) - before, ==, 0);
    kit_free(kit);
}

static void an_entry_about_a_database_names_it(void) {
    struct kit *kit = kit_new();
    g_autofree char *insert =
        g_strdup_printf("INSERT INTO source_database (id, tenant_id, source_id, name) VALUES "
                        "(77, %" G_GINT64_FORMAT ", 1, 'sales')",
                        kit->admin.tenant_id);
    g_autofree char *source = g_strdup_printf(
        "INSERT INTO source (id, tenant_id, kind, source, network, environment, host, port, sid, "
        "login, sealed_password, alias, safe_rule, dba_id, query_timeout_s, export_timeout_s, "
        "is_enabled, created_ms, extra) VALUES (1, %" G_GINT64_FORMAT
        ", 'sqlite', '', '', '', '/s.db', 0, '', '', x'', 'shop', '', 0, 1, 1, 1, 0, '{}')",
        kit->admin.tenant_id);
    tamper(kit, (const char *const[]){ insert, source, NULL });
    struct origin origin = origin_of("ExecuteScript", "DbId=77");
    origin.database_id = 77;
    const char *name = "sales@/s.db:0[shop]"; // tells databases of equal names apart
    put(kit, &kit->admin, &origin, NULL, KIT_NOW_MS);
    put(kit, &kit->stranger, &origin, NULL, KIT_NOW_MS);
    GPtrArray *rows = list(kit, &kit->admin, (struct audit_filter){ .database = name }, 1);
    const struct audit_row *row = g_ptr_array_index(rows, 0);
    g_assert_cmpstr(row->database, ==, name);
    g_assert_cmpstr(row->module, ==, "SQL_CONSOLE");
    g_ptr_array_unref(rows);
    rows = list(kit, &kit->stranger, (struct audit_filter){ 0 }, 1);
    g_assert_null(((struct audit_row *)g_ptr_array_index(rows, 0))->database);
    g_ptr_array_unref(rows);
    kit_free(kit);
}

static void what_the_server_did_itself_is_read_by_its_first_administrator(void) {
    struct kit *kit = kit_new();
    struct origin origin = { .action = "DropNotes" };
    struct audit_entry entry = { .at_ms = KIT_NOW_MS, .origin = &origin, .note = "3 of them" };
    kit_begin(kit);
    g_assert_true(store_audit_add(kit->store, &entry, NULL));
    kit_commit(kit);
    GPtrArray *rows = list(kit, &kit->admin, (struct audit_filter){ 0 }, 1);
    const struct audit_row *row = g_ptr_array_index(rows, 0);
    g_assert_cmpstr(row->content, ==, "drop entries of refused calls (DropNotes): done; 3 of them");
    g_assert_cmpint(row->user_id, ==, 0);
    g_assert_null(row->uid);
    g_ptr_array_unref(rows);
    kit_free(kit);
}

static void the_chain_goes_on_after_a_rollback_and_after_opening_again(void) {
    struct kit *kit = kit_new();
    struct origin origin = origin_of("CreateTaskFlow", "DagName=x");
    struct audit_entry entry = { .at_ms = KIT_NOW_MS, .tenant_id = 1, .origin = &origin };
    fill(kit, 3);
    kit_begin(kit);
    g_assert_true(store_audit_add(kit->store, &entry, NULL));
    g_assert_true(store_audit_add(kit->store, &entry, NULL));
    store_rollback(kit->store);
    g_assert_cmpint(verify(kit), ==, 3);
    fill(kit, 2);
    store_close(kit->store);
    kit_open_store(kit);
    fill(kit, 1100); // more than a page of the walk
    g_assert_cmpint(verify(kit), ==, 1105);
    kit_free(kit);
}

static void every_changed_field_is_seen(void) {
    static const char *const changes[] = {
        "UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 3",
        "UPDATE audit SET tenant_id = 0 WHERE seq = 3",
        "UPDATE audit SET user_id = 0 WHERE seq = 3",
        "UPDATE audit SET user_name = 'x' WHERE seq = 3",
        "UPDATE audit SET uid = 'x' WHERE seq = 3",
        "UPDATE audit SET access_key_id = 'x' WHERE seq = 3",
        "UPDATE audit SET peer = 'x' WHERE seq = 3",
        "UPDATE audit SET module = 'OWNER' WHERE seq = 3",
        "UPDATE audit SET action = 'x' WHERE seq = 3",
        "UPDATE audit SET object = '' WHERE seq = 3",
        "UPDATE audit SET database_name = 'x' WHERE seq = 3",
        "UPDATE audit SET code = 'x' WHERE seq = 3",
        "UPDATE audit SET note = 'x' WHERE seq = 3",
        "UPDATE audit SET request_id = '' WHERE seq = 3",
        "UPDATE audit SET hash = zeroblob(32) WHERE seq = 3",
        "UPDATE audit SET hash = x'00' WHERE seq = 3",
        // A byte moved over the border of two fields.
        ("UPDATE audit SET access_key_id = access_key_id || substr(peer, 1, 1),"
         " peer = substr(peer, 2) WHERE seq = 3"),
    };
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        struct kit *kit = kit_new();
        fill(kit, 5);
        tamper(kit, (const char *const[]){ changes[i], NULL });
        expect_broken(
            kit, "row 3 of the operation log does not fit: it or the row before it was changed");
        kit_free(kit);
    }
}

static void a_row_that_is_gone_or_that_changed_places_is_seen(void) {
    struct kit *kit = kit_new();
    fill(kit, 5);
    tamper(kit, (const char *const[]){ "UPDATE audit SET seq = -2 WHERE seq = 2;"
                                       "UPDATE audit SET seq = 2 WHERE seq = 3;"
                                       "UPDATE audit SET seq = 3 WHERE seq = -2;",
                                       NULL });
    expect_broken(kit,
                  "row 2 of the operation log does not fit: it or the row before it was changed");
    kit_free(kit);

    kit = kit_new();
    fill(kit, 5);
    tamper(kit, (const char *const[]){ "DELETE FROM audit WHERE seq = 1", NULL });
    expect_broken(kit, "row 1 of the operation log is missing: row 2 comes next");
    tamper(kit, (const char *const[]){ "UPDATE audit SET seq = seq - 1", NULL });
    expect_broken(kit,
                  "row 1 of the operation log does not fit: it or the row before it was changed");
    kit_free(kit);
}

static void a_start_sees_that_the_newest_row_was_changed(void) {
    struct kit *kit = kit_new();
    char *fault = NULL;
    fill(kit, 1);
    g_assert_true(store_audit_verify_end(store_as_reader(kit->store), &fault, NULL));
    fill(kit, 4);
    tamper(kit, (const char *const[]){ "UPDATE audit SET user_name = 'x' WHERE seq = 5", NULL });
    g_assert_false(store_audit_verify_end(store_as_reader(kit->store), &fault, NULL));
    g_assert_nonnull(fault);
    g_free(fault);
    kit_free(kit);
}

// ---- Signed heads ----

static struct signed_head append_head(struct kit *kit, int64_t now_ms) {
    g_autoptr(GError) error = NULL;
    struct signed_head head = { 0 };
    (void)store_audit_heads_sign(kit->store, now_ms, &head, &error);
    g_assert_no_error(error);
    if (head.seq > 0) {
        (void)store_audit_heads_append(kit->store, kit->dir, &head, &error);
        g_assert_no_error(error);
    }
    return head;
}

static char *heads_fault(struct kit *kit, int64_t expected_count) {
    char *fault = NULL;
    int64_t count = -1;
    g_autoptr(GError) error = NULL;
    bool is_whole =
        store_audit_heads_verify(store_as_reader(kit->store), kit->dir, &count, &fault, &error);
    g_assert_no_error(error);
    g_assert_cmpint(is_whole, ==, fault == NULL);
    if (is_whole) {
        g_assert_cmpint(count, ==, expected_count);
    }
    return fault;
}

static void expect_heads(struct kit *kit, int64_t count) {
    g_assert_null(heads_fault(kit, count));
}

static void expect_heads_broken(struct kit *kit, const char *sentence) {
    g_autofree char *fault = heads_fault(kit, -1);
    g_assert_cmpstr(fault, ==, sentence);
}

static char *heads_path(struct kit *kit) {
    return g_build_filename(kit->dir, "audit.heads", NULL);
}

static void rows_taken_from_the_end_are_seen_by_the_signed_heads(void) {
    struct kit *kit = kit_new();
    append_head(kit, KIT_NOW_MS);
    expect_heads(kit, 0); // nothing to sign
    fill(kit, 5);
    append_head(kit, KIT_NOW_MS);
    struct signed_head again = append_head(kit, KIT_NOW_MS + 1);
    g_assert_cmpint(again.at_ms, ==, KIT_NOW_MS); // the same end: the line that stands
    expect_heads(kit, 1);
    fill(kit, 5);
    append_head(kit, KIT_NOW_MS + 2);
    expect_heads(kit, 2);
    tamper(kit, (const char *const[]){ "DELETE FROM audit WHERE seq > 8", NULL });
    g_assert_cmpint(verify(kit), ==, 8); // the chain alone can not know
    expect_heads_broken(
        kit, "rows 9 to 10 of the operation log are missing: line 2 of audit.heads signed row 10");
    // Filled up again with other rows.
    store_close(kit->store);
    kit_open_store(kit);
    fill(kit, 5);
    g_assert_cmpint(verify(kit), ==, 13);
    expect_heads_broken(
        kit, "row 10 of the operation log is not the one that line 2 of audit.heads signed: "
             "at least one of rows 6 to 10 changed and the chain made anew");
    kit_free(kit);
}

// ---- Heads that were kept elsewhere ----

static char *proof_fault(struct kit *kit, const struct signed_head *heads, guint count) {
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof *heads);
    g_array_append_vals(list, heads, count);
    char *fault = NULL;
    g_autoptr(GError) error = NULL;
    bool fits = store_audit_heads_prove(store_as_reader(kit->store), list, &fault, &error);
    g_assert_no_error(error);
    g_assert_cmpint(fits, ==, fault == NULL);
    return fault;
}

static void expect_unproven(struct kit *kit, const struct signed_head *heads, guint count,
                            const char *sentence) {
    g_autofree char *fault = proof_fault(kit, heads, count);
    g_assert_cmpstr(fault, ==, sentence);
}

static void rows_cut_together_with_their_heads_are_missed_by_a_head_kept_elsewhere(void) {
    struct kit *kit = kit_new();
    g_autofree char *path = heads_path(kit);
    struct signed_head kept[2];
    fill(kit, 5);
    kept[0] = append_head(kit, KIT_NOW_MS);
    fill(kit, 5);
    kept[1] = append_head(kit, KIT_NOW_MS + 2);
    fill(kit, 1);
    g_assert_null(proof_fault(kit, kept, 2)); // newer rows do no harm
    tamper(kit, (const char *const[]){ "DELETE FROM audit WHERE seq > 8", NULL });
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(verify(kit), ==, 8);
    expect_heads(kit, 0); // nothing inside knows
    g_assert_null(proof_fault(kit, kept, 1));
    expect_unproven(kit, kept + 1, 1,
                    "rows 9 to 10 of the operation log are missing: the head given signed row 10");
    tamper(kit, (const char *const[]){ "DELETE FROM audit WHERE seq > 4", NULL });
    expect_unproven(kit, kept, 2,
                    "row 5 of the operation log is missing: the given head of row 5 signed row 5");
    store_close(kit->store);
    kit_open_store(kit);
    fill(kit, 9);
    expect_unproven(kit, kept + 1, 1,
                    "row 10 of the operation log is not the one that the head given signed: at "
                    "least one of rows 1 to 10 changed and the chain made anew");
    kit_free(kit);
}

static void a_head_of_another_key_proves_nothing(void) {
    struct kit *kit = kit_new();
    fill(kit, 5);
    struct signed_head head = append_head(kit, KIT_NOW_MS);
    head.at_ms++;
    expect_unproven(kit, &head, 1,
                    "the head given was changed, or was signed under another master key");
    kit_free(kit);
}

static void a_head_that_was_damaged_in_place_is_signed_again(void) {
    struct kit *kit = kit_new();
    g_autofree char *path = heads_path(kit);
    g_autofree char *text = NULL;
    fill(kit, 5);
    append_head(kit, KIT_NOW_MS);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    text[strlen(text) - 2] = text[strlen(text) - 2] == '0' ? '1' : '0';
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    struct signed_head head = append_head(kit, KIT_NOW_MS + 7);
    g_assert_cmpint(head.at_ms, ==,
                    KIT_NOW_MS + 7); // what goes out is not what somebody wrote there
    g_assert_null(proof_fault(kit, &head, 1));
    expect_heads_broken(
        kit, "line 1 of audit.heads was changed, or was signed under another master key");
    kit_free(kit);
}

static void nothing_behind_a_zero_byte_is_overlooked(void) {
    struct kit *kit = kit_new();
    g_autofree char *path = heads_path(kit);
    fill(kit, 5);
    g_assert_true(g_file_set_contents(path, "\0\nx\n", 4, NULL));
    expect_heads_broken(
        kit, "line 1 of audit.heads was changed, or was signed under another master key");
    kit_free(kit);
}

static void a_changed_head_is_seen(void) {
    struct kit *kit = kit_new();
    g_autofree char *path = heads_path(kit);
    g_autofree char *text = NULL;
    fill(kit, 5);
    append_head(kit, KIT_NOW_MS);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    text[0] = '4';
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    expect_heads_broken(
        kit, "line 1 of audit.heads was changed, or was signed under another master key");
    g_assert_true(g_file_set_contents(path, "\n", -1, NULL));
    expect_heads_broken(
        kit, "line 1 of audit.heads was changed, or was signed under another master key");
    kit_free(kit);
}

static void a_head_that_a_crash_cut_short_is_replaced(void) {
    struct kit *kit = kit_new();
    g_autofree char *path = heads_path(kit);
    g_autofree char *text = NULL;
    fill(kit, 5);
    append_head(kit, KIT_NOW_MS);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    fill(kit, 1);
    append_head(kit, KIT_NOW_MS + 1);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, (off_t)strlen(text) + 20), ==, 0);
    g_assert_cmpint(close(fd), ==, 0);
    expect_heads(kit, 1);
    append_head(kit, KIT_NOW_MS + 2);
    expect_heads(kit, 2);
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/audit/an_entry_says_who_did_what_and_how_it_ended",
                    an_entry_says_who_did_what_and_how_it_ended);
    g_test_add_func("/audit/a_list_has_the_callers_tenant_its_filters_and_its_pages",
                    a_list_has_the_callers_tenant_its_filters_and_its_pages);
    g_test_add_func("/audit/a_list_walks_over_no_row_that_it_does_not_want",
                    a_list_walks_over_no_row_that_it_does_not_want);
    g_test_add_func("/audit/an_entry_about_a_database_names_it",
                    an_entry_about_a_database_names_it);
    g_test_add_func("/audit/what_the_server_did_itself_is_read_by_its_first_administrator",
                    what_the_server_did_itself_is_read_by_its_first_administrator);
    g_test_add_func("/audit/the_chain_goes_on_after_a_rollback_and_after_opening_again",
                    the_chain_goes_on_after_a_rollback_and_after_opening_again);
    g_test_add_func("/audit/every_changed_field_is_seen", every_changed_field_is_seen);
    g_test_add_func("/audit/a_row_that_is_gone_or_that_changed_places_is_seen",
                    a_row_that_is_gone_or_that_changed_places_is_seen);
    g_test_add_func("/audit/a_start_sees_that_the_newest_row_was_changed",
                    a_start_sees_that_the_newest_row_was_changed);
    g_test_add_func("/audit/rows_taken_from_the_end_are_seen_by_the_signed_heads",
                    rows_taken_from_the_end_are_seen_by_the_signed_heads);
    g_test_add_func("/audit/rows_cut_together_with_their_heads_are_missed_by_a_head_kept_elsewhere",
                    rows_cut_together_with_their_heads_are_missed_by_a_head_kept_elsewhere);
    g_test_add_func("/audit/a_head_of_another_key_proves_nothing",
                    a_head_of_another_key_proves_nothing);
    g_test_add_func("/audit/a_head_that_was_damaged_in_place_is_signed_again",
                    a_head_that_was_damaged_in_place_is_signed_again);
    g_test_add_func("/audit/nothing_behind_a_zero_byte_is_overlooked",
                    nothing_behind_a_zero_byte_is_overlooked);
    g_test_add_func("/audit/a_changed_head_is_seen", a_changed_head_is_seen);
    g_test_add_func("/audit/a_head_that_a_crash_cut_short_is_replaced",
                    a_head_that_a_crash_cut_short_is_replaced);
    return g_test_run();
}
