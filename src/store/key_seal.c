// SPDX-License-Identifier: Apache-2.0
//
// Sealing, opening and storing key secrets. Who may have a key is not known here.

#include "store/key_seal.h"

#include <string.h>

#include "base/fault.h"

static const char INSERT_KEY[] =
    "INSERT INTO access_key (id, tenant_id, person_id, sealed, is_active, created_ms)"
    " VALUES (?1, ?2, ?3, ?4, 1, ?5)";

static char *seal_context(const char *key_id, int64_t tenant_id) {
    return g_strdup_printf("access_key/%s/%" G_GINT64_FORMAT, key_id, tenant_id);
}

GBytes *key_seal(const struct store_reader *reader, const char *key_id, int64_t tenant_id,
                 const char *secret) {
    g_assert(reader->has_master);
    g_autofree char *context = seal_context(key_id, tenant_id);
    return crypto_seal(reader->master, context, secret, strlen(secret));
}

bool key_open(const struct store_reader *reader, const char *key_id, int64_t tenant_id,
              const void *sealed, size_t len, char **ret_secret, GError **error) {
    g_assert(reader->has_master);
    g_autofree char *context = seal_context(key_id, tenant_id);
    g_autoptr(GBytes) secret = NULL;
    if (!crypto_open(reader->master, context, sealed, len, &secret, error)) {
        g_prefix_error(error, "the stored secret of access key %s: ", key_id);
        return false;
    }
    *ret_secret = g_strndup(g_bytes_get_data(secret, NULL), g_bytes_get_size(secret));
    return true;
}

bool key_insert(struct store *store, const struct new_key *key, int64_t now_ms, GError **error) {
    g_autoptr(GBytes) sealed = key_seal(&store->reader, key->id, key->tenant_id, key->secret);
    return query_run(store_change_sql(store), INSERT_KEY,
                     VALUES(TEXT(key->id), INT(key->tenant_id), INT(key->person_id),
                            BLOB(g_bytes_get_data(sealed, NULL), g_bytes_get_size(sealed)),
                            INT(now_ms)),
                     error);
}

char **key_make(void) {
    char **texts = g_new0(char *, 3);
    texts[0] = crypto_random_text(KEY_ID_LENGTH);
    texts[1] = crypto_random_text(KEY_SECRET_LENGTH);
    return texts;
}
