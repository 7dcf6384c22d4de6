// SPDX-License-Identifier: Apache-2.0
//
// The one judge of a flow's JSON documents: known keys in a wrong place or of a wrong type are refused with the right form, unknown ones are told.
#include "core/keys.h"
#include "base/fault.h"
#include "core/node_config.h"
#include "core/node_output.h"
#include "core/vars.h"

#include <string.h>

static void refused(const char *config, const char *const *parts) {
    g_autoptr(GError) error = NULL;
    g_assert_false(node_config_check(config, &error));
    g_assert_nonnull(error);
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (strstr(error->message, parts[i]) == NULL) {
            g_error("%s: \"%s\" does not say \"%s\"", config, error->message, parts[i]);
        }
    }
}
#define REFUSED(config, ...) refused(config, (const char *const[]){ __VA_ARGS__, NULL })

static void test_places(void) {
    REFUSED("{\"rerunEnable\":true}", "rerunEnable must stand within rerun and stands at the top",
            "{\"rerun\": {\"rerunEnable\": true}}");
    REFUSED("{\"rerun\":{\"timeoutSeconds\":5}}",
            "timeoutSeconds must stand at the top and stands within rerun",
            "{\"timeoutSeconds\": 3600}");
    REFUSED("{\"rerun\":{\"rerun\":{}}}", "rerun must stand at the top and stands within rerun");
}

static void test_types(void) {
    REFUSED("{\"rerun\":true}", "rerun must be an object and is true",
            "{\"rerun\": {\"rerunEnable\": true");
    REFUSED("{\"rerun\":{\"rerunEnable\":\"true\"}}",
            "rerun.rerunEnable must be true or false and is \"true\"");
    REFUSED("{\"rerun\":{\"rerunCount\":1001}}",
            "rerun.rerunCount must be a whole number from 0 to 1000 and is 1001");
    REFUSED("{\"rerun\":{\"rerunInterval\":1.5}}", "from 0 to 604800 and is 1.5");
    REFUSED("{\"timeoutSeconds\":-1}", "timeoutSeconds must be a whole number from 0 to 2592000");
    REFUSED("{\"timeoutSeconds\":\"60\"}", "and is \"60\"");
    REFUSED("{\"disabled\":1}", "disabled must be true or false and is 1", "{\"disabled\": true}");
    REFUSED("[]", "not a JSON object");
    REFUSED("{", "not a JSON object");
    g_autofree char *filler = g_strnfill(1000, 'x');
    g_autofree char *long_value = g_strdup_printf("{\"disabled\":\"%s\"}", filler);
    g_autoptr(GError) error = NULL;
    g_assert_false(node_config_check(long_value, &error));
    g_assert_cmpuint(strlen(error->message), <, 250);
}

