// SPDX-License-Identifier: Apache-2.0
//
// What a node turns into, and what the end of its attempt means.
#include "exec/kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { FIRST = 0, NODE = 1, DATABASE_ID = 5210001 };

// A run of two nodes, an SQL assignment in front of the node under test; constants and config as JSON text.
struct setting {
    const char *kind;
    const char *content;
    const char *config;
    const char *output;
    json_t *constants; // taken
};

static json_t *node_document(int id, const char *name, const struct setting *setting) {
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s}", "id", id, "name", name, "kind",
                     setting->kind, "content", setting->content != NULL ? setting->content : "",
                     "config", setting->config != NULL ? setting->config : "", "output",
                     setting->output != NULL ? setting->output : "");
}

static struct run *make_run(struct setting setting) {
    struct setting first = { .kind = "SQL_ASSIGNMENT", .content = "{}" };
    json_t *snapshot =
        json_pack("{s:{s:i, s:s, s:i, s:s, s:s}, s:o, s:[o, o], s:[[i, i, i]]}", "flow", "id", 70,
                  "name", "nightly", "ownerId", 5, "ownerName", "owner", "zone", "UTC", "constants",
                  setting.constants != NULL ? setting.constants : json_object(), "nodes",
                  node_document(901, "first", &first), node_document(902, "under test", &setting),
                  "edges", 1, 901, 902);
    g_assert_nonnull(snapshot);
    char *text = json_dumps(snapshot, 0);
    json_decref(snapshot);
    GError *error = NULL;
    struct plan *plan = NULL;
    (void)plan_new(3, text, &plan, &error);
    g_assert_no_error(error);
    json_free_t release = NULL;
    json_get_alloc_funcs(NULL, &release);
    release(text);
    const int64_t ids[] = { 11, 12 };
    struct run *run = run_new(47, 8, plan, ids, TRIGGER_MANUAL, INT64_C(1795300000000));
    plan_unref(plan);
    run->nodes[FIRST].state = NODE_SUCCESS;
    run->nodes[FIRST].outputs = json_pack("{s:s}", "amount", "12");
    run->nodes[NODE].attempt = 4;
    run_derive(run);
    return run;
}

static bool find(int64_t tenant_id, int64_t database_id, struct exec_connection *ret_connection,
                 void *user, GError **error) {
    const enum fault *fault = user;
    g_assert_cmpint(tenant_id, ==, 8);
    if (fault != NULL) {
        fault_set(error, *fault, "the store says no");
        return false;
    }
    if (database_id != DATABASE_ID) {
        fault_set(error, FAULT_DATABASE_NOT_EXIST, "no such row");
        return false;
    }
    *ret_connection = (struct exec_connection){
        .kind = g_strdup("sqlite"),
        .host = g_strdup("/data/a.db"),
        .schema = g_strdup("main"),
        .user = g_strdup("someone"),
        .password = g_strdup("canary-91c2"),
    };
    return true;
}

static const struct kind_context context = { .language = VAR_ENGLISH,
                                             .connection = find,
                                             .data_dir = "/srv/sluice" };

// Prepares the node under test; NULL and *ret_error when it is refused.
static struct attempt_spec *prepare(struct setting setting, GError **ret_error) {
    struct run *run = make_run(setting);
    struct attempt_spec *spec = NULL;
    bool is_done = kind_prepare(&context, run, NODE, &spec, ret_error);
    g_assert_true(is_done == (spec != NULL));
    run_free(run);
    return spec;
}

static struct attempt_spec *must_prepare(struct setting setting) {
    GError *error = NULL;
    struct attempt_spec *spec = prepare(setting, &error);
    g_assert_no_error(error);
    return spec;
}

static void must_refuse(struct setting setting, const char *part) {
    GError *error = NULL;
    struct attempt_spec *spec = prepare(setting, &error);
    g_assert_null(spec);
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    if (strstr(error->message, part) == NULL) {
        g_error("\"%s\" is not in \"%s\"", part, error->message);
    }
    g_error_free(error);
}

static struct setting script(const char *content) {
    return (struct setting){ .kind = "AZKABAN_COMMAND_REMOTE", .content = content };
}

static const char *text_at(GPtrArray *texts, guint at) {
    g_assert_cmpuint(at, <, texts->len);
    return g_ptr_array_index(texts, at);
}

static char *content_at(const struct attempt_spec *spec, guint at) {
    g_assert_cmpuint(at, <, spec->contents->len);
    gsize len = 0;
    const char *data = g_bytes_get_data(g_ptr_array_index(spec->contents, at), &len);
    return g_strndup(data, len);
}

