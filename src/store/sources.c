// SPDX-License-Identifier: Apache-2.0
//
// Data sources and their databases (operations.md §4.1, §4.2). Nothing here opens one: that is sluice-sql's business.
//
// A password is sealed before it reaches a statement and leaves only through store_connection_get. Settings that only a cloud has are
// kept in `extra` and given back as they came.

#include "store/sources.h"

#include <string.h>

#include "base/fault.h"
#include "store/changes.h"
#include "store/checks.h"

enum {
    TEXT_MAX = 256,  // characters of a source's short texts
    HOST_MAX = 4096, // a path
    PORT_MAX = 65535,
    TIMEOUT_MAX_S = 7 * 86400,
    PAGE_MAX = 100,
};

static const char FIND_PERSON[] =
    "SELECT id FROM person WHERE tenant_id = ?1 AND uid = ?2 AND is_active = 1";
static const char FIND_ADDRESS[] =
    "SELECT id FROM source WHERE tenant_id = ?1 AND host = ?2 AND port = ?3 AND sid = ?4";
static const char HAS_SOURCE[] = "SELECT id FROM source WHERE tenant_id = ?1 AND id = ?2";
static const char INSERT_SOURCE[] =
    "INSERT INTO source (id, tenant_id, kind, source, network, environment, host, port, sid, login,"
    " sealed_password, alias, safe_rule, dba_id, query_timeout_s, export_timeout_s, is_enabled, "
    "created_ms,"
    " extra) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 1, "
    "?17, ?18)";
static const char INSERT_DATABASE[] =
    "INSERT INTO source_database (id, tenant_id, source_id, name) VALUES (?1, ?2, ?3, ?4)";

#define SOURCE_COLUMNS                                                                             \
    "SELECT s.id, s.kind, s.source, s.network, s.environment, s.host, s.port, s.sid, s.login,"     \
    " s.alias, s.safe_rule, p.uid, s.query_timeout_s, s.export_timeout_s, s.extra, s.dba_id, "     \
    "p.name,"                                                                                      \
    " s.is_enabled"
#define SOURCE_FROM " FROM source s LEFT JOIN person p ON p.id = s.dba_id WHERE s.tenant_id = ?1"
// ?7 is the pattern, with its own wildcards escaped.
#define SOURCE_FILTER                                                                              \
    " AND (?2 IS NULL OR s.kind = ?2) AND (?3 IS NULL OR s.environment = ?3)"                      \
    " AND (?4 IS NULL OR s.source = ?4) AND (?5 IS NULL OR s.network = ?5)"                        \
    " AND (?6 < 0 OR s.is_enabled = ?6)"                                                           \
    " AND (?7 IS NULL OR lower(s.host) LIKE ?7 ESCAPE '\\' OR lower(s.alias) LIKE ?7 ESCAPE '\\')"
static const char LIST_SOURCES[] =
    SOURCE_COLUMNS SOURCE_FROM SOURCE_FILTER " ORDER BY s.id LIMIT ?8 OFFSET ?9";
static const char COUNT_SOURCES[] = "SELECT count(*)" SOURCE_FROM SOURCE_FILTER;
static const char GET_SOURCE[] =
    SOURCE_COLUMNS SOURCE_FROM " AND s.host = ?2 AND s.port = ?3 AND s.sid = ?4";

#define DATABASE_FROM                                                                              \
    " FROM source_database d JOIN source s ON s.id = d.source_id AND s.tenant_id = d.tenant_id"    \
    " LEFT JOIN person p ON p.id = s.dba_id"                                                       \
    " WHERE d.tenant_id = ?1 AND d.source_id = ?2"                                                 \
    " AND (?3 IS NULL OR lower(d.name) LIKE ?3 ESCAPE '\\')"
static const char LIST_DATABASES[] =
    "SELECT d.id, d.source_id, d.name, s.kind, s.host, s.port, s.environment, s.alias, s.dba_id,"
    " p.name" DATABASE_FROM " ORDER BY d.id LIMIT ?4 OFFSET ?5";
static const char COUNT_DATABASES[] = "SELECT count(*)" DATABASE_FROM;
static const char GET_CONNECTION[] =
    "SELECT s.kind, s.host, s.port, d.name, s.login, s.sealed_password, s.id, s.is_enabled"
    " FROM source_database d JOIN source s ON s.id = d.source_id AND s.tenant_id = d.tenant_id"
    " WHERE d.id = ?1 AND d.tenant_id = ?2";

void source_fields_free(struct source_fields *fields) {
    if (fields == NULL) {
        return;
    }
    source_fields_done(fields);
    g_free(fields);
}

