// SPDX-License-Identifier: Apache-2.0
//
// Client tokens. A stored answer is sealed to its token, so that it opens in no other row:
//
//     id · second id · count of ids (-1: none) · ids … · count of texts (-1: none) · per text its length and its bytes
//
// each number 64 bits, in the machine's order: the database does not travel between kinds of machines.

#include "store/tokens.h"

#include <string.h>

#include "base/fault.h"
#include "store/private.h"

enum { TOKEN_MS = CLIENT_TOKEN_HOURS * 3600 * 1000 };

static const char GET_TOKEN[] =
    "SELECT digest, sealed FROM client_token WHERE tenant_id = ?1 AND person_id = ?2"
    " AND action = ?3 AND token = ?4 AND created_ms > ?5";
static const char PUT_TOKEN[] =
    "INSERT INTO client_token (tenant_id, person_id, action, token, digest, sealed, created_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (tenant_id, person_id, action, token)"
    " DO UPDATE SET digest = excluded.digest, sealed = excluded.sealed,"
    " created_ms = excluded.created_ms";
static const char OLDEST_TOKENS[] =
    "SELECT tenant_id, person_id, action, token FROM client_token WHERE created_ms <= ?1"
    " ORDER BY created_ms LIMIT ?2";
static const char DELETE_TOKEN[] = "DELETE FROM client_token WHERE tenant_id = ?1"
                                   " AND person_id = ?2 AND action = ?3 AND token = ?4";

static char *seal_context(const struct caller *caller, const struct origin *origin) {
    return g_strdup_printf("token/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "/%s/%s",
                           caller->tenant_id, caller->user_id, origin->action,
                           origin->client_token);
}

// ---- The answer as bytes ----

static void put_number(GByteArray *bytes, int64_t number) {
    g_byte_array_append(bytes, (const guint8 *)&number, sizeof number);
}

static size_t packed_size(const struct change_result *result) {
    size_t size = 4 * sizeof(int64_t) + (result->ids != NULL ? result->ids->len : 0) * 8U;
    for (char **text = result->text; text != NULL && *text != NULL; text++) {
        size += sizeof(int64_t) + strlen(*text);
    }
    return size;
}

// Of its final size from the beginning: growing would leave copies of secrets behind.
static GByteArray *pack(const struct change_result *result) {
    size_t size = packed_size(result);
    GByteArray *bytes = g_byte_array_sized_new((guint)size);
    put_number(bytes, result->id);
    put_number(bytes, result->second_id);
    put_number(bytes, result->ids != NULL ? (int64_t)result->ids->len : -1);
    for (guint i = 0; result->ids != NULL && i < result->ids->len; i++) {
        put_number(bytes, g_array_index(result->ids, int64_t, i));
    }
    put_number(bytes, result->text != NULL ? (int64_t)g_strv_length(result->text) : -1);
    for (char **text = result->text; text != NULL && *text != NULL; text++) {
        put_number(bytes, (int64_t)strlen(*text));
        g_byte_array_append(bytes, (const guint8 *)*text, (guint)strlen(*text));
    }
    g_assert(bytes->len == size);
    return bytes;
}

struct unpacker {
    const uint8_t *next;
    size_t left;
};

static bool take_number(struct unpacker *from, int64_t low, int64_t *ret_number) {
    if (from->left < sizeof *ret_number) {
        return false;
    }
    memcpy(ret_number, from->next, sizeof *ret_number);
    from->next += sizeof *ret_number;
    from->left -= sizeof *ret_number;
    return *ret_number >= low;
}

static bool take_ids(struct unpacker *from, GArray **ret_ids) {
    int64_t count = 0;
    if (!take_number(from, -1, &count) || count > (int64_t)(from->left / sizeof(int64_t))) {
        return false;
    }
    if (count >= 0) {
        *ret_ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        g_array_append_vals(*ret_ids, from->next, (guint)count);
        from->next += (size_t)count * sizeof(int64_t);
        from->left -= (size_t)count * sizeof(int64_t);
    }
    return true;
}

static bool take_texts(struct unpacker *from, char ***ret_text) {
    int64_t count = 0;
    if (!take_number(from, -1, &count) || count > (int64_t)from->left) {
        return false;
    }
    *ret_text = count >= 0 ? g_new0(char *, (gsize)count + 1) : NULL;
    for (int64_t i = 0; i < count; i++) {
        int64_t len = 0;
        if (!take_number(from, 0, &len) || len > (int64_t)from->left) {
            return false;
        }
        (*ret_text)[i] = g_strndup((const char *)from->next, (gsize)len);
        from->next += len;
        from->left -= (size_t)len;
    }
    return true;
}

static bool unpack(const void *data, size_t len, struct change_result *ret_result, GError **error) {
    struct unpacker from = { .next = data, .left = len };
    struct change_result result = { 0 };
    if (take_number(&from, INT64_MIN, &result.id) &&
        take_number(&from, INT64_MIN, &result.second_id) && take_ids(&from, &result.ids) &&
        take_texts(&from, &result.text) && from.left == 0) {
        *ret_result = result;
        return true;
    }
    change_result_done(&result);
    fault_set(error, FAULT_INVALID_DATA, "the stored answer of a client token is damaged");
    return false;
}

