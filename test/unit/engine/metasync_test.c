// SPDX-License-Identifier: Apache-2.0
//
// Who asked for a structure to be read waits for that reading, whatever else is in the line, and one tenant does not hold up another.

#include "kit.h"
#include "store/databases.h"
#include "store/sources.h"

enum { NOBODYS = 424242, SHORT_MS = 20, TENANT_JOBS_MAX = 1000, OTHER_TENANT = 777 };

static int64_t add_database(struct kit *kit, const char *path) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) databases = NULL;
    int64_t total = 0;
    struct change *change = change_new(CHANGE_SOURCE_REGISTER, &kit->admin);
    change->source = g_new0(struct source_fields, 1);
    *change->source = (struct source_fields){
        .kind = g_strdup("sqlite"),
        .source = g_strdup("PUBLIC_OWN"),
        .network = g_strdup("VPC"),
        .environment = g_strdup("dev"),
        .host = g_strdup(path),
        .user = g_strdup(""),
        .password = g_strdup(""),
        .alias = g_strdup("Bookshop"),
        .safe_rule = g_strdup("free"),
        .dba_id = kit->admin.user_id,
        .query_timeout_s = 60,
        .export_timeout_s = 60,
        .extra = g_strdup("{}"),
    };
    int64_t source_id = kit_change(kit, change);
    (void)store_database_list(kit->reader, &kit->admin, source_id, NULL, 1, 20, &databases, &total,
                              &error);
    g_assert_no_error(error);
    g_assert_cmpint(databases->len, ==, 1);
    return ((const struct database_row *)g_ptr_array_index(databases, 0))->id;
}

static int64_t post(struct kit *kit, int64_t database_id) {
    g_autoptr(GError) error = NULL;
    int64_t ticket = 0;
    (void)engine_sync(kit->engine, &kit->admin, 0, database_id, true, &ticket, &error);
    g_assert_no_error(error);
    return ticket;
}

static void a_reading_is_waited_for_and_no_later_one(void) {
    struct kit *kit = kit_new();
    kit->played->result = "{\"ok\":true,\"tables\":[]}";
    played_set_play(kit->played, played_hold, NULL);
    kit_wait_supervisor(kit);
    int64_t database = add_database(kit, "/var/tmp/none.db");
    int64_t own = post(kit, NOBODYS); // done at once: there is no such database
    int64_t held = post(kit, database);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    g_assert_true(engine_sync_wait(kit->engine, own, PLAYED_DEADLINE_MS));
    g_assert_false(engine_sync_wait(kit->engine, held, SHORT_MS));
    g_assert_true(engine_sync_wait(kit->engine, own, SHORT_MS));
    played_exit(kit->played, fence, 0);
    g_assert_true(engine_sync_wait(kit->engine, held, PLAYED_DEADLINE_MS));
    kit_free(kit);
}

static void a_reading_that_waits_already_gives_its_own_ticket(void) {
    struct kit *kit = kit_new();
    kit->played->result = "{\"ok\":true,\"tables\":[]}";
    played_set_play(kit->played, played_hold, NULL);
    kit_wait_supervisor(kit);
    int64_t database = add_database(kit, "/var/tmp/none.db");
    int64_t held = post(kit, database);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    int64_t again =
        post(kit, database); // what is read now may be older than what this one asks for
    g_assert_cmpint(again, >, held);
    int64_t other = post(kit, NOBODYS);
    g_assert_cmpint(other, >, again);
    g_assert_cmpint(post(kit, database), ==, again);
    g_assert_cmpint(post(kit, NOBODYS), ==, other);
    played_exit(kit->played, fence, 0);
    g_assert_true(engine_sync_wait(kit->engine, held, PLAYED_DEADLINE_MS));
    played_exit(kit->played, played_wait_attempts(kit->played, 2), 0);
    g_assert_true(engine_sync_wait(kit->engine, other, PLAYED_DEADLINE_MS));
    kit_free(kit);
}

// One that names no database is done as soon as its turn comes.
static int64_t post_elsewhere(struct kit *kit) {
    g_autoptr(GError) error = NULL;
    struct caller other = kit->admin;
    other.tenant_id = OTHER_TENANT;
    int64_t ticket = 0;
    (void)engine_sync(kit->engine, &other, 0, NOBODYS, true, &ticket, &error);
    g_assert_no_error(error);
    return ticket;
}

static void another_tenants_reading_waits_for_one_of_ours(void) {
    struct kit *kit = kit_new();
    kit->played->result = "{\"ok\":true,\"tables\":[]}";
    played_set_play(kit->played, played_hold, NULL);
    kit_wait_supervisor(kit);
    int64_t first = add_database(kit, "/var/tmp/none.db");
    int64_t second = add_database(kit, "/var/tmp/none2.db");
    (void)post(kit, first);
    uint64_t fence = played_wait_attempts(kit->played, 1);
    int64_t next = post(kit, second);
    int64_t last = post(kit, first);
    int64_t elsewhere = post_elsewhere(kit);
    g_assert_cmpint(elsewhere, >, last);
    played_exit(kit->played, fence, 0);
    fence = played_wait_attempts(kit->played, 2);
    g_assert_false(engine_sync_wait(kit->engine, next, SHORT_MS));
    played_exit(kit->played, fence, 0);
    g_assert_true(engine_sync_wait(kit->engine, elsewhere, PLAYED_DEADLINE_MS));
    g_assert_true(engine_sync_wait(kit->engine, next, SHORT_MS));
    g_assert_false(engine_sync_wait(kit->engine, last, SHORT_MS)); // posted before, done later
    played_exit(kit->played, played_wait_attempts(kit->played, 3), 0);
    g_assert_true(engine_sync_wait(kit->engine, last, PLAYED_DEADLINE_MS));
    kit_free(kit);
}

static void one_tenant_does_not_fill_the_line(void) {
    g_autoptr(GError) error = NULL;
    struct kit *kit = kit_new();
    kit->played->result = "{\"ok\":true,\"tables\":[]}";
    played_set_play(kit->played, played_hold, NULL);
    kit_wait_supervisor(kit);
    (void)post(kit, add_database(kit, "/var/tmp/none.db"));
    uint64_t fence = played_wait_attempts(kit->played, 1);
    int64_t last = 0;
    for (int i = 0; i < TENANT_JOBS_MAX; i++) {
        last = post(kit, NOBODYS + i);
    }
    g_assert_false(
        engine_sync(kit->engine, &kit->admin, 0, NOBODYS + TENANT_JOBS_MAX, true, NULL, &error));
    g_assert_true(fault_is(error, FAULT_UNAVAILABLE));
    g_assert_cmpint(post(kit, NOBODYS + TENANT_JOBS_MAX - 1), ==, last); // waits already
    int64_t elsewhere = post_elsewhere(kit);
    played_exit(kit->played, fence, 0);
    g_assert_true(engine_sync_wait(kit->engine, elsewhere, PLAYED_DEADLINE_MS));
    g_assert_true(engine_sync_wait(kit->engine, last, PLAYED_DEADLINE_MS));
    kit_free(kit);
}

#define TEST(name) g_test_add_func("/metasync/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(a_reading_is_waited_for_and_no_later_one);
    TEST(a_reading_that_waits_already_gives_its_own_ticket);
    TEST(another_tenants_reading_waits_for_one_of_ours);
    TEST(one_tenant_does_not_fill_the_line);
    return g_test_run();
}
