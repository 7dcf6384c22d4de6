// SPDX-License-Identifier: Apache-2.0
//
// reach: what it takes to reach a database: the stored row in the form that attempts take.
#pragma once

#include "exec/connection.h"
#include "store/store.h"

// The database must belong to the tenant: FAULT_DATABASE_NOT_EXIST. `forbidden_dir` (copied; may be NULL): no file below it is opened. The
// caller ends it with exec_connection_done, which wipes the password. The reader must have the master key.
bool reach_database(struct store_reader *reader, int64_t tenant_id, int64_t database_id,
                    const char *forbidden_dir, struct exec_connection *ret_connection,
                    GError **error);
