// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_script: runs the statements of a script in order, on one connection, and stops behind the first that fails (behaviour.md §2.3).
#pragma once

#include <stdatomic.h>

#include "sqlrun/answer.h"
#include "core/dialect.h"
#include "sql/sql.h"

enum script_mode {
    SCRIPT_LOGGED,   // of a node: each statement and its first rows are printed
    SCRIPT_ANSWERED, // of a call: rows go into the answer, nothing is printed
};

struct script {
    struct sql *sql;
    const struct dialect *dialect; // of the database's kind
    enum script_mode mode;
    struct answer *answer;
    const atomic_bool *is_cancelled;
};

// False: a statement failed; the answer's last entry and the fault say which and why. What was committed stays.
bool script_run(const struct script *script, const char *text, GError **error);

// The number and the database's words, in the log.
void script_report_failure(int number, int64_t started_us, GError **error);
