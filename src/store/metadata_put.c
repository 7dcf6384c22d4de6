// SPDX-License-Identifier: Apache-2.0
//
// What syncs found, stored.
//
// A table is the same table as before when database, schema and name are the same; a column when table and name are. Rows that a sync
// did not see go. Of tables and columns only what differs is written.

#include "store/metadata.h"

#include "base/fault.h"
#include "base/keyed_hash.h"
#include "store/changes.h"
#include "store/databases.h"
#include "store/metadata_rows.h"

static const char FIND_DATABASE_NAME[] =
    "SELECT id FROM source_database WHERE tenant_id = ?1 AND source_id = ?2 AND name = ?3";
static const char INSERT_DATABASE[] =
    "INSERT INTO source_database (id, tenant_id, source_id, name, state, encoding, catalog,"
    " synced_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
static const char UPDATE_DATABASE[] =
    "UPDATE source_database SET state = ?3, encoding = ?4, catalog = ?5, synced_ms = ?6"
    " WHERE tenant_id = ?1 AND id = ?2";
static const char NOTE_SYNC[] =
    "UPDATE source_database SET state = ?3, synced_ms = ?4 WHERE tenant_id = ?1 AND id = ?2";
static const char LIST_DATABASES[] =
    "SELECT id, name FROM source_database WHERE tenant_id = ?1 AND source_id = ?2";

static const char FIND_TABLE_NAME[] =
    "SELECT id, kind, engine, encoding, description, row_count, bytes FROM source_table"
    " WHERE tenant_id = ?1 AND database_id = ?2 AND schema_name = ?3 AND name = ?4";
static const char INSERT_TABLE[] =
    "INSERT INTO source_table (id, tenant_id, database_id, schema_name, name, kind, engine,"
    " encoding, description, row_count, bytes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char UPDATE_TABLE[] =
    "UPDATE source_table SET kind = ?3, engine = ?4, encoding = ?5, description = ?6,"
    " row_count = ?7, bytes = ?8 WHERE tenant_id = ?1 AND id = ?2";
static const char LIST_TABLE_IDS[] =
    "SELECT id FROM source_table WHERE tenant_id = ?1 AND database_id = ?2";
static const char DELETE_TABLE[] = "DELETE FROM source_table WHERE tenant_id = ?1 AND id = ?2";

static const char INSERT_COLUMN[] =
    "INSERT INTO source_column (id, tenant_id, table_id, position, name, type, default_value,"
    " description, is_nullable, is_auto_increment, data_length, number_precision, number_scale)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
static const char DELETE_COLUMNS[] =
    "DELETE FROM source_column WHERE tenant_id = ?1 AND table_id = ?2";

static const char *text_of(const char *text) {
    return text != NULL ? text : "";
}

static bool is_same(struct sql_statement *row, int column, const char *text) {
    return g_strcmp0(sql_column_text(row, column), text) == 0;
}

static bool has_same_table(struct sql_statement *row, const struct table_row *table) {
    return is_same(row, 1, text_of(table->kind)) && is_same(row, 2, text_of(table->engine)) &&
           is_same(row, 3, text_of(table->encoding)) &&
           is_same(row, 4, text_of(table->description)) &&
           sql_column_int(row, 5) == table->row_count && sql_column_int(row, 6) == table->bytes;
}

static bool equals(const struct column_row *left, const struct column_row *right) {
    return g_strcmp0(left->name, right->name) == 0 && g_strcmp0(left->type, right->type) == 0 &&
           g_strcmp0(left->default_value, right->default_value) == 0 &&
           g_str_equal(text_of(left->description), text_of(right->description)) &&
           left->is_nullable == right->is_nullable &&
           left->is_auto_increment == right->is_auto_increment &&
           left->data_length == right->data_length && left->precision == right->precision &&
           left->scale == right->scale;
}

static bool have_same_columns(const GPtrArray *stored, const GPtrArray *found) {
    bool is_same_list = stored->len == found->len;
    for (guint i = 0; is_same_list && i < found->len; i++) {
        is_same_list = equals(g_ptr_array_index(stored, i), g_ptr_array_index(found, i));
    }
    return is_same_list;
}

// The id that the column of this name had, or 0.
static int64_t known_id(const GPtrArray *stored, const char *name) {
    for (guint i = 0; i < stored->len; i++) {
        const struct column_row *column = g_ptr_array_index(stored, i);
        if (g_str_equal(column->name, name)) {
            return column->id;
        }
    }
    return 0;
}

