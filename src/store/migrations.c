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
#include "store/run_times.h"

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

// state: enum person_state; is_active of the first schema went into it. Counters of the day: counted_day is the day's number.
static const char SECOND_PEOPLE[] =
    "ALTER TABLE person ADD COLUMN state INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE person ADD COLUMN is_operator INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE person ADD COLUMN mobile TEXT;"
    "ALTER TABLE person ADD COLUMN email TEXT;"
    "ALTER TABLE person ADD COLUMN ding_robot TEXT;"
    "ALTER TABLE person ADD COLUMN webhook TEXT;"
    "ALTER TABLE person ADD COLUMN notification_mode TEXT;"
    "ALTER TABLE person ADD COLUMN signature_method TEXT;"
    "ALTER TABLE person ADD COLUMN parent_uid INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE person ADD COLUMN max_execute_count INTEGER NOT NULL DEFAULT 2000;"
    "ALTER TABLE person ADD COLUMN max_result_count INTEGER NOT NULL DEFAULT 100000;"
    "ALTER TABLE person ADD COLUMN execute_count INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE person ADD COLUMN result_count INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE person ADD COLUMN counted_day INTEGER NOT NULL DEFAULT 0;"
    "UPDATE person SET state = 1 WHERE is_active = 0;"
    "UPDATE person SET is_operator = 1 WHERE id = (SELECT min(id) FROM person);"
    "CREATE INDEX person_by_tenant ON person (tenant_id, id);"
    "CREATE UNIQUE INDEX tenant_name ON tenant (name);"
    "ALTER TABLE access_key ADD COLUMN last_used_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX access_key_by_person ON access_key (tenant_id, person_id, created_ms);"
    "CREATE TABLE session_key (id TEXT NOT NULL PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " person_id INTEGER NOT NULL, parent_key_id TEXT NOT NULL, sealed BLOB NOT NULL,"
    " token_hash BLOB NOT NULL, expires_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL) WITHOUT "
    "ROWID;"
    "CREATE INDEX session_key_by_person ON session_key (tenant_id, person_id, expires_ms);"
    "CREATE TABLE policy (person_id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " document TEXT NOT NULL, changed_ms INTEGER NOT NULL);";

