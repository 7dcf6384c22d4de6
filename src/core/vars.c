// SPDX-License-Identifier: Apache-2.0
//
// The text side of variables: their names, the documents that declare them, and putting values in place of ${name}.
//
// Which variables a node sees is core/scope; what a time pattern writes is core/pattern. Everything here takes time linear in its input
// and output: the text behind a "${" is looked at no further than the longest name.

#include "core/vars.h"

#include <string.h>

#include "base/fault.h"
#include "core/line_fault.h"
#include "core/numerals.h"

enum {
    JSON_DEPTH_MAX = 2048, // what the JSON reader lets pass
    LEFT_OUT_BYTES = 1000, // of the words about what a script's last line holds in vain
};

static bool is_name_char(char c) {
    return g_ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
}

// Length of the name at the text's start, at most one more than a name may have.
static size_t name_len(const char *text, size_t len_max) {
    size_t len = 0;
    while (len < len_max && len <= VAR_NAME_MAX && is_name_char(text[len])) {
        len++;
    }
    return len;
}

bool var_name_is_valid(const char *name, size_t len) {
    return len >= 1 && len <= VAR_NAME_MAX && name_len(name, len) == len;
}

char *var_environment_name(const char *name) {
    char *variable = g_strconcat("TF_VAR_", name, NULL);
    for (char *c = variable; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c)) {
            *c = '_';
        }
    }
    return variable;
}

const char VAR_NULL[] = "";

// Documents.

// An empty text is an empty document: *ret_root is then NULL.
static bool load_document(const char *text, const char *what, json_t **ret_root, GError **error) {
    *ret_root = NULL;
    if (text == NULL || text[0] == '\0') {
        return true;
    }
    json_error_t json_error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &json_error);
    if (root == NULL || !json_is_object(root)) {
        fault_set(error, FAULT_INVALID_DATA, "%s: not a JSON object: %s", what,
                  root == NULL ? json_error.text : "it is another kind of value");
        json_decref(root);
        return false;
    }
    *ret_root = root;
    return true;
}

// The declared outputs; a document without the key has none (*ret_list NULL).
static bool find_outputs(const json_t *root, json_t **ret_list, GError **error) {
    json_t *list = json_object_get(root, "outputs");
    if (list != NULL && !json_is_array(list)) {
        fault_set(error, FAULT_INVALID_DATA, "outputs: outputs must be a list");
        return false;
    }
    *ret_list = list;
    return true;
}

// Names are the caller's: what meets them is ordered, so that no choice of names makes it slow.
static gint by_name(gconstpointer left, gconstpointer right) {
    return strcmp(left, right);
}

// A valid name that was not seen before; `seen` borrows it.
static bool check_name(const json_t *name, const char *what, GTree *seen, GError **error) {
    const char *text = json_string_value(name);
    if (text == NULL || !var_name_is_valid(text, strlen(text))) {
        fault_set(error, FAULT_INVALID_DATA,
                  "%s: variable name \"%s\" must be 1 to %d characters out of A-Z a-z 0-9 _ . -",
                  what, text != NULL && strlen(text) <= VAR_NAME_MAX ? text : "", VAR_NAME_MAX);
        return false;
    }
    if (g_tree_lookup(seen, text) != NULL) {
        fault_set(error, FAULT_INVALID_DATA, "%s: variable %s is declared twice", what, text);
        return false;
    }
    g_tree_insert(seen, (void *)text, (void *)text);
    return true;
}

static bool read_time_variable(const json_t *entry, GTree *seen, json_t *variables,
                               GError **error) {
    json_t *name = json_object_get(entry, "name");
    json_t *pattern = json_object_get(entry, "pattern");
    if (!check_name(name, "time variables", seen, error)) {
        return false;
    }
    if (!json_is_string(pattern)) {
        fault_set(error, FAULT_INVALID_DATA, "time variables: variable %s has no pattern",
                  json_string_value(name));
        return false;
    }
    if (!var_pattern_check(json_string_value(pattern), error)) {
        g_prefix_error(error, "time variables: variable %s: ", json_string_value(name));
        return false;
    }
    (void)json_array_append_new(variables,
                                json_pack("{s:O, s:O}", "name", name, "pattern", pattern));
    return true;
}

