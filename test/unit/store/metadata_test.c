// SPDX-License-Identifier: Apache-2.0
//
// What syncs find is stored with ids that stay, and executed SQL is logged and counted.

#include "store/databases.h"
#include "store/metadata.h"
#include "store/sqlaudit.h"

#include "kit.h"

static int64_t add_source(struct kit *kit, const char *host) {
    struct change *change = kit_change(kit, CHANGE_SOURCE_REGISTER, 0);
    change->source = g_new0(struct source_fields, 1);
    *change->source = (struct source_fields){
        .kind = g_strdup("sqlite"),
        .source = g_strdup("PUBLIC_OWN"),
        .network = g_strdup("VPC"),
        .environment = g_strdup("dev"),
        .host = g_strdup(host),
        .user = g_strdup(""),
        .password = g_strdup(""),
        .alias = g_strdup("Bookshop"),
        .safe_rule = g_strdup("free"),
        .dba_id = kit->admin.user_id,
        .query_timeout_s = 60,
        .export_timeout_s = 60,
        .extra = g_strdup("{}"),
    };
    return kit_apply(kit, change);
}

static struct database_row *first_database(struct kit *kit, int64_t source_id) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) databases = NULL;
    int64_t total = 0;
    (void)store_database_list(store_as_reader(kit->store), &kit->admin, source_id, NULL, 1, 20,
                              &databases, &total, &error);
    g_assert_no_error(error);
    g_assert_cmpint(total, ==, databases->len);
    return g_ptr_array_steal_index(databases, 0);
}

static struct table_row *make_table(const char *name, const char *const *columns) {
    struct table_row *table = g_new0(struct table_row, 1);
    table->name = g_strdup(name);
    table->kind = g_strdup("NORMAL");
    table->row_count = 7;
    table->bytes = -1;
    table->columns = g_ptr_array_new_with_free_func((GDestroyNotify)column_row_free);
    for (size_t i = 0; columns[i] != NULL; i++) {
        struct column_row *column = g_new0(struct column_row, 1);
        column->name = g_strdup(columns[i]);
        column->type = g_strdup("VARCHAR(20)");
        column->is_nullable = true;
        column->data_length = 20;
        g_ptr_array_add(table->columns, column);
    }
    return table;
}

// Stores the tables, which are taken, as all that the database has.
static void put(struct kit *kit, int64_t database_id, struct table_row *first,
                struct table_row *second) {
    struct change *change = kit_change(kit, CHANGE_METADATA_PUT, 0);
    change->metadata = g_new0(struct metadata, 1);
    change->metadata->database_id = database_id;
    change->metadata->tables = g_ptr_array_new_with_free_func((GDestroyNotify)table_row_free);
    g_ptr_array_add(change->metadata->tables, first);
    if (second != NULL) {
        g_ptr_array_add(change->metadata->tables, second);
    }
    (void)kit_apply(kit, change);
}

static GPtrArray *tables_of(struct kit *kit, int64_t database_id, const char *search) {
    g_autoptr(GError) error = NULL;
    GPtrArray *tables = NULL;
    int64_t total = 0;
    (void)store_table_list(store_as_reader(kit->store), &kit->admin, database_id, search, 1, 100,
                           &tables, &total, &error);
    g_assert_no_error(error);
    g_assert_cmpint(total, ==, tables->len);
    return tables;
}

static GPtrArray *columns_of(struct kit *kit, int64_t table_id) {
    g_autoptr(GError) error = NULL;
    GPtrArray *columns = NULL;
    (void)store_column_list(store_as_reader(kit->store), &kit->admin, table_id, &columns, &error);
    g_assert_no_error(error);
    return columns;
}

static int64_t id_of(const GPtrArray *tables, guint position, const char *name) {
    const struct table_row *table = tables->pdata[position];
    g_assert_cmpstr(table->name, ==, name);
    return table->id;
}

