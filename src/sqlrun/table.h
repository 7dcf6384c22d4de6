// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_table: the first rows of a result as a table for readers of a log, its columns as wide as what is in them, within bounds.
//
//     id | name
//     ---+------
//      1 | Zoë
//
// Values that are longer than a column may be end in "…"; columns for which the line has no room are named below the table. Cells are
// copied, so the statement may go on.
#pragma once

#include "sql/sql.h"

enum { TABLE_ROWS_MAX = 100 }; // rows of a query that are shown (behaviour.md §2.3)

struct table;

// A table with the statement's columns. table_free takes NULL.
struct table *table_new(struct sql_statement *statement);
void table_free(struct table *table);

// Takes the present row; beyond TABLE_ROWS_MAX nothing is taken.
void table_row(struct table *table, struct sql_statement *statement);

// The table's lines.
void table_append(const struct table *table, GString *text);
