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
// The id of a table that is named; schema NULL: the kind's default. FAULT_DATABASE_NOT_EXIST, FAULT_TABLE_NOT_EXIST.
bool store_table_find(struct store_reader *reader, const struct caller *caller, int64_t database_id,
                      const char *schema, const char *name, int64_t *ret_table_id, GError **error);
// In the table's order: GPtrArray of struct column_row *. Any number may be asked for: FAULT_TABLE_NOT_EXIST.
bool store_column_list(struct store_reader *reader, const struct caller *caller, int64_t table_id,
                       GPtrArray **ret_columns, GError **error);
