// SPDX-License-Identifier: Apache-2.0
//
// Nodes of the draft (operations.md §2.4). Their documents are stored as they came, so that unknown fields survive; here they are only
// checked to be readable. Versions hold their own copies.

#include "base/fault.h"
#include "store/changes.h"
#include "store/checks.h"
#include "store/draft_size.h"
#include "store/flow_head.h"

static const char FIND_NAME[] =
    "SELECT id FROM node WHERE flow_id = ?1 AND name = ?2 AND tenant_id = ?3";
static const char INSERT_NODE[] = "INSERT INTO node (id, tenant_id, flow_id, name, kind, "
                                  "graph_param, time_variables, output, content)"
                                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char GET_OWNER[] =
    "SELECT n.flow_id, n.kind FROM node n WHERE n.id = ?1 AND n.tenant_id = ?2";
static const char SET_NAME[] = "UPDATE node SET name = ?3 WHERE id = ?1 AND tenant_id = ?2";
static const char SET_CONTENT[] = "UPDATE node SET content = ?3 WHERE id = ?1 AND tenant_id = ?2";
static const char SET_CONFIG[] = "UPDATE node SET config = ?3 WHERE id = ?1 AND tenant_id = ?2";
static const char SET_OUTPUT[] = "UPDATE node SET output = ?3 WHERE id = ?1 AND tenant_id = ?2";
static const char SET_TIME_VARIABLES[] =
    "UPDATE node SET time_variables = ?3 WHERE id = ?1 AND tenant_id = ?2";
static const char DELETE_EDGES[] =
    "DELETE FROM edge WHERE (node_from = ?1 OR node_to = ?1) AND tenant_id = ?2";
static const char DELETE_RULES[] =
    "DELETE FROM sla_rule WHERE tenant_id = ?2 AND flow_id = ?3 AND node_id = ?1";
static const char DELETE_NODE[] = "DELETE FROM node WHERE id = ?1 AND tenant_id = ?2";

#define NODE_COLUMNS                                                                               \
    "SELECT n.id, n.flow_id, n.name, n.kind, n.content, n.config, n.output, n.time_variables,"     \
    " n.graph_param FROM node n"
static const char GET_NODE[] = NODE_COLUMNS " WHERE n.id = ?1 AND n.tenant_id = ?2";
static const char LIST_NODES[] =
    NODE_COLUMNS " WHERE n.flow_id = ?1 AND n.tenant_id = ?2 ORDER BY n.id";

// A node and its flow, with the caller's right to it.
struct node_head {
    int64_t id;
    enum node_kind kind;
    struct flow_head flow;
};