bool vars_time_read(const json_t *list, json_t **ret_variables, GError **error) {
    if (list != NULL && !json_is_array(list)) {
        fault_set(error, FAULT_INVALID_DATA, "time variables: variables must be a list");
        return false;
    }
    json_t *variables = json_array();
    g_autoptr(GTree) seen = g_tree_new(by_name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!read_time_variable(json_array_get(list, i), seen, variables, error)) {
            json_decref(variables);
            return false;
        }
    }
    *ret_variables = variables;
    return true;
}

bool vars_time_parse(const char *text, json_t **ret_variables, GError **error) {
    json_t *root = NULL;
    if (!load_document(text, "time variables", &root, error)) {
        return false;
    }
    bool is_good = vars_time_read(json_object_get(root, "variables"), ret_variables, error);
    json_decref(root);
    return is_good;
}

static bool is_index(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) >= -1 &&
           json_integer_value(value) <= G_MAXINT;
}

// Of a place that is wrong for any result: why, or NULL.
static const char *place_fault(const json_t *row, const json_t *column, bool has_combiner) {
    if (!is_index(row) || !is_index(column)) {
        return "row and column must be whole numbers from 0, or -1 for all";
    }
    bool takes_rows = json_integer_value(row) == -1;
    bool takes_columns = json_integer_value(column) == -1;
    if (takes_rows && takes_columns) {
        return "row and column must not both be -1";
    }
    return (takes_rows || takes_columns) && !has_combiner
               ? "combiner is needed when row or column is -1"
               : NULL;
}

// An SQL assignment's method is JSON text inside the JSON (behaviour.md §2.4).
static bool check_sql_method(const char *method, bool has_default, const char *name,
                             GError **error) {
    json_t *root = NULL;
    if (!load_document(method, "extractMethod", &root, error)) {
        g_prefix_error(error, "outputs: variable %s: ", name);
        return false;
    }
    const json_t *row = json_object_get(root, "row");
    const char *fault = place_fault(row, json_object_get(root, "column"),
                                    json_is_string(json_object_get(root, "combiner")));
    bool is_behind = json_integer_value(row) >= VAR_ROWS_MAX && !has_default;
    json_decref(root);
    if (fault != NULL) {
        fault_set(error, FAULT_INVALID_DATA, "outputs: variable %s: %s", name, fault);
    } else if (is_behind) {
        fault_set(error, FAULT_INVALID_DATA,
                  "outputs: variable %s: row must be less than %d, the number of rows that are "
                  "read, unless there is a default",
                  name, VAR_ROWS_MAX);
    }
    return fault == NULL && !is_behind;
}

static bool check_output(const json_t *entry, bool is_sql, GTree *seen, GError **error) {
    const json_t *name = json_object_get(entry, "variableName");
    if (!check_name(name, "outputs", seen, error)) {
        return false;
    }
    const char *method = json_string_value(json_object_get(entry, "extractMethod"));
    if (is_sql) {
        bool has_default = json_is_string(json_object_get(entry, "default"));
        return check_sql_method(method, has_default, json_string_value(name), error);
    }
    if (method == NULL || strcmp(method, "json") != 0) {
        fault_set(error, FAULT_INVALID_DATA, "outputs: variable %s: extractMethod must be \"json\"",
                  json_string_value(name));
        return false;
    }
    return true;
}

