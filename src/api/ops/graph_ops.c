// SPDX-License-Identifier: Apache-2.0
//
// graph_ops: the draft's graph (operations.md §2.1, §2.5): the whole picture, and its edges. Whether the graph stays free of cycles is decided where the edges
// are stored.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"

OWNED_DEFINE(flow_row)

static void reply_graph_node(json_t *item, const struct node_row *node) {
    reply_id(item, "NodeId", node->id);
    reply_id(item, "DagId", node->flow_id);
    reply_text(item, "NodeName", node->name);
    reply_number(item, "NodeType", node_kind_number(node->kind));
    reply_text(item, "NodeContent", node->content);
    reply_text(item, "NodeConfig", node->config);
    reply_text(item, "TimeVariables", node->time_variables);
    reply_text(item, "GraphParam", node->graph_param);
}

static void reply_edge(json_t *item, const struct edge_row *edge) {
    reply_id(item, "Id", edge->id);
    reply_id(item, "NodeFrom", edge->node_from);
    reply_id(item, "NodeEnd", edge->node_to);
}

bool op_get_task_flow_graph(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(flow_row) flow = NULL;
    g_autoptr(GPtrArray) nodes = NULL;
    g_autoptr(GArray) edges = NULL;
    int64_t flow_id = call_id(call, "DagId");
    if (!call_reader(call, &reader, error) ||
        !store_flow_get_history(reader, call->caller, flow_id, &flow, error) ||
        !store_edge_list(reader, call->caller, flow_id, 0, 0, 0, &edges, error) ||
        !store_node_list(reader, call->caller, flow_id, &nodes, error)) {
        return false;
    }
    json_t *graph = reply_object(reply, "TaskFlowGraph");
    reply_bool(graph, "CanEdit",
               flow->status != FLOW_DELETED &&
                   access_allows(call->caller->roles, flow->relation, ACCESS_EDIT));
    reply_text(graph, "DagName", flow->name);
    reply_number(graph, "Status", flow_status_code(flow->status, flow->is_scheduled));
    json_t *list = reply_list(graph, "Nodes", "Node");
    for (guint i = 0; i < nodes->len; i++) {
        reply_graph_node(reply_item(list), g_ptr_array_index(nodes, i));
    }
    list = reply_list(graph, "Edges", "Edge");
    for (guint i = 0; i < edges->len; i++) {
        json_t *item = reply_item(list);
        reply_edge(item, &g_array_index(edges, struct edge_row, i));
        reply_id(item, "DagId", flow_id);
    }
    return call_reply_revision(call, graph, REVISION_EDGES, flow_id, error);
}

// The edges of the call as rows; ids and types are checked already. Id is 0 where the operation has none.
static GArray *edges_of(const struct call *call) {
    const json_t *list = args_json(call->args, "Edges");
    GArray *edges =
        g_array_sized_new(FALSE, FALSE, sizeof(struct edge_row), (guint)json_array_size(list));
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach((json_t *)list, i, item) {
        struct edge_row edge = {
            .id = json_integer_value(json_object_get(item, "Id")),
            .node_from = json_integer_value(json_object_get(item, "NodeFrom")),
            .node_to = json_integer_value(json_object_get(item, "NodeEnd")),
        };
        g_array_append_val(edges, edge);
    }
    return edges;
}

bool op_add_task_flow_edges(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_EDGES_ADD);
    change->flow_id = call_id(call, "DagId");
    change->edges = edges_of(call);
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    g_autoptr(GArray) ids = result.ids;
    json_t *list = reply_list(reply, "EdgeIds", "EdgeId");
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        json_array_append_new(list, json_integer(g_array_index(ids, int64_t, i)));
    }
    return true;
}

bool op_update_task_flow_edges(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct change *change = call_change(call, CHANGE_EDGES_UPDATE);
    change->flow_id = call_id(call, "DagId");
    change->edges = edges_of(call);
    return call_commit_plain(call, change, error);
}

// A condition of the call; 0 when it is not given. No edge has an id or end below 1, so such a value matches nothing, which -1 says.
static int64_t condition(const struct call *call, const char *name) {
    int64_t id = 0;
    if (!args_int(call->args, name, &id)) {
        return 0;
    }
    return id > 0 ? id : -1;
}

// Without any condition every edge would match; the store refuses that.
bool op_delete_task_flow_edges_by_condition(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct change *change = call_change(call, CHANGE_EDGES_DELETE);
    change->flow_id = call_id(call, "DagId");
    change->edge_id = condition(call, "Id");
    change->node_from = condition(call, "NodeFrom");
    change->node_to = condition(call, "NodeEnd");
    return call_commit_plain(call, change, error);
}

bool op_list_task_flow_edges_by_condition(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GArray) edges = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_edge_list(reader, call->caller, call_id(call, "DagId"), condition(call, "Id"),
                         condition(call, "NodeFrom"), condition(call, "NodeEnd"), &edges, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "Edges", "Edge");
    for (guint i = 0; i < edges->len; i++) {
        reply_edge(reply_item(list), &g_array_index(edges, struct edge_row, i));
    }
    return call_reply_revision(call, reply, REVISION_EDGES, call_id(call, "DagId"), error);
}

bool op_update_task_flow_relations(struct call *call, json_t *reply, GError **error) {
    struct change *change = call_change(call, CHANGE_EDGES_REPLACE);
    change->flow_id = call_id(call, "DagId");
    change->edges = edges_of(call);
    return call_commit_revised(call, change, reply, error);
}
