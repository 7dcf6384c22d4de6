// SPDX-License-Identifier: Apache-2.0
//
// Edges of the draft (operations.md §2.5). Every change is all or nothing and leaves the graph without cycles.
//
// A change loads the flow's nodes and edges once, applies itself to that picture, has the picture checked by core/graph, and only
// then writes. Time is linear in nodes plus edges of the flow.

#include "base/fault.h"
#include "base/keyed_hash.h"
#include "core/graph.h"
#include "store/changes.h"
#include "store/flow_head.h"

static const char LIST_NODES[] =
    "SELECT id, name FROM node WHERE tenant_id = ?1 AND flow_id = ?2 ORDER BY id";
static const char LIST_EDGES[] =
    "SELECT id, node_from, node_to FROM edge WHERE tenant_id = ?1 AND flow_id = ?2 ORDER BY id";
static const char INSERT_EDGE[] =
    "INSERT INTO edge (id, tenant_id, flow_id, node_from, node_to) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char DELETE_EDGE[] =
    "DELETE FROM edge WHERE id = ?1 AND tenant_id = ?2 AND flow_id = ?3";
static const char DELETE_ALL[] = "DELETE FROM edge WHERE tenant_id = ?1 AND flow_id = ?2";
static const char DELETE_MATCHING[] = "DELETE FROM edge WHERE tenant_id = ?1 AND flow_id = ?2"
                                      " AND (?3 = 0 OR id = ?3) AND (?4 = 0 OR node_from = ?4)"
                                      " AND (?5 = 0 OR node_to = ?5)";
static const char COUNT_MATCHING[] =
    "SELECT count(*) FROM edge WHERE tenant_id = ?1 AND flow_id = ?2"
    " AND (?3 = 0 OR id = ?3) AND (?4 = 0 OR node_from = ?4)"
    " AND (?5 = 0 OR node_to = ?5)";
static const char LIST_MATCHING[] =
    "SELECT id, node_from, node_to FROM edge WHERE tenant_id = ?1"
    " AND flow_id = ?2 AND (?3 = 0 OR id = ?3)"
    " AND (?4 = 0 OR node_from = ?4) AND (?5 = 0 OR node_to = ?5) ORDER BY id";

// The flow as a graph, while a change is applied to it.
struct picture {
    struct flow_head flow;
    GPtrArray *names;      // by position
    GHashTable *positions; // node id → position + 1
    GArray *edges;         // struct edge_row, by id; owned
};

static bool load_nodes(struct store *store, struct picture *picture, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(store->reader.sql, LIST_NODES,
                     VALUES(INT(picture->flow.tenant_id), INT(picture->flow.id)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        g_ptr_array_add(picture->names, query_text(row, 1));
        g_hash_table_insert(picture->positions, (void *)(uintptr_t)sql_column_int(row, 0),
                            GUINT_TO_POINTER(picture->names->len));
    }
    return false;
}

static bool read_edges(struct sql_statement *row, GArray *edges, GError **error) {
    bool has_row = false;
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        struct edge_row edge = {
            .id = sql_column_int(row, 0),
            .node_from = sql_column_int(row, 1),
            .node_to = sql_column_int(row, 2),
        };
        g_array_append_val(edges, edge);
    }
    return false;
}

static bool load_edges(struct store *store, struct picture *picture, GError **error) {
    struct sql_statement *row = NULL;
    return query_start(store->reader.sql, LIST_EDGES,
                       VALUES(INT(picture->flow.tenant_id), INT(picture->flow.id)), &row, error) &&
           read_edges(row, picture->edges, error);
}

// Position of a node of this flow, or -1 with the fault.
static int position_of(const struct picture *picture, int64_t node_id, GError **error) {
    guint found =
        GPOINTER_TO_UINT(g_hash_table_lookup(picture->positions, (void *)(uintptr_t)node_id));
    if (found == 0) {
        fault_set(error, FAULT_NODE_NOT_EXIST,
                  "task flow %" G_GINT64_FORMAT " has no node %" G_GINT64_FORMAT, picture->flow.id,
                  node_id);
    }
    return (int)found - 1;
}

