// SPDX-License-Identifier: Apache-2.0
//
// Data sources as callers see them (operations.md §4.1). A password leaves only through store_connection_get.

#include "store/sources.h"

#include <string.h>

#include "base/fault.h"
#include "core/database_kind.h"
#include "store/private.h"
#include "store/source_seal.h"

#define SOURCE_COLUMNS                                                                             \
    "SELECT s.id, s.kind, s.source, s.network, s.environment, s.host, s.port, s.sid, s.login,"     \
    " s.alias, s.safe_rule, p.uid, s.query_timeout_s, s.export_timeout_s, s.extra, s.dba_id, "     \
    "p.name,"                                                                                      \
    " s.is_enabled"
#define SOURCE_FROM                                                                                \
    " FROM source s LEFT JOIN person p ON p.id = s.dba_id AND p.tenant_id = s.tenant_id"           \
    " WHERE s.tenant_id = ?1"
// ?7 is the needle.
#define SOURCE_FILTER                                                                              \
    " AND (?2 IS NULL OR s.kind = ?2) AND (?3 IS NULL OR s.environment = ?3)"                      \
    " AND (?4 IS NULL OR s.source = ?4) AND (?5 IS NULL OR s.network = ?5)"                        \
    " AND (?6 < 0 OR s.is_enabled = ?6)"                                                           \
    " AND (?7 IS NULL OR instr(lower(s.host), ?7) > 0 OR instr(lower(s.alias), ?7) > 0)"           \
    " AND (?8 IS NULL OR json_extract(s.extra, '$.EcsRegion') = ?8)"
static const char LIST_SOURCES[] =
    SOURCE_COLUMNS SOURCE_FROM SOURCE_FILTER " ORDER BY s.id LIMIT ?9 OFFSET ?10";
static const char COUNT_SOURCES[] = "SELECT count(*)" SOURCE_FROM SOURCE_FILTER;
static const char GET_SOURCE[] =
    SOURCE_COLUMNS SOURCE_FROM " AND s.host = ?2 AND s.port = ?3 AND s.sid = ?4";
static const char FIND_SOURCE[] = SOURCE_COLUMNS SOURCE_FROM " AND s.id = ?2";

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

static const char *text_of(const char *text) {
    return text != NULL ? text : "";
}

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
    g_assert(filter->page_size >= 1 && filter->page_size <= STORE_PAGE_MAX);
    g_autofree char *needle = query_needle(filter->search);
    const char *kind = filter->kind != NULL ? database_kind_word(filter->kind) : NULL;
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func((GDestroyNotify)source_row_free);
    struct sql_statement *row = NULL;
    bool has_row = false;
    int64_t total = 0;
    struct query_values values = VALUES(
        INT(caller->tenant_id), TEXT(kind), TEXT(filter->environment), TEXT(filter->source),
        TEXT(filter->network), INT(state_filter(filter->state)), TEXT(needle), TEXT(filter->region),
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
        fault_set(error, FAULT_ADDRESS_NOT_EXIST, "no instance is registered at %s, port %d", host,
                  port);
        return false;
    }
    *ret_source = read_source(row);
    sql_reset(row);
    return true;
}

bool store_source_find(struct store_reader *reader, const struct caller *caller, int64_t source_id,
                       struct source_row **ret_source, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, FIND_SOURCE, VALUES(INT(caller->tenant_id), INT(source_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_INSTANCE_NOT_EXIST, "there is no instance %" G_GINT64_FORMAT,
                  source_id);
        return false;
    }
    *ret_source = read_source(row);
    sql_reset(row);
    return true;
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
    g_autofree char *context = source_seal_context(tenant_id, sql_column_int(row, 6));
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
