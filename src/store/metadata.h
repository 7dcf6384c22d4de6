// SPDX-License-Identifier: Apache-2.0
//
// metadata: tables and columns of registered databases as they were at the last sync (operations.md §4.2).
//
// CHANGE_METADATA_PUT stores what a sync found, in one transaction: new tables and columns get an id, known ones keep theirs, vanished
// ones go. A database that the source no longer lists stays as a row, because flows name it by its id; its state becomes NOT_EXIST.
#pragma once

#include "store/payload.h"
#include "store/store.h"

// In order of schema and name; search is a part of the name, ignoring case. FAULT_DATABASE_NOT_EXIST.
bool store_table_list(struct store_reader *reader, const struct caller *caller, int64_t database_id,
                      const char *search, int page_number, int page_size, GPtrArray **ret_tables,
                      int64_t *ret_total, GError **error);
// By table id (database_id and names unused), or by database and names (table_id 0); in the table's order. schema NULL: the kind's default.
// FAULT_DATABASE_NOT_EXIST, FAULT_TABLE_NOT_EXIST. GPtrArray of struct column_row *.
bool store_column_list(struct store_reader *reader, const struct caller *caller, int64_t table_id,
                       int64_t database_id, const char *schema, const char *table,
                       GPtrArray **ret_columns, GError **error);
