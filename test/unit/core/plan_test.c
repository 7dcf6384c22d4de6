// SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "core/kinds/script.h"
#include "core/plan.h"

#include "../base/colliding.h"

enum { LARGE_NODES = 20000 };

#define FLOW "\"flow\":{\"id\":7,\"name\":\"nightly\"}"
#define SCRIPT(id) "{\"id\":" #id ",\"name\":\"n" #id "\",\"kind\":\"AZKABAN_COMMAND_REMOTE\"}"

static struct plan *build(const char *snapshot) {
    struct plan *plan = NULL;
    g_autoptr(GError) error = NULL;
    bool is_built = plan_new(3, snapshot, &plan, &error);
    g_assert_no_error(error);
    g_assert_true(is_built);
    return plan;
}

static void every_part_of_a_snapshot_is_read(void) {
    struct plan *plan = build(
        "{\"flow\":{\"id\":7,\"name\":\"nightly\",\"ownerId\":5,\"ownerName\":\"ann\","
        "\"zone\":\"Europe/Berlin\",\"policy\":\"TERMINATE\",\"slots\":4,\"new\":1},"
        "\"constants\":{\"region\":\"eu\"},"
        "\"timeVariables\":[{\"name\":\"day\",\"pattern\":\"yyyyMMdd\"}],"
        "\"nodes\":[{\"id\":20,\"name\":\"load\",\"kind\":\"NORMAL_SQL\",\"content\":\"{}\","
        "\"config\":\"{\\\"timeoutSeconds\\\":60}\",\"output\":\"{}\",\"graphParam\":\"x\","
        "\"timeVariables\":\"{\\\"variables\\\":[{\\\"name\\\":\\\"h\\\","
        "\\\"pattern\\\":\\\"HH\\\"}]}\"}," SCRIPT(10) "],"
                                                       "\"edges\":[[1,10,20]],\"later\":null}");
    g_assert_cmpint(plan->version_id, ==, 3);
    g_assert_cmpint(plan->flow_id, ==, 7);
    g_assert_cmpstr(plan->flow_name, ==, "nightly");
    g_assert_cmpint(plan->owner_id, ==, 5);
    g_assert_cmpstr(plan->owner_name, ==, "ann");
    g_assert_cmpstr(plan->zone, ==, "Europe/Berlin");
    g_assert_cmpint(plan->policy, ==, POLICY_TERMINATE);
    g_assert_cmpint(plan->slot_count_max, ==, 4);
    g_assert_cmpstr(json_string_value(json_object_get(plan->constants, "region")), ==, "eu");
    g_assert_cmpuint(json_array_size(plan->time_variables), ==, 1);
    g_assert_cmpint(plan->node_count, ==, 2);
    g_assert_cmpint(plan->nodes[0].kind, ==, KIND_NORMAL_SQL);
    g_assert_cmpint(plan->nodes[0].settings.timeout_ms, ==, 60000);
    g_assert_cmpuint(json_array_size(plan->nodes[0].time_variables), ==, 1);
    g_assert_cmpstr(plan->nodes[1].content, ==, "");
    g_assert_cmpuint(json_array_size(plan->nodes[1].time_variables), ==, 0);
    g_assert_cmpint(plan_position(plan, 20), ==, 0);
    g_assert_cmpint(plan_position(plan, 10), ==, 1);
    g_assert_cmpint(plan_position(plan, 30), ==, -1);
    g_assert_cmpint(graph_upstream(plan->graph, 0).items[0], ==, 1);
    struct plan *same = plan_ref(plan);
    plan_unref(plan);
    g_assert_cmpstr(same->flow_name, ==, "nightly");
    plan_unref(same);
    plan_unref(NULL);
}

