// SPDX-License-Identifier: Apache-2.0
//
// node_ops: nodes of the draft (operations.md §2.4). A published version never changes; what is edited here runs after the next publish or try run.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "api/ops/unread.h"
#include "base/fault.h"
#include "core/json_cost.h"

#include <string.h>

OWNED_DEFINE(change)
OWNED_DEFINE(node_row)

// An optional text that means nothing when it is empty.
static char *text_or_null(const struct call *call, const char *name) {
    const char *text = args_text(call->args, name);
    return text == NULL || text[0] == '\0' ? NULL : g_strdup(text);
}

// Copies NodeContent, which may be absent, into the change. Content is a JSON object; which keys it needs depends on the kind and is
// checked when the flow is published or tried. Read here, on the request's thread, so that bad content never costs the engine anything.
static bool take_content(const struct call *call, struct change *change, GError **error) {
    const char *text = args_text(call->args, "NodeContent");
    json_error_t where;
    if (text == NULL) {
        return true;
    }
    if (strlen(text) > CONTENT_BYTES_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "NodeContent",
                        "NodeContent has %zu bytes; at most %d are kept", strlen(text),
                        CONTENT_BYTES_MAX);
        return false;
    }
    if (!json_cost_is_fair(text, strlen(text))) {
        fault_set_field(error, FAULT_INVALID_FIELD, "NodeContent",
                        "NodeContent has too many objects, lists and values");
        return false;
    }
    json_auto_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(value)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "NodeContent",
                        "NodeContent must be a JSON object; %s (line %d, column %d)",
                        value == NULL ? where.text : "it is another value", where.line,
                        where.column);
        return false;
    }
    change->content = g_strdup(text);
    return true;
}

// Reads what CreateTask says about the new node into the change.
static bool describe_node(const struct call *call, struct change *change, GError **error) {
    const char *kind = args_text(call->args, "NodeType");
    if (!node_kind_from_text(kind, &change->node_kind)) {
        g_autofree char *choices =
            shape_choices(operation_param(call->operation, "NodeType")->shape);
        fault_set_field(error, FAULT_INVALID_FIELD, "NodeType",
                        "\"%.100s\" is no node type; it is %s, or the number of such a type", kind,
                        choices);
        return false;
    }
    const char *content = args_text(call->args, "NodeContent");
    bool has_content = content != NULL && content[0] != '\0';
    change->name = g_strdup(args_text(call->args, "NodeName"));
    change->output = text_or_null(call, "NodeOutput");
    change->time_variables = text_or_null(call, "TimeVariables");
    change->graph_param = text_or_null(call, "GraphParam");
    return !has_content || take_content(call, change, error);
}

bool op_create_task(struct call *call, json_t *reply, GError **error) {
    OWNED(change) change = call_change(call, CHANGE_NODE_CREATE);
    change->flow_id = call_id(call, "DagId");
    struct change_result result = { 0 };
    if (!describe_node(call, change, error)) {
        return false;
    }
    enum node_kind kind = change->node_kind;
    if (!call_commit(call, g_steal_pointer(&change), &result, error)) {
        return false;
    }
    reply_number(reply, "NodeId", result.id);
    call_warn_kind(call, kind, args_text(call->args, "NodeName"));
    call_warn_content(call, kind);
    call_warn_keys(call, KEYS_OUTPUT, "NodeOutput");
    call_warn_keys(call, KEYS_TIME_VARIABLES, "TimeVariables");
    return true;
}

// What GetTask and ListTasksInTaskFlow both tell; the node's id has another type in each.
static void reply_node(json_t *item, const struct node_row *node) {
    reply_text(item, "NodeName", node->name);
    reply_text(item, "NodeType", node_kind_word(node->kind));
    reply_text(item, "NodeContent", node->content);
    reply_text(item, "NodeConfig", node->config);
    reply_text(item, "NodeOutput", node->output);
    reply_text(item, "TimeVariables", node->time_variables);
    reply_text(item, "GraphParam", node->graph_param);
}