// The indexes of flows hold the status as well: a condition on it is otherwise looked up in each row, even where the index implies it.
static const char SECOND_FLOWS[] =
    "CREATE TABLE scenario (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " space_id INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,"
    " creator_id INTEGER NOT NULL, created_ms INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX scenario_name ON scenario (tenant_id, space_id, name);"
    "CREATE INDEX scenario_by_place ON scenario (tenant_id, space_id, id);"
    "CREATE TABLE space (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL, name TEXT NOT NULL,"
    " description TEXT NOT NULL, mode INTEGER NOT NULL, dw_db_type TEXT NOT NULL,"
    " dev_database_id INTEGER NOT NULL, prod_database_id INTEGER NOT NULL, config TEXT NOT NULL,"
    " creator_id INTEGER NOT NULL, is_deleted INTEGER NOT NULL, created_ms INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX space_name ON space (tenant_id, name) WHERE is_deleted = 0;"
    "CREATE TABLE space_member (space_id INTEGER NOT NULL, person_id INTEGER NOT NULL,"
    " roles INTEGER NOT NULL, PRIMARY KEY (space_id, person_id)) WITHOUT ROWID;"
    "CREATE INDEX space_member_by_person ON space_member (person_id, space_id);"
    "CREATE TABLE developer (flow_id INTEGER NOT NULL, person_id INTEGER NOT NULL,"
    " PRIMARY KEY (flow_id, person_id)) WITHOUT ROWID;"
    "CREATE INDEX developer_by_person ON developer (person_id, flow_id);"
    "CREATE INDEX cooperator_by_person ON cooperator (person_id, flow_id);"
    "ALTER TABLE flow ADD COLUMN space_id INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE flow ADD COLUMN schedule_on INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE flow ADD COLUMN is_event INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE flow ADD COLUMN cron_type INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE flow ADD COLUMN cron TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE flow ADD COLUMN cron_begin TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE flow ADD COLUMN cron_end TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE flow ADD COLUMN schedule_param TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE flow ADD COLUMN deployed_schedule TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE flow ADD COLUMN notifies_failure INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE flow ADD COLUMN notifies_success INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE flow ADD COLUMN notifies_sla INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX flow_by_tenant;"
    "ALTER TABLE flow ADD COLUMN search_name TEXT NOT NULL DEFAULT '';"
    "UPDATE flow SET search_name = lower(name);"
    "CREATE INDEX flow_live ON flow (tenant_id, id, search_name, status) WHERE status <> 3;"
    "CREATE INDEX flow_by_scenario ON flow (tenant_id, scenario_id, id, search_name, status)"
    " WHERE status <> 3;"
    "CREATE INDEX flow_by_owner ON flow (tenant_id, owner_id, id, status) WHERE status <> 3;"
    "CREATE INDEX flow_by_space ON flow (tenant_id, space_id, id, status) WHERE status <> 3;"
    "CREATE TABLE sla_rule (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " flow_id INTEGER NOT NULL, kind INTEGER NOT NULL, node_id INTEGER NOT NULL,"
    " minutes INTEGER NOT NULL);"
    "CREATE INDEX sla_rule_by_flow ON sla_rule (tenant_id, flow_id, id);"
    "CREATE TABLE deployment (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " flow_id INTEGER NOT NULL, version_id INTEGER NOT NULL, person_id INTEGER NOT NULL,"
    " owner_id INTEGER NOT NULL, created_ms INTEGER NOT NULL);"
    "CREATE INDEX deployment_by_version ON deployment (tenant_id, flow_id, version_id, id);"
    "CREATE TABLE subscription (flow_id INTEGER NOT NULL, is_deployed INTEGER NOT NULL,"
    " source_flow_id INTEGER NOT NULL, source_node_id INTEGER NOT NULL, tenant_id INTEGER NOT NULL,"
    " PRIMARY KEY (flow_id, is_deployed, source_flow_id, source_node_id)) WITHOUT ROWID;"
    "CREATE INDEX subscription_by_source ON subscription (source_flow_id, is_deployed, flow_id);";

static const char SECOND_RUNS[] =
    "ALTER TABLE run ADD COLUMN backfill_id INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX run_by_backfill ON run (backfill_id, id) WHERE backfill_id <> 0;"
    "CREATE TABLE backfill (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " flow_id INTEGER NOT NULL, version_id INTEGER NOT NULL, state INTEGER NOT NULL,"
    " position INTEGER NOT NULL, run_id INTEGER NOT NULL, business TEXT NOT NULL,"
    " filter_nodes TEXT NOT NULL, start_nodes TEXT NOT NULL, with_subtree INTEGER NOT NULL, actor "
    "TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL);"
    "CREATE INDEX backfill_by_flow ON backfill (tenant_id, flow_id, id);"
    "CREATE INDEX backfill_open ON backfill (id) WHERE state = 0;";

static const char SECOND_SOURCES[] =
    "ALTER TABLE source ADD COLUMN link_name TEXT NOT NULL DEFAULT '';"
    "CREATE UNIQUE INDEX source_link ON source (tenant_id, link_name) WHERE link_name <> '';"
    "ALTER TABLE source_database ADD COLUMN state INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE source_database ADD COLUMN encoding TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE source_database ADD COLUMN catalog TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE source_database ADD COLUMN synced_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX source_database_by_tenant ON source_database (tenant_id, id);"
    "CREATE TABLE source_table (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " database_id INTEGER NOT NULL, schema_name TEXT NOT NULL, name TEXT NOT NULL,"
    " kind TEXT NOT NULL, engine TEXT NOT NULL, encoding TEXT NOT NULL, description TEXT NOT NULL,"
    " row_count INTEGER NOT NULL, bytes INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX source_table_name ON source_table (tenant_id, database_id, schema_name, "
    "name);"
    "CREATE TABLE source_column (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " table_id INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT "
    "NULL, default_value TEXT,"
    " description TEXT NOT NULL, is_nullable INTEGER NOT NULL, is_auto_increment INTEGER NOT NULL,"
    " data_length INTEGER NOT NULL, number_precision INTEGER NOT NULL, number_scale INTEGER NOT "
    "NULL);"
    "CREATE INDEX source_column_by_table ON source_column (tenant_id, table_id, position);";

