// SPDX-License-Identifier: Apache-2.0
//
// Contract of the first start, of access keys, tenants and data sources.

#include <sys/stat.h>

#include "store/databases.h"

#include "kit.h"

static char *read_file(struct kit *kit, const char *name, size_t *ret_len) {
    g_autofree char *path = g_build_filename(kit->dir, name, NULL);
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, ret_len, NULL));
    return text;
}

static void the_first_start_writes_the_credentials(void) {
    struct kit *kit = kit_new();
    g_autofree char *text = read_file(kit, "credentials", NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 5);
    g_assert_cmpstr(lines[0], ==, "access_key_id = admin-key");
    g_assert_cmpstr(lines[1], ==, "access_key_secret = 0123456789abcdef");
    g_assert_true(g_str_has_prefix(lines[2], "tenant_id = "));
    g_assert_cmpint(g_ascii_strtoll(lines[2] + strlen("tenant_id = "), NULL, 10), ==,
                    kit->admin.tenant_id);
    g_assert_true(g_str_has_prefix(lines[3], "uid = "));
    kit_free(kit);
}

static void a_later_start_ignores_given_keys(void) {
    struct kit *kit = kit_new();
    struct key_row *key = NULL;
    g_autoptr(GError) error = NULL;
    store_close(kit->store);
    kit_open_store(kit);
    g_assert_true(store_first_people(kit->store, kit->dir, "other-key", "fedcba9876543210",
                                     KIT_NOW_MS, NULL));
    g_assert_false(store_key_find(store_as_reader(kit->store), "other-key", &key, &error));
    g_assert_true(fault_is(error, FAULT_USER_NOT_EXIST));
    g_assert_true(store_key_find(store_as_reader(kit->store), "admin-key", &key, NULL));
    g_assert_cmpstr(key->secret, ==, "0123456789abcdef");
    g_assert_cmpuint(key->caller.roles, ==, ROLE_ADMIN | ROLE_DBA);
    g_assert_true(key->is_active);
    key_row_free(key);
    kit_free(kit);
}

static void known_and_short_secrets_are_refused(void) {
    static const char *const pairs[][2] = {
        { "testid", "0123456789abcdef" },  { "good-id", "testsecret" },
        { "good-id", "0123456789abcde" },  { "good-id", NULL },
        { "good id", "0123456789abcdef" }, { "LTAI****************", "0123456789abcdef" },
        { "", "0123456789abcdef" },        { "STS.good", "0123456789abcdef" },
    };
    struct kit *kit = g_new0(struct kit, 1);
    kit->dir = g_strdup("/var/tmp/sluice-store-XXXXXX");
    g_assert_nonnull(g_mkdtemp(kit->dir));
    kit_open_store(kit);
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(
            store_first_people(kit->store, kit->dir, pairs[i][0], pairs[i][1], KIT_NOW_MS, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_VALUE));
    }
    g_assert_true(store_first_people(kit->store, kit->dir, NULL, NULL, KIT_NOW_MS, NULL));
    g_autofree char *text = read_file(kit, "credentials", NULL);
    g_assert_cmpuint(strlen(strstr(text, "access_key_secret = ")), >, 40);
    kit_free(kit);
}

