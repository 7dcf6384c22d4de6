// SPDX-License-Identifier: Apache-2.0
//
// One row for each thing that was ever changed. Whether the caller may change it and whether it exists has been decided when the revision is
// looked at, so that a stale number tells nobody more than the operation itself would.

#include "store/revisions.h"

#include "base/fault.h"
#include "store/payload.h"
#include "store/private.h"

static const char GET[] =
    "SELECT number FROM revision WHERE tenant_id = ?1 AND what = ?2 AND object_id = ?3";
static const char GET_LAST[] =
    "SELECT person_name, strftime('%Y-%m-%d %H:%M:%S', at_ms / 1000, 'unixepoch') FROM revision"
    " WHERE tenant_id = ?1 AND what = ?2 AND object_id = ?3";
#define RAISE                                                                                      \
    " ON CONFLICT (tenant_id, what, object_id) DO UPDATE SET number = number + 1,"                 \
    " person_name = excluded.person_name, at_ms = excluded.at_ms"
#define INTO "INSERT INTO revision (tenant_id, what, object_id, number, person_name, at_ms)"
static const char RAISE_ONE[] = INTO " VALUES (?1, ?2, ?3, 1, ?4, ?5)" RAISE;
// What a change touches on the way; ?3 is the object that it names.
static const char RAISE_FLOW_OF_NODE[] = INTO
    " SELECT ?1, ?2, n.flow_id, 1, ?4, ?5 FROM node n WHERE n.id = ?3 AND n.tenant_id = ?1" RAISE;
#define THE_USER "(SELECT p.id FROM person p WHERE p.tenant_id = ?1 AND p.uid = ?3)"
static const char RAISE_FLOWS_OF_USER[] =
    INTO " SELECT ?1, ?2, c.flow_id, 1, ?4, ?5 FROM cooperator c"
         " WHERE c.person_id = " THE_USER RAISE;
static const char RAISE_SOURCES_OF_USER[] =
    INTO " SELECT ?1, ?2, s.id, 1, ?4, ?5 FROM source s"
         " WHERE s.tenant_id = ?1 AND s.dba_id = " THE_USER RAISE;
static const char RAISE_POLICY_OF_USER[] =
    INTO " SELECT ?1, ?2, y.person_id, 1, ?4, ?5 FROM policy y"
         " WHERE y.tenant_id = ?1 AND y.person_id = " THE_USER RAISE;

// What each kind of change changes; 0: nothing that has a revision.
static const enum revision_of changed[CHANGE_KIND_COUNT] = {
    [CHANGE_EDGES_ADD] = REVISION_EDGES,
    [CHANGE_EDGES_UPDATE] = REVISION_EDGES,
    [CHANGE_EDGES_DELETE] = REVISION_EDGES,
    [CHANGE_EDGES_REPLACE] = REVISION_EDGES,
    [CHANGE_FLOW_CONSTANTS] = REVISION_CONSTANTS,
    [CHANGE_FLOW_TIME_VARIABLES] = REVISION_TIME_VARIABLES,
    [CHANGE_FLOW_COOPERATORS] = REVISION_PEOPLE,
    [CHANGE_FLOW_OWNER] = REVISION_PEOPLE,
    [CHANGE_SPACE_FLOW_OWNER] = REVISION_PEOPLE,
    [CHANGE_FLOW_SCHEDULE] = REVISION_SCHEDULE,
    [CHANGE_FLOW_NOTIFICATION] = REVISION_NOTIFICATION,
    [CHANGE_FLOW_SLA] = REVISION_SLA,
    [CHANGE_NODE_RENAME] = REVISION_NODE,
    [CHANGE_NODE_CONTENT] = REVISION_NODE,
    [CHANGE_NODE_CONFIG] = REVISION_NODE,
    [CHANGE_NODE_OUTPUT] = REVISION_NODE,
    [CHANGE_NODE_TIME_VARIABLES] = REVISION_NODE,
    [CHANGE_PERSON_REGISTER] = REVISION_USER,
    [CHANGE_PERSON_UPDATE] = REVISION_USER,
    [CHANGE_PERSON_DELETE] = REVISION_USER,
    [CHANGE_PERSON_ENABLE] = REVISION_USER,
    [CHANGE_PERSON_DISABLE] = REVISION_USER,
    [CHANGE_POLICY_PUT] = REVISION_POLICY,
    [CHANGE_SOURCE_UPDATE] = REVISION_SOURCE,
};

