// SPDX-License-Identifier: Apache-2.0
//
// content: NodeContent is a JSON object; a key that is null is a key that is not there.
#include "core/kinds/content.h"

#include "base/fault.h"

bool content_load(const char *text, json_t **ret_content, GError **error) {
    json_error_t where;
    if (text == NULL || text[0] == '\0') {
        fault_set(error, FAULT_INVALID_DATA,
                  "the node has no content; enter it with UpdateTaskContent");
        return false;
    }
    json_t *content = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (content == NULL) {
        fault_set(error, FAULT_INVALID_DATA, "the content is not JSON: %s (line %d)", where.text,
                  where.line);
        return false;
    }
    if (!json_is_object(content)) {
        json_decref(content);
        fault_set(error, FAULT_INVALID_DATA, "the content is not a JSON object");
        return false;
    }
    *ret_content = content;
    return true;
}

bool content_text(const json_t *content, const char *key, const char **ret_text, GError **error) {
    const json_t *value = json_object_get(content, key);
    if (value != NULL && !json_is_null(value) && !json_is_string(value)) {
        fault_set(error, FAULT_INVALID_DATA, "\"%s\" of the content must be a text", key);
        return false;
    }
    *ret_text = json_string_value(value);
    return true;
}

bool content_timeout(const json_t *content, int64_t *ret_timeout_s, GError **error) {
    const json_t *value = json_object_get(content, "timeoutSeconds");
    *ret_timeout_s = 0;
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 1) {
        fault_set(error, FAULT_INVALID_DATA,
                  "\"timeoutSeconds\" of the content must be a whole number of at least 1");
        return false;
    }
    *ret_timeout_s = json_integer_value(value);
    return true;
}
