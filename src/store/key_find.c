// SPDX-License-Identifier: Apache-2.0
//
// Finding the key of a request: the key itself, whose it is, what stands against it, and its user's policy, in one statement.
//
// This runs for every signed request. Nothing is judged here: what is refused, and how, is api/gate's.

#include "store/people.h"

#include <string.h>

#include "base/fault.h"
#include "store/key_seal.h"
#include "store/sessions.h"

#define WHOSE                                                                                      \
    " JOIN person p ON p.id = k.person_id AND p.tenant_id = k.tenant_id"                           \
    " JOIN tenant t ON t.id = k.tenant_id"                                                         \
    " LEFT JOIN policy o ON o.person_id = k.person_id AND o.tenant_id = k.tenant_id"
#define PERSON_COLUMNS                                                                             \
    "k.tenant_id, k.person_id, k.is_active, p.roles, p.name, p.uid, p.is_operator, p.state,"       \
    " t.is_active, o.document"

static const char FIND_KEY[] =
    "SELECT " PERSON_COLUMNS ", k.sealed FROM access_key k" WHOSE " WHERE k.id = ?1";
// A temporary key lives no longer than the key that made it (reliability.md, AuthN 8): k is that key.
static const char FIND_SESSION[] =
    "SELECT " PERSON_COLUMNS ", s.sealed, s.token_hash, s.expires_ms FROM session_key s"
    " JOIN access_key k ON k.id = s.parent_key_id AND k.tenant_id = s.tenant_id"
    " AND k.person_id = s.person_id" WHOSE " WHERE s.id = ?1";

enum {
    TENANT_COLUMN,
    PERSON_COLUMN,
    ACTIVE_COLUMN,
    ROLES_COLUMN,
    NAME_COLUMN,
    UID_COLUMN,
    OPERATOR_COLUMN,
    STATE_COLUMN,
    TENANT_ACTIVE_COLUMN,
    POLICY_COLUMN,
    SEALED_COLUMN,
    TOKEN_COLUMN,
    EXPIRES_COLUMN,
};

void key_row_free(struct key_row *row) {
    if (row == NULL) {
        return;
    }
    if (row->secret != NULL) {
        explicit_bzero(row->secret, strlen(row->secret));
    }
    g_free(row->secret);
    g_free(row->policy);
    g_free(row);
}

static bool read_person(struct sql_statement *row, struct key_row *key, GError **error) {
    int state = 0;
    if (!query_enum(row, STATE_COLUMN, PERSON_STATE_COUNT, "state of a user", &state, error)) {
        return false;
    }
    struct caller *caller = &key->caller;
    caller->tenant_id = sql_column_int(row, TENANT_COLUMN);
    caller->user_id = sql_column_int(row, PERSON_COLUMN);
    caller->roles = (unsigned)sql_column_int(row, ROLES_COLUMN);
    caller->is_operator = sql_column_int(row, OPERATOR_COLUMN) != 0;
    (void)g_strlcpy(caller->name, sql_column_text(row, NAME_COLUMN), sizeof caller->name);
    (void)g_strlcpy(caller->uid, sql_column_text(row, UID_COLUMN), sizeof caller->uid);
    key->is_active = sql_column_int(row, ACTIVE_COLUMN) != 0;
    key->is_tenant_active = sql_column_int(row, TENANT_ACTIVE_COLUMN) != 0;
    key->person_state = (enum person_state)state;
    key->policy = query_text(row, POLICY_COLUMN);
    return true;
}

static bool read_secrets(const struct store_reader *reader, const char *access_key_id,
                         struct sql_statement *row, struct key_row *key, GError **error) {
    size_t len = 0;
    if (key->caller.is_temporary) {
        const void *hash = sql_column_blob(row, TOKEN_COLUMN, &len);
        if (len != sizeof key->token_hash) {
            fault_set(error, FAULT_INVALID_DATA, "the stored token of key %s is damaged",
                      access_key_id);
            return false;
        }
        memcpy(key->token_hash, hash, len);
        key->expires_ms = sql_column_int(row, EXPIRES_COLUMN);
    }
    const void *sealed = sql_column_blob(row, SEALED_COLUMN, &len);
    return key_open(reader, access_key_id, key->caller.tenant_id, sealed, len, &key->secret, error);
}

bool store_key_find(struct store_reader *reader, const char *access_key_id,
                    struct key_row **ret_key, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    bool is_temporary = g_str_has_prefix(access_key_id, SESSION_PREFIX);
    if (!query_one(reader->sql, is_temporary ? FIND_SESSION : FIND_KEY, VALUES(TEXT(access_key_id)),
                   &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_USER_NOT_EXIST, "there is no access key with this id");
        return false;
    }
    struct key_row *key = g_new0(struct key_row, 1);
    key->caller.is_temporary = is_temporary;
    (void)g_strlcpy(key->caller.access_key_id, access_key_id, sizeof key->caller.access_key_id);
    bool is_good =
        read_person(row, key, error) && read_secrets(reader, access_key_id, row, key, error);
    sql_reset(row);
    if (!is_good) {
        key_row_free(key);
        return false;
    }
    *ret_key = key;
    return true;
}
