// SPDX-License-Identifier: Apache-2.0
//
// open: from a request to a connection: the database's kind, the driver that reaches it, and where it is.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "core/database_kind.h"
#include "sqlrun/request.h"
#include "sql/sql.h"

// A database that was reached.
struct place {
    const struct database_kind *kind;
    char *path; // of a file, without links; NULL: it is none
};

// FAULT_NOT_SUPPORTED: this build has no driver for it. FAULT_INVALID_DATA: it is nowhere, or may not be opened. *ret_place is for
// place_done, also when this fails.
bool place_open(const struct request *request, struct place *ret_place, struct sql **ret_sql,
                GError **error);
void place_done(struct place *place);

// May this process write where the database is? Always, unless it is a file.
bool place_check_writable(const struct place *place, GError **error);
