// SPDX-License-Identifier: Apache-2.0
//
// The schema and its history. A step that was released is never edited; a change of tables is a new step.
//
// All times are UTC milliseconds, all states the numbers of core/model.h. node_run, attempt and event are keyed by their run and are
// reached through the run's row, which carries the tenant. run_tally counts runs so that a list's total needs no walk over a
// million rows. Deleted flows stay as rows: their history is kept for the retention time.

#include "store/migrations.h"

#include "base/fault.h"
#include "store/query.h"

static const char FIRST_FLOWS[] =
    "CREATE TABLE counter (id INTEGER PRIMARY KEY, bound INTEGER NOT NULL);"
    "INSERT INTO counter (id, bound) VALUES (0, 0), (1, 0), (2, 0);"

    "CREATE TABLE tenant (id INTEGER PRIMARY KEY, name TEXT NOT NULL, is_active INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL);"

    "CREATE TABLE person (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, uid TEXT NOT NULL,"
    " name TEXT NOT NULL, roles INTEGER NOT NULL, is_active INTEGER NOT NULL, created_ms INTEGER "
    "NOT NULL);"
    "CREATE UNIQUE INDEX person_uid ON person (tenant_id, uid);"

    "CREATE TABLE access_key (id TEXT NOT NULL PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " person_id INTEGER NOT NULL, sealed BLOB NOT NULL, is_active INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE flow (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, name TEXT NOT NULL,"
    " description TEXT NOT NULL, scenario_id INTEGER NOT NULL, status INTEGER NOT NULL,"
    " is_scheduled INTEGER NOT NULL, creator_id INTEGER NOT NULL, owner_id INTEGER NOT NULL,"
    " deploy_id INTEGER NOT NULL, published_version_id INTEGER NOT NULL, zone TEXT NOT NULL,"
    " policy INTEGER NOT NULL, slot_count_max INTEGER NOT NULL, node_count INTEGER NOT NULL,"
    " revision INTEGER NOT NULL, snapshot_version_id INTEGER NOT NULL, snapshot_revision INTEGER "
    "NOT NULL,"
    " created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, constants TEXT NOT NULL,"
    " time_variables TEXT NOT NULL);"
    "CREATE UNIQUE INDEX flow_name ON flow (tenant_id, name) WHERE status <> 3;"
    "CREATE INDEX flow_by_tenant ON flow (tenant_id, id);"

    "CREATE TABLE cooperator (flow_id INTEGER NOT NULL, person_id INTEGER NOT NULL,"
    " PRIMARY KEY (flow_id, person_id)) WITHOUT ROWID;"

    "CREATE TABLE node (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, flow_id INTEGER NOT "
    "NULL,"
    " name TEXT NOT NULL, kind INTEGER NOT NULL, graph_param TEXT, time_variables TEXT, output "
    "TEXT,"
    " config TEXT, content TEXT);"
    "CREATE UNIQUE INDEX node_name ON node (flow_id, name);"
    "CREATE INDEX node_by_flow ON node (tenant_id, flow_id, id);"

    "CREATE TABLE edge (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, flow_id INTEGER NOT "
    "NULL,"
    " node_from INTEGER NOT NULL, node_to INTEGER NOT NULL);"
    "CREATE INDEX edge_by_flow ON edge (tenant_id, flow_id, id);"
    "CREATE UNIQUE INDEX edge_ends ON edge (node_from, node_to);"
    "CREATE INDEX edge_by_end ON edge (node_to);"

    "CREATE TABLE version (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, flow_id INTEGER NOT "
    "NULL,"
    " is_published INTEGER NOT NULL, last_version_id INTEGER NOT NULL, flow_name TEXT NOT NULL,"
    " owner_id INTEGER NOT NULL, owner_name TEXT NOT NULL, comment TEXT NOT NULL, created_ms "
    "INTEGER NOT NULL,"
    " snapshot TEXT NOT NULL);"
    "CREATE INDEX version_by_flow ON version (tenant_id, flow_id, is_published, id);";

static const char FIRST_RUNS[] =
    "CREATE TABLE run (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, flow_id INTEGER NOT "
    "NULL,"
    " version_id INTEGER NOT NULL, trigger_kind INTEGER NOT NULL, state INTEGER NOT NULL,"
    " state_code INTEGER NOT NULL, verdict INTEGER NOT NULL, is_draining INTEGER NOT NULL,"
    " run_number INTEGER NOT NULL, business_ms INTEGER NOT NULL, run_time_ms INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
    " running_ms INTEGER NOT NULL, running_since_ms INTEGER NOT NULL, limit_ms INTEGER NOT NULL,"
    " message TEXT);"
    "CREATE INDEX run_by_flow ON run (tenant_id, flow_id, id);"
    "CREATE INDEX run_by_trigger ON run (tenant_id, flow_id, trigger_kind, id);"
    "CREATE INDEX run_by_state ON run (tenant_id, flow_id, state_code, id);"
    "CREATE INDEX run_by_time ON run (tenant_id, flow_id, run_time_ms, id);"
    "CREATE INDEX run_by_business ON run (tenant_id, flow_id, business_ms, id);"
    "CREATE INDEX run_unfinished ON run (id) WHERE ended_ms = 0;"

    "CREATE TABLE run_tally (tenant_id INTEGER NOT NULL, flow_id INTEGER NOT NULL,"
    " trigger_kind INTEGER NOT NULL, state_code INTEGER NOT NULL, runs INTEGER NOT NULL,"
    " PRIMARY KEY (tenant_id, flow_id, trigger_kind, state_code)) WITHOUT ROWID;"

    "CREATE TABLE node_run (run_id INTEGER NOT NULL, node_id INTEGER NOT NULL, id INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, state INTEGER NOT NULL, skip_cause INTEGER NOT NULL, attempt INTEGER "
    "NOT NULL,"
    " retries_used INTEGER NOT NULL, fence INTEGER NOT NULL, due_ms INTEGER NOT NULL,"
    " queued_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
    " condition_holds INTEGER NOT NULL, name TEXT NOT NULL, message TEXT, outputs TEXT,"
    " PRIMARY KEY (run_id, node_id)) WITHOUT ROWID;"

    "CREATE TABLE attempt (fence INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, node_id INTEGER NOT "
    "NULL,"
    " attempt INTEGER NOT NULL, state INTEGER NOT NULL, dispatched_ms INTEGER NOT NULL,"
    " started_ms INTEGER, ended_ms INTEGER, exit_code INTEGER, exit_signal INTEGER, user_us "
    "INTEGER,"
    " system_us INTEGER, maxrss_kib INTEGER, output_bytes INTEGER, dropped_bytes INTEGER);"
    "CREATE INDEX attempt_by_node ON attempt (run_id, node_id, attempt);"

    "CREATE TABLE event (run_id INTEGER NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " node_id INTEGER NOT NULL, from_state INTEGER NOT NULL, to_state INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, actor TEXT, message TEXT, PRIMARY KEY (run_id, seq)) WITHOUT "
    "ROWID;";

