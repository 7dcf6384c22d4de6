// SPDX-License-Identifier: Apache-2.0
#include "core/node_output.h"

#include <jansson.h>

#include "core/keys.h"
#include "core/vars.h"

// What is no object is its reader's to refuse.
static bool check_keys(enum keys_document document, const json_t *root, GError **error) {
    return !json_is_object(root) || keys_check(document, root, true, error);
}

static bool check_method(const json_t *output, GError **error) {
    const char *text = json_string_value(json_object_get(output, "extractMethod"));
    json_auto_t *method = text != NULL ? json_loads(text, 0, NULL) : NULL;
    return check_keys(KEYS_EXTRACT_METHOD, method, error);
}

static bool check_methods(const json_t *outputs, GError **error) {
    for (size_t i = 0; i < json_array_size(outputs); i++) {
        if (!check_method(json_array_get(outputs, i), error)) {
            return false;
        }
    }
    return true;
}

bool node_output_check(const char *text, bool is_sql, GError **error) {
    json_auto_t *root = text != NULL && text[0] != '\0' ? json_loads(text, 0, NULL) : NULL;
    return check_keys(KEYS_OUTPUT, root, error) &&
           (!is_sql || check_methods(json_object_get(root, "outputs"), error)) &&
           vars_output_check(text, is_sql, error);
}
