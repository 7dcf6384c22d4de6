// SPDX-License-Identifier: Apache-2.0
//
// json_args: JSON and flattened arrays. A flattened array is first made into the JSON the client could have sent, then both take the
// same way through `normalise`, so that there is one set of rules. The depth is that of the schemas: three at most.
#include "api/wire/json_args.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/json_cost.h"

// What one reading writes besides its value.
struct reading {
    struct warnings *warnings; // of members that are dropped; NULL: nobody asks
    char **ret_reason;
};

static json_t *normalise(const struct shape *shape, const json_t *value, const char *path,
                         struct reading *reading);

static json_t *refuse(struct reading *reading, const char *path, const char *reason) {
    *reading->ret_reason = g_strdup_printf("%s %s", path, reason);
    return NULL;
}

static json_t *refuse_choice(struct reading *reading, const char *path, const struct shape *shape) {
    g_autofree char *choices = shape_choices(shape);
    *reading->ret_reason = g_strdup_printf("%s is not %s", path, choices);
    return NULL;
}

static json_t *normalise_number(const struct shape *shape, const json_t *value, const char *path,
                                struct reading *reading) {
    int64_t number = json_integer_value(value);
    bool is_number = json_is_integer(value) ||
                     (json_is_string(value) && json_args_number(json_string_value(value), &number));
    if (!is_number ||
        (shape->kind == VALUE_INTEGER && (number < INT32_MIN || number > INT32_MAX))) {
        return refuse(reading, path, "is not a whole number");
    }
    for (size_t i = 0; i < shape->number_count; i++) {
        if (shape->numbers[i] == number) {
            return json_integer(number);
        }
    }
    return shape->number_count == 0 ? json_integer(number) : refuse_choice(reading, path, shape);
}

static json_t *normalise_text(const struct shape *shape, const json_t *value, const char *path,
                              struct reading *reading) {
    g_autofree char *text = NULL;
    if (json_is_string(value)) {
        text = g_strdup(json_string_value(value));
    } else if (json_is_integer(value)) {
        text = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else {
        return refuse(reading, path, "is not a text");
    }
    for (size_t i = 0; i < shape->word_count; i++) {
        if (strcmp(shape->words[i], text) == 0) {
            return json_string(text);
        }
    }
    return shape->word_count == 0 ? json_string(text) : refuse_choice(reading, path, shape);
}

static json_t *normalise_boolean(const json_t *value, const char *path, struct reading *reading) {
    if (json_is_boolean(value)) {
        return json_boolean(json_is_true(value));
    }
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    if (g_ascii_strcasecmp(text, "true") == 0 || g_ascii_strcasecmp(text, "false") == 0) {
        return json_boolean(g_ascii_tolower(text[0]) == 't');
    }
    return refuse(reading, path, "is neither true nor false");
}

// Members that the schema does not have are dropped, and named.
static void warn_members(const struct shape *shape, const json_t *object, const char *path,
                         struct reading *reading) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)object, name, value) {
        if (reading->warnings != NULL && shape_find(shape, name) == NULL) {
            warnings_add_member(reading->warnings, shape, path, name);
        }
    }
}

// The required members that are not there, all of them, or NULL.
static char *missing_members(const struct shape *shape, const json_t *value, const char *path) {
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < shape->field_count; i++) {
        const json_t *member = json_object_get(value, shape->fields[i].name);
        if (shape->fields[i].is_required && (member == NULL || json_is_null(member))) {
            g_ptr_array_add(missing, g_strdup_printf("%s.%s", path, shape->fields[i].name));
        }
    }
    g_ptr_array_add(missing, NULL);
    return missing->len > 1 ? g_strjoinv(", ", (char **)missing->pdata) : NULL;
}

static json_t *normalise_object(const struct shape *shape, const json_t *value, const char *path,
                                struct reading *reading) {
    if (!json_is_object(value)) {
        return refuse(reading, path, "is not an object");
    }
    g_autofree char *missing = missing_members(shape, value, path);
    if (missing != NULL) {
        return refuse(reading, missing,
                      strchr(missing, ',') != NULL ? "are missing" : "is missing");
    }
    json_t *object = json_object();
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct shape_field *field = &shape->fields[i];
        const json_t *member = json_object_get(value, field->name);
        g_autofree char *member_path = g_strdup_printf("%s.%s", path, field->name);
        if (member == NULL || json_is_null(member)) {
            continue;
        }
        json_t *clean = normalise(field->shape, member, member_path, reading);
        if (clean == NULL) {
            json_decref(object);
            return NULL;
        }
        (void)json_object_set_new(object, field->name, clean);
    }
    warn_members(shape, value, path, reading);
    return object;
}

static json_t *normalise_array(const struct shape *shape, const json_t *value, const char *path,
                               struct reading *reading) {
    if (!json_is_array(value)) {
        return refuse(reading, path, "is not an array");
    }
    json_t *array = json_array();
    for (size_t i = 0; i < json_array_size(value); i++) {
        g_autofree char *item_path = g_strdup_printf("%s[%zu]", path, i);
        json_t *clean = normalise(shape->items, json_array_get(value, i), item_path, reading);
        if (clean == NULL) {
            json_decref(array);
            return NULL;
        }
        (void)json_array_append_new(array, clean);
    }
    return array;
}

