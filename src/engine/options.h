// SPDX-License-Identifier: Apache-2.0
//
// options: what the engine is given at its start. A value; the pointers are borrowed until the engine has been freed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/vars.h"
#include "engine/reserve.h"
#include "engine/steady.h"
#include "exec/client.h"
#include "store/store.h"

// The signed ends of the operation log, besides DIR/audit.heads (engine/ledger).
struct heads_options {
    int64_t every_ms; // between two of them; 0: an hour
    void (*hand_out)(const char *head,
                     void *user); // each as it is made; never blocks; NULL: nobody
    void *user;
};

struct engine_options {
    const char *dir;
    struct store *store;     // owned by the engine's thread from engine_start on
    struct reserve *reserve; // room for what can not wait; NULL: none is kept
    int64_t attempt_bytes;   // no attempt is begun with less room on the disk (engine/ground)
    int64_t (*free_bytes)(
        void *user); // of the disk of `dir`, for tests; NULL: what the system says
    void *free_user;
    int attempts_max;     // running nodes of the whole server
    int run_attempts_max; // running nodes of one run
    int64_t run_limit_ms; // time a run may be RUNNING (behaviour.md §10: 18 h)
    int64_t grace_ms;
    struct steady_source time; // zero: the machine's clocks
    enum var_language language;
    struct heads_options heads;
    client_launch_fn launch; // asks for a supervisor
    void *launch_user;
    void (*fail)(const char *reason, void *user); // the store can not be trusted: end the process
    void *fail_user;
};