static bool open_answer(struct store_reader *reader, const char *context, const void *sealed,
                        size_t len, struct change_result *ret_result, GError **error) {
    g_autoptr(GBytes) bytes = NULL;
    if (!crypto_open(reader->master, context, sealed, len, &bytes, error)) {
        g_prefix_error(error, "the stored answer of a client token: ");
        return false;
    }
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    return unpack(data, size, ret_result, error);
}

// ---- Finding and keeping ----

static bool judge(struct store_reader *reader, struct sql_statement *row,
                  const struct caller *caller, const struct origin *origin,
                  struct change_result *ret_result, GError **error) {
    if (g_strcmp0(sql_column_text(row, 0), origin->digest) != 0) {
        fault_set_field(error, FAULT_TOKEN_MISMATCH, "ClientToken",
                        "this ClientToken was used for another %s within the last %d hours; repeat "
                        "a call with all its arguments, or take a new token",
                        origin->action, CLIENT_TOKEN_HOURS);
        return false;
    }
    if (sql_column_type(row, 1) == SQL_NULL) {
        fault_set_field(error, FAULT_TOKEN_OPEN, "ClientToken",
                        "the first %s with this ClientToken was begun, and its outcome is not "
                        "known; look at what it was to change before you take a new token",
                        origin->action);
        return false;
    }
    size_t len = 0;
    const void *sealed = sql_column_blob(row, 1, &len);
    g_autofree char *context = seal_context(caller, origin);
    return open_answer(reader, context, sealed, len, ret_result, error);
}

bool store_token_find(struct store_reader *reader, const struct caller *caller,
                      const struct origin *origin, int64_t now_ms, bool *ret_is_repeat,
                      struct change_result *ret_result, GError **error) {
    *ret_is_repeat = false;
    if (origin->client_token == NULL) {
        return true;
    }
    g_assert(origin->digest != NULL);
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_TOKEN,
                   VALUES(INT(caller->tenant_id), INT(caller->user_id), TEXT(origin->action),
                          TEXT(origin->client_token), INT(now_ms - TOKEN_MS)),
                   &row, &has_row, error)) {
        return false;
    }
    bool is_good = !has_row || judge(reader, row, caller, origin, ret_result, error);
    sql_reset(row);
    *ret_is_repeat = has_row && is_good;
    return is_good;
}

bool store_token_add(struct store *store, const struct caller *caller, const struct origin *origin,
                     const struct change_result *result, int64_t now_ms, GError **error) {
    if (origin->client_token == NULL) {
        return true;
    }
    g_assert(origin->digest != NULL);
    g_assert(store->reader.has_master);
    g_autoptr(GBytes) sealed = NULL;
    if (result != NULL) {
        g_autofree char *context = seal_context(caller, origin);
        GByteArray *bytes = pack(result);
        sealed = crypto_seal(store->reader.master, context, bytes->data, bytes->len);
        explicit_bzero(bytes->data, bytes->len);
        g_byte_array_unref(bytes);
    }
    gsize len = 0;
    const void *data = sealed != NULL ? g_bytes_get_data(sealed, &len) : NULL;
    return query_run(store_change_sql(store), PUT_TOKEN,
                     VALUES(INT(caller->tenant_id), INT(caller->user_id), TEXT(origin->action),
                            TEXT(origin->client_token), TEXT(origin->digest), BLOB(data, len),
                            INT(now_ms)),
                     error);
}

struct old_token {
    int64_t tenant_id;
    int64_t user_id;
    char *action;
    char *token;
};

static void old_token_done(gpointer item) {
    struct old_token *token = item;
    g_free(token->action);
    g_free(token->token);
}

static bool collect_old(struct sql *sql, int64_t until_ms, int limit, GArray *tokens,
                        GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(sql, OLDEST_TOKENS, VALUES(INT(until_ms), INT(limit)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        struct old_token token = { .tenant_id = sql_column_int(row, 0),
                                   .user_id = sql_column_int(row, 1),
                                   .action = query_text(row, 2),
                                   .token = query_text(row, 3) };
        g_array_append_val(tokens, token);
    }
    return false;
}

bool store_token_purge(struct store *store, int64_t now_ms, int limit, GError **error) {
    g_assert(limit > 0);
    g_autoptr(GArray) tokens = g_array_new(FALSE, FALSE, sizeof(struct old_token));
    g_array_set_clear_func(tokens, old_token_done);
    if (!collect_old(store->reader.sql, now_ms - TOKEN_MS, limit, tokens, error)) {
        return false;
    }
    for (guint i = 0; i < tokens->len; i++) {
        const struct old_token *token = &g_array_index(tokens, struct old_token, i);
        if (!query_run(store_change_sql(store), DELETE_TOKEN,
                       VALUES(INT(token->tenant_id), INT(token->user_id), TEXT(token->action),
                              TEXT(token->token)),
                       error)) {
            return false;
        }
    }
    return true;
}
