// SPDX-License-Identifier: Apache-2.0
//
// Reads a snapshot document into a plan. The document, as publishing and try runs store it:
//
//   { "flow": { "id": number, "name": text, "ownerId": number, "ownerName": text, "zone": text,
//               "policy": text (failure_policy_name), "slots": number },
//     "constants": { name: text, … },
//     "timeVariables": [ { "name": text, "pattern": text }, … ],
//     "nodes": [ { "id": number, "name": text, "kind": text (node_kind_word), "content": text, "config": text, "output": text,
//                  "timeVariables": text ({"variables":[…]}), "graphParam": text }, … ],
//     "edges": [ [ id, from, to ], … ],                                                         node ids, not positions
//     "schedule": see store/schedule_json.h,                                                     not read here, as is what follows
//     "slaRules": [ { "id": number, "kind": 0 flow or 1 node, "nodeId": number, "minutes": number }, … ] }
//
// "flow" with id and name, and "nodes" with id, name and kind, must be there; the rest may be absent or null. Unknown keys are
// ignored. A node's position is its place in the list. Node ids are unique; every edge joins two nodes of the list; no cycle.
// The content of a node is judged by plan_check_publish, not here: a draft may be half-written. Its config and time variables were
// checked when they were saved, so what does not parse is damage.

#include "core/plan.h"

#include <string.h>

#include "base/fault.h"
#include "core/clash.h"
#include "core/node_output.h"
#include "core/shared_names.h"

static const char default_zone[] = "Asia/Shanghai";

// Typed members. An absent or null member has the default; one of another type is damage. `what` names the object.

static json_t *member(const json_t *object, const char *key) {
    json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static bool wrong_type(GError **error, const char *what, const char *key, const char *wanted) {
    fault_set(error, FAULT_INVALID_DATA, "%s: %s must be %s", what, key, wanted);
    return false;
}

static bool read_text(const json_t *object, const char *what, const char *key,
                      const char *default_text, char **ret_text, GError **error) {
    const json_t *value = member(object, key);
    const char *text = value == NULL ? default_text : json_string_value(value);
    if (text == NULL) {
        return wrong_type(error, what, key, "a text");
    }
    *ret_text = g_strdup(text);
    return true;
}

static bool read_integer(const json_t *object, const char *what, const char *key,
                         int64_t default_number, int64_t max, int64_t *ret_number, GError **error) {
    const json_t *value = member(object, key);
    if (value == NULL) {
        *ret_number = default_number;
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > max) {
        fault_set(error, FAULT_INVALID_DATA,
                  "%s: %s must be a whole number from 0 to %" G_GINT64_FORMAT, what, key, max);
        return false;
    }
    *ret_number = json_integer_value(value);
    return true;
}

static bool read_id(const json_t *object, const char *what, int64_t *ret_id, GError **error) {
    return read_integer(object, what, "id", 0, G_MAXINT64, ret_id, error) &&
           (*ret_id > 0 || wrong_type(error, what, "id", "a number from 1"));
}

static json_t *load(const char *text, const char *what, GError **error) {
    json_error_t json_error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &json_error);
    if (root == NULL || !json_is_object(root)) {
        fault_set(error, FAULT_INVALID_DATA, "%s: not a JSON object: %s", what,
                  root == NULL ? json_error.text : "it is another kind of value");
        json_decref(root);
        return NULL;
    }
    return root;
}

// The parts of a snapshot.

static bool read_flow(struct plan *plan, const json_t *flow, GError **error) {
    int64_t slots = 0;
    g_autofree char *policy = NULL;
    if (!read_id(flow, "flow", &plan->flow_id, error) ||
        !read_text(flow, "flow", "name", NULL, &plan->flow_name, error) ||
        !read_integer(flow, "flow", "ownerId", 0, G_MAXINT64, &plan->owner_id, error) ||
        !read_text(flow, "flow", "ownerName", "", &plan->owner_name, error) ||
        !read_text(flow, "flow", "zone", default_zone, &plan->zone, error) ||
        !read_text(flow, "flow", "policy", failure_policy_name(POLICY_COMPLETE_RUNNING), &policy,
                   error) ||
        !read_integer(flow, "flow", "slots", 0, G_MAXINT, &slots, error)) {
        return false;
    }
    plan->slot_count_max = (int)slots;
    if (!failure_policy_from_name(policy, &plan->policy)) {
        fault_set(error, FAULT_INVALID_DATA, "flow: unknown policy %s", policy);
        return false;
    }
    return true;
}

