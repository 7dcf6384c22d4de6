// SPDX-License-Identifier: Apache-2.0
//
// Sorting decides, never the order in which things came: names that would be the same in the environment are side by side, and when there is
// no room for all, the longest are the ones left out.
#include "exec/variables.h"

#include <stdlib.h>
#include <string.h>

#include "core/vars.h"

static const char PREFIX[] = "TF_VAR_";

enum { TEXT_MAX = 128 * 1024 }; // of one NAME=value with its end, by the system

struct variable {
    const char *name;
    const char *value; // perhaps VAR_NULL
    char *key;         // in the environment
    size_t bytes;      // of KEY=value and its end
    bool is_exported;
    bool is_filed;
};

static void add_variable(const char *name, const char *value, void *user) {
    GArray *variables = user;
    struct variable variable = {
        .name = name,
        .value = value,
        .key = var_environment_name(name),
        .is_filed = true,
    };
    variable.bytes = strlen(variable.key) + 1 + strlen(value) + 1;
    variable.is_exported = variable.bytes <= TEXT_MAX;
    g_array_append_val(variables, variable);
}

static void clear_variable(void *user) {
    g_free(((struct variable *)user)->key);
}

static int by_key(gconstpointer left, gconstpointer right) {
    const struct variable *one = left;
    const struct variable *other = right;
    int order = strcmp(one->key, other->key);
    return order != 0 ? order : strcmp(one->name, other->name);
}

static int by_length(gconstpointer left, gconstpointer right) {
    const struct variable *one = left;
    const struct variable *other = right;
    int order = (one->bytes > other->bytes) - (one->bytes < other->bytes);
    return order != 0 ? order : strcmp(one->name, other->name);
}

static struct variable *at(const GArray *variables, guint i) {
    return &g_array_index(variables, struct variable, i);
}

static char *describe(const struct variable *variable) {
    return g_strdup_printf("${%s} (%zu bytes)", variable->name, strlen(variable->value));
}

// Of variables with one key only the one that needs no other characters is exported; without such a one none is, because whichever it
// were, a script might take it for the other. Sorted by key.
static void settle_clashes(const struct task *task, GArray *variables) {
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    for (guint begin = 0, end = 0; begin < variables->len; begin = end) {
        const char *key = at(variables, begin)->key;
        for (end = begin; end < variables->len && strcmp(at(variables, end)->key, key) == 0;
             end++) {
        }
        for (guint i = begin; end - begin > 1 && i < end; i++) {
            struct variable *variable = at(variables, i);
            if (strcmp(variable->name, key + strlen(PREFIX)) != 0) {
                variable->is_exported = false;
                g_ptr_array_add(words, g_strdup_printf("${%s} (%s)", variable->name, key));
            }
        }
    }
    if (words->len > 0) {
        task_remark_list(
            task, "not in the environment, where several variables would have one name:", words);
    }
}

// The shortest ones have room. Sorted by length.
static void settle_room(const struct task *task, GArray *variables) {
    g_autoptr(GPtrArray) unexported = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) unfiled = g_ptr_array_new_with_free_func(g_free);
    size_t exported_bytes = 0;
    size_t filed_bytes = 0;
    guint exported_count = 0;
    for (guint i = 0; i < variables->len; i++) {
        struct variable *variable = at(variables, i);
        bool has_room = variable->bytes <= TEXT_MAX &&
                        exported_bytes + variable->bytes <= VARIABLES_ENVIRONMENT_BYTES &&
                        exported_count < VARIABLES_ENVIRONMENT_MAX;
        if (variable->is_exported && has_room) {
            exported_bytes += variable->bytes;
            exported_count++;
        } else if (!has_room) {
            variable->is_exported = false;
            g_ptr_array_add(unexported, describe(variable));
        }
        filed_bytes += variable->bytes;
        variable->is_filed = filed_bytes <= VARIABLES_FILE_BYTES;
        if (!variable->is_filed) {
            g_ptr_array_add(unfiled, describe(variable));
        }
    }
    if (unexported->len > 0) {
        task_remark_list(task, "not in the environment, which has no room for it:", unexported);
    }
    if (unfiled->len > 0) {
        task_remark_list(task, "not in the file of variables either:", unfiled);
    }
}

static GBytes *make_file(const GArray *variables) {
    json_t *object = json_object();
    for (guint i = 0; i < variables->len; i++) {
        const struct variable *variable = at(variables, i);
        if (variable->is_filed) {
            (void)json_object_set_new(object, variable->name,
                                      variable->value == VAR_NULL ? json_null()
                                                                  : json_string(variable->value));
        }
    }
    char *text = json_dumps(object, JSON_COMPACT);
    g_assert(text != NULL);
    json_decref(object);
    size_t len = strlen(text);
    return g_bytes_new_with_free_func(text, len, free, text);
}

void variables_export(const struct task *task, GPtrArray *environment, GBytes **ret_file) {
    g_assert(task != NULL);
    g_assert(environment != NULL);

    g_autoptr(GArray) variables = g_array_new(FALSE, FALSE, sizeof(struct variable));
    g_array_set_clear_func(variables, clear_variable);
    scope_each(task->scope, add_variable, variables);
    g_array_sort(variables, by_key);
    settle_clashes(task, variables);
    g_array_sort(variables, by_length);
    settle_room(task, variables);
    for (guint i = 0; i < variables->len; i++) {
        const struct variable *variable = at(variables, i);
        if (variable->is_exported) {
            g_ptr_array_add(environment, g_strdup_printf("%s=%s", variable->key, variable->value));
        }
    }
    *ret_file = make_file(variables);
}