static void refuse_cycle(const struct picture *picture, const GArray *cycle, GError **error) {
    enum { NAMES_MAX = 20 };
    g_autoptr(GString) path = g_string_new(NULL);
    for (guint i = 0; i < cycle->len; i++) {
        if (i == NAMES_MAX) {
            g_string_append_printf(path, " → … (%u more)", cycle->len - i);
            break;
        }
        g_string_append_printf(path, "%s%s", i == 0 ? "" : " → ",
                               (const char *)picture->names->pdata[g_array_index(cycle, int, i)]);
    }
    fault_set(error, FAULT_GRAPH_HAS_CYCLE, "the edges would make a cycle: %s", path->str);
}

static bool check_graph(const struct picture *picture, GError **error) {
    guint count = picture->edges->len;
    g_autofree struct graph_edge *edges = g_new(struct graph_edge, count + 1);
    for (guint i = 0; i < count; i++) {
        const struct edge_row *edge = &g_array_index(picture->edges, struct edge_row, i);
        edges[i].from = position_of(picture, edge->node_from, error);
        edges[i].to = edges[i].from < 0 ? -1 : position_of(picture, edge->node_to, error);
        if (edges[i].to < 0) {
            return false;
        }
    }
    struct graph *graph = NULL;
    g_autoptr(GArray) cycle = NULL;
    g_autoptr(GError) cause = NULL;
    if (graph_new((int)picture->names->len, edges, (int)count, &graph, &cycle, &cause)) {
        graph_free(graph);
        return true;
    }
    if (cycle != NULL) {
        refuse_cycle(picture, cycle, error);
    } else {
        g_propagate_error(error, g_steal_pointer(&cause));
    }
    return false;
}

typedef bool (*picture_fn)(struct store *store, struct picture *picture,
                           const struct change *change, struct change_result *result,
                           GError **error);

static bool with_picture(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, picture_fn apply, GError **error) {
    struct flow_head flow = { 0 };
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                        error)) {
        return false;
    }
    bool is_replacement = change->kind == CHANGE_EDGES_REPLACE; // which may leave no edge
    if (!is_replacement && (change->edges == NULL || change->edges->len == 0)) {
        fault_set_field(error, FAULT_MISSING_FIELD, "Edges", "Edges is needed: at least one edge");
        return false;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) positions = g_hash_table_new(g_direct_hash, g_direct_equal);
    struct picture picture = { .flow = flow,
                               .names = names,
                               .positions = positions,
                               .edges = g_array_new(FALSE, FALSE, sizeof(struct edge_row)) };
    bool is_good = load_nodes(store, &picture, error) && load_edges(store, &picture, error) &&
                   apply(store, &picture, change, result, error) &&
                   flow_head_touch(store, &flow, 0, now_ms, error);
    g_array_unref(picture.edges);
    return is_good;
}

static guint hash_ends(const void *key) {
    const struct edge_row *edge = key; // its ends are the caller's, who may choose them
    int64_t ends[] = { edge->node_from, edge->node_to };
    return (guint)keyed_hash_bytes(ends, sizeof ends);
}

static gboolean equal_ends(const void *left, const void *right) {
    const struct edge_row *a = left;
    const struct edge_row *b = right;
    return a->node_from == b->node_from && a->node_to == b->node_to;
}

static bool check_count(const struct picture *picture, guint count, GError **error) {
    if (count > EDGES_PER_FLOW_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "task flow %" G_GINT64_FORMAT " would have %u edges; at most %d",
                  picture->flow.id, count, EDGES_PER_FLOW_MAX);
        return false;
    }
    return true;
}

static bool insert_edge(struct store *store, const struct picture *picture,
                        const struct edge_row *edge, GError **error) {
    return query_run(store_change_sql(store), INSERT_EDGE,
                     VALUES(INT(edge->id), INT(picture->flow.tenant_id), INT(picture->flow.id),
                            INT(edge->node_from), INT(edge->node_to)),
                     error);
}

