// SPDX-License-Identifier: Apache-2.0
//
// One row.

#include "store/steady.h"

#include "store/private.h"

static const char GET_READING[] = "SELECT boot_id, boot_ms, steady_ms FROM steady WHERE id = 1";
static const char PUT_READING[] =
    "INSERT INTO steady (id, boot_id, boot_ms, steady_ms) VALUES (1, ?1, ?2, ?3)"
    " ON CONFLICT (id) DO UPDATE SET boot_id = ?1, boot_ms = ?2, steady_ms = ?3";

bool store_steady_get(struct store_reader *reader, struct steady_row *ret_row, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    *ret_row = (struct steady_row){ 0 };
    if (!query_one(reader->sql, GET_READING, NO_VALUES, &row, &has_row, error)) {
        return false;
    }
    if (has_row) {
        ret_row->boot_id = query_text(row, 0);
        ret_row->boot_ms = sql_column_int(row, 1);
        ret_row->steady_ms = sql_column_int(row, 2);
        sql_reset(row);
    }
    return true;
}

void steady_row_done(struct steady_row *row) {
    g_clear_pointer(&row->boot_id, g_free);
}

bool store_steady_put(struct store *store, const struct steady_row *row, GError **error) {
    return query_run(store_change_sql(store), PUT_READING,
                     VALUES(TEXT(row->boot_id), INT(row->boot_ms), INT(row->steady_ms)), error);
}
