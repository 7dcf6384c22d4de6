// SPDX-License-Identifier: Apache-2.0
//
// Changes as data, and the table that says which function applies which kind.

#include "store/changes.h"

#include "base/fault.h"
#include "store/sources.h"

static const change_fn appliers[CHANGE_KIND_COUNT] = {
    [CHANGE_FLOW_CREATE] = change_flow_create,
    [CHANGE_FLOW_RENAME] = change_flow_rename,
    [CHANGE_FLOW_DELETE] = change_flow_delete,
    [CHANGE_FLOW_CONSTANTS] = change_flow_constants,
    [CHANGE_FLOW_TIME_VARIABLES] = change_flow_time_variables,
    [CHANGE_FLOW_PUBLISH] = change_flow_publish,
    [CHANGE_FLOW_OFFLINE] = change_flow_offline,
    [CHANGE_NODE_CREATE] = change_node_create,
    [CHANGE_NODE_RENAME] = change_node_rename,
    [CHANGE_NODE_CONTENT] = change_node_content,
    [CHANGE_NODE_CONFIG] = change_node_config,
    [CHANGE_NODE_OUTPUT] = change_node_output,
    [CHANGE_NODE_TIME_VARIABLES] = change_node_time_variables,
    [CHANGE_NODE_DELETE] = change_node_delete,
    [CHANGE_EDGES_ADD] = change_edges_add,
    [CHANGE_EDGES_UPDATE] = change_edges_update,
    [CHANGE_EDGES_DELETE] = change_edges_delete,
    [CHANGE_SOURCE_REGISTER] = change_source_register,
};

struct change *change_new(enum change_kind kind, const struct caller *caller) {
    g_assert(kind < CHANGE_KIND_COUNT);
    struct change *change = g_new0(struct change, 1);
    change->kind = kind;
    change->caller = *caller;
    return change;
}

void change_free(struct change *change) {
    if (change == NULL) {
        return;
    }
    g_free(change->name);
    g_free(change->description);
    g_free(change->comment);
    g_free(change->document);
    g_free(change->content);
    g_free(change->config);
    g_free(change->output);
    g_free(change->time_variables);
    g_free(change->graph_param);
    if (change->edges != NULL) {
        g_array_unref(change->edges);
    }
    source_fields_free(change->source);
    g_free(change);
}

bool store_change(struct store *store, const struct change *change, int64_t now_ms,
                  struct change_result *ret_result, GError **error) {
    g_assert(store->is_open);
    g_assert(change->kind < CHANGE_KIND_COUNT);
    struct change_result result = { 0 };
    bool was_dirty = store->is_dirty;
    if (!sql_savepoint(store->reader.sql, error)) {
        return false;
    }
    if (!appliers[change->kind](store, change, now_ms, &result, error) ||
        !sql_release(store->reader.sql, error)) {
        sql_rollback_to_savepoint(store->reader.sql);
        store->is_dirty = was_dirty;
        if (result.ids != NULL) {
            g_array_unref(result.ids);
        }
        return false;
    }
    *ret_result = result;
    return true;
}
