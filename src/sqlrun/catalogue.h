// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_catalogue: the databases of a server and the tables of one of them as sluice-sql's answer (exec/sqlresult.h reads it):
//
//   {"ok":true, "databases":[{"name","encoding","catalog"}], "tables":[{"schema","name","kind","engine","encoding","description","rows",
//    "bytes", "columns":[{"name","type","default","description","nullable","auto","length","precision","scale"}]}], "more":BOOL}
//
// Members without a value are absent. "more": the answer was full; ask again behind the tables of this one.
#pragma once

#include <jansson.h>

#include "sql/sql.h"

// A new reference. FAULT_INVALID_DATA when a single table is larger than an answer.
bool catalogue_answer(struct sql *sql, bool wants_tables, int64_t skipped_count,
                      json_t **ret_answer, GError **error);