static const char SECOND_GUARD[] =
    "CREATE TABLE nonce (access_key_id TEXT NOT NULL, nonce TEXT NOT NULL, seen_ms INTEGER NOT "
    "NULL,"
    " PRIMARY KEY (access_key_id, nonce)) WITHOUT ROWID;"
    "CREATE INDEX nonce_by_time ON nonce (seen_ms);"
    "CREATE TABLE client_token (tenant_id INTEGER NOT NULL, person_id INTEGER NOT NULL,"
    " action TEXT NOT NULL, token TEXT NOT NULL, digest TEXT NOT NULL, sealed BLOB,"
    " created_ms INTEGER NOT NULL, PRIMARY KEY (tenant_id, person_id, action, token)) WITHOUT "
    "ROWID;"
    "CREATE INDEX client_token_by_time ON client_token (created_ms);"
    "CREATE TABLE audit (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, tenant_id INTEGER NOT "
    "NULL,"
    " user_id INTEGER NOT NULL, user_name TEXT NOT NULL, uid TEXT NOT NULL,"
    " access_key_id TEXT NOT NULL, peer TEXT NOT NULL, module TEXT NOT NULL, action TEXT NOT NULL,"
    " object TEXT NOT NULL, database_name TEXT NOT NULL, code TEXT NOT NULL, note TEXT NOT NULL,"
    " request_id TEXT NOT NULL, hash BLOB NOT NULL);"
    "CREATE INDEX audit_by_time ON audit (tenant_id, at_ms, seq);"
    "CREATE INDEX audit_by_module ON audit (tenant_id, module, at_ms, seq);"
    "CREATE INDEX audit_by_user ON audit (tenant_id, user_name, at_ms, seq);"
    "CREATE INDEX audit_by_database ON audit (tenant_id, database_name, at_ms, seq)"
    " WHERE database_name <> '';"
    "CREATE TABLE sql_audit (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, user_id INTEGER NOT NULL, user_name TEXT NOT NULL,"
    " database_id INTEGER NOT NULL, schema_name TEXT NOT NULL, source_id INTEGER NOT NULL,"
    " source_name TEXT NOT NULL, state INTEGER NOT NULL, type TEXT NOT NULL,"
    " affected INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL, sql TEXT NOT NULL,"
    " remark TEXT NOT NULL);"
    "CREATE INDEX sql_audit_by_time ON sql_audit (tenant_id, at_ms, id);";

// Until now the time at which a nonce was seen was the clock's. What may be forgotten by then was stamped at most a window (15 minutes) later,
// and it was older than the time to keep (35 minutes), or than all that is left.
static const char THIRD_NONCES[] =
    "ALTER TABLE nonce ADD COLUMN stamped_ms INTEGER NOT NULL DEFAULT 0;"
    "UPDATE nonce SET stamped_ms = seen_ms + 900000;"
    "CREATE TABLE nonce_mark (id INTEGER PRIMARY KEY, stamped_ms INTEGER NOT NULL);"
    "INSERT INTO nonce_mark (id, stamped_ms) SELECT 1, min(min(seen_ms), max(seen_ms) - 2100000) + "
    "900000"
    " FROM nonce HAVING count(*) > 0;";

static const char FOURTH_STEADY[] =
    "CREATE TABLE steady (id INTEGER PRIMARY KEY CHECK (id = 1), boot_id TEXT NOT NULL,"
    " boot_ms INTEGER NOT NULL, steady_ms INTEGER NOT NULL);";

