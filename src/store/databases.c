// SPDX-License-Identifier: Apache-2.0
//
// Databases of registered sources, listed, found and searched. What is in them is in store/metadata.
//
// A database whose source is switched off is DISABLED, whatever the last sync found.

#include "store/databases.h"

#include "base/fault.h"
#include "core/database_kind.h"
#include "store/private.h"

#define COLUMNS                                                                                    \
    "SELECT d.id, d.source_id, d.name, s.kind, s.host, s.port, s.environment, s.alias, s.dba_id,"  \
    " p.name, s.sid, s.extra, d.encoding, d.catalog, d.state, s.is_enabled, s.query_timeout_s"
#define FROM                                                                                       \
    " FROM source_database d JOIN source s ON s.id = d.source_id AND s.tenant_id = d.tenant_id"    \
    " LEFT JOIN person p ON p.id = s.dba_id AND p.tenant_id = s.tenant_id WHERE d.tenant_id = ?1"

#define OF_SOURCE " AND d.source_id = ?2 AND (?3 IS NULL OR instr(lower(d.name), ?3) > 0)"
static const char LIST_DATABASES[] = COLUMNS FROM OF_SOURCE " ORDER BY d.name LIMIT ?4 OFFSET ?5";
static const char COUNT_DATABASES[] = "SELECT count(*)" FROM OF_SOURCE;
static const char FIND_DATABASE[] = COLUMNS FROM " AND d.id = ?2";
static const char GET_DATABASE[] = COLUMNS FROM
    " AND s.host = ?2 AND s.port = ?3 AND s.sid = ?4 AND s.tenant_id = ?1 AND d.name = ?5";
#define FOUND                                                                                      \
    " AND (?2 IS NULL OR s.kind = ?2) AND (?3 IS NULL OR s.environment = ?3)"                      \
    " AND (?4 = 0 OR s.dba_id = ?4) AND (?5 IS NULL OR instr(lower(d.name), ?5) > 0"               \
    " OR instr(lower(s.host), ?5) > 0 OR instr(lower(s.alias), ?5) > 0)"
static const char SEARCH_DATABASES[] = COLUMNS FROM FOUND " ORDER BY d.id LIMIT ?6 OFFSET ?7";
static const char COUNT_SEARCHED[] = "SELECT count(*)" FROM FOUND;
static const char HAS_SOURCE[] = "SELECT id FROM source WHERE tenant_id = ?1 AND id = ?2";

void database_row_free(struct database_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->schema);
    g_free(row->kind);
    g_free(row->host);
    g_free(row->sid);
    g_free(row->environment);
    g_free(row->alias);
    g_free(row->extra);
    g_free(row->encoding);
    g_free(row->catalog);
    g_free(row->dba_name);
    g_free(row);
}

// Of a text that is stored as "" when there is none.
static char *known_text(struct sql_statement *row, int column) {
    char *text = query_text(row, column);
    if (text != NULL && text[0] == '\0') {
        g_clear_pointer(&text, g_free);
    }
    return text;
}

static bool read_database(struct sql_statement *row, struct database_row **ret_database,
                          GError **error) {
    int state = 0;
    if (!query_enum(row, 14, DATABASE_STATE_COUNT, "a database's state", &state, error)) {
        return false;
    }
    struct database_row *database = g_new(struct database_row, 1);
    *database = (struct database_row){
        .id = sql_column_int(row, 0),
        .source_id = sql_column_int(row, 1),
        .schema = query_text(row, 2),
        .kind = query_text(row, 3),
        .host = query_text(row, 4),
        .port = (int)sql_column_int(row, 5),
        .environment = query_text(row, 6),
        .alias = query_text(row, 7),
        .dba_id = sql_column_int(row, 8),
        .dba_name = query_text(row, 9),
        .sid = known_text(row, 10),
        .extra = query_text(row, 11),
        .encoding = known_text(row, 12),
        .catalog = known_text(row, 13),
        .state = sql_column_int(row, 15) != 0 ? (enum database_state)state : DATABASE_DISABLED,
        .query_timeout_s = (int)sql_column_int(row, 16),
    };
    *ret_database = database;
    return true;
}

