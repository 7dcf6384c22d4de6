// SPDX-License-Identifier: Apache-2.0
//
// sqlnode: the kinds NORMAL_SQL and SQL_ASSIGNMENT (behaviour.md §2.3, §2.4) and the probe of a data source, as attempts of sluice-sql.
// Content: {"dbId":5210001, "sql":"…", "dbType":"sqlite"}; dbId may be written as digits in a text; dbType may be absent.
//
// Descriptor 3 of the attempt is the request, a JSON object:
//
//   {"mode":"run"|"assign"|"probe", "connection":{"kind","host","port","schema","user","password"}, "forbidden":DIR or absent,
//    "sql":TEXT, "outputs":[{"name","row","column","combiner","default" or absent}]}
//
// and the last line of its standard output the answer: {"outputs":{NAME:TEXT}} of an assignment, {"ok":…} of a probe, {"error":TEXT}
// when it fails.
#pragma once

#include "exec/task.h"

// The database that the content names.
bool sqlnode_database_id(const json_t *content, int64_t *ret_database_id, GError **error);

// task->connection must be set.
bool sqlnode_prepare_run(const struct task *task, struct attempt_spec **ret_spec, GError **error);
bool sqlnode_prepare_assign(const struct task *task, struct attempt_spec **ret_spec,
                            GError **error);
struct attempt_spec *sqlnode_probe(const struct exec_connection *connection);

// The outputs in an assignment's answer; an object the caller owns. FAULT_INVALID_DATA when the line is no such answer.
bool sqlnode_outputs(const char *line, size_t len, json_t **ret_outputs, GError **error);
// The text of an {"error":…} answer, or NULL. The caller frees it.
char *sqlnode_error(const char *line, size_t len);