bool vars_output_check(const char *text, bool is_sql, GError **error) {
    json_t *root = NULL;
    json_t *list = NULL;
    if (!load_document(text, "outputs", &root, error)) {
        return false;
    }
    bool is_good = find_outputs(root, &list, error);
    g_autoptr(GTree) seen = g_tree_new(by_name);
    for (size_t i = 0; is_good && i < json_array_size(list); i++) {
        is_good = check_output(json_array_get(list, i), is_sql, seen, error);
    }
    json_decref(root);
    return is_good;
}

// Substitution.

struct substitution {
    var_lookup_fn lookup;
    void *user;
    bool is_strict;
    size_t room;          // bytes that may still be written
    GPtrArray *unknown;   // NULL or where unknown names go
    GTree *unknown_names; // the same names, borrowed
};

static void substitution_init(struct substitution *all, var_lookup_fn lookup, void *user,
                              bool strict, GPtrArray *ret_unknown) {
    *all = (struct substitution){
        .lookup = lookup,
        .user = user,
        .is_strict = strict,
        .room = VAR_TEXT_MAX,
        .unknown = ret_unknown,
        .unknown_names = g_tree_new(by_name),
    };
    for (unsigned i = 0; ret_unknown != NULL && i < ret_unknown->len; i++) {
        char *name = g_ptr_array_index(ret_unknown, i);
        g_tree_insert(all->unknown_names, name, name);
    }
}

static bool append(struct substitution *all, GString *out, const char *text, size_t len,
                   GError **error) {
    if (len > all->room) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "the text is longer than %d MiB with its variables' values",
                  VAR_TEXT_MAX / 1024 / 1024);
        return false;
    }
    all->room -= len;
    g_string_append_len(out, text, (gssize)len);
    return true;
}

size_t vars_reference_len(const char *text) {
    if (text[0] != '$' || text[1] != '{') {
        return 0;
    }
    size_t len = name_len(text + 2, VAR_NAME_MAX + 1);
    return len >= 1 && len <= VAR_NAME_MAX && text[2 + len] == '}' ? len + 3 : 0;
}

static void note_unknown(struct substitution *all, const char *name) {
    if (all->unknown != NULL && g_tree_lookup(all->unknown_names, name) == NULL) {
        char *kept = g_strdup(name);
        g_ptr_array_add(all->unknown, kept);
        g_tree_insert(all->unknown_names, kept, kept);
    }
}

static bool append_value(struct substitution *all, GString *out, const char *reference, size_t len,
                         GError **error) {
    char name[VAR_NAME_MAX + 1];
    g_assert(len >= 4 && len - 3 < sizeof name);
    memcpy(name, reference + 2, len - 3);
    name[len - 3] = '\0';
    const char *value = all->lookup(name, all->user);
    if (value != NULL) {
        return append(all, out, value, strlen(value), error);
    }
    if (all->is_strict) {
        fault_set(error, FAULT_INVALID_DATA,
                  "variable %s does not exist; write $${%s} for the text itself", name, name);
        return false;
    }
    note_unknown(all, name);
    return append(all, out, reference, len, error);
}

bool vars_piece_next(const char **at, struct vars_piece *ret_piece) {
    const char *text = *at;
    if (*text == '\0') {
        return false;
    }
    size_t reference = vars_reference_len(text);
    size_t escaped = *text == '$' ? vars_reference_len(text + 1) : 0;
    if (reference > 0) {
        *ret_piece = (struct vars_piece){ .text = text, .len = reference, .is_reference = true };
    } else if (escaped > 0) {
        *ret_piece = (struct vars_piece){ .text = text + 1, .len = escaped };
    } else {
        *ret_piece = (struct vars_piece){ .text = text, .len = 1 + strcspn(text + 1, "$") };
    }
    *at = ret_piece->text + ret_piece->len;
    return true;
}

