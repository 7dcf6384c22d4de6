// SPDX-License-Identifier: Apache-2.0
//
// migrations: the tables, as numbered steps from an empty database to the present one. Private to this folder.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "sql/sql.h"

// Brings the database to the newest schema, each step in one transaction with its number. A database of a newer program is refused
// with FAULT_NOT_SUPPORTED.
bool migrations_apply(struct sql *sql, GError **error);
