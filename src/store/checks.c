// SPDX-License-Identifier: Apache-2.0
//
// Rules for names, JSON documents and variables on their way into the store (behaviour.md §2.1, operations.md §2.4, §2.6).

#include "store/checks.h"

#include <jansson.h>
#include <string.h>

#include "base/fault.h"
#include "core/json_cost.h"
#include "core/keys.h"
#include "core/node_config.h"
#include "core/node_output.h"
#include "core/vars.h"
#include "store/flows.h"

static bool has_control(const char *text) {
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        if (g_unichar_iscntrl(g_utf8_get_char(text))) {
            return true;
        }
    }
    return false;
}

bool check_name(const char *name, const char *field, int max, GError **error) {
    if (name == NULL || *name == '\0') {
        fault_set_field(error, FAULT_MISSING_FIELD, field, "%s is needed: 1 to %d characters",
                        field, max);
        return false;
    }
    if (!check_length(name, field, max, error)) {
        return false;
    }
    if (has_control(name)) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s has a control character", field);
        return false;
    }
    return true;
}

bool check_length(const char *text, const char *field, int max, GError **error) {
    if (text == NULL) {
        return true;
    }
    if (!g_utf8_validate(text, -1, NULL)) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s is not valid UTF-8", field);
        return false;
    }
    glong length = g_utf8_strlen(text, -1);
    if (length > max) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s has %ld characters; at most %d",
                        field, length, max);
        return false;
    }
    return true;
}

static json_t *parse(const char *text, const char *field, GError **error) {
    size_t len = strlen(text);
    if (len > CONTENT_BYTES_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s has %zu bytes; at most %d", field,
                        len, CONTENT_BYTES_MAX);
        return NULL;
    }
    if (!json_cost_is_fair(text, len)) {
        fault_set_field(error, FAULT_INVALID_FIELD, field,
                        "%s has too many objects, lists and values", field);
        return NULL;
    }
    json_error_t json_error;
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &json_error);
    if (value == NULL) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s is not JSON: line %d, column %d: %s",
                        field, json_error.line, json_error.column, json_error.text);
    }
    return value;
}

bool check_json(const char *text, const char *field, GError **error) {
    if (text == NULL) {
        return true;
    }
    json_auto_t *value = parse(text, field, error);
    return value != NULL;
}

// Moves what a parser of the core found out into a fault that names the parameter.
static bool refuse_field(const char *field, GError *cause, GError **error) {
    fault_set_field(error, FAULT_INVALID_FIELD, field, "%s: %s", field, cause->message);
    g_error_free(cause);
    return false;
}

// Known keys of the document stand where they belong; what is no object is its reader's to refuse.
static bool check_places(const char *text, enum keys_document document, const char *field,
                         GError **error) {
    json_auto_t *root = json_loads(text, JSON_DECODE_ANY, NULL);
    GError *cause = NULL;
    return !json_is_object(root) || keys_check(document, root, true, &cause) ||
           refuse_field(field, cause, error);
}

bool check_time_variables(const char *text, GError **error) {
    if (text == NULL || *text == '\0') {
        return true;
    }
    json_t *variables = NULL;
    GError *cause = NULL;
    if (!check_json(text, "TimeVariables", error) ||
        !check_places(text, KEYS_TIME_VARIABLES, "TimeVariables", error)) {
        return false;
    }
    if (!vars_time_parse(text, &variables, &cause)) {
        return refuse_field("TimeVariables", cause, error);
    }
    json_decref(variables);
    return true;
}

bool check_config(const char *text, GError **error) {
    GError *cause = NULL;
    if (!check_json(text, "NodeConfig", error)) {
        return false;
    }
    return node_config_check(text, &cause) || refuse_field("NodeConfig", cause, error);
}

bool check_output(const char *text, enum node_kind kind, GError **error) {
    GError *cause = NULL;
    if (text == NULL || *text == '\0') {
        return true;
    }
    if (!check_json(text, "NodeOutput", error)) {
        return false;
    }
    if (!node_kind_has_outputs(kind)) {
        fault_set_field(error, FAULT_INVALID_VALUE, "NodeOutput",
                        "a %s node has no output variables; SQL_ASSIGNMENT, AZKABAN_COMMAND_REMOTE "
                        "and ECS_SCRIPT have",
                        node_kind_word(kind));
        return false;
    }
    return node_output_check(text, kind == KIND_SQL_ASSIGNMENT, &cause) ||
           refuse_field("NodeOutput", cause, error);
}

static size_t count_entries(const char *text, const char *member) {
    json_auto_t *root = text != NULL ? json_loads(text, 0, NULL) : NULL;
    return json_array_size(member != NULL ? json_object_get(root, member) : root);
}

bool check_count(const char *text, const char *old, const char *member, const char *field,
                 GError **error) {
    size_t count = count_entries(text, member);
    size_t old_count = count > VARS_PER_LIST_MAX ? count_entries(old, member) : 0;
    if (count <= VARS_PER_LIST_MAX || count <= old_count) {
        return true;
    }
    fault_set_field(error, FAULT_LIMIT_EXCEEDED, field,
                    "%s has %zu entries, where there are %zu now; at most %d", field, count,
                    old_count, VARS_PER_LIST_MAX);
    return false;
}

static bool add_constant(const json_t *item, json_t *seen, json_t *constants, GError **error) {
    const char *key = json_string_value(json_object_get(item, "Key"));
    const json_t *value = json_object_get(item, "Value");
    if (key == NULL || !var_name_is_valid(key, strlen(key))) {
        fault_set_field(error, FAULT_INVALID_FIELD, "DagConstants",
                        "each constant needs a Key of 1 to %d characters out of A-Z a-z 0-9 _ . -",
                        VAR_NAME_MAX);
        return false;
    }
    if (value != NULL && !json_is_null(value) && !json_is_string(value)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "DagConstants",
                        "the Value of constant %s is not a text", key);
        return false;
    }
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (strlen(text) > VAR_VALUE_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "DagConstants",
                        "the Value of constant %s is longer than %d bytes", key, VAR_VALUE_MAX);
        return false;
    }
    if (json_object_get(seen, key) != NULL) {
        fault_set_field(error, FAULT_INVALID_FIELD, "DagConstants", "constant %s is there twice",
                        key);
        return false;
    }
    json_object_set_new(seen, key, json_true());
    json_array_append_new(constants, json_pack("{s:s, s:s}", "Key", key, "Value", text));
    return true;
}

bool check_constants(const char *document, char **ret_constants, GError **error) {
    if (document == NULL || *document == '\0') {
        fault_set_field(error, FAULT_MISSING_FIELD, "DagConstants",
                        "DagConstants is needed; [] clears the list");
        return false;
    }
    json_auto_t *list = parse(document, "DagConstants", error);
    if (list == NULL) {
        return false;
    }
    if (!json_is_array(list)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "DagConstants",
                        "DagConstants is not a JSON array");
        return false;
    }
    json_auto_t *seen = json_object();
    json_auto_t *constants = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!add_constant(json_array_get(list, i), seen, constants, error)) {
            return false;
        }
    }
    *ret_constants = json_dumps(constants, JSON_COMPACT);
    g_assert(*ret_constants != NULL);
    return true;
}
