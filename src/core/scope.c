// SPDX-License-Identifier: Apache-2.0
//
// The visible variables of one node, collected once: levels are added from the strongest to the weakest, and a name that is there stays.
//
// Names and constant values are lent by the run and its plan; texts made here live in the scope's text store.

#include "core/scope.h"

#include <limits.h>
#include <string.h>

struct scope {
    GTree *values;    // name → value, both borrowed
    GPtrArray *names; // in the order they were added
    GTree *absent;    // NULL, or name → name of the node whose output it is and that was left out
    char *absence;    // NULL, or what the first lookup of an absent name has to say
    GStringChunk *texts;
};

static gint by_name(gconstpointer left, gconstpointer right) {
    return strcmp(left, right);
}

static bool has(const struct scope *scope, const char *name) {
    return g_tree_lookup_extended(scope->values, name, NULL, NULL);
}

static void add(struct scope *scope, const char *name, const char *value) {
    if (!has(scope, name)) {
        g_tree_insert(scope->values, (void *)name, (void *)value);
        g_ptr_array_add(scope->names, (void *)name);
    }
}

static void add_copy(struct scope *scope, const char *name, const char *value) {
    add(scope, name, g_string_chunk_insert(scope->texts, value));
}

static void add_number(struct scope *scope, const char *name, int64_t number) {
    char text[32];
    (void)g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, number);
    add_copy(scope, name, text);
}

static void add_time(struct scope *scope, const char *name, const struct civil *time) {
    char text[CIVIL_TEXT_BYTES];
    civil_text(time, text);
    add_copy(scope, name, text);
}

static bool add_time_variables(struct scope *scope, const json_t *variables,
                               const struct civil *business, enum var_language language,
                               GError **error) {
    for (size_t i = 0; i < json_array_size(variables); i++) {
        const json_t *variable = json_array_get(variables, i);
        const char *name = json_string_value(json_object_get(variable, "name"));
        const char *pattern = json_string_value(json_object_get(variable, "pattern"));
        g_assert(name != NULL);
        g_assert(pattern != NULL);
        g_autofree char *value = NULL;
        if (!var_pattern_format(pattern, business, language, &value, error)) {
            g_prefix_error(error, "time variable %s: ", name);
            return false;
        }
        add_copy(scope, name, value);
    }
    return true;
}

static void add_texts(struct scope *scope, json_t *object) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(object, name, value) {
        if (json_is_string(value)) {
            add(scope, name, json_string_value(value));
        } else if (json_is_null(value)) {
            add(scope, name, VAR_NULL);
        }
    }
}

// What a node declares and nothing stands in for: whoever needs it must not get a weaker level's value by that name.
static void add_absent(struct scope *scope, const struct plan_node *node) {
    g_autoptr(GPtrArray) names = vars_output_names(node->output);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_string_chunk_insert(scope->texts, g_ptr_array_index(names, i));
        if (!has(scope, name)) {
            add(scope, name, NULL);
            if (scope->absent == NULL) {
                scope->absent = g_tree_new(by_name);
            }
            g_tree_insert(scope->absent, (void *)name, node->name);
        }
    }
}

struct upstream_walk {
    struct scope *scope;
    const struct run *run;
    int rest; // nodes with outputs that were not met yet, here or elsewhere in the graph
};

static bool visit_upstream(int node, int distance, void *user) {
    (void)distance;
    struct upstream_walk *walk = user;
    json_t *outputs = walk->run->nodes[node].outputs;
    if (outputs != NULL) {
        add_texts(walk->scope, outputs);
        walk->rest--;
    } else if (selection_leaves_out(walk->run->selection, node)) {
        add_absent(walk->scope, &walk->run->plan->nodes[node]);
    }
    return walk->rest > 0;
}

// The nearest node comes first and so wins. Most flows have no outputs at all, and then the graph is not walked.
static void add_upstream(struct scope *scope, const struct run *run, int node) {
    struct upstream_walk walk = { .scope = scope, .run = run };
    if (graph_upstream(run->plan->graph, node).count == 0) {
        return;
    }
    walk.rest =
        run->selection != NULL ? INT_MAX : run->output_count - (run->nodes[node].outputs != NULL);
    if (walk.rest > 0) {
        graph_visit_before(run->plan->graph, node, visit_upstream, &walk);
    }
}

static void add_system(struct scope *scope, const struct run *run, int node) {
    const struct plan *plan = run->plan;
    const struct node_run *node_run = &run->nodes[node];
    char date[CIVIL_TEXT_BYTES];
    (void)g_snprintf(date, sizeof date, "%04d-%02d-%02d", run->business.year, run->business.month,
                     run->business.day);
    add_copy(scope, "bizdate", date);
    add_number(scope, "dagId", plan->flow_id);
    add(scope, "dagName", plan->flow_name);
    add_number(scope, "dagInstanceId", run->id);
    add_number(scope, "dagVersion", plan->version_id);
    add_number(scope, "nodeId", plan->nodes[node].id);
    add(scope, "nodeName", plan->nodes[node].name);
    add_time(scope, "runTime", &run->run_time);
    add_time(scope, "businessTime", &run->business);
    add_number(scope, "tenantId", run->tenant_id);
    add(scope, "ownerName", plan->owner_name);
    // With no attempt open, the scope is for the one about to start.
    add_number(scope, "attempt", node_run->attempt + (node_run->fence == 0 ? 1 : 0));
}

bool scope_new(const struct run *run, int node, enum var_language language,
               struct scope **ret_scope, GError **error) {
    g_assert(node >= 0);
    g_assert(node < run->plan->node_count);
    const struct plan *plan = run->plan;
    struct scope *scope = g_new0(struct scope, 1);
    scope->values = g_tree_new(by_name);
    scope->names = g_ptr_array_new();
    scope->texts = g_string_chunk_new(1024);
    if (!add_time_variables(scope, plan->nodes[node].time_variables, &run->business, language,
                            error)) {
        scope_free(scope);
        return false;
    }
    add_upstream(scope, run, node);
    add_texts(scope, run->variables);
    if (!add_time_variables(scope, plan->time_variables, &run->business, language, error)) {
        scope_free(scope);
        return false;
    }
    add_texts(scope, plan->constants);
    add_system(scope, run, node);
    *ret_scope = scope;
    return true;
}

void scope_free(struct scope *scope) {
    if (scope == NULL) {
        return;
    }
    g_tree_unref(scope->values);
    g_clear_pointer(&scope->absent, g_tree_unref);
    g_free(scope->absence);
    g_ptr_array_unref(scope->names);
    g_string_chunk_free(scope->texts);
    g_free(scope);
}

const char *scope_lookup(const char *name, void *scope) {
    struct scope *self = scope;
    const char *node = self->absent != NULL ? g_tree_lookup(self->absent, name) : NULL;
    if (node != NULL && self->absence == NULL) {
        self->absence =
            g_strdup_printf("output variable %s of node %s is not there: the node is left out of "
                            "this backfill, and no successful run of the same business time has it",
                            name, node);
    }
    return g_tree_lookup(self->values, name);
}

const char *scope_absence(const struct scope *scope) {
    return scope->absence;
}

void scope_each(struct scope *scope, scope_visit_fn visit, void *user) {
    for (unsigned i = 0; i < scope->names->len; i++) {
        const char *name = g_ptr_array_index(scope->names, i);
        const char *value = g_tree_lookup(scope->values, name);
        if (value != NULL) {
            visit(name, value, user);
        }
    }
}