static void output_is_refused(const char *output, bool is_sql, const char *reason) {
    g_autoptr(GError) error = NULL;
    g_assert_false(node_output_check(output, is_sql, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    if (strstr(error->message, reason) == NULL) {
        g_error("%s: \"%s\" does not say \"%s\"", output, error->message, reason);
    }
}

#define OUTPUT(members) "{\"outputs\":[{" members "}]}"
#define NAMED "\"variableName\":\"a\","
#define CELL "\"extractMethod\":\"{\\\"row\\\":0,\\\"column\\\":0}\""
#define COMBINED(combiner)                                                                         \
    "\"extractMethod\":\"{\\\"row\\\":0,\\\"column\\\":0,\\\"combiner\\\":" combiner "}\""

static void test_outputs(void) {
    static const char good[] = OUTPUT(NAMED CELL ",\"default\":null,\"description\":\"\",\"x\":5");
    output_is_refused(OUTPUT(NAMED CELL ",\"default\":0"), true,
                      "outputs.default must be a text and is 0; the right form is {\"outputs\": "
                      "[{\"variableName\": \"day\", \"default\": \"0\"}]}");
    output_is_refused(OUTPUT(NAMED CELL ",\"default\":{}"), true, "outputs.default must be a text");
    output_is_refused(OUTPUT(NAMED "\"extractMethod\":\"json\",\"default\":true"), false,
                      "outputs.default must be a text and is true");
    output_is_refused(OUTPUT(NAMED CELL ",\"description\":[]"), true,
                      "outputs.description must be a text");
    output_is_refused(OUTPUT("\"variableName\":1"), true, "outputs.variableName must be a text");
    output_is_refused(OUTPUT(NAMED "\"extractMethod\":{\"row\":0,\"column\":0}"), true,
                      "outputs.extractMethod must be a text");
    output_is_refused(OUTPUT(NAMED COMBINED("5")), true, "combiner must be a text and is 5");
    output_is_refused(OUTPUT(NAMED "\"extractMethod\":\"{\""), true, "not a JSON object");
    output_is_refused("{\"variableName\":\"a\"}", false, "variableName must stand within outputs");
    output_is_refused("{", true, "not a JSON object");
    g_assert_true(node_output_check(good, true, NULL));
    g_assert_true(node_output_check(OUTPUT(NAMED COMBINED("null")), true, NULL));
    g_assert_true(node_output_check(NULL, true, NULL));
    g_assert_true(node_output_check("", false, NULL));
    // What earlier releases took must still run.
    g_assert_true(vars_output_check(OUTPUT(NAMED CELL ",\"default\":0"), true, NULL));
}

// The right form that a refusal shows is itself right, and has the key that it is about.
static void test_right_forms(void) {
    for (int document = 0; document < KEYS_DOCUMENT_COUNT; document++) {
        size_t count = 0;
        const struct key_rule *rules = keys_rules((enum keys_document)document, &count);
        for (size_t i = 0; i < count; i++) {
            g_assert_true(rules[i].type == KEY_ANY || rules[i].type == KEY_LIST ||
                          rules[i].right != NULL);
            if (rules[i].right == NULL) {
                continue;
            }
            json_auto_t *root = json_loads(rules[i].right, 0, NULL);
            struct remarks remarks = { 0 };
            g_assert_nonnull(root);
            g_assert_true(keys_check((enum keys_document)document, root, true, NULL));
            keys_unknown((enum keys_document)document, root, "x", &remarks);
            g_assert_cmpuint(remarks.count, ==, 0);
            if (rules[i].within[0] == '\0') {
                g_assert_nonnull(json_object_get(root, rules[i].name));
            }
        }
    }
}

// What earlier releases took must still run: a stored config is read without a look at places.
static void test_stored(void) {
    struct node_settings settings = { 0 };
    g_assert_true(node_settings_parse("{\"rerunEnable\":true,\"disabled\":null}", &settings, NULL));
    g_assert_false(settings.has_rerun);
    g_assert_true(node_config_check(
        "{\"disabled\":null,\"rerun\":null,\"priority\":{\"disabled\":5}}", NULL));
    g_assert_true(node_config_check("", NULL));
    g_assert_true(node_config_check(NULL, NULL));
    g_assert_true(node_settings_parse(
        "{\"rerun\":{\"rerunEnable\":true,\"rerunCount\":3},\"timeoutSeconds\":9}", &settings,
        NULL));
    g_assert_true(settings.has_rerun);
    g_assert_cmpint(settings.rerun_count_max, ==, 3);
    g_assert_cmpint(settings.rerun_interval_ms, ==, 10000);
    g_assert_cmpint(settings.timeout_ms, ==, 9000);
}

static void told(enum keys_document document, const char *text, const char *expected) {
    json_auto_t *root = json_loads(text, 0, NULL);
    struct remarks remarks = { 0 };
    g_autoptr(GString) names = g_string_new(NULL);
    g_assert_nonnull(root);
    keys_unknown(document, root, "Doc", &remarks);
    for (guint i = 0; remarks.list != NULL && i < remarks.list->len; i++) {
        const struct remark *remark = g_ptr_array_index(remarks.list, i);
        const char *tip = strchr(remark->message, ';');
        g_string_append_printf(names, "%s%s%s", i > 0 ? "|" : "", remark->name, tip ? tip : "");
    }
    g_assert_cmpstr(names->str, ==, expected);
    remarks_done(&remarks);
}

static void test_unknown(void) {
    told(KEYS_CONFIG, "{\"rerun\":{\"rerunCuont\":1},\"priority\":{\"level\":1}}",
         "Doc.priority|Doc.rerun.rerunCuont; did you mean rerunCount?");
    told(KEYS_TIME_VARIABLES,
         "{\"variables\":[{\"name\":\"a\",\"pattern\":\"yyyy\"},{\"patern\":1}]}",
         "Doc.variables[1].patern; did you mean pattern?");
    told(KEYS_SCHEDULE, "{\"triggerType\":\"0\",\"dateTime\":\"00:00\",\"dagId\":1,\"x\":1}",
         "Doc.dagId; it belongs into events|Doc.x");
    told(KEYS_SCRIPT, "{\"script\":\"x\",\"workdir\":\"/\"}", "Doc.workdir; did you mean workDir?");
    told(KEYS_CONDITION, "{\"conditions\":[{\"varable\":1},7]}",
         "Doc.conditions[0].varable; did you mean variable?");
    told(KEYS_SQL, "{\"dbId\":1,\"sql\":\"x\",\"dbType\":\"y\",\"timeoutSeconds\":1}", "");
    told(KEYS_OUTPUT, "{\"outputs\":7}", "");
}

// docs/nodes/config.md has a row for each key, with its place and range.
static void test_page(void) {
    const char *source = g_getenv("SLUICE_SOURCE");
    g_autofree char *path = g_build_filename(source, "docs", "nodes", "config.md", NULL);
    g_autofree char *page = NULL;
    size_t count = 0;
    const struct key_rule *rules = keys_rules(KEYS_CONFIG, &count);
    g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
    for (size_t i = 0; i < count; i++) {
        const struct key_rule *rule = &rules[i];
        bool is_top = rule->within[0] == '\0';
        g_autofree char *place =
            is_top ? g_strdup("the text") : g_strdup_printf("`%s`", rule->within);
        g_autofree char *type =
            rule->type == KEY_WHOLE
                ? g_strdup_printf("whole number | 0 to %" G_GINT64_FORMAT " |", rule->max)
                : g_strdup(rule->type == KEY_FLAG ? "boolean | |" : "object | |");
        g_autofree char *row = g_strdup_printf("\n| `%s` | %s | %s", rule->name, place, type);
        if (strstr(page, row) == NULL) {
            g_error("docs/nodes/config.md has no row%s", row);
        }
    }
}

static void test_many(void) {
    json_auto_t *root = json_object();
    for (int i = 0; i < 1000; i++) {
        g_autofree char *key = g_strdup_printf("%d%0500d", i, 0);
        (void)json_object_set_new(root, key, json_null());
    }
    struct remarks remarks = { 0 };
    keys_unknown(KEYS_CONFIG, root, "Doc", &remarks);
    g_assert_cmpuint(remarks.count, ==, 1000);
    g_assert_cmpuint(remarks.list->len, ==, REMARKS_MAX);
    const struct remark *remark = g_ptr_array_index(remarks.list, 0);
    g_assert_cmpuint(strlen(remark->message), <, 200);
    remarks_done(&remarks);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keys/a_known_key_in_a_wrong_place_is_refused", test_places);
    g_test_add_func("/keys/a_value_of_a_wrong_type_or_range_is_refused", test_types);
    g_test_add_func("/keys/a_member_of_an_output_of_a_wrong_type_is_refused", test_outputs);
    g_test_add_func("/keys/every_right_form_is_right", test_right_forms);
    g_test_add_func("/keys/what_is_stored_is_read", test_stored);
    g_test_add_func("/keys/unknown_keys_are_told_with_their_place", test_unknown);
    g_test_add_func("/keys/the_page_has_every_key", test_page);
    g_test_add_func("/keys/many_are_counted_and_long_ones_cut", test_many);
    return g_test_run();
}