// The page of a list whose last two values are its size and offset, and the total.
static bool read_page(struct store_reader *reader, const char *list, const char *count,
                      struct query_values values, GPtrArray **ret_databases, int64_t *ret_total,
                      GError **error) {
    g_autoptr(GPtrArray) databases =
        g_ptr_array_new_with_free_func((GDestroyNotify)database_row_free);
    struct query_values counted = { .items = values.items, .count = values.count - 2 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    int64_t total = 0;
    if (!query_int(reader->sql, count, counted, 0, &total, error) ||
        !query_start(reader->sql, list, values, &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        struct database_row *database = NULL;
        if (!has_row) {
            *ret_databases = g_steal_pointer(&databases);
            *ret_total = total;
            return true;
        }
        if (!read_database(row, &database, error)) {
            sql_reset(row);
            return false;
        }
        g_ptr_array_add(databases, database);
    }
    return false;
}

static bool check_source_exists(struct store_reader *reader, const struct caller *caller,
                                int64_t source_id, GError **error) {
    int64_t found = 0;
    if (!query_int(reader->sql, HAS_SOURCE, VALUES(INT(caller->tenant_id), INT(source_id)), 0,
                   &found, error)) {
        return false;
    }
    if (found == 0) {
        fault_set(error, FAULT_INSTANCE_NOT_EXIST, "there is no instance %" G_GINT64_FORMAT,
                  source_id);
    }
    return found != 0;
}

bool store_database_list(struct store_reader *reader, const struct caller *caller,
                         int64_t source_id, const char *search, int page_number, int page_size,
                         GPtrArray **ret_databases, int64_t *ret_total, GError **error) {
    g_assert(page_number >= 1);
    g_assert(page_size >= 1 && page_size <= STORE_PAGE_MAX);
    g_autofree char *needle = query_needle(search);
    return check_source_exists(reader, caller, source_id, error) &&
           read_page(reader, LIST_DATABASES, COUNT_DATABASES,
                     VALUES(INT(caller->tenant_id), INT(source_id), TEXT(needle), INT(page_size),
                            INT((int64_t)(page_number - 1) * page_size)),
                     ret_databases, ret_total, error);
}

bool store_database_search(struct store_reader *reader, const struct caller *caller,
                           const struct database_filter *filter, GPtrArray **ret_databases,
                           int64_t *ret_total, GError **error) {
    g_assert(filter->page_number >= 1);
    g_assert(filter->page_size >= 1 && filter->page_size <= STORE_PAGE_MAX);
    g_autofree char *needle = query_needle(filter->search);
    const char *kind = filter->kind != NULL ? database_kind_word(filter->kind) : NULL;
    return read_page(reader, SEARCH_DATABASES, COUNT_SEARCHED,
                     VALUES(INT(caller->tenant_id), TEXT(kind), TEXT(filter->environment),
                            INT(filter->dba_id), TEXT(needle), INT(filter->page_size),
                            INT((int64_t)(filter->page_number - 1) * filter->page_size)),
                     ret_databases, ret_total, error);
}

// The only row of a look-up. *ret_database stays NULL when there is none.
static bool read_one(struct store_reader *reader, const char *text, struct query_values values,
                     struct database_row **ret_database, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, text, values, &row, &has_row, error)) {
        return false;
    }
    bool is_good = !has_row || read_database(row, ret_database, error);
    if (has_row) {
        sql_reset(row);
    }
    return is_good;
}

bool store_database_find(struct store_reader *reader, const struct caller *caller,
                         int64_t database_id, struct database_row **ret_database, GError **error) {
    struct database_row *database = NULL;
    if (!read_one(reader, FIND_DATABASE, VALUES(INT(caller->tenant_id), INT(database_id)),
                  &database, error)) {
        return false;
    }
    if (database == NULL) {
        fault_set(error, FAULT_DATABASE_NOT_EXIST, "there is no database %" G_GINT64_FORMAT,
                  database_id);
        return false;
    }
    *ret_database = database;
    return true;
}

bool store_database_get(struct store_reader *reader, const struct caller *caller, const char *host,
                        int port, const char *sid, const char *schema,
                        struct database_row **ret_database, GError **error) {
    struct database_row *database = NULL;
    if (!read_one(reader, GET_DATABASE,
                  VALUES(INT(caller->tenant_id), TEXT(host), INT(port),
                         TEXT(sid != NULL ? sid : ""), TEXT(schema)),
                  &database, error)) {
        return false;
    }
    if (database == NULL) {
        fault_set(
            error, FAULT_DATABASE_NOT_EXIST,
            "no database %s is known at %s, port %d; ListDatabases shows those of an instance",
            schema, host, port);
        return false;
    }
    *ret_database = database;
    return true;
}
