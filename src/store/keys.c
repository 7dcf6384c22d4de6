// SPDX-License-Identifier: Apache-2.0
//
// Access keys: made, disabled, deleted, listed (docs/extensions.md). Secrets are shown once, when a key is made, and never read here.

#include "store/keys.h"

#include "base/fault.h"
#include "store/changes.h"
#include "store/checks.h"
#include "store/key_seal.h"
#include "store/person_head.h"

enum {
    USED_STEP_MS = 60 * 1000
}; // a key's last use is kept this exactly, so that a busy key is not written all the time

static const char COUNT_KEYS[] =
    "SELECT count(*), coalesce(sum(is_active), 0) FROM access_key WHERE tenant_id = ?1 AND "
    "person_id = ?2";
static const char GET_KEY[] =
    "SELECT person_id, is_active FROM access_key WHERE id = ?1 AND tenant_id = ?2";
static const char SET_ACTIVE[] =
    "UPDATE access_key SET is_active = ?3 WHERE id = ?1 AND tenant_id = ?2";
static const char DELETE_KEY[] =
    "DELETE FROM access_key WHERE id = ?1 AND tenant_id = ?2 AND is_active = 0";
// A session that was made with the key ends with it.
static const char DELETE_SESSIONS[] =
    "DELETE FROM session_key WHERE tenant_id = ?2 AND person_id = ?3 AND parent_key_id = ?1";
static const char LIST_KEYS[] =
    "SELECT id, person_id, is_active, created_ms, last_used_ms FROM access_key"
    " WHERE tenant_id = ?1 AND person_id = ?2 ORDER BY created_ms, id";
static const char SET_USED[] =
    "UPDATE access_key SET last_used_ms = ?2 WHERE id = ?1 AND last_used_ms < ?3";

struct key_head {
    const char *id; // borrowed
    bool is_active;
    struct person_head owner;
};

// The user whose keys are meant: the caller when user_id is 0. Whether there is such a user is told only to those who may manage it.
static bool open_owner(struct store_reader *reader, const struct caller *caller, int64_t user_id,
                       struct person_head *ret_owner, GError **error) {
    if (user_id != 0 && user_id != caller->user_id && !access_permits(caller, CLASS_USERS)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not manage keys of other users; %s may",
                  caller->name, access_class_text(CLASS_USERS));
        return false;
    }
    return person_head_find(reader, caller, NULL, user_id != 0 ? user_id : caller->user_id,
                            "UserId", ret_owner, error);
}

static bool open_key(struct store *store, const struct change *change, struct key_head *ret_key,
                     GError **error) {
    const struct caller *caller = &change->caller;
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!check_name(change->name, "UserAccessKeyId", ACCESS_NAME_BYTES - 1, error) ||
        !query_one(store->reader.sql, GET_KEY, VALUES(TEXT(change->name), INT(caller->tenant_id)),
                   &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set_field(error, FAULT_KEY_NOT_EXIST, "UserAccessKeyId",
                        "there is no access key %s; temporary ones can not be changed",
                        change->name);
        return false;
    }
    struct key_head key = { .id = change->name, .is_active = sql_column_int(row, 1) != 0 };
    int64_t owner_id = sql_column_int(row, 0);
    sql_reset(row);
    if (!open_owner(&store->reader, caller, owner_id, &key.owner, error) ||
        !person_head_check_manager(caller, &key.owner, error)) {
        return false;
    }
    *ret_key = key;
    return true;
}

static bool check_limits(struct store *store, const struct person_head *owner, bool adds,
                         GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(store->reader.sql, COUNT_KEYS, VALUES(INT(owner->tenant_id), INT(owner->id)),
                   &row, &has_row, error)) {
        return false;
    }
    int64_t all = has_row ? sql_column_int(row, 0) : 0;
    int64_t active = has_row ? sql_column_int(row, 1) : 0;
    if (has_row) {
        sql_reset(row);
    }
    if (active >= KEYS_ACTIVE_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "user %s has %" G_GINT64_FORMAT
                  " active access keys; at most %d: disable one first",
                  owner->uid, active, KEYS_ACTIVE_MAX);
        return false;
    }
    if (adds && all >= KEYS_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "user %s has %" G_GINT64_FORMAT
                  " access keys, disabled ones included; at most %d: delete one first",
                  owner->uid, all, KEYS_MAX);
        return false;
    }
    return true;
}