static json_t *normalise(const struct shape *shape, const json_t *value, const char *path,
                         struct reading *reading) {
    switch (shape->kind) {
    case VALUE_INTEGER:
    case VALUE_LONG: return normalise_number(shape, value, path, reading);
    case VALUE_STRING: return normalise_text(shape, value, path, reading);
    case VALUE_BOOLEAN: return normalise_boolean(value, path, reading);
    case VALUE_ARRAY: return normalise_array(shape, value, path, reading);
    case VALUE_OBJECT:
    case VALUE_MAP: return normalise_object(shape, value, path, reading);
    }
    return NULL;
}

bool json_args_parse(const struct shape *schema, const char *name, const char *text,
                     struct warnings *warnings, json_t **ret_array, char **ret_reason) {
    json_error_t where;
    if (!json_cost_is_fair(text, strlen(text))) {
        *ret_reason = g_strdup("too many objects, lists and values; send them in several calls");
        return false;
    }
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (value == NULL) {
        *ret_reason =
            g_strdup_printf("not JSON text: line %d, column %d", where.line, where.column);
        return false;
    }
    struct reading reading = { .warnings = warnings, .ret_reason = ret_reason };
    json_t *array = normalise(schema, value, name, &reading);
    json_decref(value);
    if (array == NULL) {
        return false;
    }
    *ret_array = array;
    return true;
}

// The N of `Name.N` or `Name.N.…`, or 0. Numbers count from 1 and have no leading zeros.
static unsigned long item_number(const char *param_name, const char *name, size_t name_len) {
    if (strncmp(param_name, name, name_len) != 0 || param_name[name_len] != '.') {
        return 0;
    }
    const char *digits = param_name + name_len + 1;
    size_t len = strspn(digits, G_CSET_DIGITS);
    if (len == 0 || len > 9 || digits[0] == '0' || (digits[len] != 0 && digits[len] != '.')) {
        return 0;
    }
    return strtoul(digits, NULL, 10);
}

static int compare_numbers(gconstpointer left, gconstpointer right) {
    guint a = *(const guint *)left;
    guint b = *(const guint *)right;
    return (a > b) - (a < b);
}

bool json_args_is_flattened(const char *name, const struct params *params) {
    for (size_t i = 0; i < params_count(params); i++) {
        if (item_number(params_at(params, i)->name, name, strlen(name)) > 0) {
            return true;
        }
    }
    return false;
}

// The JSON a client could have sent for what lies under `path`, or NULL if nothing does.
static json_t *gather(const struct shape *shape, const char *path, const struct params *params) {
    if (shape->kind == VALUE_OBJECT) {
        json_t *object = json_object();
        for (size_t i = 0; i < shape->field_count; i++) {
            g_autofree char *member_path = g_strdup_printf("%s.%s", path, shape->fields[i].name);
            json_t *member = gather(shape->fields[i].shape, member_path, params);
            if (member != NULL) {
                (void)json_object_set_new(object, shape->fields[i].name, member);
            }
        }
        return object;
    }
    const char *text = params_value(params, path);
    if (shape->kind != VALUE_ARRAY) {
        return text == NULL ? NULL : json_string(text);
    }
    if (text != NULL) {
        return json_cost_is_fair(text, strlen(text)) // an inner array as JSON text
                   ? json_loads(text, JSON_REJECT_DUPLICATES, NULL)
                   : NULL;
    }
    json_t *array = json_array();
    for (unsigned number = 1; number <= PARAMS_MAX; number++) {
        g_autofree char *item_path = g_strdup_printf("%s.%u", path, number);
        json_t *item = params_value(params, item_path) == NULL
                           ? NULL
                           : gather(shape->items, item_path, params);
        if (item == NULL) {
            break;
        }
        (void)json_array_append_new(array, item);
    }
    if (json_array_size(array) == 0) {
        json_decref(array);
        return NULL;
    }
    return array;
}

bool json_args_collect(const struct shape *schema, const char *name, const struct params *params,
                       json_t **ret_array, char **ret_reason) {
    g_assert(schema->kind == VALUE_ARRAY);
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint));
    for (size_t i = 0; i < params_count(params); i++) {
        guint number = (guint)item_number(params_at(params, i)->name, name, strlen(name));
        if (number > 0) {
            g_array_append_val(numbers, number);
        }
    }
    if (numbers->len == 0) {
        *ret_array = NULL;
        return true;
    }
    g_array_sort(numbers, compare_numbers);
    json_t *raw = json_array();
    for (guint i = 0; i < numbers->len; i++) {
        guint number = g_array_index(numbers, guint, i);
        if (i > 0 && g_array_index(numbers, guint, i - 1) == number) {
            continue; // another field of the same item
        }
        g_autofree char *path = g_strdup_printf("%s.%u", name, number);
        json_t *item = gather(schema->items, path, params);
        (void)json_array_append_new(raw, item == NULL ? json_null() : item);
    }
    struct reading reading = { .ret_reason = ret_reason }; // unknown fields are unknown parameters
    json_t *array = normalise(schema, raw, name, &reading);
    json_decref(raw);
    if (array == NULL) {
        return false;
    }
    *ret_array = array;
    return true;
}