static bool put_columns(struct store *store, int64_t tenant_id, int64_t table_id,
                        const GPtrArray *found, GError **error) {
    g_autoptr(GPtrArray) stored = NULL;
    if (!metadata_columns(store->reader.sql, tenant_id, table_id, &stored, error)) {
        return false;
    }
    if (have_same_columns(stored, found)) {
        return true;
    }
    struct sql *sql = store_change_sql(store);
    bool is_good = query_run(sql, DELETE_COLUMNS, VALUES(INT(tenant_id), INT(table_id)), error);
    for (guint i = 0; is_good && i < found->len; i++) {
        const struct column_row *column = g_ptr_array_index(found, i);
        int64_t id = known_id(stored, column->name);
        if (id == 0) {
            id = store_next_id(store, COUNTER_ID);
        }
        is_good =
            query_run(sql, INSERT_COLUMN,
                      VALUES(INT(id), INT(tenant_id), INT(table_id), INT(i), TEXT(column->name),
                             TEXT(text_of(column->type)), TEXT(column->default_value),
                             TEXT(text_of(column->description)), INT(column->is_nullable),
                             INT(column->is_auto_increment), INT(column->data_length),
                             INT(column->precision), INT(column->scale)),
                      error);
    }
    return is_good;
}

static bool insert_table(struct store *store, int64_t tenant_id, int64_t database_id,
                         const struct table_row *table, int64_t *ret_id, GError **error) {
    int64_t id = store_next_id(store, COUNTER_ID);
    *ret_id = id;
    return query_run(store_change_sql(store), INSERT_TABLE,
                     VALUES(INT(id), INT(tenant_id), INT(database_id), TEXT(text_of(table->schema)),
                            TEXT(table->name), TEXT(text_of(table->kind)),
                            TEXT(text_of(table->engine)), TEXT(text_of(table->encoding)),
                            TEXT(text_of(table->description)), INT(table->row_count),
                            INT(table->bytes)),
                     error);
}

static bool update_table(struct store *store, int64_t tenant_id, int64_t id,
                         const struct table_row *table, GError **error) {
    return query_change(store_change_sql(store), UPDATE_TABLE,
                        VALUES(INT(tenant_id), INT(id), TEXT(text_of(table->kind)),
                               TEXT(text_of(table->engine)), TEXT(text_of(table->encoding)),
                               TEXT(text_of(table->description)), INT(table->row_count),
                               INT(table->bytes)),
                        error);
}

static bool put_table(struct store *store, int64_t tenant_id, int64_t database_id,
                      const struct table_row *table, GHashTable *seen, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(store->reader.sql, FIND_TABLE_NAME,
                   VALUES(INT(tenant_id), INT(database_id), TEXT(text_of(table->schema)),
                          TEXT(table->name)),
                   &row, &has_row, error)) {
        return false;
    }
    int64_t id = 0;
    bool is_same_table = false;
    if (has_row) {
        id = sql_column_int(row, 0);
        is_same_table = has_same_table(row, table);
        sql_reset(row);
    }
    if ((!has_row && !insert_table(store, tenant_id, database_id, table, &id, error)) ||
        (has_row && !is_same_table && !update_table(store, tenant_id, id, table, error))) {
        return false;
    }
    g_hash_table_add(seen, g_memdup2(&id, sizeof id));
    return table->columns == NULL || put_columns(store, tenant_id, id, table->columns, error);
}

static bool remove_table(struct store *store, int64_t tenant_id, int64_t id, GError **error) {
    struct sql *sql = store_change_sql(store);
    return query_run(sql, DELETE_COLUMNS, VALUES(INT(tenant_id), INT(id)), error) &&
           query_run(sql, DELETE_TABLE, VALUES(INT(tenant_id), INT(id)), error);
}

// Removes the tables of a database that are not in `seen`.
static bool remove_others(struct store *store, int64_t tenant_id, int64_t database_id,
                          GHashTable *seen, GError **error) {
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct sql_statement *row = NULL;
    bool has_row = true;
    if (!query_start(store->reader.sql, LIST_TABLE_IDS, VALUES(INT(tenant_id), INT(database_id)),
                     &row, error)) {
        return false;
    }
    while (has_row) {
        if (!query_next(row, &has_row, error)) {
            return false;
        }
        int64_t id = has_row ? sql_column_int(row, 0) : 0;
        if (has_row && !g_hash_table_contains(seen, &id)) {
            g_array_append_val(gone, id);
        }
    }
    for (guint i = 0; i < gone->len; i++) {
        if (!remove_table(store, tenant_id, g_array_index(gone, int64_t, i), error)) {
            return false;
        }
    }
    return true;
}