bool change_key_create(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    struct person_head owner = { 0 };
    if (change->caller.is_temporary) {
        fault_set(error, FAULT_NO_PERMISSION, "a session key can make no access keys");
        return false;
    }
    if (!open_owner(&store->reader, &change->caller, change->user_id, &owner, error) ||
        !person_head_check_manager(&change->caller, &owner, error)) {
        return false;
    }
    if (owner.state != PERSON_NORMAL) {
        fault_set_field(error, FAULT_USER_STATE, "UserId",
                        owner.state == PERSON_DISABLED
                            ? "user %s is disabled; enable it before it gets a key"
                            : "user %s is deleted; RegisterUser brings it back",
                        owner.uid);
        return false;
    }
    if (!check_limits(store, &owner, true, error)) {
        return false;
    }
    result->id = owner.id;
    result->text = key_make();
    struct new_key key = {
        .id = result->text[0],
        .secret = result->text[1],
        .tenant_id = owner.tenant_id,
        .person_id = owner.id,
    };
    return key_insert(store, &key, now_ms, error);
}

bool change_key_update(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    (void)now_ms;
    struct key_head key = { 0 };
    if (!open_key(store, change, &key, error)) {
        return false;
    }
    result->id = key.owner.id;
    if (key.is_active == change->flag) {
        return true;
    }
    if (change->flag && !check_limits(store, &key.owner, false, error)) {
        return false;
    }
    return query_change(store_change_sql(store), SET_ACTIVE,
                        VALUES(TEXT(key.id), INT(key.owner.tenant_id), INT(change->flag)), error) &&
           person_head_check_way_in(store, key.owner.tenant_id, FAULT_KEY_STATE, error);
}

bool change_key_delete(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error) {
    (void)now_ms;
    struct key_head key = { 0 };
    if (!open_key(store, change, &key, error)) {
        return false;
    }
    if (key.is_active) {
        fault_set_field(error, FAULT_KEY_STATE, "UserAccessKeyId",
                        "access key %s is active; disable it before deleting it", key.id);
        return false;
    }
    result->id = key.owner.id;
    return query_change(store_change_sql(store), DELETE_KEY,
                        VALUES(TEXT(key.id), INT(key.owner.tenant_id)), error) &&
           query_run(store_change_sql(store), DELETE_SESSIONS,
                     VALUES(TEXT(key.id), INT(key.owner.tenant_id), INT(key.owner.id)), error);
}

void access_key_row_free(struct access_key_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->id);
    g_free(row);
}

bool store_access_key_list(struct store_reader *reader, const struct caller *caller,
                           int64_t user_id, GPtrArray **ret_keys, GError **error) {
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)access_key_row_free);
    struct person_head owner = { 0 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!open_owner(reader, caller, user_id, &owner, error) ||
        !query_start(reader->sql, LIST_KEYS, VALUES(INT(owner.tenant_id), INT(owner.id)), &row,
                     error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_keys = g_steal_pointer(&keys);
            return true;
        }
        struct access_key_row *key = g_new(struct access_key_row, 1);
        *key = (struct access_key_row){
            .id = query_text(row, 0),
            .user_id = sql_column_int(row, 1),
            .is_active = sql_column_int(row, 2) != 0,
            .created_ms = sql_column_int(row, 3),
            .last_used_ms = sql_column_int(row, 4),
        };
        g_ptr_array_add(keys, key);
    }
    return false;
}

bool store_key_used(struct store *store, const char *access_key_id, int64_t now_ms,
                    GError **error) {
    return query_run(store_change_sql(store), SET_USED,
                     VALUES(TEXT(access_key_id), INT(now_ms), INT(now_ms - USED_STEP_MS)), error);
}