// A foreign node, and one of a deleted flow, look like an unknown one.
static bool node_head_open(struct store_reader *reader, const struct caller *caller,
                           int64_t node_id, enum access_right right, struct node_head *ret_head,
                           GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_OWNER, VALUES(INT(node_id), INT(caller->tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    int kind = 0;
    int64_t flow_id = 0;
    if (has_row) {
        flow_id = sql_column_int(row, 0);
        bool is_good = query_enum(row, 1, KIND_COUNT, "the kind of a node", &kind, error);
        sql_reset(row);
        if (!is_good) {
            return false;
        }
    }
    struct node_head head = { .id = node_id, .kind = (enum node_kind)kind };
    g_autoptr(GError) cause = NULL;
    if (has_row && flow_head_open(reader, caller, flow_id, right, &head.flow, &cause)) {
        *ret_head = head;
        return true;
    }
    if (!has_row || fault_is(cause, FAULT_FLOW_NOT_EXIST)) {
        fault_set(error, FAULT_NODE_NOT_EXIST, "there is no task node %" G_GINT64_FORMAT, node_id);
        return false;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static bool check_name_free(struct store *store, const struct flow_head *flow, int64_t node_id,
                            const char *name, GError **error) {
    int64_t holder = 0;
    if (!query_int(store->reader.sql, FIND_NAME,
                   VALUES(INT(flow->id), TEXT(name), INT(flow->tenant_id)), 0, &holder, error)) {
        return false;
    }
    if (holder != 0 && holder != node_id) {
        fault_set_field(error, FAULT_NAME_EXISTED, "NodeName",
                        "task flow %" G_GINT64_FORMAT
                        " has a node named \"%s\" already: %" G_GINT64_FORMAT,
                        flow->id, name, holder);
        return false;
    }
    return true;
}

static const char *text_or_null(const char *text) {
    return text == NULL || *text == '\0' ? NULL : text;
}

bool change_node_create(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    const char *content = text_or_null(change->content);
    const char *output = text_or_null(change->output);
    const char *time_variables = text_or_null(change->time_variables);
    g_assert(change->node_kind < KIND_COUNT);
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                        error) ||
        !check_name(change->name, "NodeName", NODE_NAME_MAX, error) ||
        (!change->is_checked && (!check_json(content, "NodeContent", error) ||
                                 !check_output(output, change->node_kind, error) ||
                                 !check_time_variables(time_variables, error))) ||
        !check_length(change->graph_param, "GraphParam", GRAPH_PARAM_MAX, error) ||
        !check_name_free(store, &flow, 0, change->name, error)) {
        return false;
    }
    if (flow.node_count >= NODES_PER_FLOW_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "task flow %" G_GINT64_FORMAT " has %" G_GINT64_FORMAT " nodes; at most %d",
                  flow.id, flow.node_count, NODES_PER_FLOW_MAX);
        return false;
    }
    const struct draft_text texts[] = { { DRAFT_NAME, "NodeName", change->name },
                                        { DRAFT_CONTENT, "NodeContent", content },
                                        { DRAFT_OUTPUT, "NodeOutput", output },
                                        { DRAFT_TIME_VARIABLES, "TimeVariables", time_variables },
                                        { DRAFT_GRAPH_PARAM, "GraphParam", change->graph_param } };
    result->id = store_next_id(store, COUNTER_ID);
    return draft_size_put(store, &flow, result->id, texts, G_N_ELEMENTS(texts), error) &&
           query_run(store_change_sql(store), INSERT_NODE,
                     VALUES(INT(result->id), INT(flow.tenant_id), INT(flow.id), TEXT(change->name),
                            INT(change->node_kind), TEXT(change->graph_param), TEXT(time_variables),
                            TEXT(output), TEXT(content)),
                     error) &&
           flow_head_touch(store, &flow, 1, now_ms, error);
}

static bool open_for_edit(struct store *store, const struct change *change,
                          struct node_head *ret_head, GError **error) {
    return node_head_open(&store->reader, &change->caller, change->node_id, ACCESS_EDIT, ret_head,
                          error);
}

// Sets one text of a node: the statement takes the node, the tenant and the text.
static bool set_text(struct store *store, const struct node_head *head, const char *statement,
                     const struct draft_text *text, int64_t now_ms, GError **error) {
    return draft_size_put(store, &head->flow, head->id, text, 1, error) &&
           query_change(store_change_sql(store), statement,
                        VALUES(INT(head->id), INT(head->flow.tenant_id), TEXT(text->text)),
                        error) &&
           flow_head_touch(store, &head->flow, 0, now_ms, error);
}

bool change_node_rename(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct node_head head = { 0 };
    return open_for_edit(store, change, &head, error) &&
           check_name(change->name, "NodeName", NODE_NAME_MAX, error) &&
           check_name_free(store, &head.flow, head.id, change->name, error) &&
           set_text(store, &head, SET_NAME,
                    &(struct draft_text){ DRAFT_NAME, "NodeName", change->name }, now_ms, error);
}

bool change_node_content(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    struct node_head head = { 0 };
    if (!open_for_edit(store, change, &head, error) ||
        (!change->is_checked && !check_json(change->content, "NodeContent", error))) {
        return false;
    }
    return change->content == NULL ||
           set_text(store, &head, SET_CONTENT,
                    &(struct draft_text){ DRAFT_CONTENT, "NodeContent", change->content }, now_ms,
                    error);
}

bool change_node_config(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct node_head head = { 0 };
    if (!open_for_edit(store, change, &head, error)) {
        return false;
    }
    if (text_or_null(change->config) == NULL) {
        fault_set_field(error, FAULT_MISSING_FIELD, "NodeConfig", "NodeConfig is needed");
        return false;
    }
    return (change->is_checked || check_config(change->config, error)) &&
           set_text(store, &head, SET_CONFIG,
                    &(struct draft_text){ DRAFT_CONFIG, "NodeConfig", change->config }, now_ms,
                    error);
}

bool change_node_output(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct node_head head = { 0 };
    return open_for_edit(store, change, &head, error) &&
           (change->is_checked || check_output(change->output, head.kind, error)) &&
           set_text(
               store, &head, SET_OUTPUT,
               &(struct draft_text){ DRAFT_OUTPUT, "NodeOutput", text_or_null(change->output) },
               now_ms, error);
}

bool change_node_time_variables(struct store *store, const struct change *change, int64_t now_ms,
                                struct change_result *result, GError **error) {
    struct node_head head = { 0 };
    if (!open_for_edit(store, change, &head, error)) {
        return false;
    }
    if (text_or_null(change->time_variables) == NULL) {
        fault_set_field(error, FAULT_MISSING_FIELD, "TimeVariables", "TimeVariables is needed");
        return false;
    }
    return (change->is_checked || check_time_variables(change->time_variables, error)) &&
           set_text(store, &head, SET_TIME_VARIABLES,
                    &(struct draft_text){ DRAFT_TIME_VARIABLES, "TimeVariables",
                                          change->time_variables },
                    now_ms, error);
}

bool change_node_delete(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct node_head head = { 0 };
    if (!open_for_edit(store, change, &head, error)) {
        return false;
    }
    struct query_values key = VALUES(INT(head.id), INT(head.flow.tenant_id));
    struct sql *sql = store_change_sql(store);
    return draft_size_drop(store, &head.flow, head.id, error) &&
           query_run(sql, DELETE_EDGES, key, error) &&
           query_run(sql, DELETE_RULES,
                     VALUES(INT(head.id), INT(head.flow.tenant_id), INT(head.flow.id)), error) &&
           query_change(sql, DELETE_NODE, key, error) &&
           flow_head_touch(store, &head.flow, -1, now_ms, error);
}

void node_row_free(struct node_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->name);
    g_free(row->content);
    g_free(row->config);
    g_free(row->output);
    g_free(row->time_variables);
    g_free(row->graph_param);
    g_free(row);
}

