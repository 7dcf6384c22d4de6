// SPDX-License-Identifier: Apache-2.0
//
// The generated table says what the specification says, and a reply of another shape is noticed.
#include "api/wire/operation.h"

#include "core/database_kind.h"

#include <glib.h>
#include <string.h>

static json_t *load_spec(const char *name) {
    const char *source = g_getenv("SLUICE_SOURCE");
    g_assert_nonnull(source);
    g_autofree char *path = g_build_filename(source, "spec", name, NULL);
    json_t *spec = json_load_file(path, 0, NULL);
    g_assert_nonnull(spec);
    return spec;
}

static bool has_method(const json_t *operation, const char *method) {
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(operation, "methods_accepted"), i, value) {
        if (strcmp(json_string_value(value), method) == 0) {
            return true;
        }
    }
    return false;
}

// How many words spec/extras.json adds to those that are published for a parameter.
static size_t extra_words(const json_t *extras, const char *action, const char *param) {
    size_t i;
    json_t *extra;
    json_array_foreach(json_object_get(extras, "operations"), i, extra) {
        if (strcmp(json_string_value(json_object_get(extra, "action")), action) == 0) {
            return json_array_size(json_object_get(json_object_get(extra, "words"), param));
        }
    }
    return 0;
}

static void check_param(const struct operation *row, const json_t *param, const json_t *extras) {
    static const struct {
        const char *type;
        enum value_kind kind;
    } kinds[] = { { "integer", VALUE_INTEGER },
                  { "long", VALUE_LONG },
                  { "string", VALUE_STRING },
                  { "boolean", VALUE_BOOLEAN },
                  { "array", VALUE_ARRAY } };
    const struct param *found =
        operation_param(row, json_string_value(json_object_get(param, "name")));
    g_assert_nonnull(found);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].type, json_string_value(json_object_get(param, "type"))) == 0) {
            g_assert_cmpint(found->shape->kind, ==, kinds[i].kind);
        }
    }
    g_assert_cmpint(found->is_required, ==, json_is_true(json_object_get(param, "required")));
    g_assert_cmpint(found->is_open_enum, ==, json_is_true(json_object_get(param, "enum_open")));
    g_assert_cmpuint(
        found->shape->word_count + found->shape->number_count, ==,
        json_array_size(json_object_get(param, "enum")) +
            extra_words(extras, row->action, json_string_value(json_object_get(param, "name"))));
}

static void check_file(const char *name, bool is_extension, size_t *ret_count) {
    json_t *spec = load_spec(name);
    json_t *extras = load_spec("extras.json");
    const json_t *operations = json_object_get(spec, "operations");
    for (size_t i = 0; i < json_array_size(operations); i++) {
        const json_t *operation = json_array_get(operations, i);
        const struct operation *row =
            operation_find(json_string_value(json_object_get(operation, "action")));
        g_assert_nonnull(row);
        g_test_message("%s", row->action);
        g_assert_cmpint(row->is_extension, ==, is_extension);
        g_assert_cmpint(row->accepts_get, ==, has_method(operation, "GET"));
        g_assert_cmpint(row->accepts_post, ==, has_method(operation, "POST"));
        size_t j;
        json_t *param;
        json_array_foreach(json_object_get(operation, "params"), j, param) {
            check_param(row, param, extras);
        }
        GError *error = NULL;
        bool fits = reply_matches_shape(row, json_object_get(operation, "example_ok"), &error);
        g_assert_no_error(error);
        g_assert_true(fits);
    }
    *ret_count = json_array_size(operations);
    json_decref(extras);
    json_decref(spec);
}

static void the_table_is_the_specification(void) {
    size_t published = 0;
    size_t ours = 0;
    check_file("operations.json", false, &published);
    check_file("extensions.json", true, &ours);
    g_assert_cmpuint(published, ==, 90);
    g_assert_cmpuint(operation_count, ==, published + ours);
    for (size_t i = 1; i < operation_count; i++) {
        g_assert_cmpstr(operation_table[i - 1].action, <, operation_table[i].action);
    }
    g_assert_null(operation_find("createTaskFlow"));
    g_assert_null(operation_find(""));
}

static void our_additions_are_there(void) {
    const struct shape_field *list =
        shape_find(operation_find("GetTaskInstanceRelation")->reply, "NodeList");
    const struct shape_field *nodes = shape_find(list->shape, "Node");
    g_assert_cmpint(shape_find(nodes->shape->items, "Attempt")->shape->kind, ==, VALUE_INTEGER);
    g_assert_cmpint(shape_find(nodes->shape->items, "NodeId")->shape->kind, ==, VALUE_LONG);
    g_assert_true(operation_find("UpdateTaskContentV2")->is_success_text);
    g_assert_true(
        operation_param(operation_find("UpdateTaskContentV2"), "NodeContent")->is_in_body);
}

