// SPDX-License-Identifier: Apache-2.0
//
// metadata: tables and columns of registered databases as they were at the last sync (operations.md §4.2).
#pragma once

#include "store/payload.h"
#include "store/sources.h"

bool store_table_list(struct store_reader *reader, const struct caller *caller, int64_t database_id,
                      const char *search, int page_number, int page_size, GPtrArray **ret_tables,
                      int64_t *ret_total, GError **error);
// By table id (database_id, names unused), or by database and names (table_id 0): FAULT_TABLE_NOT_EXIST. schema NULL: the kind's default.
bool store_column_list(struct store_reader *reader, const struct caller *caller, int64_t table_id,
                       int64_t database_id, const char *schema, const char *table,
                       GPtrArray **ret_columns, GError **error);