static bool has_variable(const struct attempt_spec *spec, const char *entry) {
    return g_ptr_array_find_with_equal_func(spec->environment, entry, g_str_equal, NULL);
}

static void the_shell_reads_a_script_from_descriptor_3(void) {
    struct attempt_spec *spec = must_prepare(
        script("{\"gatewayId\":\"g\",\"script\":\"echo hello\",\"args\":[\"a b\",\"\"]}"));
    g_assert_cmpstr(spec->program, ==, "/bin/sh");
    g_assert_cmpuint(spec->arguments->len, ==, 4);
    g_assert_cmpstr(text_at(spec->arguments, 0), ==, "sh");
    g_assert_cmpstr(text_at(spec->arguments, 1), ==, "/dev/fd/3");
    g_assert_cmpstr(text_at(spec->arguments, 2), ==, "a b");
    g_assert_cmpstr(text_at(spec->arguments, 3), ==, "");
    g_autofree char *content = content_at(spec, 0);
    g_assert_cmpstr(content, ==, "echo hello");
    g_assert_null(spec->work_dir);
    g_assert_cmpint(spec->timeout_ms, ==, 14 * 3600 * 1000);
    g_assert_cmpuint(spec->result_max_bytes, ==, ATTEMPT_RESULT_SCRIPT_BYTES);
    attempt_spec_free(spec);
}

static void a_text_with_an_interpreter_line_is_executed_itself(void) {
    struct attempt_spec *spec =
        must_prepare(script("{\"script\":\"#!/usr/bin/awk -f\\nBEGIN{}\",\"args\":[\"x\"]}"));
    g_assert_cmpstr(spec->program, ==, "@3");
    g_assert_cmpuint(spec->arguments->len, ==, 2);
    g_assert_cmpstr(text_at(spec->arguments, 0), ==, "under test");
    g_assert_cmpstr(text_at(spec->arguments, 1), ==, "x");
    attempt_spec_free(spec);
}

static void variables_are_replaced_in_script_args_and_work_dir(void) {
    struct setting setting =
        script("{\"script\":\"echo ${amount} $${amount} "
               "'${evil}'\",\"args\":[\"${amount}\"],\"workDir\":\"/d/${dir}\"}");
    setting.constants = json_pack("{s:s, s:s}", "dir", "in", "evil", "${amount}\"; rm");
    struct attempt_spec *spec = must_prepare(setting);
    g_autofree char *content = content_at(spec, 0);
    g_assert_cmpstr(content, ==, "echo 12 ${amount} '${amount}\"; rm'");
    g_assert_cmpstr(text_at(spec->arguments, 2), ==, "12");
    g_assert_cmpstr(spec->work_dir, ==, "/d/in");
    attempt_spec_free(spec);
}

static void unknown_variables_stay_for_the_shell_and_are_noted(void) {
    struct attempt_spec *spec = must_prepare(
        script("{\"script\":\"for x in 1; do echo ${x}${HOME}; done\",\"args\":[\"${x}\"]}"));
    g_autofree char *content = content_at(spec, 0);
    g_assert_cmpstr(content, ==, "for x in 1; do echo ${x}${HOME}; done");
    g_assert_cmpstr(spec->note, ==,
                    "node \"under test\" started: script, attempt 5\n"
                    "unknown variables were left for the shell: ${x} ${HOME}");
    attempt_spec_free(spec);
}

static void a_long_list_of_remarks_says_what_had_no_room(void) {
    g_autoptr(GString) content = g_string_new("{\"script\":\"");
    for (int i = 0; i < 100; i++) {
        g_string_append_printf(content, "${a_name_of_some_length_%d}", i);
    }
    g_string_append(content, "\"}");
    struct attempt_spec *spec = must_prepare(script(content->str));
    g_assert_cmpuint(strlen(spec->note), <=, 900);
    g_assert_true(g_str_has_suffix(spec->note, " and 92 more"));
    attempt_spec_free(spec);
}

static void the_log_begins_with_what_the_user_calls_it(void) {
    struct attempt_spec *spec = must_prepare(script("{\"script\":\"true\"}"));
    g_assert_cmpstr(spec->note, ==, "node \"under test\" started: script, attempt 5");
    attempt_spec_free(spec);
    spec = must_prepare((struct setting){ .kind = "NORMAL_SQL",
                                          .content = "{\"dbId\":5210001,\"sql\":\"SELECT 1\"}" });
    g_assert_cmpstr(spec->note, ==, "node \"under test\" started: SQL, attempt 5");
    attempt_spec_free(spec);
}