// New edges get ids; those that exist already, or come twice, give their present one.
static bool add_edges(struct store *store, struct picture *picture, const struct change *change,
                      struct change_result *result, GError **error) {
    guint wanted_count = change->edges->len;
    guint old_count = picture->edges->len;
    g_array_set_size(picture->edges, old_count + wanted_count); // so that addresses stay
    g_array_set_size(picture->edges, old_count);
    g_autoptr(GHashTable) known = g_hash_table_new(hash_ends, equal_ends);
    for (guint i = 0; i < old_count; i++) {
        g_hash_table_add(known, &g_array_index(picture->edges, struct edge_row, i));
    }
    result->ids = g_array_sized_new(FALSE, FALSE, sizeof(int64_t), wanted_count);
    for (guint i = 0; i < wanted_count; i++) {
        struct edge_row edge = g_array_index(change->edges, struct edge_row, i);
        const struct edge_row *present = g_hash_table_lookup(known, &edge);
        edge.id = present != NULL ? present->id : store_next_id(store, COUNTER_ID);
        g_array_append_val(result->ids, edge.id);
        if (present == NULL) {
            g_array_append_val(picture->edges, edge);
            g_hash_table_add(
                known, &g_array_index(picture->edges, struct edge_row, picture->edges->len - 1));
        }
    }
    if (!check_count(picture, picture->edges->len, error) || !check_graph(picture, error)) {
        return false;
    }
    for (guint i = old_count; i < picture->edges->len; i++) {
        if (!insert_edge(store, picture, &g_array_index(picture->edges, struct edge_row, i),
                         error)) {
            return false;
        }
    }
    return true;
}

bool change_edges_add(struct store *store, const struct change *change, int64_t now_ms,
                      struct change_result *result, GError **error) {
    return with_picture(store, change, now_ms, result, add_edges, error);
}

static int compare_edge_ids(const void *left, const void *right) {
    const struct edge_row *a = left;
    const struct edge_row *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static bool check_distinct(const struct picture *picture, GError **error) {
    g_autoptr(GHashTable) known = g_hash_table_new(hash_ends, equal_ends);
    for (guint i = 0; i < picture->edges->len; i++) {
        struct edge_row *edge = &g_array_index(picture->edges, struct edge_row, i);
        if (!g_hash_table_add(known, edge)) {
            fault_set_field(error, FAULT_INVALID_VALUE, "Edges",
                            "two edges would lead from node %" G_GINT64_FORMAT
                            " to node %" G_GINT64_FORMAT,
                            edge->node_from, edge->node_to);
            return false;
        }
    }
    return true;
}

// All changed rows leave before the first comes back: two edges may swap their ends.
static bool replace_edges(struct store *store, const struct picture *picture, const GArray *changed,
                          GError **error) {
    for (guint i = 0; i < changed->len; i++) {
        const struct edge_row *edge = &g_array_index(changed, struct edge_row, i);
        if (!query_change(
                store_change_sql(store), DELETE_EDGE,
                VALUES(INT(edge->id), INT(picture->flow.tenant_id), INT(picture->flow.id)),
                error)) {
            return false;
        }
    }
    for (guint i = 0; i < changed->len; i++) {
        if (!insert_edge(store, picture, &g_array_index(changed, struct edge_row, i), error)) {
            return false;
        }
    }
    return true;
}

static bool update_edges(struct store *store, struct picture *picture, const struct change *change,
                         struct change_result *result, GError **error) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < change->edges->len; i++) {
        const struct edge_row *wanted = &g_array_index(change->edges, struct edge_row, i);
        guint at = 0;
        if (!g_array_binary_search(picture->edges, wanted, compare_edge_ids, &at)) {
            fault_set(error, FAULT_EDGE_NOT_EXIST,
                      "task flow %" G_GINT64_FORMAT " has no edge %" G_GINT64_FORMAT,
                      picture->flow.id, wanted->id);
            return false;
        }
        if (!g_hash_table_add(seen, (void *)(uintptr_t)wanted->id)) {
            fault_set_field(error, FAULT_INVALID_VALUE, "Edges",
                            "edge %" G_GINT64_FORMAT " is there twice", wanted->id);
            return false;
        }
        g_array_index(picture->edges, struct edge_row, at) = *wanted;
    }
    return check_graph(picture, error) && check_distinct(picture, error) &&
           replace_edges(store, picture, change->edges, error);
}