static bool read_constants(struct plan *plan, const json_t *constants, GError **error) {
    const char *name = NULL;
    json_t *value = NULL;
    if (constants != NULL && !json_is_object(constants)) {
        return wrong_type(error, "snapshot", "constants", "an object");
    }
    plan->constants = json_object();
    json_object_foreach((json_t *)constants, name, value) {
        if (!json_is_string(value)) {
            return wrong_type(error, "constants", name, "a text");
        }
        (void)json_object_set(plan->constants, name, value);
    }
    return true;
}

// A text may be large, and what it says is kept only once.
static void read_content(struct plan_node *node) {
    const struct kind *kind = kind_find(node->kind);
    g_autoptr(GError) error = NULL;
    if (kind == NULL) {
        return;
    }
    if (kind->parse(node->content, &node->value, &node->timeout_s, &error)) {
        g_clear_pointer(&node->content, g_free);
    } else {
        node->content_error = g_strdup(error->message);
    }
}

static bool read_node(struct plan_node *node, const json_t *json, GError **error) {
    g_autofree char *kind = NULL;
    g_autofree char *time_variables = NULL;
    if (!read_id(json, "node", &node->id, error) ||
        !read_text(json, "node", "name", NULL, &node->name, error) ||
        !read_text(json, "node", "kind", NULL, &kind, error) ||
        !read_text(json, "node", "content", "", &node->content, error) ||
        !read_text(json, "node", "config", "", &node->config, error) ||
        !read_text(json, "node", "output", "", &node->output, error) ||
        !read_text(json, "node", "timeVariables", "", &time_variables, error)) {
        return false;
    }
    if (!node_kind_from_text(kind, &node->kind)) {
        fault_set(error, FAULT_INVALID_DATA, "unknown kind %s", kind);
        return false;
    }
    if (!node_settings_parse(node->config, &node->settings, error) ||
        !vars_time_parse(time_variables, &node->time_variables, error)) {
        return false;
    }
    read_content(node);
    return true;
}

static bool read_nodes(struct plan *plan, const json_t *list, GError **error) {
    if (!json_is_array(list) || json_array_size(list) > G_MAXINT / 2) {
        return wrong_type(error, "snapshot", "nodes", "a list");
    }
    plan->node_count = (int)json_array_size(list);
    plan->nodes = g_new0(struct plan_node, (size_t)plan->node_count);
    plan->positions = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (int i = 0; i < plan->node_count; i++) {
        struct plan_node *node = &plan->nodes[i];
        if (!read_node(node, json_array_get(list, (size_t)i), error)) {
            g_prefix_error(error, "node %d of the list: ", i + 1);
            return false;
        }
        if (!g_hash_table_insert(plan->positions, &node->id, GINT_TO_POINTER(i))) {
            fault_set(error, FAULT_INVALID_DATA, "two nodes have the id %" G_GINT64_FORMAT,
                      node->id);
            return false;
        }
    }
    return true;
}

static bool read_edge(const struct plan *plan, const json_t *json, struct graph_edge *ret_edge,
                      GError **error) {
    const json_t *from = json_array_get(json, 1);
    const json_t *to = json_array_get(json, 2);
    if (json_array_size(json) != 3 || !json_is_integer(from) || !json_is_integer(to)) {
        return wrong_type(error, "edges", "an edge", "[id, from, to]");
    }
    struct graph_edge edge = { .from = plan_position(plan, json_integer_value(from)),
                               .to = plan_position(plan, json_integer_value(to)) };
    if (edge.from < 0 || edge.to < 0) {
        fault_set(error, FAULT_INVALID_DATA,
                  "edge from %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT
                  ": no such node in this version",
                  json_integer_value(from), json_integer_value(to));
        return false;
    }
    *ret_edge = edge;
    return true;
}

static bool read_edges(struct plan *plan, const json_t *list, GError **error) {
    if ((list != NULL && !json_is_array(list)) || json_array_size(list) > G_MAXINT / 2) {
        return wrong_type(error, "snapshot", "edges", "a list");
    }
    int count = (int)json_array_size(list);
    g_autofree struct graph_edge *edges = g_new(struct graph_edge, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        if (!read_edge(plan, json_array_get(list, (size_t)i), &edges[i], error)) {
            return false;
        }
    }
    g_autoptr(GError) cycle = NULL;
    if (!graph_new(plan->node_count, edges, count, &plan->graph, NULL, &cycle)) {
        fault_set(error, FAULT_INVALID_DATA, "%s", cycle->message);
        return false;
    }
    return true;
}

