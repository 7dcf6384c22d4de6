// SPDX-License-Identifier: Apache-2.0
//
// Executed SQL.
//
// A row keeps the names of user, instance and database as they were, so that the log outlives them. Its id rises with time, so the
// newest come first by (time, id).

#include "store/sqlaudit.h"

#include <jansson.h>

#include "base/fault.h"
#include "store/changes.h"

enum { REMARK_BYTES_MAX = 4096 };

static const char INSERT[] =
    "INSERT INTO sql_audit (id, tenant_id, at_ms, user_id, user_name, database_id, schema_name,"
    " source_id, source_name, state, type, affected, elapsed_ms, sql, remark)"
    " VALUES (?1, ?2, ?3, ?4, coalesce((SELECT name FROM person WHERE tenant_id = ?2 AND id = ?4),"
    " ''), ?5, coalesce((SELECT name FROM source_database WHERE tenant_id = ?2 AND id = ?5), ''),"
    " coalesce((SELECT source_id FROM source_database WHERE tenant_id = ?2 AND id = ?5), 0),"
    " coalesce((SELECT s.alias FROM source_database d JOIN source s ON s.id = d.source_id"
    " AND s.tenant_id = d.tenant_id WHERE d.tenant_id = ?2 AND d.id = ?5), ''), ?6, ?7, ?8, ?9, "
    "?10, ?11)";

#define FROM                                                                                       \
    " FROM sql_audit WHERE tenant_id = ?1 AND at_ms >= ?2 AND at_ms < ?3"                          \
    " AND (?4 IS NULL OR state = ?4) AND (?5 IS NULL OR user_name = ?5)"                           \
    " AND (?6 IS NULL OR type = ?6) AND (?7 IS NULL OR instr(lower(schema_name), ?7) > 0"          \
    " OR instr(lower(source_name), ?7) > 0)"
static const char LIST[] =
    "SELECT id, at_ms, user_id, user_name, database_id, schema_name, source_id, source_name,"
    " state, sql, type, affected, elapsed_ms, remark" FROM
    " ORDER BY at_ms DESC, id DESC LIMIT ?8 OFFSET ?9";
static const char COUNT[] = "SELECT count(*)" FROM;

// At most so many bytes, cut between two characters; valid UTF-8.
static char *cut_text(const char *text, size_t bytes_max) {
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    size_t len = strlen(valid);
    if (len > bytes_max) {
        for (len = bytes_max; len > 0 && ((unsigned char)valid[len] & 0xc0) == 0x80; len--) {
        }
    }
    return g_strndup(valid, len);
}

bool store_sqlaudit_add(struct store *store, const struct sqlaudit_entry *entry, GError **error) {
    g_assert(entry->type != NULL);
    g_autofree char *sql = cut_text(entry->sql, SQLAUDIT_SQL_MAX);
    g_autofree char *remark = cut_text(entry->remark, REMARK_BYTES_MAX);
    return query_run(store_change_sql(store), INSERT,
                     VALUES(INT(store_next_id(store, COUNTER_ID)), INT(entry->tenant_id),
                            INT(entry->at_ms), INT(entry->user_id), INT(entry->database_id),
                            INT(entry->state), TEXT(entry->type), INT(entry->affected),
                            INT(entry->elapsed_ms), TEXT(sql), TEXT(remark)),
                     error);
}

void sqlaudit_row_free(struct sqlaudit_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->user_name);
    g_free(row->schema);
    g_free(row->source_name);
    g_free(row->sql);
    g_free(row->type);
    g_free(row->remark);
    g_free(row);
}

static char *known_text(struct sql_statement *row, int column) {
    char *text = query_text(row, column);
    if (text != NULL && text[0] == '\0') {
        g_clear_pointer(&text, g_free);
    }
    return text;
}

static struct sqlaudit_row *read_row(struct sql_statement *row) {
    struct sqlaudit_row *entry = g_new(struct sqlaudit_row, 1);
    *entry = (struct sqlaudit_row){
        .id = sql_column_int(row, 0),
        .at_ms = sql_column_int(row, 1),
        .user_id = sql_column_int(row, 2),
        .user_name = known_text(row, 3),
        .database_id = sql_column_int(row, 4),
        .schema = known_text(row, 5),
        .source_id = sql_column_int(row, 6),
        .source_name = known_text(row, 7),
        .state =
            (enum sql_exec_state)CLAMP(sql_column_int(row, 8), SQL_EXEC_CANCEL, SQL_EXEC_RUNNING),
        .sql = query_text(row, 9),
        .type = query_text(row, 10),
        .affected = sql_column_int(row, 11),
        .elapsed_ms = sql_column_int(row, 12),
        .remark = known_text(row, 13),
    };
    return entry;
}