static bool read_node(struct sql_statement *row, struct node_row **ret_node, GError **error) {
    int kind = 0;
    if (!query_enum(row, 3, KIND_COUNT, "the kind of a node", &kind, error)) {
        return false;
    }
    struct node_row *node = g_new(struct node_row, 1);
    *node = (struct node_row){
        .id = sql_column_int(row, 0),
        .flow_id = sql_column_int(row, 1),
        .name = query_text(row, 2),
        .kind = (enum node_kind)kind,
        .content = query_text(row, 4),
        .config = query_text(row, 5),
        .output = query_text(row, 6),
        .time_variables = query_text(row, 7),
        .graph_param = query_text(row, 8),
    };
    *ret_node = node;
    return true;
}

bool store_node_get(struct store_reader *reader, const struct caller *caller, int64_t node_id,
                    enum access_right right, struct node_row **ret_node, GError **error) {
    struct node_head head = { 0 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!node_head_open(reader, caller, node_id, right, &head, error) ||
        !query_one(reader->sql, GET_NODE, VALUES(INT(node_id), INT(caller->tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) { // deleted between the two statements
        fault_set(error, FAULT_NODE_NOT_EXIST, "there is no task node %" G_GINT64_FORMAT, node_id);
        return false;
    }
    bool is_good = read_node(row, ret_node, error);
    sql_reset(row);
    return is_good;
}

bool store_node_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                     GPtrArray **ret_nodes, GError **error) {
    struct flow_head flow = { 0 };
    g_autoptr(GPtrArray) nodes = g_ptr_array_new_with_free_func((GDestroyNotify)node_row_free);
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!flow_head_open_history(reader, caller, flow_id, &flow, error) ||
        !query_start(reader->sql, LIST_NODES, VALUES(INT(flow.id), INT(flow.tenant_id)), &row,
                     error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_nodes = g_steal_pointer(&nodes);
            return true;
        }
        struct node_row *node = NULL;
        if (!read_node(row, &node, error)) {
            sql_reset(row);
            return false;
        }
        g_ptr_array_add(nodes, node);
    }
    return false;
}
