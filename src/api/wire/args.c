// SPDX-License-Identifier: Apache-2.0
//
// args: parameters become typed values by the operation's table. One value per parameter of the operation, in the table's order; what
// the table does not know is ignored. JSON arrays are handed to json_args.c.
#include "api/wire/args.h"

#include "api/wire/json_args.h"
#include "base/crypto.h"
#include "base/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHOICE_BYTES_MAX = 100 }; // of a bad word in a message

struct arg {
    bool is_present;
    int64_t number;   // integer, long; boolean as 0 and 1
    const char *text; // string: the parameter's own, or a word of the table
    json_t *json;     // array, owned
};

struct args {
    const struct operation *operation;
    struct arg *values; // one for each parameter of the operation
};

static bool refuse(const struct param *param, const char *reason, struct wire_error *error) {
    wire_error_set(error, WIRE_OP_INVALID, param->name, "%s: %s", param->name, reason);
    return false;
}

bool json_args_number(const char *text, int64_t *ret_number) {
    const char *digits = text + (text[0] == '-');
    size_t len = strlen(digits);
    if (len == 0 || len > 19 || strspn(digits, G_CSET_DIGITS) != len) {
        return false;
    }
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    if (errno != 0) {
        return false;
    }
    *ret_number = number;
    return true;
}

// A value that is none of those the table lists: all of these are named.
static bool refuse_choice(const struct param *param, const char *text, struct wire_error *error) {
    g_autofree char *choices = shape_choices(param->shape);
    g_autofree char *reason =
        g_strdup_printf("\"%.*s\" is not %s%s", CHOICE_BYTES_MAX, text, choices,
                        param->separator != 0 ? "; several are separated by commas" : "");
    return refuse(param, reason, error);
}

static bool refuse_range(const struct param *param, struct wire_error *error) {
    g_autofree char *min =
        param->has_min ? g_strdup_printf(" from %" G_GINT64_FORMAT, param->min) : NULL;
    g_autofree char *max =
        param->has_max ? g_strdup_printf(" up to %" G_GINT64_FORMAT, param->max) : NULL;
    g_autofree char *reason =
        g_strconcat("out of range: a number", min != NULL ? min : "", max != NULL ? max : "", NULL);
    return refuse(param, reason, error);
}

static bool is_listed_number(const struct shape *shape, int64_t number) {
    for (size_t i = 0; i < shape->number_count; i++) {
        if (shape->numbers[i] == number) {
            return true;
        }
    }
    return shape->number_count == 0;
}

static bool read_number(const struct param *param, const char *text, struct arg *arg,
                        struct wire_error *error) {
    if (!json_args_number(text, &arg->number)) {
        return refuse(param, "not a decimal number of 64 bits", error);
    }
    if (param->shape->kind == VALUE_INTEGER &&
        (arg->number < INT32_MIN || arg->number > INT32_MAX)) {
        return refuse(param, "not a number of 32 bits", error);
    }
    if ((param->has_min && arg->number < param->min) ||
        (param->has_max && arg->number > param->max)) {
        return refuse_range(param, error);
    }
    if (!param->is_open_enum && !is_listed_number(param->shape, arg->number)) {
        return refuse_choice(param, text, error);
    }
    arg->is_present = true;
    return true;
}

static bool read_boolean(const struct param *param, const char *text, struct arg *arg,
                         struct wire_error *error) {
    const char *const yes[] = { "true", "1", param->word_true };
    const char *const no[] = { "false", "0", param->word_false };
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) {
        bool is_yes = yes[i] != NULL && g_ascii_strcasecmp(text, yes[i]) == 0;
        bool is_no = no[i] != NULL && g_ascii_strcasecmp(text, no[i]) == 0;
        if (is_yes || is_no) {
            arg->number = is_yes;
            arg->is_present = true;
            return true;
        }
    }
    g_autofree char *reason = g_strdup_printf(
        "neither true nor false; it is one of true, false, 1, 0%s%s%s%s",
        param->word_true != NULL ? ", " : "", param->word_true != NULL ? param->word_true : "",
        param->word_false != NULL ? ", " : "", param->word_false != NULL ? param->word_false : "");
    return refuse(param, reason, error);
}

