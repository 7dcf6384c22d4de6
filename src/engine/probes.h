// SPDX-License-Identifier: Apache-2.0
//
// probes: attempts on their way that belong to no run: connection tests, scripts of calls, readings of metadata. Nothing of them is stored
// but their fence.
// Engine thread only.
#pragma once

#include <glib.h>
#include <stdint.h>

#include "engine/command.h"
#include "store/store.h"

struct probes {
    GPtrArray *waiting;  // of struct command *: the supervisor is not there yet
    GHashTable *running; // fence → struct command *
    GArray *starts;      // of struct start_order: to be sent after the commit
};

void probes_init(struct probes *probes);
void probes_done(struct probes *probes);

// Takes a command; it is completed by whoever finds, times out or refuses it.
void probes_add(struct probes *probes, struct command *command);
// The supervisor hears us: gives each waiting probe a fence and orders its start. A fence given earlier would be below the mark that the
// greeting raises.
void probes_begin(struct probes *probes, struct store *store);
// The probe under a fence, or NULL.
struct command *probes_find(const struct probes *probes, int64_t fence);
void probes_remove(struct probes *probes, const struct command *command);
// The turn was stored.
void probes_settle(struct probes *probes);
// The turn was not stored: nothing that it would have begun has begun. Those that it took are put into `replies`, as they came; the others
// wait again.
void probes_take_back(struct probes *probes, GPtrArray *replies);
int probes_running_count(const struct probes *probes);
int probes_count(const struct probes *probes); // those that wait included

// It was begun, and nobody will hear how it ended: sets the error, FAULT_OUTCOME_UNKNOWN for a script of a call. why: "no end in time of ".
void probes_lose(struct command *command, const char *why);

// The connection to the supervisor was lost: it must tell of the running ones again.
void probes_doubt(struct probes *probes);
// It has told of all that it has: those it did not mention will never end. Error set, put into `replies`.
void probes_judge(struct probes *probes, GPtrArray *replies);

// Ends those whose time is over: error set, put into `replies`, the fence of a running one into `kills`.
void probes_time_out(struct probes *probes, int64_t monotonic_ms, GArray *kills,
                     GPtrArray *replies);
// When probes_time_out is due next, monotonic; INT64_MAX never.
int64_t probes_due_ms(const struct probes *probes);
// Everything is to end now: those that wait are refused, the fences of the running ones go into `kills`; they are answered when they have ended.
void probes_end_all(struct probes *probes, GArray *kills, GPtrArray *replies);
// The server stops and waits for none: all are put into `replies`, those that wait with FAULT_UNAVAILABLE; the running ones are lost, their
// fences go into `kills`.
void probes_abandon_all(struct probes *probes, GArray *kills, GPtrArray *replies);
