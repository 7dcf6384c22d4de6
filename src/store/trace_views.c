// SPDX-License-Identifier: Apache-2.0
//
// The table. Words for numbers are those of the wire; a test compares them with core/model.

#include "store/trace_views.h"

#include "store/payload.h"

#define FLOW_STATUS                                                                                \
    " CASE f.status WHEN 0 THEN 'DRAFT' WHEN 1 THEN 'PUBLISHED' WHEN 2 THEN 'OFFLINE'"             \
    " ELSE 'DELETED' END AS status"
#define OF_FLOW " FROM flow f WHERE f.id = ?1 AND f.tenant_id = ?2"

static const char FLOW[] =
    "SELECT f.id, f.name, f.name AS name, f.description AS '#description',"
    " f.scenario_id AS scenario, f.owner_id AS owner," FLOW_STATUS
    ", f.deploy_id AS deployment, f.published_version_id AS version,"
    " f.constants AS '#constants', f.time_variables AS '#time variables'" OF_FLOW;
static const char FLOW_SCHEDULE[] =
    "SELECT f.id, f.name, iif(f.schedule_on, 'on', 'off') AS switch,"
    " iif(f.is_event, 'Event', 'Cron') AS trigger, f.cron AS cron, f.cron_begin AS 'begin',"
    " f.cron_end AS 'end', f.zone AS zone, f.schedule_param AS '#parameters'" OF_FLOW;
static const char FLOW_NOTIFICATION[] =
    "SELECT f.id, f.name, iif(f.notifies_failure, 'on', 'off') AS 'on failure',"
    " iif(f.notifies_success, 'on', 'off') AS 'on success',"
    " iif(f.notifies_sla, 'on', 'off') AS 'on SLA'" OF_FLOW;
static const char FLOW_EDGES[] =
    "SELECT f.id, f.name, (SELECT group_concat(e.node_from || '>' || e.node_to) FROM edge e"
    " WHERE e.tenant_id = f.tenant_id AND e.flow_id = f.id) AS '*edges'" OF_FLOW;
static const char FLOW_COOPERATORS[] =
    "SELECT f.id, f.name, (SELECT group_concat(c.person_id) FROM cooperator c"
    " WHERE c.flow_id = f.id) AS '*stakeholders'" OF_FLOW;
static const char FLOW_DEVELOPERS[] =
    "SELECT f.id, f.name, (SELECT group_concat(d.person_id) FROM developer d"
    " WHERE d.flow_id = f.id) AS '*developers'" OF_FLOW;
static const char FLOW_SLA[] =
    "SELECT f.id, f.name, (SELECT group_concat(iif(r.kind = 0, 'flow', 'node ' || r.node_id) || ' '"
    " || r.minutes || ' min') FROM sla_rule r WHERE r.tenant_id = f.tenant_id"
    " AND r.flow_id = f.id) AS '*rules'" OF_FLOW;
static const char NODE[] =
    "SELECT n.id, n.name, n.name AS name, n.flow_id AS 'of task flow', n.kind AS '@kind',"
    " n.content AS '#content', n.config AS '#configuration', n.output AS '#outputs',"
    " n.time_variables AS '#time variables', n.graph_param AS '#place',"
    " (SELECT group_concat(e.node_from || '>' || e.node_to) FROM edge e"
    " WHERE e.node_from = n.id OR e.node_to = n.id) AS '*edges'"
    " FROM node n WHERE n.id = ?1 AND n.tenant_id = ?2";
static const char SCENARIO[] =
    "SELECT s.id, s.name, s.name AS name, s.description AS '#description', s.space_id AS workspace"
    " FROM scenario s WHERE s.id = ?1 AND s.tenant_id = ?2";
static const char SPACE[] =
    "SELECT s.id, s.name, s.description AS '#description', s.mode AS mode, s.dw_db_type AS engine,"
    " s.dev_database_id AS 'database for development',"
    " s.prod_database_id AS 'database for production', s.config AS '#configuration',"
    " iif(s.is_deleted, 'DELETED', 'NORMAL') AS state, (SELECT group_concat(m.person_id || ' ' ||"
    " trim(iif(m.roles & 1, 'ADMIN ', '') || iif(m.roles & 2, 'MEMBER', ''))) FROM space_member m"
    " WHERE m.space_id = s.id) AS '*members' FROM space s WHERE s.id = ?1 AND s.tenant_id = ?2";
#define ROLE_WORDS                                                                                 \
    "trim(iif(p.roles & 1, 'USER,', '') || iif(p.roles & 2, 'DBA,', '') || iif(p.roles & 4,"       \
    " 'ADMIN,', '') || iif(p.roles & 8, 'SECURITY_ADMIN,', '') || iif(p.roles & 16,"               \
    " 'STRUCT_READ_ONLY,', ''), ',')"