bool change_edges_update(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    return with_picture(store, change, now_ms, result, update_edges, error);
}

// The wanted edges become the picture. An id that is an edge of this flow stays, every other one is new.
static bool take_relations(struct store *store, struct picture *picture,
                           const struct change *change, GError **error) {
    g_autoptr(GArray) old = g_steal_pointer(&picture->edges);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    guint count = change->edges != NULL ? change->edges->len : 0;
    picture->edges = g_array_sized_new(FALSE, FALSE, sizeof(struct edge_row), count);
    for (guint i = 0; i < count; i++) {
        struct edge_row edge = g_array_index(change->edges, struct edge_row, i);
        if (edge.node_from == 0 || edge.node_to == 0) {
            fault_set_field(error, FAULT_INVALID_FIELD, "Edges",
                            "edge %u of the list needs NodeFrom and NodeEnd", i + 1);
            return false;
        }
        if (!g_array_binary_search(old, &edge, compare_edge_ids, NULL)) {
            edge.id = store_next_id(store, COUNTER_ID);
        }
        if (!g_hash_table_add(seen, (void *)(uintptr_t)edge.id)) {
            fault_set_field(error, FAULT_INVALID_VALUE, "Edges",
                            "edge %" G_GINT64_FORMAT " is there twice", edge.id);
            return false;
        }
        g_array_append_val(picture->edges, edge);
    }
    return true;
}

static bool replace_all(struct store *store, struct picture *picture, const struct change *change,
                        struct change_result *result, GError **error) {
    if (!take_relations(store, picture, change, error) ||
        !check_count(picture, picture->edges->len, error) || !check_graph(picture, error) ||
        !check_distinct(picture, error) ||
        !query_run(store_change_sql(store), DELETE_ALL,
                   VALUES(INT(picture->flow.tenant_id), INT(picture->flow.id)), error)) {
        return false;
    }
    for (guint i = 0; i < picture->edges->len; i++) {
        if (!insert_edge(store, picture, &g_array_index(picture->edges, struct edge_row, i),
                         error)) {
            return false;
        }
    }
    return true;
}

bool change_edges_replace(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    return with_picture(store, change, now_ms, result, replace_all, error);
}

bool change_edges_delete(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    struct flow_head flow = { 0 };
    if (!flow_head_open(&store->reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow,
                        error)) {
        return false;
    }
    if (change->edge_id == 0 && change->node_from == 0 && change->node_to == 0) {
        fault_set_field(
            error, FAULT_MISSING_FIELD, "Id",
            "a condition is needed: Id, NodeFrom or NodeEnd; without one every edge would go");
        return false;
    }
    struct query_values values = VALUES(INT(flow.tenant_id), INT(flow.id), INT(change->edge_id),
                                        INT(change->node_from), INT(change->node_to));
    int64_t matching = 0;
    if (!query_int(store->reader.sql, COUNT_MATCHING, values, 0, &matching, error)) {
        return false;
    }
    // Nothing that matches is no mistake, and no edit of the draft either.
    result->is_idle = matching == 0;
    return matching == 0 || (query_run(store_change_sql(store), DELETE_MATCHING, values, error) &&
                             flow_head_touch(store, &flow, 0, now_ms, error));
}

bool store_edge_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                     int64_t edge_id, int64_t node_from, int64_t node_to, GArray **ret_edges,
                     GError **error) {
    struct flow_head flow = { 0 };
    struct sql_statement *row = NULL;
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(struct edge_row));
    if (!flow_head_open_history(reader, caller, flow_id, &flow, error) ||
        !query_start(
            reader->sql, LIST_MATCHING,
            VALUES(INT(flow.tenant_id), INT(flow.id), INT(edge_id), INT(node_from), INT(node_to)),
            &row, error) ||
        !read_edges(row, edges, error)) {
        return false;
    }
    *ret_edges = g_steal_pointer(&edges);
    return true;
}
