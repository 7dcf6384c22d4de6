// SPDX-License-Identifier: Apache-2.0
//
// Making temporary keys, and forgetting those that ended.
//
// proposed: a user has at most SESSIONS_PER_USER_MAX that have not ended. One that ended is kept for a while, so that a late caller
// hears that it expired and not that it never was; it goes when the user makes another.

#include "store/sessions.h"

#include <string.h>

#include "base/fault.h"
#include "store/changes.h"
#include "store/key_seal.h"

enum { ENDED_KEEP_MS = 60 * 60 * 1000, ENDED_ROWS_AT_ONCE = 200 };

static const char GET_PARENT[] =
    "SELECT is_active FROM access_key WHERE id = ?1 AND tenant_id = ?2 AND person_id = ?3";
static const char FORGET_ENDED[] =
    "DELETE FROM session_key WHERE id IN (SELECT id FROM session_key WHERE tenant_id = ?1"
    " AND person_id = ?2 AND expires_ms < ?3 ORDER BY expires_ms LIMIT ?4)";
static const char COUNT_LIVE[] = "SELECT count(*) FROM session_key WHERE tenant_id = ?1"
                                 " AND person_id = ?2 AND expires_ms > ?3";
static const char INSERT_SESSION[] =
    "INSERT INTO session_key (id, tenant_id, person_id, parent_key_id, sealed, token_hash,"
    " expires_ms, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

static bool check_request(struct store *store, const struct change *change, int64_t now_ms,
                          GError **error) {
    const struct caller *caller = &change->caller;
    struct sql *sql = store->reader.sql;
    int64_t is_parent_active = 0;
    int64_t count = 0;
    if (caller->is_temporary) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "a temporary key makes no further keys; use a permanent one");
        return false;
    }
    if (change->number < SESSION_SECONDS_MIN || change->number > SESSION_SECONDS_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "DurationSeconds",
                        "DurationSeconds %" G_GINT64_FORMAT ": a temporary key lasts %d to %d "
                        "seconds",
                        change->number, SESSION_SECONDS_MIN, SESSION_SECONDS_MAX);
        return false;
    }
    if (!query_int(
            sql, GET_PARENT,
            VALUES(TEXT(caller->access_key_id), INT(caller->tenant_id), INT(caller->user_id)), 0,
            &is_parent_active, error) ||
        !query_int(sql, COUNT_LIVE,
                   VALUES(INT(caller->tenant_id), INT(caller->user_id), INT(now_ms)), 0, &count,
                   error)) {
        return false;
    }
    if (is_parent_active == 0) {
        fault_set(error, FAULT_KEY_STATE, "access key %s is not active any more",
                  caller->access_key_id);
        return false;
    }
    if (count >= SESSIONS_PER_USER_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "%s has %" G_GINT64_FORMAT " temporary keys, which is the limit; wait until one "
                  "of them ends",
                  caller->name, count);
        return false;
    }
    return true;
}

static bool insert(struct store *store, const struct caller *caller, char *const *text,
                   int64_t expires_ms, int64_t now_ms, GError **error) {
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(text[2], strlen(text[2]), hash);
    g_autoptr(GBytes) sealed = key_seal(&store->reader, text[0], caller->tenant_id, text[1]);
    return query_run(store_change_sql(store), INSERT_SESSION,
                     VALUES(TEXT(text[0]), INT(caller->tenant_id), INT(caller->user_id),
                            TEXT(caller->access_key_id),
                            BLOB(g_bytes_get_data(sealed, NULL), g_bytes_get_size(sealed)),
                            BLOB(hash, sizeof hash), INT(expires_ms), INT(now_ms)),
                     error);
}

bool change_session_create(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error) {
    const struct caller *caller = &change->caller;
    if (!check_request(store, change, now_ms, error) ||
        !query_run(store_change_sql(store), FORGET_ENDED,
                   VALUES(INT(caller->tenant_id), INT(caller->user_id), INT(now_ms - ENDED_KEEP_MS),
                          INT(ENDED_ROWS_AT_ONCE)),
                   error)) {
        return false;
    }
    g_autofree char *name = crypto_random_text(KEY_ID_LENGTH);
    result->id = (now_ms / 1000 + change->number) * 1000; // replies have whole seconds
    result->text = g_new0(char *, 4);
    result->text[0] = g_strconcat(SESSION_PREFIX, name, NULL);
    result->text[1] = crypto_random_text(KEY_SECRET_LENGTH);
    result->text[2] = crypto_random_text(SESSION_TOKEN_LENGTH);
    return insert(store, caller, result->text, result->id, now_ms, error);
}
