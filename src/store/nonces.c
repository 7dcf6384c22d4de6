// SPDX-License-Identifier: Apache-2.0
//
// Nonces of changing requests. The room knows nothing of windows: who forgets says what is old.

#include "store/nonces.h"

#include "store/private.h"

static const char ADD_NONCE[] = "INSERT INTO nonce (access_key_id, nonce, seen_ms)"
                                " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
static const char NEWEST_BEFORE[] =
    "SELECT seen_ms FROM nonce WHERE seen_ms < ?1 ORDER BY seen_ms DESC LIMIT 1";
static const char OLDEST_BEFORE[] = "SELECT access_key_id, nonce FROM nonce WHERE seen_ms < ?1"
                                    " ORDER BY seen_ms LIMIT ?2";
static const char DELETE_NONCE[] = "DELETE FROM nonce WHERE access_key_id = ?1 AND nonce = ?2";
static const char GET_OLDEST[] = "SELECT seen_ms FROM nonce ORDER BY seen_ms LIMIT 1";
static const char GET_NEWEST[] = "SELECT seen_ms FROM nonce ORDER BY seen_ms DESC LIMIT 1";
static const char LIST_NONCES[] = "SELECT access_key_id, nonce, seen_ms FROM nonce"
                                  " WHERE seen_ms >= ?1 ORDER BY seen_ms";

bool store_nonce_add(struct store *store, const char *access_key_id, const char *nonce,
                     int64_t seen_ms, GError **error) {
    g_assert(access_key_id != NULL && nonce != NULL);
    return query_run(store_change_sql(store), ADD_NONCE,
                     VALUES(TEXT(access_key_id), TEXT(nonce), INT(seen_ms)), error);
}

// The oldest, as pairs of key and nonce; collected first, because a table is not walked while its rows go.
static bool collect_oldest(struct sql *sql, int64_t before_ms, int limit, GPtrArray *pairs,
                           GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(sql, OLDEST_BEFORE, VALUES(INT(before_ms), INT(limit)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        g_ptr_array_add(pairs, query_text(row, 0));
        g_ptr_array_add(pairs, query_text(row, 1));
    }
    return false;
}

bool store_nonce_purge(struct store *store, int64_t before_ms, int limit, GError **error) {
    g_assert(limit > 0);
    int64_t mark_ms = 0;
    if (!query_int(store->reader.sql, NEWEST_BEFORE, VALUES(INT(before_ms)), 0, &mark_ms, error)) {
        return false;
    }
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);
    if (!collect_oldest(store->reader.sql, mark_ms, limit, pairs, error)) {
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
    return true;
}

bool store_nonce_span(struct store_reader *reader, int64_t *ret_oldest_ms, int64_t *ret_newest_ms,
                      GError **error) {
    return query_int(reader->sql, GET_OLDEST, NO_VALUES, 0, ret_oldest_ms, error) &&
           query_int(reader->sql, GET_NEWEST, NO_VALUES, 0, ret_newest_ms, error);
}

bool store_nonce_each(struct store_reader *reader, int64_t from_ms, nonce_take_fn take, void *ctx,
                      GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = true;
    if (!query_start(reader->sql, LIST_NONCES, VALUES(INT(from_ms)), &row, error)) {
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