bool plan_new(int64_t version_id, const char *snapshot, struct plan **ret_plan, GError **error) {
    g_assert(snapshot != NULL);
    json_t *root = load(snapshot, "snapshot", error);
    if (root == NULL) {
        return false;
    }
    struct plan *plan = g_new0(struct plan, 1);
    plan->reference_count = 1;
    plan->version_id = version_id;
    bool is_good = read_flow(plan, member(root, "flow"), error) &&
                   read_constants(plan, member(root, "constants"), error) &&
                   vars_time_read(member(root, "timeVariables"), &plan->time_variables, error) &&
                   read_nodes(plan, member(root, "nodes"), error) &&
                   read_edges(plan, member(root, "edges"), error);
    json_decref(root);
    if (!is_good) {
        plan_unref(plan);
        return false;
    }
    *ret_plan = plan;
    return true;
}

struct plan *plan_ref(struct plan *plan) {
    g_assert(plan->reference_count > 0);
    plan->reference_count++;
    return plan;
}

static void node_done(struct plan_node *node) {
    g_free(node->name);
    g_free(node->content);
    g_free(node->config);
    g_free(node->output);
    json_decref(node->time_variables);
    if (node->value != NULL) {
        kind_find(node->kind)->free(node->value);
    }
    g_free(node->content_error);
}

void plan_unref(struct plan *plan) {
    if (plan == NULL) {
        return;
    }
    g_assert(plan->reference_count > 0);
    if (--plan->reference_count > 0) {
        return;
    }
    for (int i = 0; plan->nodes != NULL && i < plan->node_count; i++) {
        node_done(&plan->nodes[i]);
    }
    g_free(plan->nodes);
    g_free(plan->flow_name);
    g_free(plan->owner_name);
    g_free(plan->zone);
    json_decref(plan->constants);
    json_decref(plan->time_variables);
    graph_free(plan->graph);
    g_clear_pointer(&plan->positions, g_hash_table_unref);
    g_free(plan);
}

const struct condition *plan_condition(const struct plan_node *node) {
    return node->kind == KIND_CONDITION ? node->value : NULL;
}

bool plan_has_variable(const struct plan *plan, const char *name) {
    bool is_there = json_object_get(plan->constants, name) != NULL;
    for (size_t i = 0; !is_there && i < json_array_size(plan->time_variables); i++) {
        const json_t *variable = json_array_get(plan->time_variables, i);
        is_there = g_strcmp0(json_string_value(json_object_get(variable, "name")), name) == 0;
    }
    return is_there;
}

int plan_position(const struct plan *plan, int64_t node_id) {
    void *position = NULL;
    if (!g_hash_table_lookup_extended(plan->positions, &node_id, NULL, &position)) {
        return -1;
    }
    return GPOINTER_TO_INT(position);
}

json_t *plan_snapshot_node(const struct plan_node *node, const char *time_variables,
                           const char *graph_param) {
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", (json_int_t)node->id, "name",
                     node->name, "kind", node_kind_word(node->kind), "content",
                     node->content != NULL ? node->content : "", "config",
                     node->config != NULL ? node->config : "", "output",
                     node->output != NULL ? node->output : "", "timeVariables",
                     time_variables != NULL ? time_variables : "", "graphParam",
                     graph_param != NULL ? graph_param : "");
}

static bool is_sql(enum node_kind kind) {
    return kind == KIND_NORMAL_SQL || kind == KIND_SQL_ASSIGNMENT;
}

static bool check_node(const struct plan *plan, int position, GError **error) {
    const struct plan_node *node = &plan->nodes[position];
    if (node->kind == KIND_CONDITION && graph_upstream(plan->graph, position).count == 0) {
        fault_set(error, FAULT_FLOW_STATE, "a CONDITION needs a node in front of it");
        return false;
    }
    // What is skipped may be half-written.
    if (node->content_error != NULL && !node->settings.is_disabled) {
        fault_set(error, FAULT_FLOW_STATE, "%s", node->content_error);
        return false;
    }
    return node_config_check(node->config, error) &&
           (!node_kind_has_outputs(node->kind) ||
            node_output_check(node->output, is_sql(node->kind), error));
}

