// SPDX-License-Identifier: Apache-2.0
//
// command: one call that travels from a request's thread to the engine's turn and back. It lives on the caller's stack: the caller waits
// until it is complete. Between post and completion it belongs to the engine's thread.
#pragma once

#include "core/machine.h"
#include "exec/attempt.h"
#include "store/backfills.h"
#include "store/flows.h"
#include "store/origin.h"

enum command_kind {
    COMMAND_CHANGE,
    COMMAND_TRY_RUN,
    COMMAND_RUN_ACTION,
    COMMAND_BACKFILL,
    COMMAND_PROBE,
    COMMAND_STOP_ALL,
    COMMAND_END_PROBES,
    COMMAND_QUIT,
};

struct command {
    enum command_kind kind;
    struct caller caller;
    const struct origin *origin; // borrowed; NULL: nobody's request
    struct change *change;       // borrowed
    struct backfill *backfill;   // borrowed
    enum run_event_kind action;
    int64_t flow_id;
    int64_t run_id;
    int64_t version_id;  // or VERSION_…
    struct draft *draft; // borrowed; of VERSION_DRAFT, gathered on the caller's thread; NULL: not
    json_t *variables;   // borrowed; of a try run; NULL none
    struct attempt_spec *spec; // of a probe; the engine takes it
    const char *what;          // of a probe, for messages: "the connection test"; a constant
    int64_t deadline_ms;       // monotonic
    int64_t fence;             // of a probe
    bool is_reported;          // of a probe: the supervisor of the present connection has it
    bool is_fresh;             // of a probe: what was stored for it is not committed yet
    bool is_begun;             // of a change: its client token was begun by a probe before
    bool quits_supervisor;

    GError *error; // NULL: done
    struct change_result result;
    char *note;         // what it did, for the operation log; NULL: nothing to tell
    char *text;         // a probe's result
    bool is_repeat;     // of a probe: nothing was run, `result` is the answer that was given before
    bool was_timed_out; // of a probe: it was ended when its time was over
    int alive_count;    // after a stop-all

    GMutex mutex;
    GCond completed;
    bool is_complete;
};

// caller may be NULL.
void command_init(struct command *command, enum command_kind kind, const struct caller *caller);
void command_done(struct command *command);
// As it was posted: what was decided about it did not happen.
void command_reset(struct command *command);
// Does it end or pause work, or tell what was done outside already? Then it is taken as long as there is any room.
bool command_is_urgent(const struct command *command);
void command_wait(struct command *command);
// The engine has finished with the command; it must not touch it any more.
void command_complete(struct command *command);
