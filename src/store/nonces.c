// SPDX-License-Identifier: Apache-2.0
//
// Nonces of changing requests. The room knows nothing of windows: who forgets says what is old.

#include "store/nonces.h"

#include "store/private.h"

static const char ADD_NONCE[] = "INSERT INTO nonce (access_key_id, nonce, stamped_ms, seen_ms)"
                                " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
static const char OLDEST_BEFORE[] =
    "SELECT access_key_id, nonce, stamped_ms FROM nonce WHERE seen_ms < ?1"
    " ORDER BY seen_ms LIMIT ?2";
static const char DELETE_NONCE[] = "DELETE FROM nonce WHERE access_key_id = ?1 AND nonce = ?2";
static const char RAISE_MARK[] = "INSERT INTO nonce_mark (id, stamped_ms) VALUES (1, ?1)"
                                 " ON CONFLICT (id) DO UPDATE SET stamped_ms = ?1"
                                 " WHERE stamped_ms < ?1";
static const char DROP_MARK[] = "DELETE FROM nonce_mark WHERE id = 1";
static const char GET_MARK[] = "SELECT stamped_ms FROM nonce_mark WHERE id = 1";
static const char GET_NEWEST[] = "SELECT seen_ms FROM nonce ORDER BY seen_ms DESC LIMIT 1";
static const char COUNT_NONCES[] = "SELECT count(*) FROM nonce";
static const char LIST_NONCES[] =
    "SELECT access_key_id, nonce, stamped_ms FROM nonce ORDER BY seen_ms";

bool store_nonce_add(struct store *store, const char *access_key_id, const char *nonce,
                     int64_t stamped_ms, int64_t seen_ms, bool *ret_is_new, GError **error) {
    g_assert(access_key_id != NULL && nonce != NULL);
    struct sql_statement *statement = NULL;
    int64_t added = 0;
    if (!query_start(store_change_sql(store), ADD_NONCE,
                     VALUES(TEXT(access_key_id), TEXT(nonce), INT(stamped_ms), INT(seen_ms)),
                     &statement, error) ||
        !sql_run(statement, &added, error)) {
        return false;
    }
    if (ret_is_new != NULL) {
        *ret_is_new = added > 0;
    }
    return true;
}

// The oldest: pairs of key and nonce, and the latest stamp of them. Collected first, because a table is not walked while its rows go.
static bool collect_oldest(struct sql *sql, int64_t before_ms, int limit, GPtrArray *pairs,
                           int64_t *ret_stamped_ms, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    *ret_stamped_ms = INT64_MIN;
    if (!query_start(sql, OLDEST_BEFORE, VALUES(INT(before_ms), INT(limit)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        g_ptr_array_add(pairs, query_text(row, 0));
        g_ptr_array_add(pairs, query_text(row, 1));
        *ret_stamped_ms = MAX(*ret_stamped_ms, sql_column_int(row, 2));
    }
    return false;
}

bool store_nonce_purge(struct store *store, int64_t before_ms, int limit, int *ret_count,
                       GError **error) {
    g_assert(limit > 0);
    int64_t newest_ms = 0;
    int64_t stamped_ms = 0;
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);
    if (!query_int(store->reader.sql, GET_NEWEST, NO_VALUES, 0, &newest_ms, error) ||
        !collect_oldest(store->reader.sql, MIN(before_ms, newest_ms), limit, pairs, &stamped_ms,
                        error)) {
        return false;
    }
    if (pairs->len > 0 &&
        !query_run(store_change_sql(store), RAISE_MARK, VALUES(INT(stamped_ms)), error)) {
        return false;
    }
    for (guint i = 0; i < pairs->len; i += 2) {
        if (!query_run(
                store_change_sql(store), DELETE_NONCE,
                VALUES(TEXT(g_ptr_array_index(pairs, i)), TEXT(g_ptr_array_index(pairs, i + 1))),
                error)) {
            return false;
        }
    }
    *ret_count = (int)pairs->len / 2;
    return true;
}

bool store_nonce_state(struct store_reader *reader, struct nonce_state *ret_state, GError **error) {
    return query_int(reader->sql, COUNT_NONCES, NO_VALUES, 0, &ret_state->count, error) &&
           query_int(reader->sql, GET_NEWEST, NO_VALUES, 0, &ret_state->newest_ms, error) &&
           query_int(reader->sql, GET_MARK, NO_VALUES, INT64_MIN, &ret_state->forgotten_ms, error);
}

bool store_nonce_each(struct store_reader *reader, nonce_take_fn take, void *ctx, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = true;
    if (!query_start(reader->sql, LIST_NONCES, NO_VALUES, &row, error)) {
        return false;
    }
    sql_set_timeout(reader->sql, 0); // at the start, when nobody writes yet
    bool is_read = query_next(row, &has_row, error);
    while (is_read && has_row) {
        take(sql_column_text(row, 0), sql_column_text(row, 1), sql_column_int(row, 2), ctx);
        is_read = query_next(row, &has_row, error);
    }
    sql_set_timeout(reader->sql, reader->timeout_ms);
    return is_read;
}

bool store_nonce_accept_clock(struct store *store, GError **error) {
    if (!store_begin(store, error)) {
        return false;
    }
    if (!query_run(store_change_sql(store), DROP_MARK, NO_VALUES, error)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, error);
}