// Which nodes declare each output variable: name → GArray of positions. The names in the order they were met.
struct declared {
    GTree *givers; // ordered, as the names are the caller's
    GPtrArray *names;
};

static gint by_name(gconstpointer left, gconstpointer right, gpointer user) {
    (void)user;
    return strcmp(left, right);
}

static void note_giver(struct declared *declared, const char *name, int position) {
    GArray *positions = g_tree_lookup(declared->givers, name);
    if (positions == NULL) {
        char *key = g_strdup(name);
        positions = g_array_new(FALSE, FALSE, sizeof(int));
        g_tree_insert(declared->givers, key, positions);
        g_ptr_array_add(declared->names, key);
    }
    if (positions->len == 0 || g_array_index(positions, int, positions->len - 1) != position) {
        g_array_append_val(positions, position);
    }
}

static void note_outputs(const struct plan_node *node, int position, struct declared *declared) {
    json_t *root = json_loads(node->output, 0, NULL);
    const json_t *list = json_object_get(root, "outputs");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name =
            json_string_value(json_object_get(json_array_get(list, i), "variableName"));
        g_assert(name != NULL); // check_node has passed
        note_giver(declared, name, position);
    }
    json_decref(root);
}

static void tell_clash(const struct plan *plan, const char *name, const struct givers *givers,
                       GError **error) {
    g_autofree bool *is_giver = g_new0(bool, (size_t)plan->node_count);
    for (int i = 0; i < givers->count; i++) {
        is_giver[givers->positions[i]] = true;
    }
    struct clash clash = { 0 };
    bool has_clash = clash_find(plan->graph, is_giver, &clash);
    g_assert(has_clash);
    fault_set(error, FAULT_FLOW_STATE,
              "nodes %s and %s both give the variable %s to node %s; rename one, or put one node "
              "behind the other",
              plan->nodes[clash.first].name, plan->nodes[clash.second].name, name,
              plan->nodes[clash.node].name);
}

static bool check_clashes(const struct plan *plan, GError **error) {
    g_autoptr(GTree) tree = g_tree_new_full(by_name, NULL, g_free, (GDestroyNotify)g_array_unref);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    struct declared declared = { .givers = tree, .names = names };
    for (int i = 0; i < plan->node_count; i++) {
        if (node_kind_has_outputs(plan->nodes[i].kind)) {
            note_outputs(&plan->nodes[i], i, &declared);
        }
    }
    g_autofree struct givers *givers = g_new(struct givers, (size_t)names->len + 1);
    for (unsigned i = 0; i < names->len; i++) {
        const GArray *positions = g_tree_lookup(tree, g_ptr_array_index(names, i));
        givers[i] = (struct givers){ .positions = (const int *)(const void *)positions->data,
                                     .count = (int)positions->len };
    }
    int found = shared_names_find(plan->graph, givers, (int)names->len);
    if (found >= 0) {
        tell_clash(plan, g_ptr_array_index(names, found), &givers[found], error);
    }
    return found < 0;
}

bool plan_check_publish(const struct plan *plan, GError **error) {
    if (plan->node_count == 0) {
        fault_set(error, FAULT_FLOW_STATE, "flow %s has no node", plan->flow_name);
        return false;
    }
    for (int i = 0; i < plan->node_count; i++) {
        g_autoptr(GError) reason = NULL;
        if (!check_node(plan, i, &reason)) {
            fault_set(error, FAULT_FLOW_STATE,
                      "node %s (%" G_GINT64_FORMAT ") can not be published: %s",
                      plan->nodes[i].name, plan->nodes[i].id, reason->message);
            return false;
        }
    }
    return check_clashes(plan, error);
}

void plan_remark_kind(enum node_kind kind, const char *node_name, struct remarks *remarks) {
    if (!node_kind_is_runnable(kind) && remarks_has_room(remarks)) {
        remarks_add(remarks, REMARK_EXECUTOR, g_strdup(node_name),
                    g_strdup_printf("no executor configured for %s: a run fails at node %s",
                                    node_kind_word(kind), node_name));
    }
}

void plan_remarks(const struct plan *plan, struct remarks *remarks) {
    for (int i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        plan_remark_kind(node->kind, node->name, remarks);
        g_autofree char *what = g_strdup_printf("%s: NodeConfig", node->name);
        node_config_remarks(node->config, what, remarks);
    }
}
