// SPDX-License-Identifier: Apache-2.0
//
// Registering data sources (operations.md §4.1). Nothing here opens one: that is sluice-sql's business.
//
// A password is sealed before it reaches a statement. Settings that only a cloud has are kept in `extra`.

#include <string.h>

#include "base/fault.h"
#include "core/database_kind.h"
#include "store/changes.h"
#include "store/source_claim.h"
#include "store/source_seal.h"
#include "store/sources.h"

static const char INSERT_SOURCE[] =
    "INSERT INTO source (id, tenant_id, kind, source, network, environment, host, port, sid, login,"
    " sealed_password, alias, safe_rule, dba_id, query_timeout_s, export_timeout_s, is_enabled, "
    "created_ms,"
    " extra, link_name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
    "?16, 1, ?17, ?18, ?19)";
static const char INSERT_DATABASE[] =
    "INSERT INTO source_database (id, tenant_id, source_id, name) VALUES (?1, ?2, ?3, ?4)";

static const char *text_of(const char *text) {
    return text != NULL ? text : "";
}

static bool insert_source(struct store *store, const struct change *change, int64_t source_id,
                          int64_t dba_id, int64_t now_ms, GError **error) {
    const struct source_fields *fields = change->source;
    int64_t tenant_id = change->caller.tenant_id;
    const char *password = text_of(fields->password);
    const char *kind = database_kind_word(fields->kind);
    g_autofree char *link = source_link_name(fields);
    g_autofree char *context = source_seal_context(tenant_id, source_id);
    g_autoptr(GBytes) sealed =
        crypto_seal(store->reader.master, context, password, strlen(password));
    return query_run(
        store_change_sql(store), INSERT_SOURCE,
        VALUES(INT(source_id), INT(tenant_id), TEXT(kind), TEXT(fields->source),
               TEXT(fields->network), TEXT(fields->environment), TEXT(fields->host),
               INT(fields->port), TEXT(text_of(fields->sid)), TEXT(text_of(fields->user)),
               BLOB(g_bytes_get_data(sealed, NULL), g_bytes_get_size(sealed)), TEXT(fields->alias),
               TEXT(text_of(fields->safe_rule)), INT(dba_id), INT(fields->query_timeout_s),
               INT(fields->export_timeout_s), INT(now_ms),
               TEXT(fields->extra != NULL ? fields->extra : "{}"), TEXT(link)),
        error);
}

bool store_source_check(struct store_reader *reader, const struct caller *caller,
                        const struct source_fields *fields, GError **error) {
    int64_t dba_id = 0;
    return source_claim_check(reader, caller, fields, 0, &dba_id, error);
}

// Of a kind whose sources have just one; other databases are found when the source is read.
static bool insert_database(struct store *store, const struct change *change, int64_t source_id,
                            GError **error) {
    const struct database_kind *kind = database_kind_find(change->source->kind);
    return kind == NULL || kind->only_database == NULL ||
           query_run(store_change_sql(store), INSERT_DATABASE,
                     VALUES(INT(store_next_id(store, COUNTER_DATABASE)),
                            INT(change->caller.tenant_id), INT(source_id),
                            TEXT(kind->only_database)),
                     error);
}

bool change_source_register(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    g_assert(change->source != NULL);
    g_assert(store->reader.has_master);
    int64_t dba_id = 0;
    if (!source_claim_check(&store->reader, &change->caller, change->source, 0, &dba_id, error)) {
        return false;
    }
    result->id = store_next_id(store, COUNTER_ID);
    return insert_source(store, change, result->id, dba_id, now_ms, error) &&
           insert_database(store, change, result->id, error);
}