void source_fields_done(struct source_fields *fields) {
    g_free(fields->kind);
    g_free(fields->source);
    g_free(fields->network);
    g_free(fields->environment);
    g_free(fields->host);
    g_free(fields->sid);
    g_free(fields->user);
    if (fields->password != NULL) {
        explicit_bzero(fields->password, strlen(fields->password));
    }
    g_free(fields->password);
    g_free(fields->alias);
    g_free(fields->safe_rule);
    g_free(fields->extra);
}

// ---- Registering ----

static bool check_range(int value, int max, const char *field, GError **error) {
    if (value < 0 || value > max) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s is %d; it must be 0 to %d", field,
                        value, max);
        return false;
    }
    return true;
}

static bool check_fields(const struct source_fields *fields, GError **error) {
    if (!check_name(fields->kind, "InstanceType", TEXT_MAX, error) ||
        !check_name(fields->source, "InstanceSource", TEXT_MAX, error) ||
        !check_name(fields->network, "NetworkType", TEXT_MAX, error) ||
        !check_name(fields->environment, "EnvType", TEXT_MAX, error) ||
        !check_name(fields->host, "Host", HOST_MAX, error) ||
        !check_name(fields->alias, "InstanceAlias", TEXT_MAX, error) ||
        !check_name(fields->safe_rule, "SafeRule", TEXT_MAX, error) ||
        !check_length(fields->user, "DatabaseUser", TEXT_MAX, error) ||
        !check_length(fields->password, "DatabasePassword", HOST_MAX, error) ||
        !check_length(fields->sid, "Sid", TEXT_MAX, error) ||
        !check_range(fields->port, PORT_MAX, "Port", error) ||
        !check_range(fields->query_timeout_s, TIMEOUT_MAX_S, "QueryTimeout", error) ||
        !check_range(fields->export_timeout_s, TIMEOUT_MAX_S, "ExportTimeout", error)) {
        return false;
    }
    if (g_ascii_strcasecmp(fields->kind, "sqlite") != 0) {
        fault_set_field(error, FAULT_NOT_SUPPORTED, "InstanceType",
                        "databases of type %s can not be used yet; there is: sqlite", fields->kind);
        return false;
    }
    if (!g_path_is_absolute(fields->host)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "Host",
                        "Host of a sqlite source is the file's absolute path, not \"%s\"",
                        fields->host);
        return false;
    }
    return true;
}

static bool find_dba(struct store_reader *reader, const struct caller *caller, int64_t dba_uid,
                     int64_t *ret_dba_id, GError **error) {
    g_autofree char *uid = g_strdup_printf("%" G_GINT64_FORMAT, dba_uid);
    int64_t dba_id = 0;
    if (!query_int(reader->sql, FIND_PERSON, VALUES(INT(caller->tenant_id), TEXT(uid)), 0, &dba_id,
                   error)) {
        return false;
    }
    if (dba_id == 0) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, "DbaUid", "the tenant has no user with uid %s",
                        uid);
        return false;
    }
    *ret_dba_id = dba_id;
    return true;
}

static const char *text_of(const char *text) {
    return text != NULL ? text : "";
}

static bool check_address_free(struct store_reader *reader, const struct caller *caller,
                               const struct source_fields *fields, GError **error) {
    int64_t holder = 0;
    if (!query_int(reader->sql, FIND_ADDRESS,
                   VALUES(INT(caller->tenant_id), TEXT(fields->host), INT(fields->port),
                          TEXT(text_of(fields->sid))),
                   0, &holder, error)) {
        return false;
    }
    if (holder != 0) {
        fault_set(error, FAULT_INSTANCE_EXISTED,
                  "%s, port %d is registered already: %" G_GINT64_FORMAT, fields->host,
                  fields->port, holder);
        return false;
    }
    return true;
}