static void absent_parts_have_defaults(void) {
    struct plan *plan = build("{" FLOW ",\"nodes\":[],\"edges\":null}");
    g_assert_cmpstr(plan->zone, ==, "Asia/Shanghai");
    g_assert_cmpstr(plan->owner_name, ==, "");
    g_assert_cmpint(plan->policy, ==, POLICY_COMPLETE_RUNNING);
    g_assert_cmpint(plan->slot_count_max, ==, 0);
    g_assert_cmpuint(json_object_size(plan->constants), ==, 0);
    g_assert_cmpuint(json_array_size(plan->time_variables), ==, 0);
    plan_unref(plan);
}

static void damage_is_refused(void) {
    static const char *const snapshots[] = {
        "",
        "[]",
        "{",
        "{}",
        "{" FLOW "}",
        "{\"nodes\":[]}",
        "{" FLOW ",\"nodes\":{}}",
        "{\"flow\":{\"id\":0,\"name\":\"x\"},\"nodes\":[]}",
        "{\"flow\":{\"id\":\"7\",\"name\":\"x\"},\"nodes\":[]}",
        "{\"flow\":{\"id\":7},\"nodes\":[]}",
        "{\"flow\":{\"id\":7,\"name\":\"x\",\"policy\":\"?\"},\"nodes\":[]}",
        "{\"flow\":{\"id\":7,\"name\":\"x\",\"slots\":-1},\"nodes\":[]}",
        "{" FLOW ",\"nodes\":[1]}",
        "{" FLOW ",\"nodes\":[{\"id\":1,\"name\":\"a\"}]}",
        "{" FLOW ",\"nodes\":[{\"id\":1,\"name\":\"a\",\"kind\":\"?\"}]}",
        "{" FLOW ",\"nodes\":[{\"id\":1,\"name\":\"a\",\"kind\":\"CONDITION\",\"content\":{}}]}",
        "{" FLOW ",\"nodes\":[{\"id\":1,\"name\":\"a\",\"kind\":\"CONDITION\",\"config\":\"{\"}]}",
        "{" FLOW ",\"nodes\":[{\"id\":1,\"name\":\"a\",\"kind\":\"CONDITION\","
        "\"timeVariables\":\"{\\\"variables\\\":1}\"}]}",
        "{" FLOW ",\"nodes\":[" SCRIPT(1) "," SCRIPT(1) "]}",
        "{" FLOW ",\"nodes\":[" SCRIPT(1) "],\"edges\":{}}",
        "{" FLOW ",\"nodes\":[" SCRIPT(1) "],\"edges\":[[1,1]]}",
        "{" FLOW ",\"nodes\":[" SCRIPT(1) "],\"edges\":[[1,1,2]]}",
        "{" FLOW ",\"nodes\":[" SCRIPT(1) "],\"edges\":[[1,1,1]]}",
        "{" FLOW ",\"nodes\":[" SCRIPT(1) "," SCRIPT(2) "],\"edges\":[[1,1,2],[2,2,1]]}",
        "{" FLOW ",\"nodes\":[],\"constants\":[]}",
        "{" FLOW ",\"nodes\":[],\"constants\":{\"a\":1}}",
        "{" FLOW ",\"nodes\":[],\"timeVariables\":{}}",
        "{" FLOW ",\"nodes\":[],\"timeVariables\":[{\"name\":\"a\",\"pattern\":\"quux\"}]}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(snapshots); i++) {
        struct plan *plan = NULL;
        g_autoptr(GError) error = NULL;
        g_test_message("%s", snapshots[i]);
        g_assert_false(plan_new(3, snapshots[i], &plan, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_DATA));
        g_assert_null(plan);
    }
}

