// SPDX-License-Identifier: Apache-2.0
//
// kinds: what each kind of node turns into: node type → program, arguments, limits; and back: exit → outcome and outputs
// (behaviour.md §2.3–§2.6, §2.13, §5.1). One table row per kind; a new kind is one row and one function.
//
// No I/O: connection data comes through a call-back, because exec may not look into the store.
#pragma once

#include <jansson.h>

#include "core/machine.h"
#include "core/scope.h"
#include "exec/attempt.h"
#include "exec/connection.h"

struct kind_context {
    enum var_language language;
    // Fills *ret_connection, or FAULT_DATABASE_NOT_EXIST.
    bool (*connection)(int64_t tenant_id, int64_t database_id,
                       struct exec_connection *ret_connection, void *user, GError **error);
    void *user;
    const char
        *data_dir; // may be NULL: no SQLite file below this directory is opened (the server's own)
};

// The attempt that runs this node now. FAULT_INVALID_DATA: content, variables or kind do not allow it; the text says why and becomes
// the node's message ("no executor configured for SPARK_SQL", "variable ${x} is unknown", …). The log of the attempt
// begins with the specification's note: what was started, and what is worth a remark.
bool kind_prepare(const struct kind_context *context, const struct run *run, int node,
                  struct attempt_spec **ret_spec, GError **error);

// How the attempt ended, as the supervisor reports it.
enum exit_cause { EXIT_NORMAL, EXIT_SIGNAL, EXIT_NOT_STARTED, EXIT_LOST };
enum exit_kill {
    EXIT_KILL_NONE,
    EXIT_KILL_SERVER,
    EXIT_KILL_TIMEOUT
}; // TERM sent before it ended, and by whom
struct exit_report {
    enum exit_cause cause;
    int code; // exit code, signal number or errno
    enum exit_kill kill;
    bool was_out_of_memory;
    bool is_result_too_long;
    bool is_result_lost;
    const char
        *result; // the program's last non-empty line; of EXIT_NOT_STARTED why it never ran; or NULL
    size_t result_len;
};

// The outcome of an exit: success, failure (also a time-out) or killed; *ret_message NULL or a sentence ("exit code 3", "killed by signal
// 9", "timed out after 60 s", "declared output ${n} is missing"); *ret_outputs NULL or an object name → text or null. A success has
// a message too when a script's last line holds what could not be taken. The caller frees both.
void kind_outcome(const struct run *run, int node, const struct exit_report *report,
                  enum attempt_outcome *ret_outcome, char **ret_message, json_t **ret_outputs);

// The connection test and metadata of a data source as an attempt (2 s limit). Its result line is a JSON object:
// {"ok":true,"version":…,"schemas":["main"]} or {"ok":false,"error":…}.
struct attempt_spec *kind_probe(const struct exec_connection *connection);

// A call's script, and what there is in a database, as attempts with this limit. Results: exec/sqlresult.h; sqlrun/catalogue.h.
struct attempt_spec *kind_execute(const struct exec_connection *connection, const char *script,
                                  int64_t timeout_ms);
struct attempt_spec *kind_metadata(const struct exec_connection *connection, bool wants_tables,
                                   int64_t skipped_count, int64_t timeout_ms);

// Does the node run SQL? Then the database and the script as it was sent, its variables put in: they are the same as when it started, as
// nothing before a running node changes. Variables that can not be put in any more stay as they are written. The caller frees the text.
bool kind_sql(const struct run *run, int node, enum var_language language, int64_t *ret_database_id,
              char **ret_script);
