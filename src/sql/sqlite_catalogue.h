// SPDX-License-Identifier: Apache-2.0
//
// sqlite_catalogue: what a SQLite file holds. Private to this folder.
#pragma once

#include "sql/sql.h"

// sql_catalogue of SQLite.
bool sqlite_catalogue(struct sql *sql, const struct sql_catalogue *catalogue, int64_t skipped_count,
                      GError **error);