// The table's spelling of `len` bytes of `text`, or NULL. Open lists and some others match without regard to case.
static const char *find_word(const struct param *param, const char *text, size_t len) {
    for (size_t i = 0; i < param->shape->word_count; i++) {
        const char *word = param->shape->words[i];
        bool is_any_case = param->is_open_enum || param->is_any_case;
        bool is_equal =
            is_any_case ? g_ascii_strncasecmp(word, text, len) == 0 : strncmp(word, text, len) == 0;
        if (is_equal && strlen(word) == len) {
            return word;
        }
    }
    return NULL;
}

static bool are_words_valid(const struct param *param, const char *text) {
    for (const char *piece = text; piece != NULL;) {
        const char *end = strchr(piece, param->separator);
        size_t len = end == NULL ? strlen(piece) : (size_t)(end - piece);
        if (find_word(param, piece, len) == NULL) {
            return false;
        }
        piece = end == NULL ? NULL : end + 1;
    }
    return true;
}

static bool read_text(const struct param *param, const char *text, struct arg *arg,
                      struct wire_error *error) {
    if (param->length_max > 0 && strlen(text) > param->length_max) {
        g_autofree char *reason =
            g_strdup_printf("the text has %zu bytes; at most %zu", strlen(text), param->length_max);
        return refuse(param, reason, error);
    }
    arg->text = text;
    arg->is_present = true;
    if (param->shape->word_count == 0 || text[0] == 0) {
        return true;
    }
    if (param->separator != 0) {
        return are_words_valid(param, text) || refuse_choice(param, text, error);
    }
    const char *word = find_word(param, text, strlen(text));
    if (word != NULL) {
        arg->text = word;
    } else if (!param->is_open_enum) {
        return refuse_choice(param, text, error);
    }
    return true;
}

static bool read_array(const struct param *param, const struct params *params,
                       struct warnings *warnings, struct arg *arg, struct wire_error *error) {
    g_autofree char *reason = NULL;
    const char *text = params_value(params, param->name);
    bool is_good =
        text != NULL && text[0] != 0
            ? json_args_parse(param->shape, param->name, text, warnings, &arg->json, &reason)
            : json_args_collect(param->shape, param->name, params, &arg->json, &reason);
    if (!is_good) {
        return refuse(param, reason, error);
    }
    arg->is_present = arg->json != NULL;
    return true;
}

static bool read_value(const struct param *param, const struct params *params,
                       struct warnings *warnings, struct arg *arg, struct wire_error *error) {
    const char *text = params_value(params, param->name);
    bool is_empty = text == NULL || text[0] == 0;
    switch (param->shape->kind) {
    case VALUE_INTEGER:
    case VALUE_LONG: return is_empty || read_number(param, text, arg, error);
    case VALUE_BOOLEAN: return is_empty || read_boolean(param, text, arg, error);
    case VALUE_STRING: return text == NULL || read_text(param, text, arg, error);
    case VALUE_ARRAY: return read_array(param, params, warnings, arg, error);
    case VALUE_OBJECT:
    case VALUE_MAP: break;
    }
    g_assert_not_reached(); // the generator makes no such parameters
}

static bool is_given(const struct param *param, const struct params *params) {
    const char *text = params_value(params, param->name);
    return (text != NULL && text[0] != 0) ||
           (param->shape->kind == VALUE_ARRAY && json_args_is_flattened(param->name, params));
}

// The code is that of the first one (protocol.md §9.6); the description names all, so that one correction is enough.
static bool check_missing(const struct operation *operation, const struct params *params,
                          struct wire_error *error) {
    const char *first = NULL;
    g_autoptr(GString) names = g_string_new(NULL);
    int count = 0;
    for (size_t i = 0; i < operation->param_count; i++) {
        const struct param *param = &operation->params[i];
        if (param->is_required && !is_given(param, params)) {
            first = first != NULL ? first : param->name;
            g_string_append_printf(names, "%s%s", count++ > 0 ? ", " : "", param->name);
        }
    }
    if (first != NULL) {
        wire_error_set(error, WIRE_OP_MISSING, first, "%s %s required and %s not given", names->str,
                       count == 1 ? "is" : "are", count == 1 ? "was" : "were");
    }
    return first == NULL;
}

static struct args *args_empty(const struct operation *operation) {
    struct args *args = g_new0(struct args, 1);
    args->operation = operation;
    args->values = g_new0(struct arg, operation->param_count + 1);
    return args;
}

bool args_new(const struct operation *operation, const struct params *params,
              struct warnings *warnings, struct args **ret_args, struct wire_error *error) {
    if (!check_missing(operation, params, error)) {
        return false;
    }
    struct args *args = args_empty(operation);
    for (size_t i = 0; i < operation->param_count; i++) {
        if (!read_value(&operation->params[i], params, warnings, &args->values[i], error)) {
            args_free(args);
            return false;
        }
    }
    *ret_args = args;
    return true;
}