bool store_sqlaudit_list(struct store_reader *reader, const struct caller *caller,
                         const struct sqlaudit_filter *filter, GPtrArray **ret_rows,
                         int64_t *ret_total, GError **error) {
    g_assert(filter->page_number >= 1);
    g_assert(filter->page_size >= 1 && filter->page_size <= STORE_PAGE_MAX);
    g_autofree char *needle = query_needle(filter->search);
    g_autofree char *type = filter->type != NULL ? g_ascii_strup(filter->type, -1) : NULL;
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)sqlaudit_row_free);
    struct query_value state = filter->has_state ? INT(filter->state) : TEXT(NULL);
    struct query_values values =
        VALUES(INT(caller->tenant_id), INT(filter->from_ms), INT(filter->until_ms), state,
               TEXT(filter->user_name), TEXT(type), TEXT(needle), INT(filter->page_size),
               INT((int64_t)(filter->page_number - 1) * filter->page_size));
    struct query_values counted = { .items = values.items, .count = values.count - 2 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    int64_t total = 0;
    if (!query_int(reader->sql, COUNT, counted, 0, &total, error) ||
        !query_start(reader->sql, LIST, values, &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_rows = g_steal_pointer(&rows);
            *ret_total = total;
            return true;
        }
        g_ptr_array_add(rows, read_row(row));
    }
    return false;
}

// ---- What ExecuteScript leaves ----

static const char COUNT_USE[] =
    "UPDATE person SET execute_count = CASE WHEN counted_day = ?3 THEN execute_count ELSE 0 END + "
    "?4,"
    " result_count = CASE WHEN counted_day = ?3 THEN result_count ELSE 0 END + ?5,"
    " counted_day = ?3 WHERE tenant_id = ?1 AND id = ?2";
static const char GET_USE[] =
    "SELECT counted_day, execute_count, max_execute_count, result_count, max_result_count"
    " FROM person WHERE tenant_id = ?1 AND id = ?2";

static int64_t number_of(const json_t *item, const char *name) {
    return json_integer_value(json_object_get(item, name));
}

static const char *text_of(const json_t *item, const char *name) {
    return json_string_value(json_object_get(item, name));
}

static bool add_item(struct store *store, const struct change *change, const json_t *item,
                     int64_t now_ms, GError **error) {
    struct sqlaudit_entry entry = {
        .at_ms = now_ms,
        .tenant_id = change->caller.tenant_id,
        .user_id = change->user_id,
        .database_id = number_of(item, "database"),
        .state = (enum sql_exec_state)number_of(item, "state"),
        .sql = text_of(item, "sql"),
        .type = text_of(item, "type"),
        .affected = number_of(item, "affected"),
        .elapsed_ms = number_of(item, "elapsed"),
        .remark = text_of(item, "remark"),
    };
    return store_sqlaudit_add(store, &entry, error);
}

bool change_sql_audit(struct store *store, const struct change *change, int64_t now_ms,
                      struct change_result *result, GError **error) {
    g_assert(change->document != NULL);
    g_assert(change->user_id != 0);
    json_auto_t *items = json_loads(change->document, 0, NULL);
    g_assert(json_is_array(items)); // made by our own hand
    int64_t executed = 0;
    int64_t done = 0;
    int64_t rows = 0;
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (!add_item(store, change, item, now_ms, error)) {
            return false;
        }
        executed += number_of(item, "state") != SQL_EXEC_NOT;
        done += number_of(item, "state") == SQL_EXEC_SUCCESS;
        rows += number_of(item, "returned");
    }
    store->note = g_strdup_printf("%" G_GINT64_FORMAT " statements run, %" G_GINT64_FORMAT
                                  " of them with success; ListSQLExecAuditLog has each",
                                  executed, done);
    if (change->content != NULL) { // the answer, for the client token
        result->text = g_new0(char *, 2);
        result->text[0] = g_strdup(change->content);
    }
    return query_run(store_change_sql(store), COUNT_USE,
                     VALUES(INT(change->caller.tenant_id), INT(change->user_id),
                            INT(change->number), INT(executed), INT(rows)),
                     error);
}

static bool check_use(int64_t used, int64_t max, const char *what, GError **error) {
    if (used >= max) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "%" G_GINT64_FORMAT " %s today; this user may have %" G_GINT64_FORMAT " a day",
                  used, what, max);
    }
    return used < max;
}

bool store_sqlaudit_check_use(struct store_reader *reader, const struct caller *caller, int64_t day,
                              GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_USE, VALUES(INT(caller->tenant_id), INT(caller->user_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_USER_NOT_EXIST, "there is no user %" G_GINT64_FORMAT,
                  caller->user_id);
        return false;
    }
    bool is_today = sql_column_int(row, 0) == day;
    bool is_good = check_use(is_today ? sql_column_int(row, 1) : 0, sql_column_int(row, 2),
                             "statements were run", error) &&
                   check_use(is_today ? sql_column_int(row, 3) : 0, sql_column_int(row, 4),
                             "rows were read", error);
    sql_reset(row);
    return is_good;
}