static void check_script(const char *written, const char *run, const char *remark) {
    json_t *document = json_pack("{s:s}", "script", written);
    char *content = json_dumps(document, 0);
    struct setting setting = script(content);
    setting.constants = json_pack("{s:s}", "crlf", "a\r\nb");
    struct attempt_spec *spec = must_prepare(setting);
    g_autofree char *text = content_at(spec, 0);
    g_assert_cmpstr(text, ==, run);
    const char *line = strchr(spec->note, '\n');
    g_assert_cmpstr(line != NULL ? line + 1 : NULL, ==, remark);
    attempt_spec_free(spec);
    json_decref(document);
    free(content);
}

static void bytes_of_an_editors_do_not_reach_the_shell(void) {
    check_script("\xef\xbb\xbf#!/bin/cat\nx\n", "#!/bin/cat\nx\n",
                 "the script begins with a byte order mark, which is left out");
    check_script("\xef\xbb\xbf\xef\xbb\xbf"
                 "true\n",
                 "true\n", "the script begins with a byte order mark, which is left out");
    check_script("if true; then\r\necho '${crlf}'\r\nfi\r\n", "if true; then\necho 'a\r\nb'\nfi\n",
                 "the lines of the script end in CR LF; it is run with LF");
    check_script("a\nb\r\nc\r\n", "a\nb\r\nc\r\n",
                 "2 of 3 lines of the script end in CR LF, the first of them line 2; there the "
                 "carriage return is part of the line");
    check_script("printf 'a\rb'\n", "printf 'a\rb'\n", NULL);
    struct attempt_spec *spec =
        must_prepare(script("{\"script\":\"\xef\xbb\xbf#!/bin/cat\\r\\nx\"}"));
    g_assert_cmpstr(spec->program, ==, "@3");
    g_autofree char *text = content_at(spec, 0);
    g_assert_cmpstr(text, ==, "#!/bin/cat\nx");
    attempt_spec_free(spec);
}

// It would be executed by env, as its own command, until its time is over.
static void a_script_that_would_start_itself_is_not_started(void) {
    struct setting setting = script("{\"script\":\"#!/usr/bin/env ${command}\\necho 1\"}");
    setting.constants = json_pack("{s:s}", "command", "sh");
    attempt_spec_free(must_prepare(setting));
    setting.constants = json_pack("{s:s}", "command", "");
    must_refuse(setting, "\"env\" in the first line of \"script\" has no command");
}

static void strict_variables_refuse_an_unknown_name(void) {
    struct setting setting = script("{\"script\":\"echo ${nobody}\"}");
    setting.config = "{\"strictVariables\":true}";
    must_refuse(setting, "${nobody}");
}

