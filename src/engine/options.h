// SPDX-License-Identifier: Apache-2.0
//
// options: what the engine is given at its start. A value; the pointers are borrowed until the engine has been freed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/vars.h"
#include "exec/client.h"
#include "store/store.h"

struct engine_options {
    const char *dir;
    struct store *store;  // owned by the engine's thread from engine_start on
    int attempts_max;     // running nodes of the whole server
    int run_attempts_max; // running nodes of one run
    int64_t run_limit_ms; // time a run may be RUNNING (behaviour.md §10: 18 h)
    int64_t grace_ms;
    enum var_language language;
    client_launch_fn launch; // asks for a supervisor
    void *launch_user;
    void (*fail)(const char *reason, void *user); // the store can not be trusted: end the process
    void *fail_user;
};
