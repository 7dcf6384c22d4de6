// SPDX-License-Identifier: Apache-2.0
//
// Registered data sources changed and removed (operations.md §4.1). The databases of a source stay its own through every change; with the
// source they go, and nodes that name them fail when they run.

#include <jansson.h>
#include <string.h>

#include "base/fault.h"
#include "core/database_kind.h"
#include "store/changes.h"
#include "store/source_claim.h"
#include "store/source_seal.h"
#include "store/sources.h"

static const char GET_PASSWORD[] =
    "SELECT sealed_password FROM source WHERE id = ?1 AND tenant_id = ?2";
static const char UPDATE_SOURCE[] =
    "UPDATE source SET kind = ?3, source = ?4, network = ?5, environment = ?6, host = ?7, port = "
    "?8,"
    " sid = ?9, login = ?10, sealed_password = ?11, alias = ?12, safe_rule = ?13, dba_id = ?14,"
    " query_timeout_s = ?15, export_timeout_s = ?16, extra = ?17, link_name = ?18"
    " WHERE id = ?1 AND tenant_id = ?2";
static const char DELETE_COLUMNS[] =
    "DELETE FROM source_column WHERE tenant_id = ?2 AND table_id IN (SELECT t.id FROM source_table "
    "t"
    " JOIN source_database d ON d.id = t.database_id AND d.tenant_id = t.tenant_id"
    " WHERE t.tenant_id = ?2 AND d.source_id = ?1)";
static const char DELETE_TABLES[] =
    "DELETE FROM source_table WHERE tenant_id = ?2 AND database_id IN (SELECT d.id FROM"
    " source_database d WHERE d.tenant_id = ?2 AND d.source_id = ?1)";
static const char DELETE_DATABASES[] =
    "DELETE FROM source_database WHERE tenant_id = ?2 AND source_id = ?1";
static const char DELETE_SOURCE[] = "DELETE FROM source WHERE id = ?1 AND tenant_id = ?2";

static bool open_password(struct store_reader *reader, int64_t tenant_id, int64_t source_id,
                          char **ret_password, GError **error) {
    g_assert(reader->has_master);
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_PASSWORD, VALUES(INT(source_id), INT(tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_INSTANCE_NOT_EXIST, "there is no instance %" G_GINT64_FORMAT,
                  source_id);
        return false;
    }
    size_t len = 0;
    const void *sealed = sql_column_blob(row, 0, &len);
    g_autofree char *context = source_seal_context(tenant_id, source_id);
    g_autoptr(GBytes) password = NULL;
    bool is_good = crypto_open(reader->master, context, sealed, len, &password, error);
    if (is_good) {
        *ret_password = g_strndup(g_bytes_get_data(password, NULL), g_bytes_get_size(password));
    } else {
        g_prefix_error(error, "the stored password of instance %" G_GINT64_FORMAT ": ", source_id);
    }
    sql_reset(row);
    return is_good;
}

static void put_text(char **text, const char *given) {
    if (given != NULL) {
        g_free(*text);
        *text = g_strdup(given);
    }
}

static void put_number(int *number, int given) {
    if (given >= 0) {
        *number = given;
    }
}

static void put_extra(char **extra, const char *given) {
    json_auto_t *stored = json_loads(*extra != NULL ? *extra : "{}", 0, NULL);
    json_auto_t *more = json_loads(given != NULL ? given : "{}", 0, NULL);
    if (!json_is_object(stored) || !json_is_object(more)) {
        return;
    }
    (void)json_object_update(stored, more);
    g_free(*extra);
    *extra = json_dumps(stored, JSON_COMPACT);
}

static void put_over(struct source_fields *fields, const struct source_fields *given) {
    put_text(&fields->kind, given->kind);
    put_text(&fields->source, given->source);
    put_text(&fields->network, given->network);
    put_text(&fields->environment, given->environment);
    put_text(&fields->host, given->host);
    put_text(&fields->sid, given->sid);
    put_text(&fields->user, given->user);
    put_text(&fields->alias, given->alias);
    put_text(&fields->safe_rule, given->safe_rule);
    put_number(&fields->port, given->port);
    put_number(&fields->query_timeout_s, given->query_timeout_s);
    put_number(&fields->export_timeout_s, given->export_timeout_s);
    put_extra(&fields->extra, given->extra);
    fields->dba_id = given->dba_id > 0 ? given->dba_id : -1;
    if (given->password != NULL) {
        if (fields->password != NULL) {
            explicit_bzero(fields->password, strlen(fields->password));
        }
        put_text(&fields->password, given->password);
    }
}

