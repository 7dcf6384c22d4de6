// SPDX-License-Identifier: Apache-2.0
//
// Workspaces: made, found, opened, deleted (operations.md §3.3).
//
// A deleted workspace keeps its row for the history of its flows; its name is free again. Who is in one stands in space_members.c.

#include "store/spaces.h"

#include <jansson.h>
#include <string.h>

#include "base/fault.h"
#include "core/database_kind.h"
#include "core/keys.h"
#include "store/changes.h"
#include "store/checks.h"

static const char FIND_NAME[] =
    "SELECT id FROM space WHERE tenant_id = ?1 AND name = ?2 AND is_deleted = 0";
static const char GET_BY_NAME[] =
    "SELECT id, tenant_id, creator_id, name, description, mode, dw_db_type, dev_database_id,"
    " prod_database_id, config FROM space WHERE tenant_id = ?1 AND name = ?2 AND is_deleted = 0";
static const char OPEN_SPACE[] =
    "SELECT coalesce((SELECT m.roles FROM space_member m WHERE m.space_id = s.id"
    " AND m.person_id = ?3), 0) FROM space s"
    " WHERE s.id = ?1 AND s.tenant_id = ?2 AND s.is_deleted = 0";
static const char FIND_DATABASE[] =
    "SELECT id FROM source_database WHERE id = ?1 AND tenant_id = ?2";
static const char INSERT_SPACE[] =
    "INSERT INTO space (id, tenant_id, name, description, mode, dw_db_type, dev_database_id,"
    " prod_database_id, config, creator_id, is_deleted, created_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)";
static const char INSERT_CREATOR[] =
    "INSERT INTO space_member (space_id, person_id, roles) VALUES (?1, ?2, ?3)";
static const char COUNT_FLOWS[] =
    "SELECT count(*) FROM flow WHERE tenant_id = ?1 AND space_id = ?2 AND status <> 3";
static const char DELETE_SPACE[] =
    "UPDATE space SET is_deleted = 1 WHERE id = ?1 AND tenant_id = ?2 AND is_deleted = 0";
static const char DELETE_MEMBERS[] = "DELETE FROM space_member WHERE space_id = ?1";
static const char DELETE_SCENARIOS[] =
    "DELETE FROM scenario WHERE tenant_id = ?1 AND space_id = ?2";

void space_row_free(struct space_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->fields.name);
    g_free(row->fields.description);
    g_free(row->fields.dw_db_type);
    g_free(row->fields.config);
    g_free(row);
}

bool store_space_find(struct store_reader *reader, const struct caller *caller, const char *name,
                      struct space_row **ret_space, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_BY_NAME, VALUES(INT(caller->tenant_id), TEXT(name)), &row,
                   &has_row, error)) {
        return false;
    }
    *ret_space = NULL;
    if (!has_row) {
        return true;
    }
    struct space_row *space = g_new(struct space_row, 1);
    *space = (struct space_row){
        .id = sql_column_int(row, 0),
        .tenant_id = sql_column_int(row, 1),
        .creator_id = sql_column_int(row, 2),
        .fields = { .name = query_text(row, 3),
                    .description = query_text(row, 4),
                    .mode = (int)sql_column_int(row, 5),
                    .dw_db_type = query_text(row, 6),
                    .dev_database_id = sql_column_int(row, 7),
                    .prod_database_id = sql_column_int(row, 8),
                    .config = query_text(row, 9) },
    };
    sql_reset(row);
    *ret_space = space;
    return true;
}

bool store_space_open(struct store_reader *reader, const struct caller *caller, int64_t space_id,
                      unsigned *ret_roles, GError **error) {
    int64_t roles = -1;
    if (!query_int(reader->sql, OPEN_SPACE,
                   VALUES(INT(space_id), INT(caller->tenant_id), INT(caller->user_id)), -1, &roles,
                   error)) {
        return false;
    }
    if (roles >= 0 && access_manages(caller->roles)) {
        roles |= SPACE_ADMIN;
    }
    if (roles <= 0) {
        fault_set(error, FAULT_SPACE_NOT_EXIST, "there is no workspace %" G_GINT64_FORMAT,
                  space_id);
        return false;
    }
    *ret_roles = (unsigned)roles;
    return true;
}

// Numbers are published for two engines; the words of operations.md §1.10 stand for all (proposed:).
static bool check_engine(const char *text, GError **error) {
    if (database_kind_find_numbered(text) != NULL) {
        return true;
    }
    g_autoptr(GString) numbers = g_string_new(NULL);
    g_autoptr(GString) words = g_string_new(NULL);
    const struct database_kind *kind = NULL;
    for (size_t i = 0; (kind = database_kind_at(i)) != NULL; i++) {
        if (kind->number != 0) {
            g_string_append_printf(numbers, "%d, ", kind->number);
        }
        g_string_append_printf(words, "%s%s", i > 0 ? ", " : "", kind->word);
    }
    fault_set_field(error, FAULT_INVALID_VALUE, "DwDbType",
                    "DwDbType is one of %s%s, not \"%.100s\"", numbers->str, words->str,
                    text != NULL ? text : "");
    return false;
}