static void the_environment_holds_every_variable_and_nothing_of_the_servers(void) {
    (void)g_setenv("SLUICE_CANARY", "1", TRUE);
    (void)g_setenv("CANARY", "1", TRUE);
    struct setting setting = script("{\"script\":\"true\"}");
    setting.constants = json_pack("{s:s}", "6-month.ago", "a b\n$(c)");
    struct attempt_spec *spec = must_prepare(setting);
    g_assert_true(
        has_variable(spec, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
    g_assert_true(has_variable(spec, "LANG=C.UTF-8"));
    g_assert_true(has_variable(spec, "SLUICE_FLOW_ID=70"));
    g_assert_true(has_variable(spec, "SLUICE_RUN_ID=47"));
    g_assert_true(has_variable(spec, "SLUICE_NODE_ID=902"));
    g_assert_true(has_variable(spec, "SLUICE_ATTEMPT=5"));
    g_assert_true(has_variable(spec, "TF_VAR_amount=12"));
    g_assert_true(has_variable(spec, "TF_VAR_6_month_ago=a b\n$(c)"));
    g_assert_true(has_variable(spec, "TF_VAR_dagId=70"));
    for (guint i = 0; i < spec->environment->len; i++) {
        const char *entry = text_at(spec->environment, i);
        g_assert_null(strstr(entry, "CANARY"));
        g_assert_true(g_str_has_prefix(entry, "TF_VAR_") || g_str_has_prefix(entry, "SLUICE_") ||
                      g_str_has_prefix(entry, "PATH=") || g_str_has_prefix(entry, "LANG="));
    }
    attempt_spec_free(spec);
}

static const char *variable_of(const struct attempt_spec *spec, const char *key) {
    g_autofree char *prefix = g_strconcat(key, "=", NULL);
    for (guint i = 0; i < spec->environment->len; i++) {
        const char *entry = text_at(spec->environment, i);
        if (g_str_has_prefix(entry, prefix)) {
            return entry + strlen(prefix);
        }
    }
    return NULL;
}

// The file of variables of an attempt, which is the descriptor that the environment names.
static json_t *file_of(const struct attempt_spec *spec) {
    g_assert_cmpstr(variable_of(spec, "SLUICE_VARIABLES_FILE"), ==, "/dev/fd/4");
    g_autofree char *text = content_at(spec, 1);
    json_t *file = json_loads(text, 0, NULL);
    g_assert_nonnull(file);
    return file;
}

static void assert_in_file(const struct attempt_spec *spec, const char *name, const char *value) {
    json_t *file = file_of(spec);
    g_assert_cmpstr(json_string_value(json_object_get(file, name)), ==, value);
    json_decref(file);
}

static void a_name_of_several_variables_is_left_out_of_the_environment(void) {
    struct setting setting = script("{\"script\":\"true\"}");
    setting.constants = json_pack("{s:s, s:s, s:s, s:s, s:s}", "a.b", "1", "a-b", "2", "c-d", "3",
                                  "c_d", "4", "e", "5");
    struct attempt_spec *spec = must_prepare(setting);
    g_assert_cmpstr(variable_of(spec, "TF_VAR_a_b"), ==, NULL);
    g_assert_cmpstr(variable_of(spec, "TF_VAR_c_d"), ==, "4");
    g_assert_cmpstr(variable_of(spec, "TF_VAR_e"), ==, "5");
    g_assert_nonnull(strstr(spec->note, "\nnot in the environment, where several variables would "
                                        "have one name: ${a-b} (TF_VAR_a_b) ${a.b} (TF_VAR_a_b) "
                                        "${c-d} (TF_VAR_c_d)"));
    assert_in_file(spec, "a.b", "1");
    assert_in_file(spec, "a-b", "2");
    assert_in_file(spec, "c-d", "3");
    assert_in_file(spec, "c_d", "4");
    attempt_spec_free(spec);
}

static void add_long_constants(struct setting *setting, int count, int bytes) {
    setting->constants = json_object();
    for (int i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("v%04d", i);
        g_autofree char *value = g_strnfill((gsize)(bytes + i), 'x');
        (void)json_object_set_new(setting->constants, name, json_string(value));
    }
}

static void the_longest_variables_have_no_room_in_the_environment(void) {
    struct setting setting = script("{\"script\":\"true\"}");
    add_long_constants(&setting, 20, 60 * 1024);
    struct attempt_spec *spec = must_prepare(setting);
    g_assert_nonnull(variable_of(spec, "TF_VAR_v0000"));
    g_assert_nonnull(variable_of(spec, "TF_VAR_v0016"));
    g_assert_cmpstr(variable_of(spec, "TF_VAR_v0017"), ==, NULL);
    g_assert_cmpstr(variable_of(spec, "TF_VAR_v0019"), ==, NULL);
    g_assert_cmpstr(variable_of(spec, "TF_VAR_amount"), ==, "12");
    g_assert_nonnull(variable_of(spec, "TF_VAR_bizdate"));
    g_assert_nonnull(strstr(spec->note,
                            "\nnot in the environment, which has no room for it: ${v0017} "
                            "(61457 bytes) ${v0018} (61458 bytes) ${v0019} (61459 bytes)"));
    json_t *file = file_of(spec);
    g_assert_cmpuint(json_string_length(json_object_get(file, "v0019")), ==, 61459);
    json_decref(file);
    attempt_spec_free(spec);
}

static void the_file_of_variables_is_bounded_too(void) {
    struct setting setting = script("{\"script\":\"true\"}");
    add_long_constants(&setting, 150, 60 * 1024);
    struct attempt_spec *spec = must_prepare(setting);
    g_assert_nonnull(strstr(spec->note, "\nnot in the file of variables either: ${v0"));
    g_assert_cmpuint(strlen(spec->note), <=, 900);
    json_t *file = file_of(spec);
    g_assert_null(json_object_get(file, "v0149"));
    g_assert_nonnull(json_object_get(file, "v0017"));
    json_decref(file);
    attempt_spec_free(spec);
}

static void a_null_is_empty_in_the_environment_and_null_in_the_file(void) {
    struct run *run = make_run(script("{\"script\":\"echo '${nothing}'\"}"));
    (void)json_object_set_new(run->nodes[FIRST].outputs, "nothing", json_null());
    struct attempt_spec *spec = NULL;
    g_assert_true(kind_prepare(&context, run, NODE, &spec, NULL));
    g_autofree char *text = content_at(spec, 0);
    g_assert_cmpstr(text, ==, "echo ''");
    g_assert_cmpstr(variable_of(spec, "TF_VAR_nothing"), ==, "");
    json_t *file = file_of(spec);
    g_assert_true(json_is_null(json_object_get(file, "nothing")));
    json_decref(file);
    attempt_spec_free(spec);
    run_free(run);
}

static void the_smallest_time_limit_wins(void) {
    struct setting setting = script("{\"script\":\"true\",\"timeoutSeconds\":60}");
    setting.config = "{\"timeoutSeconds\":90}";
    struct attempt_spec *spec = must_prepare(setting);
    g_assert_cmpint(spec->timeout_ms, ==, 60000);
    attempt_spec_free(spec);
    setting.config = "{\"timeoutSeconds\":30}";
    spec = must_prepare(setting);
    g_assert_cmpint(spec->timeout_ms, ==, 30000);
    attempt_spec_free(spec);
    spec = must_prepare(script("{\"script\":\"true\",\"timeoutSeconds\":9000000000000000000}"));
    g_assert_cmpint(spec->timeout_ms, ==, 14 * 3600 * 1000);
    attempt_spec_free(spec);
}

static void bad_content_of_a_script_is_refused_with_a_sentence(void) {
    must_refuse(script(""), "has no content");
    must_refuse(script("nonsense"), "is not JSON");
    must_refuse(script("[1]"), "not a JSON object");
    must_refuse(script("{}"), "no \"script\"");
    must_refuse(script("{\"script\":\"\"}"), "no \"script\"");
    must_refuse(script("{\"script\":7}"), "\"script\" of the content must be a text");
    must_refuse(script("{\"file\":\"a.sh\"}"), "no script folder is configured");
    must_refuse(script("{\"script\":\"true\",\"file\":\"a.sh\"}"),
                "no script folder is configured");
    must_refuse(script("{\"script\":\"true\",\"args\":\"x\"}"), "\"args\"");
    must_refuse(script("{\"script\":\"true\",\"args\":[\"x\",1]}"), "\"args[1]\"");
    must_refuse(script("{\"script\":\"true\",\"workDir\":\"relative\"}"), "absolute path");
    must_refuse(script("{\"script\":\"true\",\"timeoutSeconds\":0}"), "timeoutSeconds");
    must_refuse(script("{\"script\":\"true\",\"timeoutSeconds\":\"9\"}"), "timeoutSeconds");
}

static void an_argument_that_no_program_can_take_is_refused(void) {
    g_autofree char *value = g_strnfill(131072, 'x');
    g_autofree char *content = g_strdup_printf("{\"script\":\"true\",\"args\":[\"%s\"]}", value);
    must_refuse(script(content), "\"args[0]\" of the content is too long");
}

static void a_kind_without_an_executor_is_named(void) {
    must_refuse((struct setting){ .kind = "SPARK_SQL", .content = "{}" },
                "no executor configured for SPARK_SQL");
    must_refuse((struct setting){ .kind = "ECS_SCRIPT", .content = "{}" },
                "no executor configured for ECS_SCRIPT");
}

static struct setting sql(const char *content) {
    return (struct setting){ .kind = "NORMAL_SQL", .content = content };
}

static void the_sql_request_is_on_descriptor_3_and_nowhere_else(void) {
    struct attempt_spec *spec = must_prepare(sql(
        "{\"dbId\":5210001,\"sql\":\"INSERT INTO t VALUES (${amount})\",\"dbType\":\"SQLite\"}"));
    g_assert_cmpstr(spec->program, ==, "@sql");
    g_assert_cmpuint(spec->arguments->len, ==, 1);
    g_assert_cmpuint(spec->contents->len, ==, 1);
    g_assert_cmpuint(spec->result_max_bytes, ==, ATTEMPT_RESULT_SQL_BYTES);
    g_autofree char *text = content_at(spec, 0);
    json_t *request = json_loads(text, 0, NULL);
    json_t *expected = json_pack("{s:s, s:{s:s, s:s, s:i, s:s, s:s, s:s}, s:s, s:s}", "mode", "run",
                                 "connection", "kind", "sqlite", "host", "/data/a.db", "port", 0,
                                 "schema", "main", "user", "someone", "password", "canary-91c2",
                                 "forbidden", "/srv/sluice", "sql", "INSERT INTO t VALUES (12)");
    g_assert_true(json_equal(request, expected));
    json_decref(request);
    json_decref(expected);
    for (guint i = 0; i < spec->environment->len; i++) {
        g_assert_null(strstr(text_at(spec->environment, i), "canary-91c2"));
    }
    attempt_spec_free(spec);
}

static void an_unknown_variable_fails_an_sql_node(void) {
    must_refuse(sql("{\"dbId\":5210001,\"sql\":\"SELECT ${nobody}\"}"), "${nobody}");
}

static void bad_content_of_an_sql_node_is_refused_with_a_sentence(void) {
    must_refuse(sql("{\"sql\":\"SELECT 1\"}"), "no \"dbId\"");
    must_refuse(sql("{\"dbId\":\"x\",\"sql\":\"SELECT 1\"}"), "no \"dbId\"");
    must_refuse(sql("{\"dbId\":5210001}"), "no \"sql\"");
    must_refuse(sql("{\"dbId\":5210001,\"sql\":\" ; \"}"), "no \"sql\"");
    must_refuse(sql("{\"dbId\":5210001,\"sql\":[]}"), "\"sql\" of the content must be a text");
    must_refuse(sql("{\"dbId\":5210001,\"sql\":\"SELECT 1\",\"dbType\":\"mysql\"}"),
                "registered as \"sqlite\"");
    must_refuse(sql("{\"dbId\":404,\"sql\":\"SELECT 1\"}"), "there is no database 404");
    attempt_spec_free(must_prepare(sql("{\"dbId\":\"5210001\",\"sql\":\"SELECT 1\"}")));
}

static void an_error_of_the_store_stays_what_it_is(void) {
    enum fault fault = FAULT_IO;
    struct kind_context broken = context;
    broken.user = &fault;
    struct run *run = make_run(sql("{\"dbId\":5210001,\"sql\":\"SELECT 1\"}"));
    struct attempt_spec *spec = NULL;
    GError *error = NULL;
    g_assert_false(kind_prepare(&broken, run, NODE, &spec, &error));
    g_assert_true(fault_is(error, FAULT_IO));
    g_error_free(error);
    run_free(run);
}

static const char *const DECLARED =
    "{\"outputs\":[{\"extractMethod\":\"{\\\"row\\\":0,\\\"column\\\":-1,\\\"combiner\\\":\\\";"
    "\\\"}\",\"variableName\":\"ids\","
    "\"description\":\"d\",\"default\":\"none\"}]}";

static void an_assignment_tells_the_runner_its_outputs(void) {
    struct setting setting = { .kind = "SQL_ASSIGNMENT",
                               .content = "{\"dbId\":5210001,\"sql\":\"SELECT 1\"}",
                               .output = DECLARED };
    struct attempt_spec *spec = must_prepare(setting);
    g_assert_cmpint(spec->timeout_ms, ==, 3600 * 1000);
    g_autofree char *text = content_at(spec, 0);
    json_t *request = json_loads(text, 0, NULL);
    json_t *expected = json_pack("[{s:s, s:i, s:i, s:s, s:s}]", "name", "ids", "row", 0, "column",
                                 -1, "combiner", ";", "default", "none");
    g_assert_cmpstr(json_string_value(json_object_get(request, "mode")), ==, "assign");
    g_assert_true(json_equal(json_object_get(request, "outputs"), expected));
    json_decref(request);
    json_decref(expected);
    attempt_spec_free(spec);
    setting.output = "{\"outputs\":[{\"extractMethod\":\"json\",\"variableName\":\"ids\"}]}";
    must_refuse(setting, "");
}

// What an end means: outcome, message, outputs as JSON text or NULL.
static void check_outcome(struct setting setting, struct exit_report report,
                          enum attempt_outcome outcome, const char *message,
                          const char *outputs_text) {
    struct run *run = make_run(setting);
    if (report.result != NULL && report.result_len == 0) {
        report.result_len = strlen(report.result);
    }
    enum attempt_outcome found = OUTCOME_KILLED;
    char *found_message = NULL;
    json_t *found_outputs = NULL;
    kind_outcome(run, NODE, &report, &found, &found_message, &found_outputs);
    g_assert_cmpstr(found_message, ==, message);
    g_assert_cmpint(found, ==, outcome);
    json_t *expected = outputs_text != NULL ? json_loads(outputs_text, 0, NULL) : NULL;
    g_assert_true((expected == NULL) == (found_outputs == NULL));
    g_assert_true(expected == NULL || json_equal(expected, found_outputs));
    json_decref(expected);
    json_decref(found_outputs);
    g_free(found_message);
    run_free(run);
}

static void an_end_is_told_truly(void) {
    struct setting setting = script("{\"script\":\"true\",\"timeoutSeconds\":60}");
    check_outcome(setting, (struct exit_report){ .cause = EXIT_NORMAL }, OUTCOME_SUCCESS, NULL,
                  "{}");
    check_outcome(setting, (struct exit_report){ .code = 3 }, OUTCOME_FAILURE, "exit code 3", NULL);
    check_outcome(setting, (struct exit_report){ .cause = EXIT_SIGNAL, .code = 9 }, OUTCOME_FAILURE,
                  "killed by signal 9", NULL);
    check_outcome(
        setting, (struct exit_report){ .cause = EXIT_SIGNAL, .code = 9, .was_out_of_memory = true },
        OUTCOME_FAILURE, "killed by signal 9: the memory limit was reached", NULL);
    check_outcome(setting, (struct exit_report){ .cause = EXIT_NOT_STARTED, .code = ENOENT },
                  OUTCOME_FAILURE, "could not start: No such file or directory", NULL);
    check_outcome(setting,
                  (struct exit_report){ .cause = EXIT_NOT_STARTED,
                                        .code = ENOENT,
                                        .result = "the work directory /x does not exist" },
                  OUTCOME_FAILURE, "could not start: the work directory /x does not exist", NULL);
    check_outcome(
        setting,
        (struct exit_report){ .cause = EXIT_SIGNAL, .code = 15, .kill = EXIT_KILL_TIMEOUT },
        OUTCOME_FAILURE, "timed out after 60 s", NULL);
    // An exit after TERM is "killed" whatever the code (behaviour.md §3.5.1).
    check_outcome(setting, (struct exit_report){ .kill = EXIT_KILL_SERVER }, OUTCOME_KILLED,
                  "killed", NULL);
    check_outcome(setting, (struct exit_report){ .kill = EXIT_KILL_TIMEOUT }, OUTCOME_FAILURE,
                  "timed out after 60 s", NULL);
    check_outcome(setting, (struct exit_report){ .cause = EXIT_LOST }, OUTCOME_FAILURE,
                  "outcome unknown: the supervisor or the machine went down while it ran", NULL);
}

static void the_last_line_of_a_script_gives_its_outputs(void) {
    struct setting setting = script("{\"script\":\"true\"}");
    check_outcome(setting, (struct exit_report){ .result = "{\"hello\":\"world\"}" },
                  OUTCOME_SUCCESS, NULL, "{\"hello\":\"world\"}");
    check_outcome(setting, (struct exit_report){ .result = "all done" }, OUTCOME_SUCCESS, NULL,
                  "{}");
    check_outcome(setting, (struct exit_report){ .result = "{\"v\":1.50,\"w\":[1]}" },
                  OUTCOME_SUCCESS, "outputs: \"w\" is a list, not a text, a number, true or false",
                  "{\"v\":\"1.50\"}");
    check_outcome(setting, (struct exit_report){ .result = "{\"hello\":\"world\"}", .code = 1 },
                  OUTCOME_FAILURE, "exit code 1", NULL);
}

static void a_declared_output_that_is_missing_fails_the_node(void) {
    struct setting setting = script("{\"script\":\"true\"}");
    setting.output = "{\"outputs\":[{\"extractMethod\":\"json\",\"variableName\":\"n\"}]}";
    check_outcome(setting, (struct exit_report){ .result = "{\"n\":\"1\"}" }, OUTCOME_SUCCESS, NULL,
                  "{\"n\":\"1\"}");
    check_outcome(setting, (struct exit_report){ .result = "{\"n\":null}" }, OUTCOME_FAILURE,
                  "output variable n is declared but was not set; the last line of standard output "
                  "must be a JSON object that holds it; \"n\" is null, not a text, a number, true "
                  "or false",
                  NULL);
    struct run *run = make_run(setting);
    enum attempt_outcome outcome = OUTCOME_SUCCESS;
    char *message = NULL;
    json_t *outputs = NULL;
    kind_outcome(run, NODE, &(struct exit_report){ .is_result_too_long = true }, &outcome, &message,
                 &outputs);
    g_assert_cmpint(outcome, ==, OUTCOME_FAILURE);
    g_assert_nonnull(strstr(message, "variable n is declared"));
    g_assert_nonnull(strstr(message, "too long to be kept"));
    g_assert_null(outputs);
    g_free(message);
    run_free(run);
}

static void the_runners_words_become_the_nodes_message(void) {
    struct setting setting = sql("{\"dbId\":5210001,\"sql\":\"SELECT 1\"}");
    check_outcome(
        setting,
        (struct exit_report){
            .code = 1, .result = "{\"ok\":false,\"error\":\"statement 2: no such table: t\"}" },
        OUTCOME_FAILURE, "statement 2: no such table: t", NULL);
    check_outcome(setting, (struct exit_report){ .code = 1, .result = "no JSON" }, OUTCOME_FAILURE,
                  "exit code 1", NULL);
    check_outcome(setting, (struct exit_report){ .result = "{\"outputs\":{\"x\":\"1\"}}" },
                  OUTCOME_SUCCESS, NULL, NULL);
}

static void an_assignment_reads_the_runners_answer(void) {
    struct setting setting = { .kind = "SQL_ASSIGNMENT",
                               .content = "{\"dbId\":5210001,\"sql\":\"SELECT 1\"}",
                               .output = DECLARED };
    check_outcome(setting, (struct exit_report){ .result = "{\"outputs\":{\"ids\":\"1;2\"}}" },
                  OUTCOME_SUCCESS, NULL, "{\"ids\":\"1;2\"}");
    const char *complaint = "sluice-sql ended without the values of the outputs";
    check_outcome(setting, (struct exit_report){ .result = NULL }, OUTCOME_FAILURE, complaint,
                  NULL);
    check_outcome(setting, (struct exit_report){ .result = "{\"outputs\":{\"ids\":1}}" },
                  OUTCOME_FAILURE, complaint, NULL);
    check_outcome(setting, (struct exit_report){ .result = "{\"outputs\":{\"a b\":\"1\"}}" },
                  OUTCOME_FAILURE, complaint, NULL);
    check_outcome(setting, (struct exit_report){ .result = "{\"ids\":\"1\"}" }, OUTCOME_FAILURE,
                  complaint, NULL);
}

static void a_probe_is_short_and_knows_what_is_forbidden(void) {
    struct exec_connection connection = { .kind = g_strdup("sqlite"),
                                          .host = g_strdup("/data/b.db"),
                                          .forbidden_dir = g_strdup("/srv") };
    struct attempt_spec *spec = kind_probe(&connection);
    g_assert_cmpstr(spec->program, ==, "@sql");
    g_assert_cmpint(spec->timeout_ms, ==, 5000);
    g_autofree char *text = content_at(spec, 0);
    json_t *request = json_loads(text, 0, NULL);
    g_assert_cmpstr(json_string_value(json_object_get(request, "mode")), ==, "probe");
    g_assert_cmpstr(json_string_value(json_object_get(request, "forbidden")), ==, "/srv");
    json_decref(request);
    attempt_spec_free(spec);
    exec_connection_done(&connection);
}

#define TEST(name) g_test_add_func("/kinds/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(the_shell_reads_a_script_from_descriptor_3);
    TEST(a_text_with_an_interpreter_line_is_executed_itself);
    TEST(variables_are_replaced_in_script_args_and_work_dir);
    TEST(unknown_variables_stay_for_the_shell_and_are_noted);
    TEST(a_long_list_of_remarks_says_what_had_no_room);
    TEST(the_log_begins_with_what_the_user_calls_it);
    TEST(bytes_of_an_editors_do_not_reach_the_shell);
    TEST(strict_variables_refuse_an_unknown_name);
    TEST(a_script_that_would_start_itself_is_not_started);
    TEST(the_environment_holds_every_variable_and_nothing_of_the_servers);
    TEST(a_name_of_several_variables_is_left_out_of_the_environment);
    TEST(the_longest_variables_have_no_room_in_the_environment);
    TEST(the_file_of_variables_is_bounded_too);
    TEST(a_null_is_empty_in_the_environment_and_null_in_the_file);
    TEST(the_smallest_time_limit_wins);
    TEST(bad_content_of_a_script_is_refused_with_a_sentence);
    TEST(an_argument_that_no_program_can_take_is_refused);
    TEST(a_kind_without_an_executor_is_named);
    TEST(the_sql_request_is_on_descriptor_3_and_nowhere_else);
    TEST(an_unknown_variable_fails_an_sql_node);
    TEST(bad_content_of_an_sql_node_is_refused_with_a_sentence);
    TEST(an_error_of_the_store_stays_what_it_is);
    TEST(an_assignment_tells_the_runner_its_outputs);
    TEST(an_end_is_told_truly);
    TEST(the_last_line_of_a_script_gives_its_outputs);
    TEST(a_declared_output_that_is_missing_fails_the_node);
    TEST(the_runners_words_become_the_nodes_message);
    TEST(an_assignment_reads_the_runners_answer);
    TEST(a_probe_is_short_and_knows_what_is_forbidden);
    return g_test_run();
}
