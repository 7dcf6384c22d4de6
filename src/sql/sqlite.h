// SPDX-License-Identifier: Apache-2.0
//
// sqlite: the driver of SQLite, for those who know that they have a file: the state store, above all.
#pragma once

#include "sql/sql.h"

extern const struct sql_driver sql_sqlite_driver;

// sql_open with this driver: of a target only the path and the mode count.
bool sqlite_open(const char *path, enum sql_mode mode, struct sql **ret_sql, GError **error);