static const char PERSON[] =
    "SELECT p.id, p.uid, p.name AS nick, " ROLE_WORDS " AS roles, CASE p.state WHEN 0 THEN 'NORMAL'"
    " WHEN 1 THEN 'DISABLE' ELSE 'DELETE' END AS state, p.mobile AS mobile,"
    " p.max_execute_count AS 'executions a day', p.max_result_count AS 'rows a day',"
    " (SELECT group_concat(k.id) FROM access_key k WHERE k.tenant_id = p.tenant_id"
    " AND k.person_id = p.id) AS '*access keys', (SELECT group_concat(c.flow_id) FROM cooperator c"
    " WHERE c.person_id = p.id) AS '*stakeholder of', (SELECT group_concat(d.flow_id)"
    " FROM developer d WHERE d.person_id = p.id) AS '*developer of',"
    " (SELECT group_concat(m.space_id) FROM space_member m WHERE m.person_id = p.id) AS"
    " '*member of', (SELECT group_concat(s.id) FROM source s WHERE s.tenant_id = p.tenant_id"
    " AND s.dba_id = p.id) AS '*DBA of', (SELECT y.document FROM policy y"
    " WHERE y.person_id = p.id) AS policy FROM person p WHERE p.uid = ?1 AND p.tenant_id = ?2";
static const char POLICY[] =
    "SELECT p.id, p.uid, (SELECT y.document FROM policy y WHERE y.person_id = p.id) AS policy"
    " FROM person p WHERE p.id = ?1 AND p.tenant_id = ?2";
static const char ACCESS_KEY[] =
    "SELECT k.id, p.uid, k.person_id AS user, iif(k.is_active, 'Active', 'Inactive') AS status"
    " FROM access_key k JOIN person p ON p.id = k.person_id WHERE k.id = ?1 AND k.tenant_id = ?2";
static const char SESSION_KEY[] =
    "SELECT k.id, p.uid, k.person_id AS user, k.parent_key_id AS 'made with',"
    " strftime('%Y-%m-%d %H:%M:%SZ', k.expires_ms / 1000, 'unixepoch') AS 'ends at'"
    " FROM session_key k JOIN person p ON p.id = k.person_id WHERE k.id = ?1 AND k.tenant_id = ?2";
static const char TENANT[] = "SELECT t.id, t.name, (SELECT min(p.id) FROM person p"
                             " WHERE p.tenant_id = t.id) AS 'first administrator'"
                             " FROM tenant t WHERE t.id = ?1 AND ?2 IS NOT NULL";
static const char SOURCE[] =
    "SELECT s.id, s.alias, s.alias AS alias, s.kind AS type, s.source AS source,"
    " s.network AS network, s.environment AS environment, s.host AS host, s.port AS port,"
    " s.sid AS sid, s.login AS user, s.safe_rule AS 'safe rule', s.dba_id AS DBA,"
    " s.query_timeout_s AS 'query timeout', s.export_timeout_s AS 'export timeout',"
    " s.link_name AS link, iif(s.is_enabled, 'NORMAL', 'DISABLE') AS state, s.extra AS more,"
    " (SELECT group_concat(d.id || ' ' || d.name) FROM source_database d"
    " WHERE d.tenant_id = s.tenant_id AND d.source_id = s.id) AS '*databases'"
    " FROM source s WHERE s.id = ?1 AND s.tenant_id = ?2";

// The id that the change names, or the one it has given.
static struct query_value id_or_new(int64_t named, const struct change_result *result) {
    return INT(named == 0 && result != NULL ? result->id : named);
}

static struct query_value key_flow(const struct change *change,
                                   const struct change_result *result) {
    return id_or_new(change->flow_id, result);
}

static struct query_value key_node(const struct change *change,
                                   const struct change_result *result) {
    return id_or_new(change->node_id, result);
}

static struct query_value key_scenario(const struct change *change,
                                       const struct change_result *result) {
    return id_or_new(change->scenario_id, result);
}

static struct query_value key_space(const struct change *change,
                                    const struct change_result *result) {
    return id_or_new(change->space_id, result);
}

static struct query_value key_source(const struct change *change,
                                     const struct change_result *result) {
    return id_or_new(change->source_id, result);
}

static struct query_value key_tenant(const struct change *change,
                                     const struct change_result *result) {
    (void)change;
    return id_or_new(0, result);
}

static struct query_value key_user(const struct change *change,
                                   const struct change_result *result) {
    (void)result;
    return INT(change->user_id);
}

static struct query_value key_uid(const struct change *change, const struct change_result *result) {
    (void)result;
    return TEXT(change->person != NULL ? change->person->uid : change->name);
}

