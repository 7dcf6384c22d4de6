// SPDX-License-Identifier: Apache-2.0
//
// sqlnode: the kinds NORMAL_SQL and SQL_ASSIGNMENT (behaviour.md §2.3, §2.4) and the probe of a data source, as attempts of sluice-sql.
// Content: core/kinds/sql.h.
//
// Descriptor 3 of the attempt is the request, a JSON object:
//
//   {"mode":"run"|"assign"|"execute"|"probe"|"metadata", "connection":{"kind","host","port","schema","user","password"},
//    "forbidden":DIR or absent, "sql":TEXT, "outputs":[{"name","row","column","combiner","default" or absent}],
//    "tables":BOOL and "skip":N of metadata}
//
// and its answer, apart from the log that it prints (base/frame.h): {"outputs":{NAME:TEXT or null}} of an assignment, {"ok":…} of a probe, {"error":TEXT}
// when it fails; "statements" beside them where statements were run (exec/sqlresult.h); what metadata gives is in sqlrun/catalogue.h.
#pragma once

#include "exec/task.h"

// task->connection must be set.
bool sqlnode_prepare_run(const struct task *task, struct attempt_spec **ret_spec, GError **error);
bool sqlnode_prepare_assign(const struct task *task, struct attempt_spec **ret_spec,
                            GError **error);
struct attempt_spec *sqlnode_probe(const struct exec_connection *connection);
// Of a call: one script, whose rows come back.
struct attempt_spec *sqlnode_execute(const struct exec_connection *connection, const char *script,
                                     int64_t timeout_ms);
// The databases of the server, and the tables of this one behind the first `skipped_count`.
struct attempt_spec *sqlnode_metadata(const struct exec_connection *connection, bool wants_tables,
                                      int64_t skipped_count, int64_t timeout_ms);

// The outputs in an assignment's answer; an object the caller owns. FAULT_INVALID_DATA when the line is no such answer.
bool sqlnode_outputs(const char *line, size_t len, json_t **ret_outputs, GError **error);
// The text of an {"error":…} answer, or NULL. The caller frees it.
char *sqlnode_error(const char *line, size_t len);