static bool put_tables(struct store *store, int64_t tenant_id, const struct metadata *metadata,
                       GError **error) {
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(keyed_hash_int64, g_int64_equal, g_free, NULL);
    for (guint i = 0; i < metadata->tables->len; i++) {
        if (!put_table(store, tenant_id, metadata->database_id,
                       g_ptr_array_index(metadata->tables, i), seen, error)) {
            return false;
        }
    }
    return remove_others(store, tenant_id, metadata->database_id, seen, error);
}

static bool note_state(struct store *store, int64_t tenant_id, int64_t database_id,
                       enum database_state state, int64_t now_ms, GError **error) {
    return query_change(store_change_sql(store), NOTE_SYNC,
                        VALUES(INT(tenant_id), INT(database_id), INT(state), INT(now_ms)), error);
}

static bool put_database(struct store *store, int64_t tenant_id, int64_t source_id,
                         const struct database_found *found, int64_t now_ms, GError **error) {
    int64_t id = 0;
    if (!query_int(store->reader.sql, FIND_DATABASE_NAME,
                   VALUES(INT(tenant_id), INT(source_id), TEXT(found->name)), 0, &id, error)) {
        return false;
    }
    struct sql *sql = store_change_sql(store);
    if (id != 0) {
        return query_change(sql, UPDATE_DATABASE,
                            VALUES(INT(tenant_id), INT(id), INT(DATABASE_NORMAL),
                                   TEXT(text_of(found->encoding)), TEXT(text_of(found->catalog)),
                                   INT(now_ms)),
                            error);
    }
    return query_run(sql, INSERT_DATABASE,
                     VALUES(INT(store_next_id(store, COUNTER_DATABASE)), INT(tenant_id),
                            INT(source_id), TEXT(found->name), INT(DATABASE_NORMAL),
                            TEXT(text_of(found->encoding)), TEXT(text_of(found->catalog)),
                            INT(now_ms)),
                     error);
}

static bool is_found(const struct metadata *metadata, const char *name) {
    for (guint i = 0; i < metadata->databases->len; i++) {
        const struct database_found *found = g_ptr_array_index(metadata->databases, i);
        if (g_strcmp0(found->name, name) == 0) {
            return true;
        }
    }
    return false;
}

// Every database of the source that the sync did not see, or all of them when it could not look, gets the state that says so.
static bool note_others(struct store *store, int64_t tenant_id, const struct metadata *metadata,
                        int64_t now_ms, GError **error) {
    g_autoptr(GArray) others = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct sql_statement *row = NULL;
    bool has_row = true;
    if (!query_start(store->reader.sql, LIST_DATABASES,
                     VALUES(INT(tenant_id), INT(metadata->source_id)), &row, error)) {
        return false;
    }
    while (has_row) {
        if (!query_next(row, &has_row, error)) {
            return false;
        }
        if (has_row && (metadata->is_offline || !is_found(metadata, sql_column_text(row, 1)))) {
            int64_t id = sql_column_int(row, 0);
            g_array_append_val(others, id);
        }
    }
    enum database_state state = metadata->is_offline ? DATABASE_OFFLINE : DATABASE_MISSING;
    for (guint i = 0; i < others->len; i++) {
        if (!note_state(store, tenant_id, g_array_index(others, int64_t, i), state, now_ms,
                        error)) {
            return false;
        }
    }
    return true;
}

static bool put_source(struct store *store, int64_t tenant_id, const struct metadata *metadata,
                       int64_t now_ms, GError **error) {
    if (!metadata_check(store->reader.sql, METADATA_SOURCE, tenant_id, metadata->source_id,
                        error)) {
        return false;
    }
    for (guint i = 0; metadata->databases != NULL && i < metadata->databases->len; i++) {
        if (!put_database(store, tenant_id, metadata->source_id,
                          g_ptr_array_index(metadata->databases, i), now_ms, error)) {
            return false;
        }
    }
    return note_others(store, tenant_id, metadata, now_ms, error);
}

bool change_metadata_put(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    const struct metadata *metadata = change->metadata;
    int64_t tenant_id = change->caller.tenant_id;
    g_assert(metadata != NULL);
    g_assert(metadata->source_id != 0 || metadata->database_id != 0);
    g_assert(metadata->source_id == 0 || metadata->databases != NULL || metadata->is_offline);
    (void)result;
    if (metadata->source_id != 0 && !put_source(store, tenant_id, metadata, now_ms, error)) {
        return false;
    }
    if (metadata->database_id == 0) {
        return true;
    }
    enum database_state state = metadata->is_offline ? DATABASE_OFFLINE : DATABASE_NORMAL;
    return metadata_check(store->reader.sql, METADATA_DATABASE, tenant_id, metadata->database_id,
                          error) &&
           note_state(store, tenant_id, metadata->database_id, state, now_ms, error) &&
           (metadata->tables == NULL || put_tables(store, tenant_id, metadata, error));
}