char *vars_fixed_text(const char *text) {
    g_autoptr(GString) out = g_string_new(NULL);
    struct vars_piece piece;
    while (vars_piece_next(&text, &piece)) {
        if (piece.is_reference) {
            return NULL;
        }
        g_string_append_len(out, piece.text, (gssize)piece.len);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool substitute(struct substitution *all, const char *text, GString *out, GError **error) {
    struct vars_piece piece;
    while (vars_piece_next(&text, &piece)) {
        bool is_done = piece.is_reference ? append_value(all, out, piece.text, piece.len, error)
                                          : append(all, out, piece.text, piece.len, error);
        if (!is_done) {
            return false;
        }
    }
    return true;
}

bool vars_substitute(const char *text, var_lookup_fn lookup, void *user, bool strict,
                     char **ret_text, GPtrArray *ret_unknown, GError **error) {
    struct substitution all;
    substitution_init(&all, lookup, user, strict, ret_unknown);
    g_autoptr(GString) out = g_string_new(NULL);
    bool is_done = substitute(&all, text, out, error);
    g_tree_unref(all.unknown_names);
    if (is_done) {
        *ret_text = g_string_free(g_steal_pointer(&out), FALSE);
    }
    return is_done;
}

static json_t *substitute_value(struct substitution *all, const json_t *value, int depth,
                                GError **error);

static json_t *substitute_object(struct substitution *all, const json_t *value, int depth,
                                 GError **error) {
    json_t *copy = json_object();
    const char *key = NULL;
    json_t *item = NULL;
    json_object_foreach((json_t *)value, key, item) {
        json_t *changed = substitute_value(all, item, depth + 1, error);
        if (changed == NULL) {
            json_decref(copy);
            return NULL;
        }
        (void)json_object_set_new_nocheck(copy, key, changed);
    }
    return copy;
}

static json_t *substitute_array(struct substitution *all, const json_t *value, int depth,
                                GError **error) {
    json_t *copy = json_array();
    for (size_t i = 0; i < json_array_size(value); i++) {
        json_t *changed = substitute_value(all, json_array_get(value, i), depth + 1, error);
        if (changed == NULL) {
            json_decref(copy);
            return NULL;
        }
        (void)json_array_append_new(copy, changed);
    }
    return copy;
}

static json_t *substitute_string(struct substitution *all, const json_t *value, GError **error) {
    g_autoptr(GString) out = g_string_new(NULL);
    if (!substitute(all, json_string_value(value), out, error)) {
        return NULL;
    }
    json_t *changed = json_stringn(out->str, out->len);
    if (changed == NULL) {
        fault_set(error, FAULT_INVALID_DATA, "a variable's value is not UTF-8 text");
    }
    return changed;
}

// Recursion is bounded by the depth that the JSON reader accepts.
static json_t *substitute_value(struct substitution *all, const json_t *value, int depth,
                                GError **error) {
    if (depth > JSON_DEPTH_MAX) {
        fault_set(error, FAULT_INVALID_DATA, "the JSON value is nested too deeply");
        return NULL;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT: return substitute_object(all, value, depth, error);
    case JSON_ARRAY: return substitute_array(all, value, depth, error);
    case JSON_STRING: return substitute_string(all, value, error);
    case JSON_INTEGER:
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL: break;
    }
    return json_copy((json_t *)value);
}

bool vars_substitute_json(const json_t *value, var_lookup_fn lookup, void *user, bool strict,
                          json_t **ret_value, GPtrArray *ret_unknown, GError **error) {
    struct substitution all;
    substitution_init(&all, lookup, user, strict, ret_unknown);
    json_t *changed = substitute_value(&all, value, 0, error);
    g_tree_unref(all.unknown_names);
    if (changed == NULL) {
        return false;
    }
    *ret_value = changed;
    return true;
}

// Outputs.

// Why a member of a script's last line is no output, or NULL. The caller frees it.
static char *output_fault(const char *name, const json_t *value) {
    static const char *const types[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null"
    };
    if (!var_name_is_valid(name, strlen(name))) {
        return g_strdup_printf("is no name for a variable, which has 1 to %d characters out of "
                               "A-Z a-z 0-9 _ . -",
                               VAR_NAME_MAX);
    }
    if (json_is_boolean(value)) {
        return NULL;
    }
    if (!json_is_string(value)) {
        return g_strdup_printf("is %s, not a text, a number, true or false",
                               types[json_typeof(value)]);
    }
    size_t len = json_string_length(value);
    size_t shown = strlen(json_string_value(value));
    if (shown < len) {
        return g_strdup_printf("has a zero character at byte %zu", shown);
    }
    return len > VAR_VALUE_MAX ? g_strdup_printf("has %zu bytes, more than %d", len, VAR_VALUE_MAX)
                               : NULL;
}

// Adds `"name" fault` to the list, or counts it once the list is as long as a message can hold.
static void note_fault(GString *list, int *unnamed_count, const char *name, const char *fault) {
    if (list->len >= LEFT_OUT_BYTES) {
        ++*unnamed_count;
        return;
    }
    g_autofree char *cut = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), VAR_NAME_MAX));
    json_t *text = json_string(cut);
    size_t len = json_dumpb(text, NULL, 0, JSON_ENCODE_ANY);
    g_autofree char *shown = g_malloc0(len + 1); // in quotes, control characters as escapes
    (void)json_dumpb(text, shown, len, JSON_ENCODE_ANY);
    json_decref(text);
    g_string_append_printf(list, "%s%s %s", list->len > 0 ? "; " : "", shown, fault);
}