static bool merge(struct store_reader *reader, const struct caller *caller, int64_t source_id,
                  const struct source_fields *given, struct source_fields **ret_merged,
                  int64_t *ret_dba_id, GError **error) {
    struct source_row *row = NULL;
    if (!store_source_find(reader, caller, source_id, &row, error)) {
        return false;
    }
    struct source_fields *merged = g_new0(struct source_fields, 1);
    *merged = row->fields;
    *ret_dba_id = row->dba_id;
    row->fields = (struct source_fields){ 0 };
    source_row_free(row);
    if (!open_password(reader, caller->tenant_id, source_id, &merged->password, error)) {
        source_fields_free(merged);
        return false;
    }
    put_over(merged, given);
    if (!source_claim_check(reader, caller, merged, source_id, ret_dba_id, error)) {
        source_fields_free(merged);
        return false;
    }
    *ret_merged = merged;
    return true;
}

bool store_source_merge(struct store_reader *reader, const struct caller *caller, int64_t source_id,
                        const struct source_fields *given, struct source_fields **ret_merged,
                        GError **error) {
    int64_t dba_id = 0;
    return merge(reader, caller, source_id, given, ret_merged, &dba_id, error);
}

static bool write_source(struct store *store, const struct change *change,
                         const struct source_fields *fields, int64_t dba_id, GError **error) {
    int64_t tenant_id = change->caller.tenant_id;
    const char *kind = database_kind_word(fields->kind);
    g_autofree char *link = source_link_name(fields);
    g_autofree char *context = source_seal_context(tenant_id, change->source_id);
    g_autoptr(GBytes) sealed =
        crypto_seal(store->reader.master, context, fields->password, strlen(fields->password));
    return query_change(
        store_change_sql(store), UPDATE_SOURCE,
        VALUES(INT(change->source_id), INT(tenant_id), TEXT(kind), TEXT(fields->source),
               TEXT(fields->network), TEXT(fields->environment), TEXT(fields->host),
               INT(fields->port), TEXT(fields->sid != NULL ? fields->sid : ""),
               TEXT(fields->user != NULL ? fields->user : ""),
               BLOB(g_bytes_get_data(sealed, NULL), g_bytes_get_size(sealed)), TEXT(fields->alias),
               TEXT(fields->safe_rule != NULL ? fields->safe_rule : ""), INT(dba_id),
               INT(fields->query_timeout_s), INT(fields->export_timeout_s),
               TEXT(fields->extra != NULL ? fields->extra : "{}"), TEXT(link)),
        error);
}

bool change_source_update(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    (void)now_ms;
    (void)result;
    g_assert(change->source != NULL);
    struct source_fields *merged = NULL;
    int64_t dba_id = 0;
    if (!merge(&store->reader, &change->caller, change->source_id, change->source, &merged, &dba_id,
               error)) {
        return false;
    }
    bool is_good = write_source(store, change, merged, dba_id, error);
    source_fields_free(merged);
    return is_good;
}

bool change_source_delete(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    (void)now_ms;
    (void)result;
    struct source_row *source = NULL;
    if (!access_permits(&change->caller, CLASS_SOURCES)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not manage data sources; %s may",
                  change->caller.name, access_class_text(CLASS_SOURCES));
        return false;
    }
    if (!store_source_find(&store->reader, &change->caller, change->source_id, &source, error)) {
        return false;
    }
    source_row_free(source);
    struct sql *sql = store_change_sql(store);
    struct query_values values = VALUES(INT(change->source_id), INT(change->caller.tenant_id));
    return query_run(sql, DELETE_COLUMNS, values, error) &&
           query_run(sql, DELETE_TABLES, values, error) &&
           query_run(sql, DELETE_DATABASES, values, error) &&
           query_change(sql, DELETE_SOURCE, values, error);
}

// What is read anew is stored later, by a change of its own; this one carries the request's nonce and log row.
bool change_sync_request(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error) {
    (void)now_ms;
    (void)result;
    struct source_row *source = NULL;
    if (!store_source_find(&store->reader, &change->caller, change->source_id, &source, error)) {
        return false;
    }
    source_row_free(source);
    return true;
}
