// SPDX-License-Identifier: Apache-2.0
//
// What publishing judges of an SQL node by the kind of its database: what would fail every run is refused, and nothing else.

#include "sharing_kit.h"
#include "store/change_check.h"
#include "store/private.h"

#define MARK "\xef\xbb\xbf"

static int64_t make_flow(struct kit *kit, enum node_kind kind, int64_t database_id, const char *sql,
                         const char *type) {
    g_autofree char *name = g_uuid_string_random();
    json_t *content =
        json_pack("{s:I, s:s, s:s*}", "dbId", (json_int_t)database_id, "sql", sql, "dbType", type);
    int64_t flow = kit_flow(kit, name);
    struct change *node = kit_node_change(kit, flow, "only");
    g_free(node->content);
    node->node_kind = kind;
    char *text = json_dumps(content, 0);
    node->content = g_strdup(text);
    free(text);
    json_decref(content);
    g_test_message("%s of %s", node->content, type != NULL ? type : "no type");
    kit_apply(kit, node);
    return flow;
}

// `refusal`: part of the reason, NULL when it is published.
static void expect_publish(struct kit *kit, int64_t flow, const char *refusal) {
    g_autoptr(GError) error = NULL;
    struct remarks remarks = { 0 };
    struct change *publish = kit_change(kit, CHANGE_FLOW_PUBLISH, flow);
    bool is_good = store_change_check(store_as_reader(kit->store), publish, &remarks, &error);
    g_assert_cmpint(is_good, ==, refusal == NULL);
    if (!is_good) {
        g_assert_true(fault_is(error, FAULT_FLOW_STATE));
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, refusal));
        g_assert_nonnull(strstr(error->message, "only"));
    } else {
        remarks_done(&remarks);
    }
    change_free(publish);
}

// Publishes a flow of one node.
static void expect(struct kit *kit, enum node_kind kind, int64_t database_id, const char *sql,
                   const char *type, const char *refusal) {
    expect_publish(kit, make_flow(kit, kind, database_id, sql, type), refusal);
}

static void an_assignment_without_one_statement_is_not_published(void) {
    static const char none[] = "has no statement";
    static const char more[] = "more behind the first";
    static const struct {
        const char *sql;
        const char *refusal;
    } rows[] = {
        { "SELECT 1", NULL },
        { MARK "/* a */ SELECT 1; -- b", NULL },
        { "SELECT ';'", NULL },
        { "-- SELECT 1", none },
        { MARK "/* SELECT 1 */;", none },
        { "SELECT 1; SELECT 2", more },
        { "SELECT '${a}'; SELECT 2", NULL }, // what the variable holds may hide the rest
        { "-- ${a}", NULL },
        { "SELECT '$${a}'; SELECT 2", more },
        { "SELECT 1;\xe3\x80\x80", "the first, which begins with the invisible character U+3000" },
        { "SELECT 1;\xc2\xa0SELECT 2", "invisible character U+00A0" },
        { "SELECT 1; \xe2\x80\x8bSELECT 2", "invisible character U+200B" },
        { "SELECT '${a'; SELECT 2", more },
    };
    struct kit *kit = kit_new();
    int64_t database_id = sharing_database(kit);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        expect(kit, KIND_SQL_ASSIGNMENT, database_id, rows[i].sql, NULL, rows[i].refusal);
        // Of a database that is not registered the content's own word tells how it reads.
        expect(kit, KIND_SQL_ASSIGNMENT, 404, rows[i].sql, "sqlite", rows[i].refusal);
        expect(kit, KIND_SQL_ASSIGNMENT, 404, rows[i].sql, NULL, NULL);
    }
    // In MySQL the first is a comment and no end; in SQLite it is neither.
    expect(kit, KIND_SQL_ASSIGNMENT, 404, "SELECT 1 # ; SELECT 2", "mysql", NULL);
    expect(kit, KIND_SQL_ASSIGNMENT, 404, "SELECT 1 # ; SELECT 2", "sqlite", more);
    kit_free(kit);
}

// It does nothing, and succeeds.
static void a_script_of_any_number_of_statements_is_published(void) {
    struct kit *kit = kit_new();
    int64_t database_id = sharing_database(kit);
    expect(kit, KIND_NORMAL_SQL, database_id, "-- nothing", NULL, NULL);
    expect(kit, KIND_NORMAL_SQL, database_id, "SELECT 1; SELECT 2", "sqlite", NULL);
    expect(kit, KIND_NORMAL_SQL, database_id, MARK " ; ", NULL, "no \"sql\"");
    expect(kit, KIND_NORMAL_SQL, database_id, MARK MARK "\xe3\x80\x80", NULL, "no \"sql\"");
    kit_free(kit);
}

static void the_words_of_a_kind_are_one(void) {
    struct kit *kit = kit_new();
    int64_t database_id = sharing_database(kit);
    expect(kit, KIND_NORMAL_SQL, database_id, "SELECT 1", "SQLite", NULL);
    expect(kit, KIND_NORMAL_SQL, database_id, "SELECT 1", "", NULL); // as if it were absent
    expect(kit, KIND_NORMAL_SQL, database_id, "SELECT 1", "mysql", "is \"mysql\", but database");
    expect(kit, KIND_NORMAL_SQL, database_id, "SELECT 1", "dbase", "no kind of database");
    expect(kit, KIND_NORMAL_SQL, 404, "SELECT 1", "dbase", "no kind of database");
    kit_sql(kit, "UPDATE source SET kind = 'polardb-o'");
    expect(kit, KIND_NORMAL_SQL, database_id, "SELECT 1", "polardb-o", NULL);
    expect(kit, KIND_NORMAL_SQL, database_id, "SELECT 1", "POLARDB_ORACLE", NULL);
    expect(kit, KIND_NORMAL_SQL, database_id, "SELECT 1", "polardb_postgresql",
           "is registered as \"polardb-o\"");
    kit_free(kit);
}

// Who parks a node that is not ready publishes the others.
static void a_disabled_node_may_be_half_written(void) {
    static const struct {
        const char *sql;
        const char *type;
        const char *refusal;
    } rows[] = {
        { "SELECT 1; SELECT 2", NULL, "more behind the first" },
        { "SELECT 1", "mysql", "but database" },
        { "", NULL, "sql" },
    };
    struct kit *kit = kit_new();
    int64_t database_id = sharing_database(kit);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int64_t flow = make_flow(kit, KIND_SQL_ASSIGNMENT, database_id, rows[i].sql, rows[i].type);
        expect_publish(kit, flow, rows[i].refusal);
        kit_sql(kit, "UPDATE node SET config = '{\"disabled\":true}'");
        expect_publish(kit, flow, NULL);
    }
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/publish_content/an_assignment_without_one_statement_is_not_published",
                    an_assignment_without_one_statement_is_not_published);
    g_test_add_func("/publish_content/a_script_of_any_number_of_statements_is_published",
                    a_script_of_any_number_of_statements_is_published);
    g_test_add_func("/publish_content/the_words_of_a_kind_are_one", the_words_of_a_kind_are_one);
    g_test_add_func("/publish_content/a_disabled_node_may_be_half_written",
                    a_disabled_node_may_be_half_written);
    return g_test_run();
}
