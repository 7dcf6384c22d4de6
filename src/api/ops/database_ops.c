// SPDX-License-Identifier: Apache-2.0
//
// database_ops: databases, tables and columns from the stored metadata (operations.md §4.2). Nothing here opens a database: reading its
// structure anew is started and goes on in the background.
#include "api/ops/operation_handlers.h"

#include "api/ops/acting.h"
#include "api/wire/reply.h"
#include "api/services.h"
#include "base/fault.h"
#include "store/databases.h"
#include "store/metadata.h"

#include <string.h>

enum { BYTES_PER_MB = 1024 * 1024 };

OWNED_DEFINE(database_row)

static const char *const state_words[DATABASE_STATE_COUNT] = {
    [DATABASE_NORMAL] = "NORMAL",
    [DATABASE_DISABLED] = "DISABLE",
    [DATABASE_OFFLINE] = "OFFLINE",
    [DATABASE_MISSING] = "NOT_EXIST",
};

// An optional text; an empty one counts as absent.
static const char *given(const struct call *call, const char *name) {
    const char *text = args_text(call->args, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

// This server has no logical databases.
static bool refuse_logic(const struct call *call, GError **error) {
    if (args_bool_or(call->args, "Logic", false)) {
        fault_set_field(error, FAULT_NOT_SUPPORTED, "Logic",
                        "this server has no logical databases; Logic is false");
        return false;
    }
    return true;
}

// ---- Databases ----

// What all three lists of databases say. Nobody can be made an owner of a database.
static void reply_database(json_t *item, const struct database_row *database) {
    reply_id_text(item, "DatabaseId", database->id);
    reply_text(item, "SchemaName", database->schema);
    g_autofree char *search_name =
        g_strdup_printf("%s@%s:%d", database->schema, database->host, database->port);
    reply_text(item, "SearchName", search_name);
    reply_text(item, "DbType", database->kind);
    reply_text(item, "EnvType", database->environment);
    reply_text(item, "Host", database->host);
    reply_number(item, "Port", database->port);
    reply_text(item, "Sid", database->sid);
    reply_text(item, "Encoding", database->encoding);
    // proposed: the standard's word for "no catalogue of its own", where the engine names none.
    reply_text(item, "CatalogName", database->catalog != NULL ? database->catalog : "def");
    reply_id_text(item, "DbaId", database->dba_id);
    (void)reply_list(item, "OwnerIdList", "OwnerIds");
    (void)reply_list(item, "OwnerNameList", "OwnerNames");
}

// What is in the lists of one instance, and not in the search over all.
static void reply_place(json_t *item, const struct database_row *database) {
    reply_id_text(item, "InstanceId", database->source_id);
    reply_text(item, "DbaName", database->dba_name);
    reply_text(item, "State", state_words[database->state]);
}

bool op_list_databases(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) databases = NULL;
    int64_t source_id = 0;
    int64_t total = 0;
    int page = 1;
    int size = 1;
    if (!args_text_id(call->args, "InstanceId", &source_id, error) ||
        !call_page(call, "PageNumber", &page, &size, error) || !call_reader(call, &reader, error) ||
        !store_database_list(reader, call->caller, source_id, given(call, "SearchKey"), page, size,
                             &databases, &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "DatabaseList", "Database");
    for (guint i = 0; i < databases->len; i++) {
        json_t *item = reply_item(list);
        reply_database(item, g_ptr_array_index(databases, i));
        reply_place(item, g_ptr_array_index(databases, i));
    }
    reply_number(reply, "TotalCount", total);
    return true;
}

bool op_get_database(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(database_row) database = NULL;
    struct caller user;
    if (!call_reader(call, &reader, error) || !acting_caller(call, reader, &user, error) ||
        !store_database_get(reader, &user, args_text(call->args, "Host"),
                            (int)call_id(call, "Port"), given(call, "Sid"),
                            args_text(call->args, "SchemaName"), &database, error)) {
        return false;
    }
    json_t *item = reply_object(reply, "Database");
    reply_database(item, database);
    reply_place(item, database);
    reply_text(item, "InstanceAlias", database->alias);
    return true;
}

enum search_range { RANGE_PERMITTED, RANGE_OWNED, RANGE_FOCUS, RANGE_ANY };

// HAS_PERMSSION is the wire's own spelling. Every user of a tenant may see all of its databases, so that it means the same as UNKNOWN;
// nobody can put a database among the own ones, so that MY_FOCUS is empty (proposed).
static bool read_range(const struct call *call, enum search_range *ret_range, GError **error) {
    static const struct {
        const char *word;
        enum search_range range;
    } ranges[] = { { "HAS_PERMSSION", RANGE_PERMITTED },
                   { "HAS_PERMISSION", RANGE_PERMITTED },
                   { "OWNER", RANGE_OWNED },
                   { "MY_FOCUS", RANGE_FOCUS },
                   { "UNKNOWN", RANGE_ANY } };
    const char *word = given(call, "SearchRange");
    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        if (word == NULL || strcmp(word, ranges[i].word) == 0) {
            *ret_range = ranges[i].range;
            return true;
        }
    }
    fault_set_field(error, FAULT_INVALID_FIELD, "SearchRange",
                    "SearchRange \"%.40s\" is none of HAS_PERMSSION, OWNER, MY_FOCUS, UNKNOWN",
                    word);
    return false;
}

static void reply_link_name(json_t *item, const struct database_row *database) {
    json_auto_t *extra = database->extra == NULL ? NULL : json_loads(database->extra, 0, NULL);
    const char *name = json_string_value(json_object_get(extra, "DataLinkName"));
    reply_text(item, "DatalinkName", name);
}

// Of databases there are owners only by their instance: its DBA stands for one (proposed).
static bool search(struct call *call, struct store_reader *reader, const struct caller *user,
                   enum search_range range, json_t *reply, GError **error) {
    g_autoptr(GPtrArray) databases = NULL;
    int64_t total = 0;
    struct database_filter filter = {
        .dba_id = range == RANGE_OWNED ? user->user_id : 0,
        .kind = given(call, "DbType"),
        .environment = given(call, "EnvType"),
        .search = given(call, "SearchKey"),
    };
    const char *target = given(call, "SearchTarget");
    bool is_empty = range == RANGE_FOCUS || g_strcmp0(target, "LOGIC_DB") == 0;
    if (!call_page(call, "PageNumber", &filter.page_number, &filter.page_size, error) ||
        (!is_empty && !store_database_search(reader, user, &filter, &databases, &total, error))) {
        return false;
    }
    json_t *list = reply_list(reply, "SearchDatabaseList", "SearchDatabase");
    for (guint i = 0; databases != NULL && i < databases->len; i++) {
        const struct database_row *database = g_ptr_array_index(databases, i);
        json_t *item = reply_item(list);
        reply_database(item, database);
        reply_text(item, "Alias", database->alias);
        reply_link_name(item, database);
        reply_bool(item, "Logic", false);
    }
    reply_number(reply, "TotalCount", total);
    return true;
}

bool op_search_database(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    struct caller user;
    enum search_range range = RANGE_ANY;
    return read_range(call, &range, error) && call_reader(call, &reader, error) &&
           acting_caller(call, reader, &user, error) &&
           search(call, reader, &user, range, reply, error);
}

// ---- Tables and columns ----

// A table without a schema of its own stands in the database's.
static void reply_table(json_t *item, const struct table_row *table,
                        const struct database_row *database, bool with_guid) {
    bool has_schema = table->schema != NULL && table->schema[0] != '\0';
    reply_id_text(item, "TableId", table->id);
    reply_id_text(item, "DatabaseId", table->database_id);
    reply_text(item, "TableName", table->name);
    reply_text(item, "TableSchemaName", has_schema ? table->schema : database->schema);
    reply_text(item, "TableType", table->kind);
    reply_text(item, "Engine", table->engine[0] != '\0' ? table->engine : database->kind);
    reply_text(item, "Encoding", table->encoding[0] != '\0' ? table->encoding : database->encoding);
    reply_text(item, "Description", table->description);
    if (table->row_count >= 0) {
        reply_number(item, "NumRows", table->row_count);
    }
    if (table->bytes >= 0) {
        reply_number(item, "StoreCapacity", (table->bytes + BYTES_PER_MB - 1) / BYTES_PER_MB);
    }
    (void)reply_list(item, "OwnerIdList", "OwnerIds");
    (void)reply_list(item, "OwnerNameList", "OwnerNames");
    if (with_guid) {
        // proposed: the form that the vendor's samples have.
        g_autofree char *guid =
            g_strdup_printf("IDB_%" G_GINT64_FORMAT ".%s.%s", table->id,
                            has_schema ? table->schema : database->schema, table->name);
        reply_text(item, "TableGuid", guid);
    }
}

bool op_list_tables(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(database_row) database = NULL;
    g_autoptr(GPtrArray) tables = NULL;
    struct caller user;
    int64_t database_id = 0;
    int64_t total = 0;
    int page = 1;
    int size = 1;
    if (!args_text_id(call->args, "DatabaseId", &database_id, error) ||
        !call_page(call, "PageNumber", &page, &size, error) || !call_reader(call, &reader, error) ||
        !acting_caller(call, reader, &user, error) ||
        !store_database_find(reader, &user, database_id, &database, error) ||
        !store_table_list(reader, &user, database_id, given(call, "SearchName"), page, size,
                          &tables, &total, error)) {
        return false;
    }
    bool with_guid = args_bool_or(call->args, "ReturnGuid", false);
    json_t *list = reply_list(reply, "TableList", "Table");
    for (guint i = 0; i < tables->len; i++) {
        reply_table(reply_item(list), g_ptr_array_index(tables, i), database, with_guid);
    }
    reply_number(reply, "TotalCount", total);
    return true;
}

// Nothing is masked here, so FunctionType is absent and the level the lowest (operations.md §4.2, proposed).
static void reply_columns(json_t *reply, const GPtrArray *columns) {
    json_t *list = reply_list(reply, "ColumnList", "Column");
    for (guint i = 0; i < columns->len; i++) {
        const struct column_row *column = g_ptr_array_index(columns, i);
        json_t *item = reply_item(list);
        reply_id_text(item, "ColumnId", column->id);
        reply_text(item, "ColumnName", column->name);
        reply_text(item, "ColumnType", column->type);
        reply_text(item, "DefaultValue", column->default_value);
        reply_text(item, "Description", column->description);
        reply_bool(item, "Nullable", column->is_nullable);
        reply_bool(item, "AutoIncrement", column->is_auto_increment);
        if (column->data_length > 0) {
            reply_number(item, "DataLength", column->data_length);
        }
        if (column->precision > 0) {
            reply_number(item, "DataPrecision", column->precision);
            reply_number(item, "DataScale", column->scale);
        }
        reply_text(item, "SecurityLevel", "INNER");
        reply_bool(item, "Sensitive", false);
    }
}

bool op_list_table_columns(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) columns = NULL;
    int64_t table_id = 0;
    if (!call_reader(call, &reader, error) ||
        !store_table_find(reader, call->caller, call_id(call, "DbId"),
                          given(call, "TableSchemaName"), args_text(call->args, "TableName"),
                          &table_id, error) ||
        !store_column_list(reader, call->caller, table_id, &columns, error)) {
        return false;
    }
    reply_columns(reply, columns);
    return true;
}

