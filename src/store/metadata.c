// SPDX-License-Identifier: Apache-2.0
//
// What syncs found, as it is listed. How it gets there: store/metadata_put.c.

#include "store/metadata.h"

#include "base/fault.h"
#include "core/database_kind.h"
#include "store/metadata_rows.h"

static const char FIND_DATABASE[] =
    "SELECT id FROM source_database WHERE tenant_id = ?1 AND id = ?2";
static const char FIND_SOURCE[] = "SELECT id FROM source WHERE tenant_id = ?1 AND id = ?2";
static const char FIND_TABLE[] = "SELECT id FROM source_table WHERE tenant_id = ?1 AND id = ?2";
static const char FIND_TABLE_NAME[] = "SELECT id FROM source_table WHERE tenant_id = ?1 AND "
                                      "database_id = ?2 AND schema_name = ?3 AND name = ?4";
static const char LIST_COLUMNS[] =
    "SELECT id, name, type, default_value, description, is_nullable, is_auto_increment,"
    " data_length, number_precision, number_scale FROM source_column"
    " WHERE tenant_id = ?1 AND table_id = ?2 ORDER BY position";

#define TABLES_OF                                                                                  \
    " FROM source_table WHERE tenant_id = ?1 AND database_id = ?2"                                 \
    " AND (?3 IS NULL OR instr(lower(name), ?3) > 0)"
static const char LIST_TABLES[] =
    "SELECT id, schema_name, name, kind, engine, encoding, description, row_count, bytes" TABLES_OF
    " ORDER BY schema_name, name LIMIT ?4 OFFSET ?5";
static const char COUNT_TABLES[] = "SELECT count(*)" TABLES_OF;
static const char GET_KIND[] =
    "SELECT s.kind FROM source_database d JOIN source s ON s.id = d.source_id"
    " AND s.tenant_id = d.tenant_id WHERE d.tenant_id = ?1 AND d.id = ?2";

static const struct {
    const char *text;
    enum fault fault;
    const char *name;
} things[] = {
    [METADATA_DATABASE] = { FIND_DATABASE, FAULT_DATABASE_NOT_EXIST, "database" },
    [METADATA_SOURCE] = { FIND_SOURCE, FAULT_INSTANCE_NOT_EXIST, "instance" },
    [METADATA_TABLE] = { FIND_TABLE, FAULT_TABLE_NOT_EXIST, "table" },
};

bool metadata_check(struct sql *sql, enum metadata_thing thing, int64_t tenant_id, int64_t id,
                    GError **error) {
    int64_t found = 0;
    if (!query_int(sql, things[thing].text, VALUES(INT(tenant_id), INT(id)), 0, &found, error)) {
        return false;
    }
    if (found == 0) {
        fault_set(error, things[thing].fault, "there is no %s %" G_GINT64_FORMAT,
                  things[thing].name, id);
    }
    return found != 0;
}

static struct column_row *read_column(struct sql_statement *row) {
    struct column_row *column = g_new(struct column_row, 1);
    *column = (struct column_row){
        .id = sql_column_int(row, 0),
        .name = query_text(row, 1),
        .type = query_text(row, 2),
        .default_value = query_text(row, 3),
        .description = query_text(row, 4),
        .is_nullable = sql_column_int(row, 5) != 0,
        .is_auto_increment = sql_column_int(row, 6) != 0,
        .data_length = sql_column_int(row, 7),
        .precision = (int)sql_column_int(row, 8),
        .scale = (int)sql_column_int(row, 9),
    };
    return column;
}

bool metadata_columns(struct sql *sql, int64_t tenant_id, int64_t table_id, GPtrArray **ret_columns,
                      GError **error) {
    g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func((GDestroyNotify)column_row_free);
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(sql, LIST_COLUMNS, VALUES(INT(tenant_id), INT(table_id)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_columns = g_steal_pointer(&columns);
            return true;
        }
        g_ptr_array_add(columns, read_column(row));
    }
    return false;
}

static struct table_row *read_table(struct sql_statement *row, int64_t database_id) {
    struct table_row *table = g_new(struct table_row, 1);
    *table = (struct table_row){
        .id = sql_column_int(row, 0),
        .database_id = database_id,
        .schema = query_text(row, 1),
        .name = query_text(row, 2),
        .kind = query_text(row, 3),
        .engine = query_text(row, 4),
        .encoding = query_text(row, 5),
        .description = query_text(row, 6),
        .row_count = sql_column_int(row, 7),
        .bytes = sql_column_int(row, 8),
    };
    return table;
}

bool store_table_list(struct store_reader *reader, const struct caller *caller, int64_t database_id,
                      const char *search, int page_number, int page_size, GPtrArray **ret_tables,
                      int64_t *ret_total, GError **error) {
    g_assert(page_number >= 1);
    g_assert(page_size >= 1 && page_size <= STORE_PAGE_MAX);
    g_autofree char *needle = query_needle(search);
    g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func((GDestroyNotify)table_row_free);
    struct sql_statement *row = NULL;
    bool has_row = false;
    int64_t total = 0;
    if (!metadata_check(reader->sql, METADATA_DATABASE, caller->tenant_id, database_id, error) ||
        !query_int(reader->sql, COUNT_TABLES,
                   VALUES(INT(caller->tenant_id), INT(database_id), TEXT(needle)), 0, &total,
                   error) ||
        !query_start(reader->sql, LIST_TABLES,
                     VALUES(INT(caller->tenant_id), INT(database_id), TEXT(needle), INT(page_size),
                            INT((int64_t)(page_number - 1) * page_size)),
                     &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_tables = g_steal_pointer(&tables);
            *ret_total = total;
            return true;
        }
        g_ptr_array_add(tables, read_table(row, database_id));
    }
    return false;
}

// The schema a table is looked for in when none is named; "" of kinds without a level between database and table.
static const char *default_schema(const char *word) {
    const struct database_kind *kind = database_kind_find(word);
    return kind != NULL && kind->default_schema != NULL ? kind->default_schema : "";
}

bool store_table_find(struct store_reader *reader, const struct caller *caller, int64_t database_id,
                      const char *schema, const char *name, int64_t *ret_table_id, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_KIND, VALUES(INT(caller->tenant_id), INT(database_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_DATABASE_NOT_EXIST, "there is no database %" G_GINT64_FORMAT,
                  database_id);
        return false;
    }
    // A kind without that level has its tables under "", whatever schema is named.
    const char *fallback = default_schema(sql_column_text(row, 0));
    bool has_level = fallback[0] != '\0';
    sql_reset(row);
    const char *wanted = has_level && schema != NULL && schema[0] != '\0' ? schema : fallback;
    int64_t id = 0;
    if (!query_int(reader->sql, FIND_TABLE_NAME,
                   VALUES(INT(caller->tenant_id), INT(database_id), TEXT(wanted), TEXT(name)), 0,
                   &id, error)) {
        return false;
    }
    if (id == 0) {
        fault_set(error, FAULT_TABLE_NOT_EXIST,
                  "no table %s is known in database %" G_GINT64_FORMAT
                  "; SyncDatabaseMeta reads its structure anew",
                  name, database_id);
        return false;
    }
    *ret_table_id = id;
    return true;
}

bool store_column_list(struct store_reader *reader, const struct caller *caller, int64_t table_id,
                       GPtrArray **ret_columns, GError **error) {
    return metadata_check(reader->sql, METADATA_TABLE, caller->tenant_id, table_id, error) &&
           metadata_columns(reader->sql, caller->tenant_id, table_id, ret_columns, error);
}