static void ids_stay_when_a_table_changes_and_go_with_it(void) {
    struct kit *kit = kit_new();
    struct database_row *database = first_database(kit, add_source(kit, "/var/tmp/a.db"));
    put(kit, database->id, make_table("book", (const char *[]){ "id", "title", NULL }),
        make_table("Author_x", (const char *[]){ "id", NULL }));
    g_autoptr(GPtrArray) before = tables_of(kit, database->id, NULL);
    g_assert_cmpint(before->len, ==, 2);
    int64_t author = id_of(before, 0, "Author_x");
    int64_t book = id_of(before, 1, "book");
    g_autoptr(GPtrArray) old = columns_of(kit, book);

    put(kit, database->id, make_table("book", (const char *[]){ "isbn", "id", "title", NULL }),
        make_table("shelf", (const char *[]){ "id", NULL }));
    g_autoptr(GPtrArray) after = tables_of(kit, database->id, NULL);
    g_assert_cmpint(after->len, ==, 2);
    g_assert_cmpint(id_of(after, 0, "book"), ==, book);
    g_assert_cmpint(id_of(after, 1, "shelf"), !=, author);
    g_autoptr(GPtrArray) new = columns_of(kit, book);
    g_assert_cmpint(new->len, ==, 3);
    const struct column_row *isbn = new->pdata[0];
    const struct column_row *id = new->pdata[1];
    g_assert_cmpstr(isbn->name, ==, "isbn");
    g_assert_cmpint(id->id, ==, ((struct column_row *)old->pdata[0])->id);
    g_assert_cmpint(isbn->id, !=, ((struct column_row *)old->pdata[1])->id);

    g_autoptr(GError) error = NULL;
    GPtrArray *none = NULL;
    g_assert_false(
        store_column_list(store_as_reader(kit->store), &kit->admin, author, &none, &error));
    g_assert_true(fault_is(error, FAULT_TABLE_NOT_EXIST));
    database_row_free(database);
    kit_free(kit);
}

static void a_search_takes_its_own_wildcards_literally(void) {
    struct kit *kit = kit_new();
    struct database_row *database = first_database(kit, add_source(kit, "/var/tmp/a.db"));
    put(kit, database->id, make_table("Author_x", (const char *[]){ "id", NULL }),
        make_table("AuthorZx", (const char *[]){ "id", NULL }));
    g_autoptr(GPtrArray) found = tables_of(kit, database->id, "AUTHOR_");
    g_assert_cmpint(found->len, ==, 1);
    g_autoptr(GPtrArray) both = tables_of(kit, database->id, "author");
    g_assert_cmpint(both->len, ==, 2);
    database_row_free(database);
    kit_free(kit);
}

static void a_table_is_found_by_name_and_a_schema_matters_only_where_there_are_some(void) {
    struct kit *kit = kit_new();
    struct database_row *database = first_database(kit, add_source(kit, "/var/tmp/a.db"));
    put(kit, database->id, make_table("book", (const char *[]){ "id", NULL }), NULL);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 3; i++) {
        g_autoptr(GPtrArray) columns = NULL;
        int64_t table_id = 0;
        (void)store_table_find(store_as_reader(kit->store), &kit->admin, database->id,
                               (const char *[]){ NULL, "", "main" }[i], "book", &table_id, &error);
        g_assert_no_error(error);
        (void)store_column_list(store_as_reader(kit->store), &kit->admin, table_id, &columns,
                                &error);
        g_assert_no_error(error);
        g_assert_cmpint(columns->len, ==, 1);
    }
    int64_t none = 0;
    g_assert_false(store_table_find(store_as_reader(kit->store), &kit->admin, database->id, NULL,
                                    "books", &none, &error));
    g_assert_true(fault_is(error, FAULT_TABLE_NOT_EXIST));
    database_row_free(database);
    kit_free(kit);
}

static void a_number_that_no_table_has_is_answered_as_missing(void) {
    struct kit *kit = kit_new();
    const int64_t numbers[] = { 0, -1, G_MAXINT64, G_MININT64 };
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(GError) error = NULL;
        GPtrArray *none = NULL;
        g_assert_false(
            store_column_list(store_as_reader(kit->store), &kit->admin, numbers[i], &none, &error));
        g_assert_true(fault_is(error, FAULT_TABLE_NOT_EXIST));
    }
    kit_free(kit);
}