static void settings_are_read(void) {
    struct node_settings settings = { .timeout_ms = 1 };
    g_assert_true(node_settings_parse(NULL, &settings, NULL));
    g_assert_false(settings.has_rerun);
    g_assert_cmpint(settings.timeout_ms, ==, 0);
    g_assert_true(node_settings_parse(
        "{\"rerun\":{\"rerunEnable\":true,\"rerunCount\":2,\"rerunInterval\":10,"
        "\"rerunOnLost\":true},\"timeoutSeconds\":90,\"disabled\":true,\"strictVariables\":true,"
        "\"priority\":{\"enable\":false}}",
        &settings, NULL));
    g_assert_true(settings.has_rerun);
    g_assert_cmpint(settings.rerun_count_max, ==, 2);
    g_assert_cmpint(settings.rerun_interval_ms, ==, 10000); // proposed: seconds
    g_assert_true(settings.reruns_on_lost);
    g_assert_cmpint(settings.timeout_ms, ==, 90000);
    g_assert_true(settings.is_disabled);
    g_assert_true(settings.has_strict_variables);
    g_assert_true(node_settings_parse("{\"rerun\":{\"rerunEnable\":false,\"rerunCount\":2}}",
                                      &settings, NULL));
    g_assert_cmpint(settings.rerun_count_max, ==, 0);
}

