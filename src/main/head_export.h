// SPDX-License-Identifier: Apache-2.0
//
// head_export: hands the signed heads of the operation log out of the machine's reach: to a command of the operator's and to the system's log
// (reliability.md, Audit; docs/audit.md).
//
// One thread of its own, so that neither can hold the server. The newest head stands for all before it: when heads come faster than they
// go out, those in between are left out. What fails is told in the server's log and tried again after a minute, with the newest head.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct head_export_options {
    const char
        *command; // words as a shell would split them; the first is an absolute path; NULL: none
    const char *syslog_path; // a datagram socket as /dev/log; NULL: none
    const char *dir;         // the data directory
    int64_t limit_ms;        // of one run of the command
};

struct head_export;

// Are the command's words a command? FAULT_INVALID_DATA. Its program need not be there yet.
bool head_export_check_command(const char *command, GError **error);

// NULL when there is neither command nor socket. The options are copied. Signals that the process waits for must be blocked already.
struct head_export *head_export_start(const struct head_export_options *options);

// A head was made. Never blocks; any thread. Fits heads_options.hand_out.
void head_export_put(const char *head, void *head_export);

// Waits up to two seconds for the newest head to go out, then gives up, and frees it. NULL is fine.
void head_export_stop(struct head_export *head_export);
