// SPDX-License-Identifier: Apache-2.0
//
// attempt: the self-contained description of one try of a node: a program with arguments, descriptors and limits (docs/ARCHITECTURE.md).
//
// Whatever a node does, the executor sees only this. Plain value, one owner; made and sent by the engine's thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    ATTEMPT_RESULT_SCRIPT_BYTES = 64 * 1024, // behaviour.md §2.6
    ATTEMPT_RESULT_SQL_BYTES = 1024 * 1024,  // values of 64 KiB each (§2.4), as one JSON line
    ATTEMPT_GRACE_MS = 10000,                // TERM … KILL
};

struct attempt_spec {
    char *
        program; // absolute path, "@sql" (our SQL runner) or "@3" (descriptor 3 itself, a script that begins with #!)
    GPtrArray *arguments;   // of char *, argv[0] included; owns them
    GPtrArray *environment; // of char * NAME=value; owns them
    GPtrArray *contents;    // of GBytes *: descriptors 3, 4, … ; owns them
    char *note;             // what the attempt's log begins with; lines; NULL: nothing
    char *work_dir;         // NULL: a fresh one, removed at the end
    int64_t timeout_ms;     // 0 none; counted by the supervisor on the boot-time clock
    int64_t grace_ms;
    uint32_t result_max_bytes;
};

struct attempt_spec *attempt_spec_new(const char *program);
void attempt_spec_free(struct attempt_spec *spec);
