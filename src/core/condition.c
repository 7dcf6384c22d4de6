// SPDX-License-Identifier: Apache-2.0
//
// The content of a CONDITION node, checked once and evaluated when its upstream nodes have ended.
//
//   { "logic": "AND" | "OR",                                                    AND when absent
//     "conditions": [ { "variable": name, "operator": == != > >= < <=, "value": text, number, true, false or null },
//                     { "state": all_success | all_done | all_failed | one_success | one_failed } ] }
//
// At most one entry names a state; it is combined with the others like any entry. Without one the node waits for all upstream nodes
// to succeed, and that is no entry. Unknown keys are ignored. Every entry is looked at, whatever the first ones say: a variable that
// does not exist must not go unnoticed.

#include "core/condition.h"

#include <assert.h>
#include <string.h>

#include "base/fault.h"
#include "core/decimal.h"
#include "core/numerals.h"

enum { ENTRY_COUNT_MAX = 1000 };

enum relation {
    RELATION_EQUAL,
    RELATION_DIFFERENT,
    RELATION_GREATER,
    RELATION_GREATER_OR_EQUAL,
    RELATION_LESS,
    RELATION_LESS_OR_EQUAL,
    RELATION_COUNT,
};

static const char *const relations[] = {
    [RELATION_EQUAL] = "==",  [RELATION_DIFFERENT] = "!=",
    [RELATION_GREATER] = ">", [RELATION_GREATER_OR_EQUAL] = ">=",
    [RELATION_LESS] = "<",    [RELATION_LESS_OR_EQUAL] = "<=",
};
static_assert(G_N_ELEMENTS(relations) == RELATION_COUNT, "a sign for each operator");

static const char *const states[] = {
    [CONDITION_ALL_SUCCESS] = "all_success", [CONDITION_ALL_DONE] = "all_done",
    [CONDITION_ALL_FAILED] = "all_failed",   [CONDITION_ONE_SUCCESS] = "one_success",
    [CONDITION_ONE_FAILED] = "one_failed",
};
static_assert(G_N_ELEMENTS(states) == CONDITION_STATE_COUNT, "a word for each state");

struct entry {
    char *variable;
    enum relation relation;
    char *value; // with ${name} in it; NULL: null was written
};

struct condition {
    bool is_or;
    bool has_state; // a state entry was given
    enum condition_state state;
    GArray *entries; // of struct entry
};

static void clear_entry(void *data) {
    struct entry *entry = data;
    g_free(entry->variable);
    g_free(entry->value);
}

void condition_free(struct condition *condition) {
    if (condition == NULL) {
        return;
    }
    g_array_unref(condition->entries);
    g_free(condition);
}

enum condition_state condition_state(const struct condition *condition) {
    return condition->state;
}

