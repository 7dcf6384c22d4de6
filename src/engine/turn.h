// SPDX-License-Identifier: Apache-2.0
//
// turn: what a turn of the engine works on, shared by the rooms that make one up: intake, loop.
//
// Engine thread only, but for what the mutex guards and turn_wake.
#pragma once

#include "engine/active.h"
#include "engine/command.h"
#include "engine/ground.h"
#include "engine/ledger.h"
#include "engine/notebook.h"
#include "engine/options.h"
#include "engine/outage.h"
#include "engine/probes.h"
#include "engine/stats.h"
#include "engine/trouble.h"
#include "exec/client.h"

// For a lock of another program, inside a turn; calls wait longer (engine/outage).
enum { TURN_PATIENCE_MS = 250 };

struct loop {
    struct engine_options options;
    char *dir;
    int wake_fd;
    struct active active;
    struct client *client;
    int capacity;          // of the supervisor
    int64_t full_until_ms; // monotonic: it had less room than it said, so no place is given before
    struct ground ground;
    struct outage outage;
    bool is_judged; // the attempts of before this start have had their verdict, and it is stored
    bool is_stale;  // memory does not say what the store does: it is loaded before the next turn
    int64_t
        told_again_ms; // monotonic: until then a supervisor that tells everything again is not taken for dead
    bool has_start_trouble; // the supervisor had no room for a start, and has started nothing since
    GPtrArray *refusals;    // of struct report *: heard and not yet stored
    struct probes probes;   // connection tests under way
    struct ledger *ledger;
    struct notebook *notebook;
    struct trouble *trouble;
    GQueue patient;           // of struct command *: they wait for a lock (outage_waits)
    GPtrArray *replies;       // of struct command: answered after the commit
    struct command *stopping; // a stop-all under way, or NULL
    bool must_stop;           // that every run is to be stopped is not stored yet
    bool begins_nothing;      // from a stop-all on: an attempt would keep the supervisor alive
    bool begins_no_probes;    // the server stops
    bool is_quitting;         // engine thread only
    bool quits_supervisor;
    GError *failure; // of this turn: the store can not be trusted

    GMutex mutex;   // guards what follows: the one queue between the request threads and the engine
    GQueue inbox;   // of struct command
    bool is_closed; // takes no more commands
    struct engine_stats stats;
};

// Milliseconds of the monotonic clock.
int64_t turn_clock_ms(void);
// Any thread: there is something to do.
void turn_wake(struct loop *loop);
// The turn can not be committed. Takes the error; the first one counts.
void turn_fail(struct loop *loop, GError *error);