static void a_master_key_others_can_read_is_refused(void) {
    struct kit *kit = kit_new();
    g_autofree char *path = g_build_filename(kit->dir, "master.key", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(chmod(path, 0644), ==, 0);
    g_assert_false(store_master_key(kit->store, kit->dir, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    g_clear_error(&error);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_false(store_master_key(kit->store, kit->dir, &error));
    g_assert_nonnull(strstr(error->message, "missing"));
    kit_free(kit);
}

static void a_foreign_tenant_is_an_unknown_one(void) {
    struct kit *kit = kit_new();
    struct tenant_row *tenant = NULL;
    GPtrArray *tenants = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(store_tenant_get(store_as_reader(kit->store), &kit->admin, 0, &tenant, NULL));
    g_assert_cmpstr(tenant->name, ==, "default");
    g_assert_true(tenant->is_active);
    tenant_row_free(tenant);
    g_assert_true(store_tenant_list(store_as_reader(kit->store), &kit->admin, &tenants, NULL));
    g_assert_cmpuint(tenants->len, ==, 1);
    g_ptr_array_unref(tenants);
    g_assert_false(store_tenant_get(store_as_reader(kit->store), &kit->stranger,
                                    kit->admin.tenant_id, &tenant, &error));
    g_assert_true(fault_is(error, FAULT_TENANT_NOT_EXIST));
    kit_free(kit);
}

static struct change *source_change(struct kit *kit, const char *host) {
    struct change *change = kit_change(kit, CHANGE_SOURCE_REGISTER, 0);
    g_autofree char *credentials = read_file(kit, "credentials", NULL);
    change->source = g_new0(struct source_fields, 1);
    change->source->kind = g_strdup("SQLite");
    change->source->source = g_strdup("PUBLIC_OWN");
    change->source->network = g_strdup("CLASSIC");
    change->source->environment = g_strdup("dev");
    change->source->host = g_strdup(host);
    change->source->user = g_strdup("nobody");
    change->source->password = g_strdup("canary-password");
    change->source->alias = g_strdup("Shop");
    change->source->safe_rule = g_strdup("default");
    change->source->query_timeout_s = 60;
    change->source->export_timeout_s = 600;
    change->source->extra = g_strdup("{\"DdlOnline\":0}");
    change->source->dba_uid =
        g_ascii_strtoll(strstr(credentials, "uid = ") + strlen("uid = "), NULL, 10);
    return change;
}

static void a_setting_that_is_only_kept_is_limited(void) {
    struct kit *kit = kit_new();
    g_autofree char *long_text = g_strnfill(1025, 'x');
    for (int bytes = 1024; bytes <= 1025; bytes++) {
        struct change *change = source_change(kit, "/data/shop.db");
        g_free(change->source->extra);
        change->source->extra = g_strdup_printf("{\"VpcId\":\"%.*s\"}", bytes, long_text);
        if (bytes == 1024) {
            (void)kit_apply(kit, change);
        } else {
            kit_refuse(kit, change, FAULT_INVALID_FIELD, "VpcId has 1025 bytes");
        }
    }
    kit_free(kit);
}

static void a_source_is_registered_and_found(void) {
    struct kit *kit = kit_new();
    struct source_row *source = NULL;
    GPtrArray *databases = NULL;
    int64_t total = 0;
    struct store_reader *reader = store_as_reader(kit->store);
    int64_t id = kit_apply(kit, source_change(kit, "/data/shop.db"));
    g_assert_true(store_source_get(reader, &kit->admin, "/data/shop.db", 0, NULL, &source, NULL));
    g_assert_cmpint(source->id, ==, id);
    g_assert_cmpstr(source->fields.kind, ==, "sqlite");
    g_assert_null(source->fields.password);
    g_assert_cmpstr(source->fields.extra, ==, "{\"DdlOnline\":0}");
    g_assert_cmpstr(source->dba_name, ==, "admin");
    source_row_free(source);
    g_assert_true(
        store_database_list(reader, &kit->admin, id, "MAI", 1, 20, &databases, &total, NULL));
    g_assert_cmpint(total, ==, 1);
    const struct database_row *database = databases->pdata[0];
    g_assert_cmpstr(database->schema, ==, "main");
    struct connection_row *connection = NULL;
    g_assert_true(
        store_connection_get(reader, kit->admin.tenant_id, database->id, &connection, NULL));
    g_assert_cmpstr(connection->host, ==, "/data/shop.db");
    g_assert_cmpstr(connection->password, ==, "canary-password");
    connection_row_free(connection);
    g_autoptr(GError) error = NULL;
    g_assert_false(
        store_connection_get(reader, kit->stranger.tenant_id, database->id, &connection, &error));
    g_assert_true(fault_is(error, FAULT_DATABASE_NOT_EXIST));
    g_ptr_array_unref(databases);
    kit_free(kit);
}

static void sources_are_refused_with_reasons(void) {
    struct kit *kit = kit_new();
    kit_apply(kit, source_change(kit, "/data/shop.db"));
    kit_refuse(kit, source_change(kit, "/data/shop.db"), FAULT_INSTANCE_EXISTED,
               "registered already");
    kit_refuse(kit, source_change(kit, "shop.db"), FAULT_INVALID_FIELD, "absolute path");
    struct change *change = source_change(kit, "/data/other.db");
    g_free(change->source->kind);
    change->source->kind = g_strdup("oracle");
    kit_refuse(kit, change, FAULT_NOT_SUPPORTED, "oracle");
    change = source_change(kit, "/data/other.db");
    change->source->dba_uid = 1;
    kit_refuse(kit, change, FAULT_USER_NOT_EXIST, "uid 1");
    change = source_change(kit, "/data/other.db");
    change->caller = kit->user;
    kit_refuse(kit, change, FAULT_NO_PERMISSION, "DBA");
    kit_free(kit);
}

static guint count_sources(struct kit *kit, const struct caller *caller,
                           const struct source_filter *filter) {
    GPtrArray *sources = NULL;
    int64_t total = 0;
    g_assert_true(
        store_source_list(store_as_reader(kit->store), caller, filter, &sources, &total, NULL));
    guint count = sources->len;
    g_assert_cmpint(total, ==, count);
    g_ptr_array_unref(sources);
    return count;
}

static void sources_are_filtered(void) {
    struct kit *kit = kit_new();
    struct source_filter filter = { .page_number = 1, .page_size = 20 };
    kit_apply(kit, source_change(kit, "/data/shop.db"));
    kit_apply(kit, source_change(kit, "/data/100%.db"));
    g_assert_cmpuint(count_sources(kit, &kit->admin, &filter), ==, 2);
    g_assert_cmpuint(count_sources(kit, &kit->stranger, &filter), ==, 0);
    filter.search = "0%";
    g_assert_cmpuint(count_sources(kit, &kit->admin, &filter), ==, 1);
    filter.search = "SHOP";
    g_assert_cmpuint(count_sources(kit, &kit->admin, &filter), ==,
                     2); // one by its host, both by their alias
    filter.search = NULL;
    filter.environment = "product";
    g_assert_cmpuint(count_sources(kit, &kit->admin, &filter), ==, 0);
    filter.environment = "dev";
    filter.kind = "SQLITE";
    filter.state = "NORMAL";
    g_assert_cmpuint(count_sources(kit, &kit->admin, &filter), ==, 2);
    kit_free(kit);
}

static bool holds(struct kit *kit, const char *name, const char *text) {
    size_t len = 0;
    g_autofree char *bytes = read_file(kit, name, &len);
    return memmem(bytes, len, text, strlen(text)) != NULL;
}

static void secrets_are_sealed_in_the_files(void) {
    struct kit *kit = kit_new();
    kit_apply(kit, source_change(kit, "/data/shop.db"));
    g_assert_true(holds(kit, "state.db-wal", "/data/shop.db"));
    g_assert_false(holds(kit, "state.db-wal", "canary-password"));
    g_assert_false(holds(kit, "state.db-wal", "0123456789abcdef"));
    g_assert_false(holds(kit, "state.db", "0123456789abcdef"));
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/people/the_first_start_writes_the_credentials",
                    the_first_start_writes_the_credentials);
    g_test_add_func("/people/a_later_start_ignores_given_keys", a_later_start_ignores_given_keys);
    g_test_add_func("/people/known_and_short_secrets_are_refused",
                    known_and_short_secrets_are_refused);
    g_test_add_func("/people/a_master_key_others_can_read_is_refused",
                    a_master_key_others_can_read_is_refused);
    g_test_add_func("/people/a_foreign_tenant_is_an_unknown_one",
                    a_foreign_tenant_is_an_unknown_one);
    g_test_add_func("/sources/a_source_is_registered_and_found", a_source_is_registered_and_found);
    g_test_add_func("/sources/a_setting_that_is_only_kept_is_limited",
                    a_setting_that_is_only_kept_is_limited);
    g_test_add_func("/sources/sources_are_refused_with_reasons", sources_are_refused_with_reasons);
    g_test_add_func("/sources/sources_are_filtered", sources_are_filtered);
    g_test_add_func("/sources/secrets_are_sealed_in_the_files", secrets_are_sealed_in_the_files);
    return g_test_run();
}