static void another_tenant_finds_nothing(void) {
    struct kit *kit = kit_new();
    int64_t source_id = add_source(kit, "/var/tmp/a.db");
    struct database_row *database = first_database(kit, source_id);
    put(kit, database->id, make_table("book", (const char *[]){ "id", NULL }), NULL);
    g_autoptr(GPtrArray) tables = tables_of(kit, database->id, NULL);
    struct store_reader *reader = store_as_reader(kit->store);
    struct database_row *found = NULL;
    GPtrArray *list = NULL;
    int64_t total = 0;
    GError *errors[6] = { NULL };
    g_assert_false(store_database_find(reader, &kit->stranger, database->id, &found, &errors[0]));
    g_assert_false(store_database_get(reader, &kit->stranger, "/var/tmp/a.db", 0, NULL, "main",
                                      &found, &errors[1]));
    g_assert_false(store_table_list(reader, &kit->stranger, database->id, NULL, 1, 20, &list,
                                    &total, &errors[2]));
    int64_t table_id = 0;
    g_assert_false(store_table_find(reader, &kit->stranger, database->id, NULL, "book", &table_id,
                                    &errors[3]));
    for (int i = 0; i < 4; i++) {
        g_assert_true(fault_is(errors[i], FAULT_DATABASE_NOT_EXIST));
    }
    g_assert_false(
        store_column_list(reader, &kit->stranger, id_of(tables, 0, "book"), &list, &errors[4]));
    g_assert_true(fault_is(errors[4], FAULT_TABLE_NOT_EXIST));
    g_assert_false(store_database_list(reader, &kit->stranger, source_id, NULL, 1, 20, &list,
                                       &total, &errors[5]));
    g_assert_true(fault_is(errors[5], FAULT_INSTANCE_NOT_EXIST));
    struct database_filter filter = { .page_number = 1, .page_size = 20 };
    g_autoptr(GPtrArray) searched = NULL;
    g_autoptr(GError) error = NULL;
    (void)store_database_search(reader, &kit->stranger, &filter, &searched, &total, &error);
    g_assert_no_error(error);
    g_assert_cmpint(total + searched->len, ==, 0);

    struct change *change = change_new(CHANGE_METADATA_PUT, &kit->stranger);
    change->metadata = g_new0(struct metadata, 1);
    change->metadata->database_id = database->id;
    change->metadata->is_offline = true;
    kit_refuse(kit, change, FAULT_DATABASE_NOT_EXIST, "there is no database");
    for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
        g_clear_error(&errors[i]);
    }
    database_row_free(database);
    kit_free(kit);
}

static void put_names(struct kit *kit, int64_t source_id, const char *const *names,
                      bool is_offline) {
    struct change *change = kit_change(kit, CHANGE_METADATA_PUT, 0);
    change->metadata = g_new0(struct metadata, 1);
    change->metadata->source_id = source_id;
    change->metadata->is_offline = is_offline;
    change->metadata->databases =
        g_ptr_array_new_with_free_func((GDestroyNotify)database_found_free);
    for (size_t i = 0; names[i] != NULL; i++) {
        struct database_found *found = g_new0(struct database_found, 1);
        found->name = g_strdup(names[i]);
        found->encoding = g_strdup("UTF-8");
        g_ptr_array_add(change->metadata->databases, found);
    }
    (void)kit_apply(kit, change);
}

static void a_database_that_is_gone_keeps_its_id_and_says_so(void) {
    struct kit *kit = kit_new();
    int64_t source_id = add_source(kit, "/var/tmp/a.db");
    struct database_row *database = first_database(kit, source_id);
    g_assert_cmpint(database->state, ==, DATABASE_NORMAL);
    static const struct {
        const char *names[3];
        bool is_offline;
        enum database_state state;
    } steps[] = {
        { { "main", "other" }, false, DATABASE_NORMAL },
        { { "other" }, false, DATABASE_MISSING },
        { { "main", "other" }, false, DATABASE_NORMAL },
        { { NULL }, true, DATABASE_OFFLINE },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        put_names(kit, source_id, steps[i].names, steps[i].is_offline);
        struct database_row *now = first_database(kit, source_id);
        g_assert_cmpint(now->id, ==, database->id);
        g_assert_cmpint(now->state, ==, steps[i].state);
        g_assert_cmpstr(now->encoding, ==, "UTF-8");
        database_row_free(now);
    }
    database_row_free(database);
    kit_free(kit);
}

static void note(struct kit *kit, int64_t at_ms, enum sql_exec_state state, const char *sql,
                 int64_t database_id) {
    g_autoptr(GError) error = NULL;
    struct sqlaudit_entry entry = { .at_ms = at_ms,
                                    .tenant_id = kit->admin.tenant_id,
                                    .user_id = kit->admin.user_id,
                                    .database_id = database_id,
                                    .state = state,
                                    .sql = sql,
                                    .type = "SELECT",
                                    .affected = 2,
                                    .elapsed_ms = 3,
                                    .remark = state == SQL_EXEC_SUCCESS ? NULL : "no" };
    kit_begin(kit);
    (void)store_sqlaudit_add(kit->store, &entry, &error);
    g_assert_no_error(error);
    kit_commit(kit);
}

static GPtrArray *logged(struct kit *kit, const struct caller *caller,
                         const struct sqlaudit_filter *filter, int64_t wanted) {
    g_autoptr(GError) error = NULL;
    GPtrArray *rows = NULL;
    int64_t total = -1;
    (void)store_sqlaudit_list(store_as_reader(kit->store), caller, filter, &rows, &total, &error);
    g_assert_no_error(error);
    g_assert_cmpint(total, ==, wanted);
    return rows;
}