static void bad_settings_name_the_key(void) {
    static const char *const rows[][2] = {
        { "[]", "config" },
        { "{\"rerun\":1}", "rerun" },
        { "{\"rerun\":{\"rerunEnable\":\"yes\"}}", "rerunEnable" },
        { "{\"rerun\":{\"rerunCount\":-1}}", "rerunCount" },
        { "{\"rerun\":{\"rerunCount\":99999}}", "rerunCount" },
        { "{\"rerun\":{\"rerunInterval\":1.5}}", "rerunInterval" },
        { "{\"timeoutSeconds\":\"60\"}", "timeoutSeconds" },
        { "{\"disabled\":1}", "disabled" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct node_settings settings = { .timeout_ms = 4711 };
        g_autoptr(GError) error = NULL;
        g_assert_false(node_settings_parse(rows[i][0], &settings, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_DATA));
        g_assert_nonnull(strstr(error->message, rows[i][1]));
        g_assert_cmpint(settings.timeout_ms, ==, 4711);
    }
}

// A flow of a script in front of a node of some kind.
static struct plan *plan_with(const char *kind, const char *content, const char *output,
                              bool has_edge) {
    json_t *snapshot =
        json_pack("{s:{s:i, s:s}, s:[{s:i, s:s, s:s, s:s}, {s:i, s:s, s:s, s:s, s:s}]}", "flow",
                  "id", 7, "name", "nightly", "nodes", "id", 1, "name", "first", "kind",
                  "AZKABAN_COMMAND_REMOTE", "content", "{\"script\":\"true\"}", "id", 2, "name",
                  "second", "kind", kind, "content", content, "output", output);
    g_assert_nonnull(snapshot);
    if (has_edge) {
        json_object_set_new(snapshot, "edges", json_pack("[[i,i,i]]", 1, 1, 2));
    }
    char *text = json_dumps(snapshot, 0);
    struct plan *plan = build(text);
    free(text);
    json_decref(snapshot);
    return plan;
}

#define CONDITION_TEXT "{\"conditions\":[{\"state\":\"all_done\"}]}"

struct publish_row {
    const char *kind;
    const char *content;
    const char *output;
    bool has_edge;
    const char *fault; // NULL when it may be published
};

static void check_publish(const struct publish_row *row) {
    struct plan *plan = plan_with(row->kind, row->content, row->output, row->has_edge);
    g_autoptr(GError) error = NULL;
    bool is_good = plan_check_publish(plan, &error);
    g_test_message("%s %s", row->kind, row->content);
    g_assert_cmpint(is_good, ==, row->fault == NULL);
    if (!is_good) {
        g_assert_true(fault_is(error, FAULT_FLOW_STATE));
        g_assert_nonnull(strstr(error->message, row->fault));
        g_assert_nonnull(strstr(error->message, "second"));
    }
    plan_unref(plan);
}

#define CELL_WITH(member)                                                                          \
    "{\"outputs\":[{\"variableName\":\"a\",\"extractMethod\":\"{\\\"row\\\":0,\\\"column\\\":0}"   \
    "\"," member "}]}"

static void publishing_demands_good_nodes(void) {
    static const struct publish_row rows[] = {
        { "NORMAL_SQL", "{\"dbId\":1,\"sql\":\"SELECT 1\"}", "", false, NULL },
        { "NORMAL_SQL", "", "", false, "content" },
        { "NORMAL_SQL", "{\"dbId\":1,\"sql\":\" \\n\"}", "", false, "sql" },
        { "NORMAL_SQL", "{\"sql\":\"SELECT 1\"}", "", false, "dbId" },
        { "SQL_ASSIGNMENT", "{\"dbId\":1,\"sql\":\"SELECT 1\"}", "{}", false, NULL },
        { "SQL_ASSIGNMENT", "{\"dbId\":1,\"sql\":\"SELECT 1\"}",
          "{\"outputs\":[{\"variableName\":\"a\",\"extractMethod\":\"json\"}]}", false, "a" },
        { "NORMAL_SQL", "{\"dbId\":1,\"sql\":\"SELECT 1\",\"timeoutSeconds\":-1}", "", false,
          "timeoutSeconds" },
        { "NORMAL_SQL", "{\"dbId\":\"1\",\"sql\":\"SELECT 1\"}", "", false, NULL },
        { "NORMAL_SQL", "{\"dbId\":\"1x\",\"sql\":\"SELECT 1\"}", "", false, "dbId" },
        { "NORMAL_SQL", "{\"dbId\":1,\"sql\":\" ; \"}", "", false, "sql" },
        { "NORMAL_SQL", "{\"dbId\":1,\"sql\":\"\xe3\x80\x80\"}", "", false, "sql" }, // U+3000
        { "NORMAL_SQL", "{\"dbId\":1,\"sql\":\"\xc2\xa0;\xe2\x80\x8b\\n\"}", "", false, "sql" },
        { "NORMAL_SQL", "{\"dbId\":1,\"sql\":\"\xe3\x80\x80${a}\"}", "", false, NULL },
        { "NORMAL_SQL", "{\"dbId\":1,\"sql\":\"SELECT 1\",\"dbType\":7}", "", false, "dbType" },
        { "NORMAL_SQL", "{\"dbId\":1,\"sql\":\"SELECT 1\",\"dbType\":\"\"}", "", false, NULL },
        { "SQL_ASSIGNMENT", "{\"dbId\":1,\"sql\":\"SELECT 1\"}", CELL_WITH("\"default\":\"0\""),
          false, NULL },
        { "SQL_ASSIGNMENT", "{\"dbId\":1,\"sql\":\"SELECT 1\"}", CELL_WITH("\"default\":0"), false,
          "outputs.default must be a text and is 0" },
        { "CONDITION", CONDITION_TEXT, "", true, NULL },
        { "CONDITION", CONDITION_TEXT, "", false, "in front" },
        { "CONDITION", "{}", "", true, "conditions" },
        { "DBS_BACKUP", "", "", false, NULL }, // stored, and fails when it runs
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        check_publish(&rows[i]);
    }
}

static void publishing_demands_a_first_line_that_can_start_something(void) {
    static const char none[] = "names no interpreter";
    static const char relative[] = "must be an absolute path";
    static const char directory[] = "is a directory";
    static const char endless[] = "again and again";
    static const struct {
        const char *script;
        const char *work_dir;
        const char *fault;
    } rows[] = {
        { "#!/bin/sh", NULL, NULL },
        { "#! /bin/sh -e\n", NULL, NULL },
        { "#!/no/such/program", NULL, NULL }, // may come
        { "#!", NULL, none },
        { "#!", "/tmp", none },
        { "#! \t\n/bin/sh", NULL, none },
        { "#!\r\n", NULL, none },
        { "\xef\xbb\xbf#!\n", NULL, none },
        { "#!python3\n", NULL, relative },
        { "#!python3 ${a}\n", NULL, NULL },
        { "#!python3\n${a}", NULL, relative },
        { "#!python3", "/usr/bin", NULL }, // looked for there
        { "#!../bin/sh", NULL, NULL },
        { "#!/", NULL, directory },
        { "#!..", NULL, directory },
        { "#!. -x", "/tmp", directory },
        { "#!/usr/bin/\n", NULL, directory },
        { "#!/usr/bin/.. x\n", NULL, directory },
        { "#!/opt/..a", NULL, NULL },
        { "#!/usr/bin/env\necho", NULL, endless },
        { "#!/usr/bin/env \t\r\necho", NULL, endless },
        { "#! /bin/env -", "/tmp", endless },
        { "#!/usr/bin/env -i", NULL, endless },
        { "#!/usr/bin/env A=1 sh", NULL, endless }, // one argument
        { "#!/usr/bin/env -S", NULL, endless },
        { "#!/usr/bin/env -vS -i A=1", NULL, endless },
        { "#!/usr/bin/env --split-string=-i", NULL, endless },
        { "#!/usr/bin/env sh", NULL, NULL },
        { "#!/usr/bin/env -S sh -eu", NULL, NULL },
        { "#!/usr/bin/env -Ssh -eu", NULL, NULL },
        { "#!/usr/bin/env -iS A=1 sh", NULL, NULL },
        { "#!/usr/bin/env --split-string=sh -eu", NULL, NULL },
        { "#!/usr/bin/env ${a}", NULL, NULL },
        { "#!/opt/env", NULL, NULL }, // another program
        { "#!${a}", NULL, NULL },
        { "#!$${a}", NULL, relative },
        { "# !\n", NULL, NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        json_t *content =
            json_pack("{s:s, s:s*}", "script", rows[i].script, "workDir", rows[i].work_dir);
        char *text = json_dumps(content, 0);
        check_publish(&(struct publish_row){ .kind = "AZKABAN_COMMAND_REMOTE",
                                             .content = text,
                                             .output = "",
                                             .fault = rows[i].fault });
        free(text);
        json_decref(content);
    }
}

static void publishing_demands_scripts_that_can_run(void) {
    static const struct publish_row rows[] = {
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"true\",\"args\":[\"x\"]}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"file\":\"job.sh\"}", "", false, "file" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"file\":\"\"}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"file\":null}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"workDir\":\"tmp\"}", "", false,
          "workDir" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"workDir\":\"${d}\"}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"workDir\":\"\"}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"workDir\":\"/${d}\"}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"workDir\":\"${d}tmp\"}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"workDir\":\"tmp/${d}\"}", "", false,
          "workDir" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"workDir\":\"$${d}\"}", "", false,
          "workDir" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"workDir\":\"${d\"}", "", false,
          "workDir" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"\xef\xbb\xbf\"}", "", false, "script" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"\xef\xbb\xbf\xef\xbb\xbf\"}", "", false,
          "script" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"\xef\xbb\xbf${s}\"}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\" \"}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"timeoutSeconds\":1}", "", false, NULL },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"timeoutSeconds\":0}", "", false,
          "timeoutSeconds" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"timeoutSeconds\":\"9\"}", "", false,
          "timeoutSeconds" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"timeoutSeconds\":1.5}", "", false,
          "timeoutSeconds" },
        { "AZKABAN_COMMAND_REMOTE", "{}", "", false, "script" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"file\":\"b\"}", "", false, "script" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"args\":[1]}", "", false, "args" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\",\"args\":\"b\"}", "", false, "args" },
        { "AZKABAN_COMMAND_REMOTE", "{\"script\":\"a\"}", "{\"outputs\":0}", false, "outputs" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        check_publish(&rows[i]);
    }
}

#define GIVER(id)                                                                                  \
    "{\"id\":" #id ",\"name\":\"n" #id "\",\"kind\":\"AZKABAN_COMMAND_REMOTE\","                   \
    "\"content\":\"{\\\"script\\\":\\\"true\\\"}\",\"output\":\"{\\\"outputs\\\":[{"               \
    "\\\"extractMethod\\\":\\\"json\\\",\\\"variableName\\\":\\\"x\\\"}]}\"}"

static void one_variable_from_two_sides_is_not_published(void) {
    static const struct {
        const char *edges;
        bool is_good;
    } rows[] = {
        { "[]", true },
        { "[[1,1,3]]", true },
        { "[[1,1,2],[2,2,3],[3,1,3]]", true },
        { "[[1,1,3],[2,2,3]]", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *snapshot = g_strdup_printf(
            "{" FLOW ",\"nodes\":[" GIVER(1) "," GIVER(2) "," GIVER(3) "],"
                                                                       "\"edges\":%s}",
            rows[i].edges);
        struct plan *plan = build(snapshot);
        g_autoptr(GError) error = NULL;
        g_assert_cmpint(plan_check_publish(plan, &error), ==, rows[i].is_good);
        g_assert_cmpint(fault_is(error, FAULT_FLOW_STATE), ==, !rows[i].is_good);
        g_assert_true(rows[i].is_good || strstr(error->message, "n1 and n2") != NULL);
        plan_unref(plan);
    }
}

// The kernel takes no longer argument, whatever is published.
static void an_argument_that_no_program_can_get_is_not_published(void) {
    static const struct {
        const char *before; // of the bytes
        size_t len;
        bool is_good;
    } rows[] = {
        { "", SCRIPT_ARGUMENT_BYTES, true },           { "", SCRIPT_ARGUMENT_BYTES + 1, false },
        { "${v}", SCRIPT_ARGUMENT_BYTES, true }, // the variable may be empty
        { "${v}", SCRIPT_ARGUMENT_BYTES + 1, false },  { "${", SCRIPT_ARGUMENT_BYTES - 2, true },
        { "${", SCRIPT_ARGUMENT_BYTES - 1, false },    { "$${v}", SCRIPT_ARGUMENT_BYTES - 4, true },
        { "$${v}", SCRIPT_ARGUMENT_BYTES - 3, false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strnfill(rows[i].len, 'x');
        g_autofree char *content =
            g_strdup_printf("{\"script\":\"a\",\"args\":[\"%s%s\"]}", rows[i].before, text);
        struct plan *plan = plan_with("AZKABAN_COMMAND_REMOTE", content, "", false);
        g_autoptr(GError) error = NULL;
        g_assert_cmpint(plan_check_publish(plan, &error), ==, rows[i].is_good);
        g_assert_true(rows[i].is_good || strstr(error->message, "args[0]") != NULL);
        plan_unref(plan);
    }
}

// What is fixed of all arguments counts together, too.
static void arguments_that_no_program_can_get_together_are_not_published(void) {
    static const struct {
        size_t last_len;
        bool is_good;
    } rows[] = { { 131068, true }, { 131069, false } };
    g_autofree char *whole = g_strnfill(SCRIPT_ARGUMENT_BYTES, 'x');
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *last = g_strnfill(rows[i].last_len, 'x');
        // Three of 128 KiB with the byte that ends each, two short ones, and a last one of what is left of 512 KiB.
        g_autofree char *content = g_strdup_printf(
            "{\"script\":\"a\",\"args\":[\"${v}%s\",\"%s${v}\",\"%s\",\"${v}\",\"y${v}\",\"%s\"]}",
            whole, whole, whole, last);
        struct plan *plan = plan_with("AZKABAN_COMMAND_REMOTE", content, "", false);
        g_autoptr(GError) error = NULL;
        g_assert_cmpint(plan_check_publish(plan, &error), ==, rows[i].is_good);
        g_assert_true(rows[i].is_good || strstr(error->message, "args[5]") != NULL);
        plan_unref(plan);
    }
}

static void a_flow_without_nodes_is_not_published(void) {
    struct plan *plan = build("{" FLOW ",\"nodes\":[]}");
    g_autoptr(GError) error = NULL;
    g_assert_false(plan_check_publish(plan, &error));
    g_assert_true(fault_is(error, FAULT_FLOW_STATE));
    plan_unref(plan);
}

static void a_half_written_condition_keeps_its_reason(void) {
    struct plan *plan = plan_with("CONDITION", "{\"conditions\":[]}", "", true);
    g_assert_null(plan->nodes[1].value);
    g_assert_nonnull(strstr(plan->nodes[1].content_error, "conditions"));
    plan_unref(plan);
    plan = plan_with("CONDITION", CONDITION_TEXT, "", true);
    g_assert_cmpint(condition_state(plan_condition(&plan->nodes[1])), ==, CONDITION_ALL_DONE);
    g_assert_null(plan->nodes[1].content_error);
    plan_unref(plan);
}

static void a_large_snapshot_is_read_quickly(void) {
    json_t *nodes = json_array();
    json_t *edges = json_array();
    struct plan_node node = { .kind = KIND_SCRIPT, .content = (char *)"{\"script\":\"true\"}" };
    for (int i = 1; i <= LARGE_NODES; i++) {
        g_autofree char *name = g_strdup_printf("node %d", i);
        node.id = i;
        node.name = name;
        json_array_append_new(nodes, plan_snapshot_node(&node, NULL, "{\"x\":1}"));
        if (i > 1) {
            json_array_append_new(edges, json_pack("[i,i,i]", i, i - 1, i));
        }
    }
    json_t *snapshot = json_pack("{s:{s:i, s:s}, s:o, s:o}", "flow", "id", 7, "name", "large",
                                 "nodes", nodes, "edges", edges);
    char *text = json_dumps(snapshot, JSON_COMPACT);
    int64_t start_us = g_get_monotonic_time();
    struct plan *plan = build(text);
    g_assert_true(plan_check_publish(plan, NULL));
    // A fraction of a second; the bound leaves room for a busy machine with sanitizers.
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 5 * G_USEC_PER_SEC);
    g_assert_cmpint(plan->node_count, ==, LARGE_NODES);
    g_assert_cmpint(plan_position(plan, LARGE_NODES), ==, LARGE_NODES - 1);
    const struct script_content *read = plan->nodes[9].value;
    g_assert_cmpstr(read->script, ==, "true");
    plan_unref(plan);
    free(text);
    json_decref(snapshot);
}

// Each pair of neighbours shares a thousand variables; there are as many edges as a flow may have.
static char *shared_outputs(void) {
    enum { GIVERS = 40, VARIABLES = 1000, EDGES = 100000 };
    GString *text = g_string_new("{" FLOW ",\"nodes\":[");
    for (int i = 0; i < LARGE_NODES; i++) {
        g_string_append_printf(text,
                               "%s{\"id\":%d,\"name\":\"n\",\"kind\":\"AZKABAN_COMMAND_REMOTE\","
                               "\"content\":\"{\\\"script\\\":\\\"true\\\"}\"",
                               i > 0 ? "," : "", i + 1);
        for (int j = 0; i < GIVERS && j < VARIABLES; j++) {
            g_string_append_printf(
                text, "%s{\\\"variableName\\\":\\\"v%d\\\",\\\"extractMethod\\\":\\\"json\\\"}",
                j > 0 ? "," : ",\"output\":\"{\\\"outputs\\\":[", i / 2 * VARIABLES + j);
        }
        g_string_append(text, i < GIVERS ? "]}\"}" : "}");
    }
    g_string_append(text, "],\"edges\":[");
    for (int i = 0; i < EDGES; i++) {
        int from = i % (LARGE_NODES - 6) + 1;
        g_string_append_printf(text, "%s[%d,%d,%d]", i > 0 ? "," : "", i + 1, from,
                               from + 1 + i / (LARGE_NODES - 6));
    }
    g_string_append(text, "]}");
    return g_string_free(text, FALSE);
}

// Judging costs about what reading does: with each variable by itself it would be a hundred times that.
static void many_shared_variables_are_judged_at_about_the_price_of_reading(void) {
    g_autofree char *text = shared_outputs();
    g_autoptr(GError) error = NULL;
    int64_t start_us = g_get_monotonic_time();
    struct plan *plan = build(text);
    int64_t reading_us = g_get_monotonic_time() - start_us;
    start_us = g_get_monotonic_time();
    (void)plan_check_publish(plan, &error);
    int64_t judging_us = g_get_monotonic_time() - start_us;
    g_assert_no_error(error);
    g_test_message("reading %" G_GINT64_FORMAT " us, judging %" G_GINT64_FORMAT " us", reading_us,
                   judging_us);
    g_assert_cmpint(judging_us, <, 10 * reading_us);
    plan_unref(plan);
}

static void outputs_that_were_chosen_to_collide_cost_no_more(void) {
    g_autoptr(GString) outputs = g_string_new("{\"outputs\":[");
    for (unsigned i = 0; i < COLLIDING_COUNT; i++) {
        char name[COLLIDING_BYTES];
        colliding_name(i, name);
        g_string_append_printf(outputs, "%s{\"variableName\":\"%s\",\"extractMethod\":\"json\"}",
                               i == 0 ? "" : ",", name);
    }
    g_string_append(outputs, "]}");
    struct plan_node node = { .id = 1,
                              .name = (char *)"one",
                              .kind = KIND_SCRIPT,
                              .content = (char *)"{\"script\":\"true\"}",
                              .output = outputs->str };
    json_t *snapshot = json_pack("{s:{s:i, s:s}, s:[o], s:[]}", "flow", "id", 7, "name", "large",
                                 "nodes", plan_snapshot_node(&node, NULL, NULL), "edges");
    char *text = json_dumps(snapshot, JSON_COMPACT);
    struct plan *plan = build(text);
    double start_s = colliding_cpu_s();
    g_assert_true(plan_check_publish(plan, NULL));
    colliding_assert_cheap(start_s);
    plan_unref(plan);
    free(text);
    json_decref(snapshot);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/every_part_of_a_snapshot_is_read", every_part_of_a_snapshot_is_read);
    g_test_add_func("/plan/an_argument_that_no_program_can_get_is_not_published",
                    an_argument_that_no_program_can_get_is_not_published);
    g_test_add_func("/plan/arguments_that_no_program_can_get_together_are_not_published",
                    arguments_that_no_program_can_get_together_are_not_published);
    g_test_add_func("/plan/absent_parts_have_defaults", absent_parts_have_defaults);
    g_test_add_func("/plan/damage_is_refused", damage_is_refused);
    g_test_add_func("/plan/settings_are_read", settings_are_read);
    g_test_add_func("/plan/bad_settings_name_the_key", bad_settings_name_the_key);
    g_test_add_func("/plan/publishing_demands_good_nodes", publishing_demands_good_nodes);
    g_test_add_func("/plan/publishing_demands_a_first_line_that_can_start_something",
                    publishing_demands_a_first_line_that_can_start_something);
    g_test_add_func("/plan/publishing_demands_scripts_that_can_run",
                    publishing_demands_scripts_that_can_run);
    g_test_add_func("/plan/one_variable_from_two_sides_is_not_published",
                    one_variable_from_two_sides_is_not_published);
    g_test_add_func("/plan/a_flow_without_nodes_is_not_published",
                    a_flow_without_nodes_is_not_published);
    g_test_add_func("/plan/a_half_written_condition_keeps_its_reason",
                    a_half_written_condition_keeps_its_reason);
    g_test_add_func("/plan/many_shared_variables_are_judged_at_about_the_price_of_reading",
                    many_shared_variables_are_judged_at_about_the_price_of_reading);
    g_test_add_func("/plan/a_large_snapshot_is_read_quickly", a_large_snapshot_is_read_quickly);
    g_test_add_func("/plan/outputs_that_were_chosen_to_collide_cost_no_more",
                    outputs_that_were_chosen_to_collide_cost_no_more);
    return g_test_run();
}