// The key that the change names, or the one it has made: its id, never its secret.
static struct query_value key_key(const struct change *change, const struct change_result *result) {
    bool is_made = change->name == NULL && result != NULL && result->text != NULL;
    return TEXT(is_made ? result->text[0] : change->name);
}

static const struct trace_view flow = { "task flow", FLOW, key_flow };
static const struct trace_view schedule = { "task flow", FLOW_SCHEDULE, key_flow };
static const struct trace_view notification = { "task flow", FLOW_NOTIFICATION, key_flow };
static const struct trace_view edges = { "task flow", FLOW_EDGES, key_flow };
static const struct trace_view cooperators = { "task flow", FLOW_COOPERATORS, key_flow };
static const struct trace_view developers = { "task flow", FLOW_DEVELOPERS, key_flow };
static const struct trace_view sla = { "task flow", FLOW_SLA, key_flow };
static const struct trace_view node = { "task", NODE, key_node };
static const struct trace_view scenario = { "scenario", SCENARIO, key_scenario };
static const struct trace_view space = { "workspace", SPACE, key_space };
static const struct trace_view person = { "user", PERSON, key_uid };
static const struct trace_view policy = { "user", POLICY, key_user };
static const struct trace_view access_key = { "access key", ACCESS_KEY, key_key };
static const struct trace_view session_key = { "temporary key", SESSION_KEY, key_key };
static const struct trace_view tenant = { "tenant", TENANT, key_tenant };
static const struct trace_view source = { "instance", SOURCE, key_source };

// What has no row here changes no object of its own: what was read of a database, and the log of executed SQL.
static const struct trace_view *const views[CHANGE_KIND_COUNT] = {
    [CHANGE_FLOW_CREATE] = &flow,
    [CHANGE_FLOW_RENAME] = &flow,
    [CHANGE_FLOW_DELETE] = &flow,
    [CHANGE_FLOW_CONSTANTS] = &flow,
    [CHANGE_FLOW_TIME_VARIABLES] = &flow,
    [CHANGE_FLOW_PUBLISH] = &flow,
    [CHANGE_FLOW_OFFLINE] = &flow,
    [CHANGE_FLOW_MOVE] = &flow,
    [CHANGE_FLOW_OWNER] = &flow,
    [CHANGE_SPACE_FLOW_OWNER] = &flow,
    [CHANGE_FLOW_REDEPLOY] = &flow,
    [CHANGE_FLOW_SCHEDULE] = &schedule,
    [CHANGE_FLOW_NOTIFICATION] = &notification,
    [CHANGE_FLOW_COOPERATORS] = &cooperators,
    [CHANGE_FLOW_SLA] = &sla,
    [CHANGE_EDGES_ADD] = &edges,
    [CHANGE_EDGES_UPDATE] = &edges,
    [CHANGE_EDGES_DELETE] = &edges,
    [CHANGE_EDGES_REPLACE] = &edges,
    [CHANGE_NODE_CREATE] = &node,
    [CHANGE_NODE_RENAME] = &node,
    [CHANGE_NODE_CONTENT] = &node,
    [CHANGE_NODE_CONFIG] = &node,
    [CHANGE_NODE_OUTPUT] = &node,
    [CHANGE_NODE_TIME_VARIABLES] = &node,
    [CHANGE_NODE_DELETE] = &node,
    [CHANGE_SCENARIO_CREATE] = &scenario,
    [CHANGE_SCENARIO_UPDATE] = &scenario,
    [CHANGE_SCENARIO_DELETE] = &scenario,
    [CHANGE_SPACE_CREATE] = &space,
    [CHANGE_SPACE_DELETE] = &space,
    [CHANGE_MEMBERS_ADD] = &space,
    [CHANGE_MEMBERS_REMOVE] = &space,
    [CHANGE_PERSON_REGISTER] = &person,
    [CHANGE_PERSON_UPDATE] = &person,
    [CHANGE_PERSON_DELETE] = &person,
    [CHANGE_PERSON_ENABLE] = &person,
    [CHANGE_PERSON_DISABLE] = &person,
    [CHANGE_TENANT_CREATE] = &tenant,
    [CHANGE_KEY_CREATE] = &access_key,
    [CHANGE_KEY_UPDATE] = &access_key,
    [CHANGE_KEY_DELETE] = &access_key,
    [CHANGE_SESSION_CREATE] = &session_key,
    [CHANGE_POLICY_PUT] = &policy,
    [CHANGE_SOURCE_REGISTER] = &source,
    [CHANGE_SOURCE_UPDATE] = &source,
    [CHANGE_SOURCE_DELETE] = &source,
};

const struct trace_view *trace_view_of(const struct change *change) {
    bool is_of_members =
        change->kind == CHANGE_MEMBERS_ADD || change->kind == CHANGE_MEMBERS_REMOVE;
    return is_of_members && change->flow_id != 0 ? &developers : views[change->kind];
}
