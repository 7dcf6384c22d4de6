// SPDX-License-Identifier: Apache-2.0
//
// Documents are as large as a caller makes them: reading them costs the caller's thread, and not the one that moves everybody's runs. What
// may not be changed, or is not there, is left to the change, which knows the order of its refusals.

#include "store/change_check.h"

#include "base/fault.h"
#include "core/database_kind.h"
#include "core/kinds/sql.h"
#include "core/plan.h"
#include "store/checks.h"
#include "store/deployments.h"
#include "store/flow_head.h"
#include "store/query.h"

static const char GET_DATABASE_KIND[] =
    "SELECT s.kind FROM source_database d JOIN source s ON s.id = d.source_id"
    " AND s.tenant_id = d.tenant_id WHERE d.id = ?1 AND d.tenant_id = ?2";

// The kind that a database is registered as, which the caller frees; NULL: there is none yet.
static bool find_kind(struct store_reader *reader, int64_t tenant_id, int64_t database_id,
                      char **ret_kind, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_DATABASE_KIND, VALUES(INT(database_id), INT(tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    *ret_kind = has_row ? g_strdup(sql_column_text(row, 0)) : NULL;
    if (has_row) {
        sql_reset(row);
    }
    return true;
}

// What the kind of the database tells. One that is not there may still come, and is then of the content's dbType, or fails every run.
static bool check_content(const struct plan_node *node, const char *registered, GError **error) {
    const struct sql_content *content = node->value;
    const struct database_kind *kind =
        database_kind_find(registered != NULL ? registered : content->db_type);
    if (registered != NULL && !sql_content_check_kind(content, registered, error)) {
        return false;
    }
    return node->kind != KIND_SQL_ASSIGNMENT || kind == NULL || kind->dialect == NULL ||
           sql_content_check_query(kind->dialect, content->sql, error);
}

static bool check_database(struct store_reader *reader, int64_t tenant_id,
                           const struct plan_node *node, GError **error) {
    const struct sql_content *content = node->value;
    g_autofree char *registered = NULL;
    g_autoptr(GError) cause = NULL;
    if (content->db_type == NULL && node->kind != KIND_SQL_ASSIGNMENT) {
        return true;
    }
    if (!find_kind(reader, tenant_id, content->database_id, &registered, error)) {
        return false;
    }
    if (!check_content(node, registered, &cause)) {
        fault_set(error, FAULT_FLOW_STATE,
                  "node %s (%" G_GINT64_FORMAT ") can not be published: %s", node->name, node->id,
                  cause->message);
        return false;
    }
    return true;
}

static bool check_databases(struct store_reader *reader, int64_t tenant_id, const struct plan *plan,
                            GError **error) {
    for (int i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        bool is_sql = node->kind == KIND_NORMAL_SQL || node->kind == KIND_SQL_ASSIGNMENT;
        if (is_sql && !node->settings.is_disabled &&
            !check_database(reader, tenant_id, node, error)) {
            return false;
        }
    }
    return true;
}

bool change_check_draft(struct store_reader *reader, int64_t tenant_id, const struct draft *draft,
                        struct remarks *ret_remarks, GError **error) {
    const struct plan *plan = draft_plan(draft);
    if (!plan_check_publish(plan, error) || !check_databases(reader, tenant_id, plan, error)) {
        return false;
    }
    plan_remarks(plan, ret_remarks);
    return true;
}

// `old` is NULL for a new node.
static bool check_node(const struct change *change, const struct node_row *old, GError **error) {
    enum node_kind kind = old != NULL ? old->kind : change->node_kind;
    const char *old_output = old != NULL ? old->output : NULL;
    const char *old_variables = old != NULL ? old->time_variables : NULL;
    return check_json(change->content, "NodeContent", error) &&
           (change->config == NULL || *change->config == '\0' ||
            check_config(change->config, error)) &&
           check_output(change->output, kind, error) &&
           check_count(change->output, old_output, "outputs", "NodeOutput", error) &&
           check_time_variables(change->time_variables, error) &&
           check_count(change->time_variables, old_variables, "variables", "TimeVariables", error);
}

// Those of a flow; what comes of the constants is what will be stored.
static bool check_variables(struct change *change, const struct flow_row *old, GError **error) {
    if (change->kind == CHANGE_FLOW_TIME_VARIABLES) {
        return check_time_variables(change->document, error) &&
               check_count(change->document, old->time_variables, "variables", "TimeVariables",
                           error);
    }
    char *given = g_steal_pointer(&change->document);
    bool is_good = check_constants(given, &change->document, error);
    g_free(given);
    return is_good && check_count(change->document, old->constants, NULL, "DagConstants", error);
}

static bool check_draft(struct store_reader *reader, const struct flow_head *flow,
                        struct change *change, struct remarks *ret_remarks, GError **error) {
    g_clear_pointer(&change->draft, draft_free);
    return draft_make(reader, flow, &change->draft, error) &&
           change_check_draft(reader, flow->tenant_id, change->draft, ret_remarks, error);
}

// Reads the version that is to be deployed; when there is none, the change says so.
static bool read_version(struct store_reader *reader, const struct flow_head *flow,
                         struct change *change, GError **error) {
    GError *fault = NULL;
    g_clear_pointer(&change->document, g_free);
    change->read_version_id = 0;
    bool is_good = deployment_read(reader, flow, change->version_id, &change->read_version_id,
                                   &change->document, &fault);
    if (is_good || fault_is(fault, FAULT_FLOW_NOT_PUBLISHED) ||
        fault_is(fault, FAULT_VERSION_NOT_EXIST)) {
        g_clear_error(&fault);
        return true;
    }
    g_propagate_error(error, fault);
    return false;
}

// Of a flow that the caller may edit.
static bool check_flow(struct store_reader *reader, struct change *change,
                       struct remarks *ret_remarks, GError **error) {
    struct flow_head flow = { 0 };
    struct flow_row *row = NULL;
    if (!flow_head_open(reader, &change->caller, change->flow_id, ACCESS_EDIT, &flow, NULL)) {
        return true;
    }
    if (change->kind == CHANGE_FLOW_PUBLISH) {
        return check_draft(reader, &flow, change, ret_remarks, error);
    }
    if (change->kind == CHANGE_FLOW_REDEPLOY) {
        return read_version(reader, &flow, change, error);
    }
    change->is_checked = true;
    if (change->kind == CHANGE_NODE_CREATE) {
        return check_node(change, NULL, error);
    }
    if (!store_flow_get(reader, &change->caller, change->flow_id, ACCESS_EDIT, &row, error)) {
        return false;
    }
    bool is_good = check_variables(change, row, error);
    flow_row_free(row);
    return is_good;
}

bool store_change_check(struct store_reader *reader, struct change *change,
                        struct remarks *ret_remarks, GError **error) {
    struct node_row *node = NULL;
    if (change->node_id == 0) {
        return check_flow(reader, change, ret_remarks, error);
    }
    if (!store_node_get(reader, &change->caller, change->node_id, ACCESS_EDIT, &node, NULL)) {
        return true; // the change will say why not
    }
    change->is_checked = true;
    bool is_good = check_node(change, node, error);
    node_row_free(node);
    return is_good;
}

// Others are bounded by limits of their own, or as large as what is stored.
bool store_change_is_judged(const struct change *change) {
    static const bool judged[CHANGE_KIND_COUNT] = {
        [CHANGE_FLOW_PUBLISH] = true,        [CHANGE_FLOW_REDEPLOY] = true,
        [CHANGE_FLOW_CONSTANTS] = true,      [CHANGE_FLOW_TIME_VARIABLES] = true,
        [CHANGE_NODE_CREATE] = true,         [CHANGE_NODE_CONTENT] = true,
        [CHANGE_NODE_CONFIG] = true,         [CHANGE_NODE_OUTPUT] = true,
        [CHANGE_NODE_TIME_VARIABLES] = true,
    };
    return judged[change->kind];
}
