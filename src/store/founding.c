// SPDX-License-Identifier: Apache-2.0
//
// The first rows of a tenant, the same for the server's first and for every later one.

#include "store/founding.h"

#include "core/model.h"
#include "store/key_seal.h"
#include "store/store.h"

enum {
    PERSON_UID_BASE = 100000
}; // uids are numbers of their own, not user ids (operations.md §3.2)

static const char ADMINISTRATOR[] = "admin";

static const char INSERT_TENANT[] =
    "INSERT INTO tenant (id, name, is_active, created_ms) VALUES (?1, ?2, 1, ?3)";
static const char INSERT_PERSON[] =
    "INSERT INTO person (id, tenant_id, uid, name, roles, is_active, created_ms, is_operator)"
    " VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7)";

void founding_number(struct store *store, struct founding *founding) {
    founding->tenant_id = store_next_id(store, COUNTER_ID);
    founding->person_id = store_next_id(store, COUNTER_ID);
    founding->uid = g_strdup_printf("%" G_GINT64_FORMAT, PERSON_UID_BASE + founding->person_id);
}

bool founding_insert(struct store *store, const struct founding *founding, int64_t now_ms,
                     GError **error) {
    g_assert(founding->tenant_id > 0 && founding->person_id > 0);
    struct sql *sql = store_change_sql(store);
    struct new_key key = {
        .id = founding->key_id,
        .secret = founding->secret,
        .tenant_id = founding->tenant_id,
        .person_id = founding->person_id,
    };
    return query_run(sql, INSERT_TENANT,
                     VALUES(INT(founding->tenant_id), TEXT(founding->tenant_name), INT(now_ms)),
                     error) &&
           query_run(sql, INSERT_PERSON,
                     VALUES(INT(founding->person_id), INT(founding->tenant_id), TEXT(founding->uid),
                            TEXT(ADMINISTRATOR), INT(ROLE_ADMIN | ROLE_DBA), INT(now_ms),
                            INT(founding->is_operator)),
                     error) &&
           key_insert(store, &key, now_ms, error);
}

void founding_done(struct founding *founding) {
    g_clear_pointer(&founding->uid, g_free);
}