void vars_script_outputs(const char *line, size_t len, json_t **ret_outputs, char **ret_left_out) {
    json_t *outputs = json_object();
    json_error_t json_error;
    json_t *root = numerals_load(line, len, JSON_ALLOW_NUL, &json_error);
    g_autofree char *line_words = root == NULL ? line_fault(line, len, &json_error) : NULL;
    GString *left_out = g_string_new(line_words);
    int unnamed_count = 0;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(root, name, value) {
        g_autofree char *fault = output_fault(name, value);
        if (fault != NULL) {
            note_fault(left_out, &unnamed_count, name, fault);
        } else if (json_is_boolean(value)) {
            (void)json_object_set_new(outputs, name,
                                      json_string(json_is_true(value) ? "true" : "false"));
        } else {
            (void)json_object_set(outputs, name, value);
        }
    }
    if (unnamed_count > 0) {
        g_string_append_printf(left_out, "; and %d more", unnamed_count);
    }
    json_decref(root);
    bool has_fault = left_out->len > 0;
    char *words = g_string_free(left_out, !has_fault);
    *ret_left_out = has_fault ? words : NULL;
    *ret_outputs = outputs;
}

GPtrArray *vars_output_names(const char *node_output) {
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    json_t *root = NULL;
    json_t *list = NULL;
    if (!load_document(node_output, "outputs", &root, NULL)) {
        return names;
    }
    if (find_outputs(root, &list, NULL)) {
        for (size_t i = 0; i < json_array_size(list); i++) {
            const char *name =
                json_string_value(json_object_get(json_array_get(list, i), "variableName"));
            if (name != NULL) {
                g_ptr_array_add(names, g_strdup(name));
            }
        }
    }
    json_decref(root);
    return names;
}

bool vars_outputs_complete(const char *node_output, const json_t *outputs, GError **error) {
    json_t *root = NULL;
    json_t *list = NULL;
    if (!load_document(node_output, "outputs", &root, error)) {
        return false;
    }
    bool is_good = find_outputs(root, &list, error);
    for (size_t i = 0; is_good && i < json_array_size(list); i++) {
        const char *name =
            json_string_value(json_object_get(json_array_get(list, i), "variableName"));
        if (name != NULL && json_object_get(outputs, name) == NULL) {
            fault_set(error, FAULT_INVALID_DATA,
                      "output variable %s is declared but was not set; the last line of standard "
                      "output must be a JSON object that holds it",
                      name);
            is_good = false;
        }
    }
    json_decref(root);
    return is_good;
}
