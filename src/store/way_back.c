// SPDX-License-Identifier: Apache-2.0
//
// The guard of the way in (person_head) keeps a tenant from locking itself out by calls; this is for what no call can mend.

#include "store/way_back.h"

#include <string.h>

#include "base/fault.h"
#include "core/model.h"
#include "store/audit.h"
#include "store/credentials.h"
#include "store/key_seal.h"
#include "store/keys.h"
#include "store/private.h"

static const char FIRST_ADMINISTRATOR[] =
    "SELECT id, tenant_id, uid, name FROM person WHERE is_operator = 1 ORDER BY id LIMIT 1";
static const char ENABLE_PERSON[] =
    "UPDATE person SET state = ?2, roles = roles | ?3 WHERE id = ?1";
static const char ENABLE_TENANT[] = "UPDATE tenant SET is_active = 1 WHERE id = ?1";
static const char DELETE_POLICY[] = "DELETE FROM policy WHERE person_id = ?1";
static const char DELETE_SESSIONS[] =
    "DELETE FROM session_key WHERE tenant_id = ?1 AND person_id = ?2";
static const char DISABLE_KEYS[] =
    "UPDATE access_key SET is_active = 0 WHERE tenant_id = ?1 AND person_id = ?2";
// Room for the new one among those that a user may have.
static const char DELETE_OLDEST[] =
    "DELETE FROM access_key WHERE tenant_id = ?1 AND person_id = ?2 AND id NOT IN (SELECT id FROM"
    " access_key WHERE tenant_id = ?1 AND person_id = ?2 ORDER BY created_ms DESC, id LIMIT ?3)";

struct administrator {
    int64_t id;
    int64_t tenant_id;
    char *uid;
    char *name;
};

static bool find(struct store *store, struct administrator *ret_person, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(store->reader.sql, FIRST_ADMINISTRATOR, NO_VALUES, &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_INVALID_DATA, "the store has no first administrator");
        return false;
    }
    *ret_person = (struct administrator){
        .id = sql_column_int(row, 0),
        .tenant_id = sql_column_int(row, 1),
        .uid = query_text(row, 2),
        .name = query_text(row, 3),
    };
    sql_reset(row);
    return true;
}

static bool write_log(struct store *store, const struct administrator *person, const char *key_id,
                      int64_t now_ms, GError **error) {
    g_autofree char *object = g_strdup_printf("Uid=%s UserAccessKeyId=%s", person->uid, key_id);
    struct origin origin = {
        .action = "ResetAdministratorKey",
        .request_id = "",
        .access_key_id = "",
        .nonce = "",
        .peer = "local",
        .object = object,
    };
    struct audit_entry entry = {
        .at_ms = now_ms,
        .tenant_id = person->tenant_id,
        .origin = &origin,
    };
    return store_audit_add(store, &entry, error);
}

static bool change(struct store *store, const struct administrator *person,
                   const struct new_key *key, int64_t now_ms, GError **error) {
    struct sql *sql = store_change_sql(store);
    struct query_values whose = VALUES(INT(person->tenant_id), INT(person->id));
    return query_change(sql, ENABLE_PERSON,
                        VALUES(INT(person->id), INT(PERSON_NORMAL), INT(ROLE_ADMIN | ROLE_DBA)),
                        error) &&
           query_change(sql, ENABLE_TENANT, VALUES(INT(person->tenant_id)), error) &&
           query_run(sql, DELETE_POLICY, VALUES(INT(person->id)), error) &&
           query_run(sql, DELETE_SESSIONS, whose, error) &&
           query_run(sql, DISABLE_KEYS, whose, error) &&
           query_run(sql, DELETE_OLDEST,
                     VALUES(INT(person->tenant_id), INT(person->id), INT(KEYS_MAX - 1)), error) &&
           key_insert(store, key, now_ms, error) &&
           write_log(store, person, key->id, now_ms, error);
}

static bool commit(struct store *store, const struct administrator *person,
                   const struct new_key *key, int64_t now_ms, GError **error) {
    if (!store_begin(store, error)) {
        return false;
    }
    if (!change(store, person, key, now_ms, error)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, error);
}

bool store_way_back(struct store *store, const char *dir, int64_t now_ms, char **ret_key_id,
                    GError **error) {
    struct administrator person = { 0 };
    if (!find(store, &person, error)) {
        return false;
    }
    char **pair = key_make();
    struct new_key key = {
        .id = pair[0], .secret = pair[1], .tenant_id = person.tenant_id, .person_id = person.id
    };
    struct credentials credentials = {
        .key_id = pair[0], .secret = pair[1], .tenant_id = person.tenant_id, .uid = person.uid
    };
    bool is_good =
        commit(store, &person, &key, now_ms, error) && credentials_write(dir, &credentials, error);
    if (is_good) {
        *ret_key_id = g_strdup(pair[0]);
    }
    explicit_bzero(pair[1], strlen(pair[1]));
    g_strfreev(pair);
    g_free(person.uid);
    g_free(person.name);
    return is_good;
}