static const char FIRST_SOURCES[] =
    "CREATE TABLE source (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, kind TEXT NOT NULL,"
    " source TEXT NOT NULL, network TEXT NOT NULL, environment TEXT NOT NULL, host TEXT NOT NULL,"
    " port INTEGER NOT NULL, sid TEXT NOT NULL, login TEXT NOT NULL, sealed_password BLOB NOT NULL,"
    " alias TEXT NOT NULL, safe_rule TEXT NOT NULL, dba_id INTEGER NOT NULL, query_timeout_s "
    "INTEGER NOT NULL,"
    " export_timeout_s INTEGER NOT NULL, is_enabled INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
    " extra TEXT NOT NULL);"
    "CREATE UNIQUE INDEX source_address ON source (tenant_id, host, port, sid);"
    "CREATE INDEX source_by_tenant ON source (tenant_id, id);"

    "CREATE TABLE source_database (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " source_id INTEGER NOT NULL, name TEXT NOT NULL);"
    "CREATE UNIQUE INDEX source_database_name ON source_database (tenant_id, source_id, name);";

// Step n leads from schema n to schema n + 1. Each is a list of scripts that ends in NULL.
static const char *const *const steps[] = {
    (const char *const[]){ FIRST_FLOWS, FIRST_RUNS, FIRST_SOURCES, NULL },
};

static const char CREATE_SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS schema (id INTEGER PRIMARY KEY,"
    " version INTEGER NOT NULL);"
    "INSERT INTO schema (id, version) VALUES (1, 0) ON CONFLICT DO NOTHING;";
static const char GET_VERSION[] = "SELECT version FROM schema WHERE id = 1";
static const char SET_VERSION[] = "UPDATE schema SET version = ?1 WHERE id = 1 AND version = ?2";

static bool apply_steps(struct sql *sql, GError **error) {
    int64_t version = 0;
    if (!sql_script(sql, CREATE_SCHEMA, error) ||
        !query_int(sql, GET_VERSION, NO_VALUES, 0, &version, error)) {
        return false;
    }
    if (version > (int64_t)G_N_ELEMENTS(steps)) {
        fault_set(error, FAULT_NOT_SUPPORTED,
                  "the state database has schema %" G_GINT64_FORMAT
                  "; this program knows up to %zu: use the newer program",
                  version, G_N_ELEMENTS(steps));
        return false;
    }
    for (int64_t step = version; step < (int64_t)G_N_ELEMENTS(steps); step++) {
        for (const char *const *script = steps[step]; *script != NULL; script++) {
            if (!sql_script(sql, *script, error)) {
                return false;
            }
        }
        if (!query_change(sql, SET_VERSION, VALUES(INT(step + 1), INT(step)), error)) {
            return false;
        }
    }
    return true;
}

bool migrations_apply(struct sql *sql, GError **error) {
    int64_t version = 0;
    if (query_int(sql, GET_VERSION, NO_VALUES, 0, &version, NULL) &&
        version == (int64_t)G_N_ELEMENTS(steps)) {
        return true; // the usual start writes nothing
    }
    if (!sql_begin(sql, error)) {
        return false;
    }
    if (!apply_steps(sql, error) || !sql_commit(sql, error)) {
        sql_rollback(sql);
        g_prefix_error(error, "bringing the state database up to date: ");
        return false;
    }
    return true;
}
