// SPDX-License-Identifier: Apache-2.0
//
// Registering data sources (operations.md §4.1). Nothing here opens one: that is sluice-sql's business.
//
// A password is sealed before it reaches a statement. Settings that only a cloud has are kept in `extra`.

#include <string.h>

#include "base/fault.h"
#include "store/changes.h"
#include "store/checks.h"
#include "store/source_seal.h"
#include "store/sources.h"

enum {
    TEXT_MAX = 256,  // characters of a source's short texts
    HOST_MAX = 4096, // a path
    PORT_MAX = 65535,
    TIMEOUT_MAX_S = 7 * 86400,
};

static const char FIND_PERSON[] =
    "SELECT id FROM person WHERE tenant_id = ?1 AND uid = ?2 AND is_active = 1";
static const char FIND_ADDRESS[] =
    "SELECT id FROM source WHERE tenant_id = ?1 AND host = ?2 AND port = ?3 AND sid = ?4";
static const char INSERT_SOURCE[] =
    "INSERT INTO source (id, tenant_id, kind, source, network, environment, host, port, sid, login,"
    " sealed_password, alias, safe_rule, dba_id, query_timeout_s, export_timeout_s, is_enabled, "
    "created_ms,"
    " extra) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 1, "
    "?17, ?18)";
static const char INSERT_DATABASE[] =
    "INSERT INTO source_database (id, tenant_id, source_id, name) VALUES (?1, ?2, ?3, ?4)";

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

static bool insert_source(struct store *store, const struct change *change, int64_t source_id,
                          int64_t dba_id, int64_t now_ms, GError **error) {
    const struct source_fields *fields = change->source;
    int64_t tenant_id = change->caller.tenant_id;
    const char *password = text_of(fields->password);
    g_autofree char *kind = g_ascii_strdown(fields->kind, -1);
    g_autofree char *context = source_seal_context(tenant_id, source_id);
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
    if (!access_permits(caller, CLASS_SOURCES)) {
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
