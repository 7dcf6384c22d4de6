// SPDX-License-Identifier: Apache-2.0
//
// Changes as data, and the table that says which function applies which kind.

#include "store/changes.h"

#include "base/fault.h"
#include "store/payload.h"
#include "store/revisions.h"
#include "store/sources.h"
#include "store/trace.h"

#include <string.h>

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
    [CHANGE_SCENARIO_CREATE] = change_scenario_create,
    [CHANGE_SCENARIO_UPDATE] = change_scenario_update,
    [CHANGE_SCENARIO_DELETE] = change_scenario_delete,
    [CHANGE_FLOW_MOVE] = change_flow_move,
    [CHANGE_FLOW_OWNER] = change_flow_owner,
    [CHANGE_SPACE_FLOW_OWNER] = change_space_flow_owner,
    [CHANGE_FLOW_COOPERATORS] = change_flow_cooperators,
    [CHANGE_SPACE_CREATE] = change_space_create,
    [CHANGE_SPACE_DELETE] = change_space_delete,
    [CHANGE_MEMBERS_ADD] = change_members_add,
    [CHANGE_MEMBERS_REMOVE] = change_members_remove,
    [CHANGE_FLOW_SCHEDULE] = change_flow_schedule,
    [CHANGE_FLOW_NOTIFICATION] = change_flow_notification,
    [CHANGE_FLOW_SLA] = change_flow_sla,
    [CHANGE_FLOW_REDEPLOY] = change_flow_redeploy,
    [CHANGE_EDGES_REPLACE] = change_edges_replace,
    [CHANGE_PERSON_REGISTER] = change_person_register,
    [CHANGE_PERSON_UPDATE] = change_person_update,
    [CHANGE_PERSON_DELETE] = change_person_delete,
    [CHANGE_PERSON_ENABLE] = change_person_enable,
    [CHANGE_PERSON_DISABLE] = change_person_disable,
    [CHANGE_TENANT_CREATE] = change_tenant_create,
    [CHANGE_KEY_CREATE] = change_key_create,
    [CHANGE_KEY_UPDATE] = change_key_update,
    [CHANGE_KEY_DELETE] = change_key_delete,
    [CHANGE_SESSION_CREATE] = change_session_create,
    [CHANGE_POLICY_PUT] = change_policy_put,
    [CHANGE_SOURCE_UPDATE] = change_source_update,
    [CHANGE_SOURCE_DELETE] = change_source_delete,
    [CHANGE_METADATA_PUT] = change_metadata_put,
    [CHANGE_SYNC_REQUEST] = change_sync_request,
    [CHANGE_SQL_AUDIT] = change_sql_audit,
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
    g_free(change->zone);
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
    g_clear_pointer(&change->user_ids, g_array_unref);
    g_clear_pointer(&change->members, g_array_unref);
    g_clear_pointer(&change->sla_rules, g_array_unref);
    source_fields_free(change->source);
    space_fields_free(change->space);
    schedule_fields_free(change->schedule);
    g_free(change->notification);
    person_fields_free(change->person);
    metadata_free(change->metadata);
    draft_free(change->draft);
    g_free(change);
}

void change_result_done(struct change_result *result) {
    g_clear_pointer(&result->ids, g_array_unref);
    for (char **text = result->text; text != NULL && *text != NULL; text++) {
        explicit_bzero(*text, strlen(*text));
    }
    g_strfreev(result->text);
    remarks_done(&result->remarks);
    *result = (struct change_result){ 0 };
}

// The change, and what it did to its object.
static bool apply(struct store *store, const struct change *change, int64_t now_ms,
                  struct change_result *result, GError **error) {
    struct trace trace = { 0 };
    g_clear_pointer(&store->note, g_free);
    bool is_done = trace_begin(&store->reader, change, &trace, error) &&
                   revisions_before(store, change, now_ms, error) &&
                   appliers[change->kind](store, change, now_ms, result, error) &&
                   revisions_after(store, change, result, now_ms, error) &&
                   trace_end(&store->reader, change, result, &trace, &store->note, error);
    trace_done(&trace);
    return is_done;
}

const char *store_change_note(const struct store *store) {
    return store->note;
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
    if (!apply(store, change, now_ms, &result, error) || !sql_release(store->reader.sql, error)) {
        sql_rollback_to_savepoint(store->reader.sql);
        store->is_dirty = was_dirty;
        change_result_done(&result);
        return false;
    }
    store->has_changes = true;
    *ret_result = result;
    return true;
}