static int64_t object_of(enum revision_of what, const struct change *change,
                         const struct change_result *result) {
    switch (what) {
    case REVISION_EDGES:
    case REVISION_CONSTANTS:
    case REVISION_TIME_VARIABLES:
    case REVISION_PEOPLE:
    case REVISION_SCHEDULE:
    case REVISION_NOTIFICATION:
    case REVISION_SLA: return change->flow_id;
    case REVISION_NODE: return change->node_id;
    case REVISION_USER:
    case REVISION_POLICY: return result->id;
    case REVISION_SOURCE: return change->source_id;
    case REVISION_NONE: break;
    }
    g_assert_not_reached();
}

bool store_revision_get(struct store_reader *reader, const struct caller *caller,
                        enum revision_of what, int64_t object_id, int64_t *ret_revision,
                        GError **error) {
    return query_int(reader->sql, GET,
                     VALUES(INT(caller->tenant_id), INT((int64_t)what), INT(object_id)), 0,
                     ret_revision, error);
}

static bool raise_number(struct store *store, const struct change *change, const char *statement,
                         enum revision_of what, struct query_value object, int64_t now_ms,
                         GError **error) {
    return query_run(store_change_sql(store), statement,
                     VALUES(INT(change->caller.tenant_id), INT((int64_t)what), object,
                            TEXT(change->caller.name), INT(now_ms)),
                     error);
}

bool revisions_before(struct store *store, const struct change *change, int64_t now_ms,
                      GError **error) {
    if (change->kind == CHANGE_NODE_DELETE) {
        return raise_number(store, change, RAISE_FLOW_OF_NODE, REVISION_EDGES, INT(change->node_id),
                            now_ms, error) &&
               raise_number(store, change, RAISE_FLOW_OF_NODE, REVISION_SLA, INT(change->node_id),
                            now_ms, error);
    }
    bool deletes = change->kind == CHANGE_PERSON_DELETE;
    return (!deletes && change->kind != CHANGE_PERSON_DISABLE) ||
           (raise_number(store, change, RAISE_FLOWS_OF_USER, REVISION_PEOPLE, TEXT(change->name),
                         now_ms, error) &&
            raise_number(store, change, RAISE_SOURCES_OF_USER, REVISION_SOURCE, TEXT(change->name),
                         now_ms, error) &&
            (!deletes || raise_number(store, change, RAISE_POLICY_OF_USER, REVISION_POLICY,
                                      TEXT(change->name), now_ms, error)));
}

// Names the present revision, and who made it when.
static bool refuse_stale(struct store_reader *reader, const struct change *change,
                         enum revision_of what, int64_t object_id, int64_t present,
                         GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_LAST,
                   VALUES(INT(change->caller.tenant_id), INT((int64_t)what), INT(object_id)), &row,
                   &has_row, error)) {
        return false;
    }
    fault_set_field(
        error, FAULT_REVISION_STALE, "Revision",
        "Revision %" G_GINT64_FORMAT " is not the present one, which is %" G_GINT64_FORMAT
        "%s%s%s%s; read again, and change what is there now",
        change->revision, present, has_row ? ": " : "", has_row ? sql_column_text(row, 0) : "",
        has_row ? " changed it at UTC " : "", has_row ? sql_column_text(row, 1) : "");
    if (has_row) {
        sql_reset(row);
    }
    return false;
}

bool revisions_after(struct store *store, const struct change *change, struct change_result *result,
                     int64_t now_ms, GError **error) {
    enum revision_of what = changed[change->kind];
    if (what == REVISION_NONE) {
        return true;
    }
    int64_t object_id = object_of(what, change, result);
    int64_t present = 0;
    if (!store_revision_get(&store->reader, &change->caller, what, object_id, &present, error)) {
        return false;
    }
    if (change->has_revision && change->revision != present) {
        return refuse_stale(&store->reader, change, what, object_id, present, error);
    }
    if (result->is_idle) {
        result->revision = present;
        return true;
    }
    result->revision = present + 1;
    return raise_number(store, change, RAISE_ONE, what, INT(object_id), now_ms, error);
}