static char *seal_context(int64_t tenant_id, int64_t source_id) {
    return g_strdup_printf("source/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT, source_id, tenant_id);
}

static bool insert_source(struct store *store, const struct change *change, int64_t source_id,
                          int64_t dba_id, int64_t now_ms, GError **error) {
    const struct source_fields *fields = change->source;
    int64_t tenant_id = change->caller.tenant_id;
    const char *password = text_of(fields->password);
    g_autofree char *kind = g_ascii_strdown(fields->kind, -1);
    g_autofree char *context = seal_context(tenant_id, source_id);
    g_autoptr(GBytes) sealed =
        crypto_seal(store->reader.master, context, password, strlen(password));
    return query_run(store_change_sql(store), INSERT_SOURCE,
                     VALUES(INT(source_id), INT(tenant_id), TEXT(kind), TEXT(fields->source),
                            TEXT(fields->network), TEXT(fields->environment), TEXT(fields->host),
                            INT(fields->port), TEXT(text_of(fields->sid)),
                            TEXT(text_of(fields->user)),
                            BLOB(g_bytes_get_data(sealed, NULL), g_bytes_get_size(sealed)),
                            TEXT(fields->alias), TEXT(fields->safe_rule), INT(dba_id),
                            INT(fields->query_timeout_s), INT(fields->export_timeout_s),
                            INT(now_ms), TEXT(fields->extra != NULL ? fields->extra : "{}")),
                     error);
}

static bool check_registration(struct store_reader *reader, const struct caller *caller,
                               const struct source_fields *fields, int64_t *ret_dba_id,
                               GError **error) {
    if (!access_manages_sources(caller->roles)) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "%s may not register data sources; a DBA or an administrator may", caller->name);
        return false;
    }
    return check_fields(fields, error) && check_json(fields->extra, "extra", error) &&
           find_dba(reader, caller, fields->dba_uid, ret_dba_id, error) &&
           check_address_free(reader, caller, fields, error);
}

bool store_source_check(struct store_reader *reader, const struct caller *caller,
                        const struct source_fields *fields, GError **error) {
    int64_t dba_id = 0;
    return check_registration(reader, caller, fields, &dba_id, error);
}

bool change_source_register(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    g_assert(change->source != NULL);
    g_assert(store->reader.has_master);
    int64_t dba_id = 0;
    if (!check_registration(&store->reader, &change->caller, change->source, &dba_id, error)) {
        return false;
    }
    result->id = store_next_id(store, COUNTER_ID);
    return insert_source(store, change, result->id, dba_id, now_ms, error) &&
           query_run(store_change_sql(store), INSERT_DATABASE,
                     VALUES(INT(store_next_id(store, COUNTER_DATABASE)),
                            INT(change->caller.tenant_id), INT(result->id), TEXT("main")),
                     error);
}

// ---- Reading ----

void source_row_free(struct source_row *row) {
    if (row == NULL) {
        return;
    }
    source_fields_done(&row->fields);
    g_free(row->dba_name);
    g_free(row);
}

static struct source_row *read_source(struct sql_statement *row) {
    const char *uid = sql_column_text(row, 11);
    struct source_row *source = g_new(struct source_row, 1);
    *source = (struct source_row){
        .id = sql_column_int(row, 0),
        .fields = {
            .kind = query_text(row, 1),
            .source = query_text(row, 2),
            .network = query_text(row, 3),
            .environment = query_text(row, 4),
            .host = query_text(row, 5),
            .port = (int)sql_column_int(row, 6),
            .sid = query_text(row, 7),
            .user = query_text(row, 8),
            .alias = query_text(row, 9),
            .safe_rule = query_text(row, 10),
            .dba_uid = uid != NULL ? g_ascii_strtoll(uid, NULL, 10) : 0,
            .query_timeout_s = (int)sql_column_int(row, 12),
            .export_timeout_s = (int)sql_column_int(row, 13),
            .extra = query_text(row, 14),
        },
        .dba_id = sql_column_int(row, 15),
        .dba_name = query_text(row, 16),
        .is_enabled = sql_column_int(row, 17) != 0,
    };
    if (*source->fields.sid == '\0') {
        g_clear_pointer(&source->fields.sid, g_free);
    }
    return source;
}

// "%text%" in lower case with wildcards escaped, or NULL for any.
static char *search_pattern(const char *search) {
    if (search == NULL || *search == '\0') {
        return NULL;
    }
    g_autofree char *lower = g_ascii_strdown(search, -1); // as the database's lower()
    GString *pattern = g_string_new("%");
    for (const char *letter = lower; *letter != '\0'; letter++) {
        if (strchr("%_\\", *letter) != NULL) {
            g_string_append_c(pattern, '\\');
        }
        g_string_append_c(pattern, *letter);
    }
    g_string_append_c(pattern, '%');
    return g_string_free(pattern, FALSE);
}

static int state_filter(const char *state) {
    if (state == NULL) {
        return -1;
    }
    return g_str_equal(state, "NORMAL") ? 1 : 0;
}

