// SPDX-License-Identifier: Apache-2.0
//
// From the store's row of a connection to the executor's.

#include "engine/reach.h"

#include "store/sources.h"

bool reach_database(struct store_reader *reader, int64_t tenant_id, int64_t database_id,
                    const char *forbidden_dir, struct exec_connection *ret_connection,
                    GError **error) {
    struct connection_row *row = NULL;
    if (!store_connection_get(reader, tenant_id, database_id, &row, error)) {
        return false;
    }
    *ret_connection = (struct exec_connection){
        .kind = g_steal_pointer(&row->kind),
        .host = g_steal_pointer(&row->host),
        .port = row->port,
        .schema = g_steal_pointer(&row->schema),
        .user = g_steal_pointer(&row->user),
        .password = g_steal_pointer(&row->password),
        .forbidden_dir = g_strdup(forbidden_dir),
    };
    connection_row_free(row);
    return true;
}