static void the_log_keeps_names_and_lists_the_newest_first(void) {
    struct kit *kit = kit_new();
    struct database_row *database = first_database(kit, add_source(kit, "/var/tmp/a.db"));
    note(kit, 1000, SQL_EXEC_SUCCESS, "SELECT 1", database->id);
    note(kit, 2000, SQL_EXEC_CANCEL, "SELECT 2", database->id);
    note(kit, 3000, SQL_EXEC_SUCCESS, "SELECT 3", 0);
    struct sqlaudit_filter filter = {
        .from_ms = 1000, .until_ms = 3000, .page_number = 1, .page_size = 1
    };
    g_autoptr(GPtrArray) first = logged(kit, &kit->admin, &filter, 2);
    const struct sqlaudit_row *row = first->pdata[0];
    g_assert_cmpint(first->len, ==, 1);
    g_assert_cmpstr(row->sql, ==, "SELECT 2");
    g_assert_cmpint(row->state, ==, SQL_EXEC_CANCEL);
    g_assert_cmpstr(row->remark, ==, "no");
    g_assert_cmpstr(row->schema, ==, "main");
    g_assert_cmpstr(row->source_name, ==, "Bookshop");
    g_assert_cmpint(row->source_id, ==, database->source_id);
    g_assert_nonnull(row->user_name);
    filter.page_number = 9;
    g_autoptr(GPtrArray) beyond = logged(kit, &kit->admin, &filter, 2);
    g_assert_cmpint(beyond->len, ==, 0);
    filter = (struct sqlaudit_filter){ .until_ms = 9000,
                                       .page_number = 1,
                                       .page_size = 100,
                                       .has_state = true,
                                       .state = SQL_EXEC_SUCCESS,
                                       .search = "books",
                                       .type = "select" };
    g_ptr_array_unref(logged(kit, &kit->admin, &filter, 1));
    filter.user_name = "nobody";
    g_ptr_array_unref(logged(kit, &kit->admin, &filter, 0));
    filter.user_name = NULL;
    g_ptr_array_unref(logged(kit, &kit->stranger, &filter, 0));
    database_row_free(database);
    kit_free(kit);
}

static void a_long_statement_is_cut_between_two_characters(void) {
    struct kit *kit = kit_new();
    GString *sql = g_string_new("x");
    for (int i = 0; i < SQLAUDIT_SQL_MAX; i++) {
        g_string_append(sql, "ä");
    }
    note(kit, 1000, SQL_EXEC_SUCCESS, sql->str, 0);
    (void)g_string_free(sql, TRUE);
    struct sqlaudit_filter filter = { .until_ms = 9000, .page_number = 1, .page_size = 1 };
    g_autoptr(GPtrArray) rows = logged(kit, &kit->admin, &filter, 1);
    const struct sqlaudit_row *row = rows->pdata[0];
    g_assert_cmpint(strlen(row->sql), ==, SQLAUDIT_SQL_MAX - 1);
    g_assert_true(g_utf8_validate(row->sql, -1, NULL));
    kit_free(kit);
}

static void use_is_counted_by_day_and_has_an_end(void) {
    struct kit *kit = kit_new();
    struct store_reader *reader = store_as_reader(kit->store);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 2; i++) {
        struct change *change = kit_change(kit, CHANGE_SQL_AUDIT, 0);
        change->user_id = kit->admin.user_id;
        change->number = 20000;
        change->document =
            g_strdup("[{\"state\":1,\"sql\":\"a\",\"type\":\"SELECT\",\"returned\":50000}]");
        (void)kit_apply(kit, change);
        g_assert_true(store_sqlaudit_check_use(reader, &kit->admin, 20001, &error));
        g_assert_true(i == 1 || store_sqlaudit_check_use(reader, &kit->admin, 20000, &error));
    }
    g_assert_false(store_sqlaudit_check_use(reader, &kit->admin, 20000, &error));
    g_assert_true(fault_is(error, FAULT_LIMIT_EXCEEDED));
    g_assert_nonnull(strstr(error->message, "100000 rows were read today"));
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/metadata/" #name, name)
    TEST(ids_stay_when_a_table_changes_and_go_with_it);
    TEST(a_search_takes_its_own_wildcards_literally);
    TEST(a_table_is_found_by_name_and_a_schema_matters_only_where_there_are_some);
    TEST(a_number_that_no_table_has_is_answered_as_missing);
    TEST(another_tenant_finds_nothing);
    TEST(a_database_that_is_gone_keeps_its_id_and_says_so);
    TEST(the_log_keeps_names_and_lists_the_newest_first);
    TEST(a_long_statement_is_cut_between_two_characters);
    TEST(use_is_counted_by_day_and_has_an_end);
    return g_test_run();
}