static bool check_space_config(const char *text, GError **error) {
    if (text == NULL || *text == '\0') {
        fault_set_field(error, FAULT_MISSING_FIELD, "SpaceConfig",
                        "SpaceConfig is needed; {} leaves both switches off");
        return false;
    }
    if (!check_length(text, "SpaceConfig", SPACE_CONFIG_MAX, error) ||
        !check_json(text, "SpaceConfig", error)) {
        return false;
    }
    json_auto_t *config = json_loads(text, JSON_DECODE_ANY, NULL);
    g_autoptr(GError) cause = NULL;
    if (!json_is_object(config)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "SpaceConfig",
                        "SpaceConfig is a JSON object; {} leaves both switches off");
        return false;
    }
    if (!keys_check(KEYS_SPACE, config, true, &cause)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "SpaceConfig", "SpaceConfig: %s",
                        cause->message);
    }
    return cause == NULL;
}

static bool check_database(struct store_reader *reader, const struct caller *caller,
                           int64_t database_id, const char *field, GError **error) {
    int64_t found = 0;
    if (!query_int(reader->sql, FIND_DATABASE, VALUES(INT(database_id), INT(caller->tenant_id)), 0,
                   &found, error)) {
        return false;
    }
    if (found == 0) {
        fault_set_field(error, FAULT_DATABASE_NOT_EXIST, field,
                        "there is no database %" G_GINT64_FORMAT, database_id);
    }
    return found != 0;
}

static bool check_fields(struct store_reader *reader, const struct caller *caller,
                         const struct space_fields *fields, GError **error) {
    int64_t holder = 0;
    if (!check_name(fields->name, "SpaceName", SPACE_NAME_MAX, error) ||
        !check_length(fields->description, "Description", SPACE_DESCRIPTION_MAX, error)) {
        return false;
    }
    if (fields->mode != SPACE_MODE_STANDARD) {
        fault_set_field(error, FAULT_INVALID_VALUE, "Mode",
                        "Mode %d is not available; 1 is the standard mode", fields->mode);
        return false;
    }
    if (!check_engine(fields->dw_db_type, error) || !check_space_config(fields->config, error) ||
        !check_database(reader, caller, fields->dev_database_id, "DevDbId", error) ||
        (fields->prod_database_id != 0 &&
         !check_database(reader, caller, fields->prod_database_id, "ProdDbId", error)) ||
        !query_int(reader->sql, FIND_NAME, VALUES(INT(caller->tenant_id), TEXT(fields->name)), 0,
                   &holder, error)) {
        return false;
    }
    if (holder != 0) {
        fault_set_field(error, FAULT_NAME_EXISTED, "SpaceName",
                        "a workspace named \"%s\" exists already: %" G_GINT64_FORMAT, fields->name,
                        holder);
    }
    return holder == 0;
}

static bool check_manager(const struct caller *caller, GError **error) {
    if (!access_manages(caller->roles)) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "%s may not make or delete workspaces; DBAs and administrators may",
                  caller->name);
        return false;
    }
    return true;
}

// The creator becomes a member and the workspace's first administrator (proposed:).
bool change_space_create(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    const struct caller *caller = &change->caller;
    const struct space_fields *fields = change->space;
    g_assert(fields != NULL);
    if (!check_manager(caller, error) || !check_fields(&store->reader, caller, fields, error)) {
        return false;
    }
    const char *engine = database_kind_word(fields->dw_db_type); // a number stays one
    result->id = store_next_id(store, COUNTER_ID);
    return query_run(store_change_sql(store), INSERT_SPACE,
                     VALUES(INT(result->id), INT(caller->tenant_id), TEXT(fields->name),
                            TEXT(fields->description != NULL ? fields->description : ""),
                            INT(fields->mode), TEXT(engine), INT(fields->dev_database_id),
                            INT(fields->prod_database_id), TEXT(fields->config),
                            INT(caller->user_id), INT(now_ms)),
                     error) &&
           query_run(store_change_sql(store), INSERT_CREATOR,
                     VALUES(INT(result->id), INT(caller->user_id), INT(SPACE_ADMIN | SPACE_MEMBER)),
                     error);
}

// Its scenarios, which hold no flow then, and its members go with it.
bool change_space_delete(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    const struct caller *caller = &change->caller;
    unsigned roles = 0;
    int64_t flows = 0;
    if (!store_space_open(&store->reader, caller, change->space_id, &roles, error) ||
        !check_manager(caller, error) ||
        !query_int(store->reader.sql, COUNT_FLOWS,
                   VALUES(INT(caller->tenant_id), INT(change->space_id)), 0, &flows, error)) {
        return false;
    }
    if (flows > 0) {
        fault_set_field(error, FAULT_SPACE_NOT_EMPTY, "SpaceId",
                        "workspace %" G_GINT64_FORMAT " has %" G_GINT64_FORMAT
                        " task flows; delete them first",
                        change->space_id, flows);
        return false;
    }
    struct sql *sql = store_change_sql(store);
    return query_run(sql, DELETE_MEMBERS, VALUES(INT(change->space_id)), error) &&
           query_run(sql, DELETE_SCENARIOS, VALUES(INT(caller->tenant_id), INT(change->space_id)),
                     error) &&
           query_change(sql, DELETE_SPACE, VALUES(INT(change->space_id), INT(caller->tenant_id)),
                        error);
}
