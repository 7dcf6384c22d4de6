// SPDX-License-Identifier: Apache-2.0
//
// operation: look-ups in the generated table, and the check of a reply against its shape. The check is what keeps strictly typed clients
// working: a member of another JSON type than the specification's is a fault of ours, wherever it happens.
#include "api/wire/operation.h"

#include "base/fault.h"

#include <stdlib.h>
#include <string.h>

static int compare_action(const void *key, const void *row) {
    return strcmp(key, ((const struct operation *)row)->action);
}

const struct operation *operation_find(const char *action) {
    return bsearch(action, operation_table, operation_count, sizeof *operation_table,
                   compare_action);
}

static int compare_param(const void *key, const void *row) {
    return strcmp(key, ((const struct param *)row)->name);
}

const struct param *operation_param(const struct operation *operation, const char *name) {
    return operation->param_count == 0 ? NULL
                                       : bsearch(name, operation->params, operation->param_count,
                                                 sizeof *operation->params, compare_param);
}

static int compare_field(const void *key, const void *row) {
    return strcmp(key, ((const struct shape_field *)row)->name);
}

const struct shape_field *shape_find(const struct shape *object, const char *name) {
    g_assert(object->kind == VALUE_OBJECT);
    return object->field_count == 0 ? NULL
                                    : bsearch(name, object->fields, object->field_count,
                                              sizeof *object->fields, compare_field);
}

char *shape_choices(const struct shape *shape) {
    if (shape->word_count + shape->number_count == 0) {
        return NULL;
    }
    GString *text = g_string_new("one of ");
    for (size_t i = 0; i < shape->word_count; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", shape->words[i]);
    }
    for (size_t i = 0; i < shape->number_count; i++) {
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", shape->numbers[i]);
    }
    return g_string_free(text, FALSE);
}

static bool has_kind(const struct shape *shape, const json_t *value) {
    switch (shape->kind) {
    case VALUE_INTEGER: {
        json_int_t number = json_integer_value(value);
        return json_is_integer(value) && number >= INT32_MIN && number <= INT32_MAX;
    }
    case VALUE_LONG: return json_is_integer(value);
    case VALUE_STRING: return json_is_string(value);
    case VALUE_BOOLEAN: return json_is_boolean(value);
    case VALUE_ARRAY: return json_is_array(value);
    case VALUE_OBJECT:
    case VALUE_MAP: return json_is_object(value);
    }
    return false;
}

// `path` is grown on the way down and cut on the way up. Shapes are finite, so the depth is too.
static bool matches(const struct shape *shape, const json_t *value, GString *path, GError **error) {
    if (!has_kind(shape, value)) {
        fault_set(error, FAULT_INTERNAL, "reply member %s has another JSON type than specified",
                  path->str);
        return false;
    }
    gsize path_len = path->len;
    if (shape->kind == VALUE_OBJECT) {
        const char *name;
        json_t *member;
        json_object_foreach((json_t *)value, name, member) {
            g_string_append_printf(path, ".%s", name);
            const struct shape_field *field = shape_find(shape, name);
            if (field == NULL) {
                fault_set(error, FAULT_INTERNAL, "reply member %s is not specified", path->str);
                return false;
            }
            if (!matches(field->shape, member, path, error)) {
                return false;
            }
            g_string_truncate(path, path_len);
        }
    }
    if (shape->kind == VALUE_ARRAY) {
        g_string_append(path, "[]");
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (!matches(shape->items, json_array_get(value, i), path, error)) {
                return false;
            }
        }
        g_string_truncate(path, path_len);
    }
    return true;
}

bool reply_matches_shape(const struct operation *operation, const json_t *reply, GError **error) {
    g_autoptr(GString) path = g_string_new(operation->action);
    if (!matches(operation->reply, reply, path, error)) {
        return false;
    }
    if (json_object_get(reply, "RequestId") == NULL || json_object_get(reply, "Success") == NULL) {
        fault_set(error, FAULT_INTERNAL, "reply of %s has no RequestId or no Success",
                  operation->action);
        return false;
    }
    return true;
}