static int find_word(const char *const *words, int count, const char *word) {
    for (int i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

static bool refuse(GError **error, size_t index, const char *text) {
    fault_set(error, FAULT_INVALID_DATA, "condition %zu: %s", index + 1, text);
    return false;
}

static bool read_state(struct condition *condition, const json_t *entry, size_t index,
                       GError **error) {
    const char *word = json_string_value(json_object_get(entry, "state"));
    int state = word != NULL ? find_word(states, CONDITION_STATE_COUNT, word) : -1;
    if (state < 0) {
        return refuse(error, index,
                      "state must be all_success, all_done, all_failed, one_success or one_failed");
    }
    if (json_object_get(entry, "variable") != NULL) {
        return refuse(error, index, "an entry has a state or a variable, not both");
    }
    if (condition->has_state) {
        return refuse(error, index, "only one entry may name a state");
    }
    condition->has_state = true;
    condition->state = (enum condition_state)state;
    return true;
}

static bool read_comparison(struct condition *condition, const json_t *json, size_t index,
                            GError **error) {
    const char *variable = json_string_value(json_object_get(json, "variable"));
    const char *sign = json_string_value(json_object_get(json, "operator"));
    const json_t *value = json_object_get(json, "value");
    if (variable == NULL || !var_name_is_valid(variable, strlen(variable))) {
        return refuse(error, index, "variable must be the name of a variable, without ${}");
    }
    int relation = sign != NULL ? find_word(relations, RELATION_COUNT, sign) : -1;
    if (relation < 0) {
        return refuse(error, index, "operator must be one of == != > >= < <=");
    }
    if (!json_is_string(value) && !json_is_boolean(value) && !json_is_null(value)) {
        return refuse(error, index, "value must be a text, a number, true, false or null");
    }
    const char *truth = json_is_true(value) ? "true" : "false";
    struct entry entry = {
        .variable = g_strdup(variable),
        .relation = (enum relation)relation,
        .value = json_is_null(value)
                     ? NULL
                     : g_strdup(json_is_string(value) ? json_string_value(value) : truth),
    };
    g_array_append_val(condition->entries, entry);
    return true;
}

static bool read_logic(struct condition *condition, const json_t *root, GError **error) {
    const json_t *logic = json_object_get(root, "logic");
    if (logic == NULL) {
        return true;
    }
    const char *word = json_is_string(logic) ? json_string_value(logic) : "";
    condition->is_or = strcmp(word, "OR") == 0;
    if (!condition->is_or && strcmp(word, "AND") != 0) {
        fault_set(error, FAULT_INVALID_DATA, "condition: logic must be AND or OR");
        return false;
    }
    return true;
}

static bool read_root(struct condition *condition, const json_t *root, GError **error) {
    const json_t *list = json_object_get(root, "conditions");
    size_t count = json_array_size(list);
    if (count == 0 || count > ENTRY_COUNT_MAX) {
        fault_set(error, FAULT_INVALID_DATA,
                  "condition: conditions must be a list of 1 to %d entries", ENTRY_COUNT_MAX);
        return false;
    }
    if (!read_logic(condition, root, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i);
        bool is_good = json_object_get(entry, "state") != NULL
                           ? read_state(condition, entry, i, error)
                           : read_comparison(condition, entry, i, error);
        if (!is_good) {
            return false;
        }
    }
    return true;
}

bool condition_new(const char *content, struct condition **ret_condition, GError **error) {
    json_error_t json_error;
    json_t *root = numerals_load(content, strlen(content), JSON_REJECT_DUPLICATES, &json_error);
    if (root == NULL) {
        fault_set(error, FAULT_INVALID_DATA, "condition: the content is no JSON object: %s",
                  json_error.text);
        return false;
    }
    struct condition *condition = g_new0(struct condition, 1);
    condition->state = CONDITION_ALL_SUCCESS;
    condition->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
    g_array_set_clear_func(condition->entries, clear_entry);
    bool is_good = read_root(condition, root, error);
    json_decref(root);
    if (!is_good) {
        condition_free(condition);
        return false;
    }
    *ret_condition = condition;
    return true;
}

// proposed: as numbers when both are, otherwise byte by byte (docs/nodes/condition.md).
static int compare_values(const char *left, const char *right) {
    int order = 0;
    return decimal_compare(left, right, &order) ? order : strcmp(left, right);
}

// A NULL is equal to a NULL alone, and is neither less nor greater than anything.
static bool null_relation_holds(enum relation relation, bool are_both_null) {
    return relation == RELATION_DIFFERENT ? !are_both_null
                                          : relation == RELATION_EQUAL && are_both_null;
}

static bool relation_holds(enum relation relation, int order) {
    switch (relation) {
    case RELATION_EQUAL: return order == 0;
    case RELATION_DIFFERENT: return order != 0;
    case RELATION_GREATER: return order > 0;
    case RELATION_GREATER_OR_EQUAL: return order >= 0;
    case RELATION_LESS: return order < 0;
    case RELATION_LESS_OR_EQUAL: return order <= 0;
    case RELATION_COUNT: break;
    }
    g_assert_not_reached();
}

static bool state_holds(enum condition_state state, const struct condition_upstream *upstream) {
    switch (state) {
    case CONDITION_ALL_SUCCESS: return upstream->succeeded == upstream->total;
    case CONDITION_ALL_DONE: return true; // it is asked only when all have ended
    case CONDITION_ALL_FAILED: return upstream->failed == upstream->total;
    case CONDITION_ONE_SUCCESS: return upstream->succeeded > 0;
    case CONDITION_ONE_FAILED: return upstream->failed > 0;
    case CONDITION_STATE_COUNT: break;
    }
    g_assert_not_reached();
}

// Written as null, or nothing but a variable that is NULL.
static bool is_null_value(const struct entry *entry, var_lookup_fn lookup, void *user) {
    if (entry->value == NULL) {
        return true;
    }
    size_t len = vars_reference_len(entry->value);
    if (len == 0 || entry->value[len] != '\0') {
        return false;
    }
    g_autofree char *name = g_strndup(entry->value + 2, len - 3);
    return lookup(name, user) == VAR_NULL;
}

static bool evaluate_entry(const struct entry *entry, var_lookup_fn lookup, void *user,
                           bool *ret_holds, GError **error) {
    const char *left = lookup(entry->variable, user);
    if (left == NULL) {
        fault_set(error, FAULT_INVALID_DATA,
                  "condition: variable %s does not exist; it must be a variable of the flow or "
                  "an output of a node in front",
                  entry->variable);
        return false;
    }
    g_autofree char *right = NULL;
    if (entry->value != NULL &&
        !vars_substitute(entry->value, lookup, user, true, &right, NULL, error)) {
        return false;
    }
    bool is_right_null = is_null_value(entry, lookup, user);
    *ret_holds = left == VAR_NULL || is_right_null
                     ? null_relation_holds(entry->relation, left == VAR_NULL && is_right_null)
                     : relation_holds(entry->relation, compare_values(left, right));
    return true;
}

bool condition_evaluate(const struct condition *condition,
                        const struct condition_upstream *upstream, var_lookup_fn lookup, void *user,
                        bool *ret_holds, GError **error) {
    g_assert(upstream->succeeded + upstream->failed <= upstream->total);
    int asked = 0;
    int held = 0;
    if (condition->has_state) {
        asked++;
        held += state_holds(condition->state, upstream);
    }
    for (unsigned i = 0; i < condition->entries->len; i++) {
        const struct entry *entry = &g_array_index(condition->entries, struct entry, i);
        bool holds = false;
        if (!evaluate_entry(entry, lookup, user, &holds, error)) {
            return false;
        }
        asked++;
        held += holds;
    }
    g_assert(asked > 0);
    *ret_holds = condition->is_or ? held > 0 : held == asked;
    return true;
}