bool op_get_task(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(node_row) node = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_node_get(reader, call->caller, call_id(call, "NodeId"), ACCESS_VIEW, &node, error)) {
        return false;
    }
    json_t *task = reply_object(reply, "Task");
    reply_id(task, "DagId", node->flow_id);
    reply_node(task, node);
    return call_reply_revision(call, task, REVISION_NODE, node->id, error);
}

bool op_list_tasks_in_task_flow(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) nodes = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_node_list(reader, call->caller, call_id(call, "DagId"), &nodes, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "Tasks", "Task");
    for (guint i = 0; i < nodes->len; i++) {
        const struct node_row *node = g_ptr_array_index(nodes, i);
        json_t *item = reply_item(list);
        reply_id_text(item, "NodeId", node->id);
        reply_node(item, node);
        if (!call_reply_revision(call, item, REVISION_NODE, node->id, error)) {
            return false;
        }
    }
    return true;
}

// A change of the node that the text parameter NodeId names.
static bool change_of_node(const struct call *call, enum change_kind kind,
                           struct change **ret_change, GError **error) {
    int64_t node_id = 0;
    if (!args_text_id(call->args, "NodeId", &node_id, error)) {
        return false;
    }
    *ret_change = call_change(call, kind);
    (*ret_change)->node_id = node_id;
    return true;
}

bool op_update_task_name(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    OWNED(change) change = NULL;
    if (!change_of_node(call, CHANGE_NODE_RENAME, &change, error)) {
        return false;
    }
    change->name = g_strdup(args_text(call->args, "NodeName"));
    return call_commit_plain(call, g_steal_pointer(&change), error);
}

// Also UpdateTaskContentV2, which differs in size and in where the content travels.
static bool update_content(struct call *call, json_t *reply, GError **error) {
    OWNED(change) change = NULL;
    struct store_reader *reader = NULL;
    OWNED(node_row) node = NULL;
    if (!change_of_node(call, CHANGE_NODE_CONTENT, &change, error)) {
        return false;
    }
    int64_t node_id = change->node_id;
    if (!take_content(call, change, error) ||
        !call_commit_revised(call, g_steal_pointer(&change), reply, error)) {
        return false;
    }
    // The change is durable: of a node that somebody deletes at this moment nothing is told.
    if (call_reader(call, &reader, NULL) &&
        store_node_get(reader, call->caller, node_id, ACCESS_VIEW, &node, NULL)) {
        call_warn_content(call, node->kind);
    }
    return true;
}

bool op_update_task_config(struct call *call, json_t *reply, GError **error) {
    OWNED(change) change = NULL;
    if (!change_of_node(call, CHANGE_NODE_CONFIG, &change, error)) {
        return false;
    }
    change->config = g_strdup(args_text(call->args, "NodeConfig"));
    call_warn_keys(call, KEYS_CONFIG, "NodeConfig");
    return call_commit_revised(call, g_steal_pointer(&change), reply, error);
}

// Absent and empty clear the outputs.
bool op_update_task_output(struct call *call, json_t *reply, GError **error) {
    OWNED(change) change = NULL;
    if (!change_of_node(call, CHANGE_NODE_OUTPUT, &change, error)) {
        return false;
    }
    change->output = text_or_null(call, "NodeOutput");
    call_warn_keys(call, KEYS_OUTPUT, "NodeOutput");
    return call_commit_revised(call, g_steal_pointer(&change), reply, error);
}

bool op_update_task_time_variables(struct call *call, json_t *reply, GError **error) {
    OWNED(change) change = NULL;
    if (!change_of_node(call, CHANGE_NODE_TIME_VARIABLES, &change, error)) {
        return false;
    }
    change->time_variables = g_strdup(args_text(call->args, "TimeVariables"));
    call_warn_keys(call, KEYS_TIME_VARIABLES, "TimeVariables");
    return call_commit_revised(call, g_steal_pointer(&change), reply, error);
}

bool op_delete_task(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    OWNED(change) change = NULL;
    return change_of_node(call, CHANGE_NODE_DELETE, &change, error) &&
           call_commit_plain(call, g_steal_pointer(&change), error);
}

bool op_update_task_content(struct call *call, json_t *reply, GError **error) {
    return update_content(call, reply, error);
}

bool op_update_task_content_v2(struct call *call, json_t *reply, GError **error) {
    return update_content(call, reply, error);
}