#define OK "\"RequestId\":\"x\",\"Success\":true"

static void a_reply_of_another_shape_is_noticed(void) {
    static const struct {
        const char *action;
        const char *reply;
        const char *names; // in the fault; NULL: it fits
    } cases[] = {
        { "CreateTaskFlow", "{" OK ",\"DagId\":1}", NULL },
        { "CreateTaskFlow", "{" OK ",\"DagId\":\"1\"}", "CreateTaskFlow.DagId" },
        { "CreateTaskFlow", "{" OK ",\"DagId\":1.0}", "CreateTaskFlow.DagId" },
        { "CreateTaskFlow", "{" OK ",\"DagId\":null}", "CreateTaskFlow.DagId" },
        { "CreateTaskFlow", "{" OK ",\"Dagid\":1}", "CreateTaskFlow.Dagid" },
        { "CreateTaskFlow", "{\"RequestId\":\"x\",\"Success\":\"true\"}",
          "CreateTaskFlow.Success" },
        { "CreateTaskFlow", "{\"Success\":true}", "RequestId" },
        { "CreateTaskFlow", "[]", "CreateTaskFlow" },
        { "UpdateTaskContentV2", "{" OK "}", "UpdateTaskContentV2.Success" },
        { "AddTaskFlowEdges", "{" OK ",\"EdgeIds\":[1]}", "AddTaskFlowEdges.EdgeIds" },
        { "AddTaskFlowEdges", "{" OK ",\"EdgeIds\":{\"EdgeId\":[1,\"2\"]}}",
          "AddTaskFlowEdges.EdgeIds.EdgeId[]" },
        { "ListTaskFlowInstance", "{" OK ",\"TotalCount\":2147483648}", "TotalCount" },
        { "ListTaskFlowInstance",
          "{" OK ",\"DAGInstanceList\":{\"DAGInstance\":[{\"StartTime\":\"x\"}]}}",
          "DAGInstance[].StartTime" },
        { "ExecuteScript", "{" OK ",\"Results\":[{\"Rows\":[{\"anything\":[1]}]}]}", NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *reply = json_loads(cases[i].reply, 0, NULL);
        g_assert_nonnull(reply);
        GError *error = NULL;
        g_test_message("%s", cases[i].reply);
        bool fits = reply_matches_shape(operation_find(cases[i].action), reply, &error);
        g_assert_cmpint(fits, ==, cases[i].names == NULL);
        if (!fits) {
            g_assert_nonnull(strstr(error->message, cases[i].names));
        }
        g_clear_error(&error);
        json_decref(reply);
    }
}

static bool has_word(const struct shape *shape, const char *word) {
    for (size_t i = 0; i < shape->word_count; i++) {
        if (g_ascii_strcasecmp(shape->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

// The wire's words for engines and the table of core/database_kind are the same list, read from two sides.
static void the_engines_of_the_wire_are_those_of_the_table(void) {
    static const char *const names[] = { "InstanceType", "DbType", "DwDbType" };
    size_t checked_count = 0;
    for (size_t i = 0; i < operation_count; i++) {
        for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
            const struct param *param = operation_param(&operation_table[i], names[n]);
            const struct shape *shape = param != NULL ? param->shape : NULL;
            for (size_t w = 0; shape != NULL && w < shape->word_count; w++) {
                g_test_message("%s %s %s", operation_table[i].action, names[n], shape->words[w]);
                g_assert_nonnull(database_kind_find_numbered(shape->words[w]));
                checked_count++;
            }
        }
    }
    const struct shape *reply = operation_find("GetLhSpaceByName")->reply;
    const struct shape *space = shape_find(reply, "LakehouseSpace")->shape;
    const struct shape *all = shape_find(space, "DwDbType")->shape;
    const struct database_kind *kind = NULL;
    for (size_t i = 0; (kind = database_kind_at(i)) != NULL; i++) {
        g_assert_true(has_word(all, kind->word));
    }
    g_assert_cmpuint(checked_count, >, 6 * 23);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/operation/the_table_is_the_specification", the_table_is_the_specification);
    g_test_add_func("/operation/our_additions_are_there", our_additions_are_there);
    g_test_add_func("/operation/a_reply_of_another_shape_is_noticed",
                    a_reply_of_another_shape_is_noticed);
    g_test_add_func("/operation/the_engines_of_the_wire_are_those_of_the_table",
                    the_engines_of_the_wire_are_those_of_the_table);
    return g_test_run();
}