bool op_list_columns(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) columns = NULL;
    int64_t table_id = 0;
    if (!refuse_logic(call, error) || !args_text_id(call->args, "TableId", &table_id, error) ||
        !call_reader(call, &reader, error) ||
        !store_column_list(reader, call->caller, table_id, &columns, error)) {
        return false;
    }
    reply_columns(reply, columns);
    return true;
}

// ---- Reading structure anew ----

// The request is on the record before the work begins.
static bool start_sync(const struct call *call, int64_t source_id, int64_t database_id,
                       bool with_tables, GError **error) {
    struct change *change = call_change(call, CHANGE_SYNC_REQUEST);
    change->source_id = source_id;
    return call_commit_plain(call, change, error) &&
           engine_sync(call_engine(call), call->caller, source_id, database_id, with_tables, NULL,
                       error);
}

bool op_sync_database_meta(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(database_row) database = NULL;
    int64_t database_id = 0;
    return refuse_logic(call, error) && args_text_id(call->args, "DbId", &database_id, error) &&
           call_reader(call, &reader, error) &&
           store_database_find(reader, call->caller, database_id, &database, error) &&
           start_sync(call, database->source_id, database_id, true, error);
}

bool op_sync_instance_meta(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) databases = NULL;
    int64_t source_id = 0;
    int64_t total = 0;
    bool with_tables = !args_bool_or(call->args, "IgnoreTable", false);
    return args_text_id(call->args, "InstanceId", &source_id, error) &&
           call_reader(call, &reader, error) &&
           store_database_list(reader, call->caller, source_id, NULL, 1, 1, &databases, &total,
                               error) &&
           start_sync(call, source_id, 0, with_tables, error);
}
