// SPDX-License-Identifier: Apache-2.0
//
// drivers: the table of the drivers for users' databases. Linked by sluice-sql alone; the server opens no user's database and links no client
// library for one. Its rows are those of `sql_drivers` in src/sql/meson.build; which kinds of databases a driver reaches says
// core/database_kind.
#pragma once

#include "sql/types.h"

// By the driver's name; NULL: this build has none of that name. Any thread.
const struct sql_driver *sql_driver_find(const char *name);