// A run keeps the zone of its version and what the clock of that zone showed, so that an edit of the draft changes no history. What is
// shown is filled in by run_times_fill.
static const char FIFTH_HISTORY[] =
    "ALTER TABLE run ADD COLUMN zone TEXT NOT NULL DEFAULT 'Asia/Shanghai';"
    "ALTER TABLE run ADD COLUMN started_local_s INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN business_local_s INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE version_zone (id INTEGER PRIMARY KEY, zone TEXT NOT NULL);"
    "INSERT INTO version_zone SELECT id, snapshot ->> '$.flow.zone' FROM version"
    " WHERE json_valid(snapshot) AND json_type(snapshot, '$.flow.zone') = 'text';"
    "UPDATE run SET zone = v.zone FROM version_zone v WHERE v.id = run.version_id;"
    "DROP TABLE version_zone;"
    "DROP INDEX run_by_time; DROP INDEX run_by_business;"
    "CREATE INDEX run_by_start ON run (tenant_id, flow_id, started_local_s, id);"
    "CREATE INDEX run_by_business ON run (tenant_id, flow_id, business_local_s, id);";

static const char SIXTH_REVISIONS[] =
    "CREATE TABLE revision (tenant_id INTEGER NOT NULL, what INTEGER NOT NULL,"
    " object_id INTEGER NOT NULL, number INTEGER NOT NULL, person_name TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL, PRIMARY KEY (tenant_id, what, object_id)) WITHOUT ROWID;";

// A run's own variables; the revision of the draft that a version was made of, 0 where nobody knows any more.
static const char SEVENTH_RUNS[] =
    "ALTER TABLE run ADD COLUMN variables TEXT;"
    "ALTER TABLE version ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;"
    "UPDATE version SET revision = f.snapshot_revision FROM flow f WHERE f.snapshot_version_id = "
    "version.id;";

// How many bytes the texts of a draft have (store/draft_size.h): a row a text, and node 0, part 0 for their sum.
#define TEXT_SIZE(part, column)                                                                    \
    "INSERT INTO draft_size SELECT tenant_id, flow_id, id, " part ", length(CAST(" column          \
    " AS BLOB)) FROM node WHERE " column " IS NOT NULL;"
#define FLOW_TEXT_SIZE(part, column)                                                               \
    "INSERT INTO draft_size SELECT tenant_id, id, 0, " part ", length(CAST(" column                \
    " AS BLOB)) FROM flow;"
static const char EIGHTH_DRAFTS[] =
    "CREATE TABLE draft_size (tenant_id INTEGER NOT NULL, flow_id INTEGER NOT NULL,"
    " node_id INTEGER NOT NULL, part INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " PRIMARY KEY (tenant_id, flow_id, node_id, part)) WITHOUT ROWID;" TEXT_SIZE("1", "name")
        TEXT_SIZE("2", "content") TEXT_SIZE("3", "config") TEXT_SIZE("4", "output")
            TEXT_SIZE("5", "time_variables") TEXT_SIZE("6", "graph_param")
                FLOW_TEXT_SIZE("5", "time_variables")
                    FLOW_TEXT_SIZE("7", "constants") "INSERT INTO draft_size SELECT tenant_id, "
                                                     "flow_id, 0, 0, sum(bytes) FROM draft_size"
                                                     " GROUP BY tenant_id, flow_id;";
#undef TEXT_SIZE
#undef FLOW_TEXT_SIZE

// Step n leads from schema n to schema n + 1. Each is a list of scripts that ends in NULL.
static const char *const *const steps[] = {
    (const char *const[]){ FIRST_FLOWS, FIRST_RUNS, FIRST_SOURCES, NULL },
    (const char *const[]){ SECOND_PEOPLE, SECOND_FLOWS, SECOND_RUNS, SECOND_SOURCES, SECOND_GUARD,
                           NULL },
    (const char *const[]){ THIRD_NONCES, NULL },
    (const char *const[]){ FOURTH_STEADY, NULL },
    (const char *const[]){ FIFTH_HISTORY, NULL },
    (const char *const[]){ SIXTH_REVISIONS, NULL },
    (const char *const[]){ SEVENTH_RUNS, NULL },
    (const char *const[]){ EIGHTH_DRAFTS, NULL },
};

// What a step does besides its scripts, behind them; NULL nothing.
static bool (*const fillers[G_N_ELEMENTS(steps)])(struct sql *sql, GError **error) = {
    [4] = run_times_fill,
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
        if (fillers[step] != NULL && !fillers[step](sql, error)) {
            return false;
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