bool store_source_list(struct store_reader *reader, const struct caller *caller,
                       const struct source_filter *filter, GPtrArray **ret_sources,
                       int64_t *ret_total, GError **error) {
    g_assert(filter->page_number >= 1);
    g_assert(filter->page_size >= 1 && filter->page_size <= PAGE_MAX);
    g_autofree char *pattern = search_pattern(filter->search);
    g_autofree char *kind = filter->kind != NULL ? g_ascii_strdown(filter->kind, -1) : NULL;
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func((GDestroyNotify)source_row_free);
    struct sql_statement *row = NULL;
    bool has_row = false;
    int64_t total = 0;
    struct query_values values =
        VALUES(INT(caller->tenant_id), TEXT(kind), TEXT(filter->environment), TEXT(filter->source),
               TEXT(filter->network), INT(state_filter(filter->state)), TEXT(pattern),
               INT(filter->page_size), INT((int64_t)(filter->page_number - 1) * filter->page_size));
    size_t count = values.count;
    values.count = count - 2;
    if (!query_int(reader->sql, COUNT_SOURCES, values, 0, &total, error)) {
        return false;
    }
    values.count = count;
    if (!query_start(reader->sql, LIST_SOURCES, values, &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_sources = g_steal_pointer(&sources);
            *ret_total = total;
            return true;
        }
        g_ptr_array_add(sources, read_source(row));
    }
    return false;
}

bool store_source_get(struct store_reader *reader, const struct caller *caller, const char *host,
                      int port, const char *sid, struct source_row **ret_source, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_SOURCE,
                   VALUES(INT(caller->tenant_id), TEXT(host), INT(port), TEXT(text_of(sid))), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_INSTANCE_NOT_EXIST, "no instance is registered at %s, port %d", host,
                  port);
        return false;
    }
    *ret_source = read_source(row);
    sql_reset(row);
    return true;
}

void database_row_free(struct database_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->schema);
    g_free(row->kind);
    g_free(row->host);
    g_free(row->environment);
    g_free(row->alias);
    g_free(row->dba_name);
    g_free(row);
}

static struct database_row *read_database(struct sql_statement *row) {
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
    };
    return database;
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
    g_assert(page_size >= 1 && page_size <= PAGE_MAX);
    g_autofree char *pattern = search_pattern(search);
    g_autoptr(GPtrArray) databases =
        g_ptr_array_new_with_free_func((GDestroyNotify)database_row_free);
    struct sql_statement *row = NULL;
    bool has_row = false;
    int64_t total = 0;
    if (!check_source_exists(reader, caller, source_id, error) ||
        !query_int(reader->sql, COUNT_DATABASES,
                   VALUES(INT(caller->tenant_id), INT(source_id), TEXT(pattern)), 0, &total,
                   error) ||
        !query_start(reader->sql, LIST_DATABASES,
                     VALUES(INT(caller->tenant_id), INT(source_id), TEXT(pattern), INT(page_size),
                            INT((int64_t)(page_number - 1) * page_size)),
                     &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_databases = g_steal_pointer(&databases);
            *ret_total = total;
            return true;
        }
        g_ptr_array_add(databases, read_database(row));
    }
    return false;
}

void connection_row_free(struct connection_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->kind);
    g_free(row->host);
    g_free(row->schema);
    g_free(row->user);
    if (row->password != NULL) {
        explicit_bzero(row->password, strlen(row->password));
    }
    g_free(row->password);
    g_free(row);
}

static bool read_connection(const struct store_reader *reader, int64_t tenant_id,
                            struct sql_statement *row, struct connection_row **ret_connection,
                            GError **error) {
    g_assert(reader->has_master);
    size_t len = 0;
    const void *sealed = sql_column_blob(row, 5, &len);
    g_autofree char *context = seal_context(tenant_id, sql_column_int(row, 6));
    g_autoptr(GBytes) password = NULL;
    if (!crypto_open(reader->master, context, sealed, len, &password, error)) {
        g_prefix_error(error, "the stored password of instance %" G_GINT64_FORMAT ": ",
                       sql_column_int(row, 6));
        return false;
    }
    struct connection_row *connection = g_new(struct connection_row, 1);
    *connection = (struct connection_row){
        .kind = query_text(row, 0),
        .host = query_text(row, 1),
        .port = (int)sql_column_int(row, 2),
        .schema = query_text(row, 3),
        .user = query_text(row, 4),
        .password = g_strndup(g_bytes_get_data(password, NULL), g_bytes_get_size(password)),
    };
    *ret_connection = connection;
    return true;
}

bool store_connection_get(struct store_reader *reader, int64_t tenant_id, int64_t database_id,
                          struct connection_row **ret_connection, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_CONNECTION, VALUES(INT(database_id), INT(tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row || sql_column_int(row, 7) == 0) {
        fault_set(error, FAULT_DATABASE_NOT_EXIST, "there is no usable database %" G_GINT64_FORMAT,
                  database_id);
        if (has_row) {
            sql_reset(row);
        }
        return false;
    }
    bool is_good = read_connection(reader, tenant_id, row, ret_connection, error);
    sql_reset(row);
    return is_good;
}