struct args *args_readable(const struct operation *operation, const struct params *params) {
    struct args *args = args_empty(operation);
    for (size_t i = 0; i < operation->param_count; i++) {
        struct wire_error ignored = { 0 };
        bool is_list = operation->params[i].shape->kind == VALUE_ARRAY;
        if (!is_list &&
            !read_value(&operation->params[i], params, NULL, &args->values[i], &ignored)) {
            args->values[i] = (struct arg){ 0 };
        }
        wire_error_done(&ignored);
    }
    return args;
}

void args_free(struct args *args) {
    if (args == NULL) {
        return;
    }
    for (size_t i = 0; i < args->operation->param_count; i++) {
        json_decref(args->values[i].json);
    }
    g_free(args->values);
    g_free(args);
}

static const struct arg *find(const struct args *args, const char *name,
                              const struct param **ret_param) {
    const struct param *param = operation_param(args->operation, name);
    g_assert(param != NULL); // a handler asks only for what the table has
    if (ret_param != NULL) {
        *ret_param = param;
    }
    return &args->values[param - args->operation->params];
}

bool args_has(const struct args *args, const char *name) {
    return find(args, name, NULL)->is_present;
}

bool args_int(const struct args *args, const char *name, int64_t *ret_value) {
    const struct param *param;
    const struct arg *arg = find(args, name, &param);
    g_assert(param->shape->kind == VALUE_INTEGER || param->shape->kind == VALUE_LONG);
    if (arg->is_present) {
        *ret_value = arg->number;
    }
    return arg->is_present;
}

int64_t args_int_or(const struct args *args, const char *name, int64_t fallback) {
    int64_t value = fallback;
    (void)args_int(args, name, &value);
    return value;
}

bool args_bool(const struct args *args, const char *name, bool *ret_value) {
    const struct param *param;
    const struct arg *arg = find(args, name, &param);
    g_assert(param->shape->kind == VALUE_BOOLEAN);
    if (arg->is_present) {
        *ret_value = arg->number != 0;
    }
    return arg->is_present;
}

bool args_bool_or(const struct args *args, const char *name, bool fallback) {
    bool value = fallback;
    (void)args_bool(args, name, &value);
    return value;
}

const char *args_text(const struct args *args, const char *name) {
    const struct param *param;
    const struct arg *arg = find(args, name, &param);
    g_assert(param->shape->kind == VALUE_STRING);
    return arg->text;
}

bool args_text_id(const struct args *args, const char *name, int64_t *ret_id, GError **error) {
    const char *text = args_text(args, name);
    int64_t id = 0;
    if (text != NULL && text[0] != 0 && !json_args_number(text, &id)) {
        fault_set_field(error, FAULT_INVALID_FIELD, name, "%s: not an id of decimal digits", name);
        return false;
    }
    *ret_id = id;
    return true;
}

const json_t *args_json(const struct args *args, const char *name) {
    const struct param *param;
    const struct arg *arg = find(args, name, &param);
    g_assert(param->shape->kind == VALUE_ARRAY);
    return arg->json;
}

static json_t *arg_to_json(const struct param *param, const struct arg *arg) {
    switch (param->shape->kind) {
    case VALUE_INTEGER:
    case VALUE_LONG: return json_integer(arg->number);
    case VALUE_BOOLEAN: return json_boolean(arg->number);
    case VALUE_STRING: return json_string(arg->text);
    case VALUE_ARRAY: return json_incref(arg->json);
    case VALUE_OBJECT:
    case VALUE_MAP: break;
    }
    g_assert_not_reached();
}

char *args_digest(const struct args *args) {
    json_t *all = json_object();
    (void)json_object_set_new(all, "", json_string(args->operation->action));
    for (size_t i = 0; i < args->operation->param_count; i++) {
        const struct param *param = &args->operation->params[i];
        if (args->values[i].is_present && strcmp(param->name, "ClientToken") != 0) {
            (void)json_object_set_new(all, param->name, arg_to_json(param, &args->values[i]));
        }
    }
    char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
    g_assert(text != NULL); // arguments are valid UTF-8
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(text, strlen(text), hash);
    free(text);
    json_decref(all);
    return crypto_hex(hash, sizeof hash);
}
