// SPDX-License-Identifier: Apache-2.0
//
// active: the runs that have not ended, in memory, and the one way to apply an event to them inside a turn (docs/ARCHITECTURE.md).
//
// Applying decides and stores (in the open transaction) but touches nothing outside: what is to be done after the commit stands in lists
// that engine/loop works off. Engine thread only.
#pragma once

#include "core/machine.h"
#include "engine/options.h"
#include "exec/attempt.h"
#include "store/runs.h"

struct active;

// One run in memory.
struct entry {
    int64_t run_id;
    struct run *run;
    struct effects *effects; // decided in this turn, not yet stored
    char *actor;             // of those effects, or NULL
    GQueue queued;           // positions of nodes that wait for a place, in order
    bool is_queued;          // stands in the line of runs that want a place
    bool is_touched;         // in this turn
    bool is_set_aside;    // in this turn: its rows do not fit, and nothing happens to it any more
    GSequenceIter *timer; // place among the due times, or NULL
    int64_t due_ms;       // steady clock
};

// An open attempt: a fence and whose it is.
struct open_attempt {
    int64_t run_id;
    int node;
    bool is_reported;    // by the supervisor of the present connection
    bool is_before_boot; // dispatched before the machine was started
};

// A run of a backfill that has ended, and how, whatever becomes of it later in the turn.
struct ended_run {
    int64_t tenant_id;
    int64_t backfill_id;
    int64_t run_id;
    enum run_state state;
};

// What to do once the turn is committed.
struct start_order {
    int64_t fence;
    struct attempt_spec *spec;
};

struct active {
    struct store *store;
    const struct engine_options *options;
    struct steady steady;
    int64_t now_ms;      // of the turn: wall clock
    int64_t steady_ms;   // of the turn: the clock of durations
    GHashTable *entries; // run id → struct entry
    GHashTable *plans;   // version id → struct plan
    GHashTable *fences;  // fence → struct open_attempt
    GQueue
        line; // of struct entry *: runs with queued nodes, first come first served, one node each
    GSequence *timers;    // of struct entry *, by due time
    GPtrArray *touched;   // of struct entry *
    GArray *starts;       // of struct start_order
    GArray *kills;        // of int64_t fence
    GArray *acknowledges; // of int64_t fence
    GArray *voids;        // of int64_t fence: never started, never to be started
    GArray *ended;        // of struct ended_run: engine/backfill looks at them before the commit
    int queued_count;
    bool has_judged; // in this turn: the attempts of the last boot have had their verdict
};

void active_init(struct active *active, struct store *store, const struct engine_options *options);
void active_done(struct active *active);
// Forgets everything but the clock: it is loaded again (engine/recover).
void active_forget(struct active *active);
// Reads the clocks, once a turn.
void active_tick(struct active *active);

// The run's entry, loaded from the store when it is not in memory. FAULT_RUN_NOT_EXIST; FAULT_INVALID_DATA when it was set aside.
bool active_find(struct active *active, int64_t run_id, struct entry **ret_entry, GError **error);
// A version as a value, cached; borrowed.
bool active_plan(struct active *active, int64_t version_id, struct plan **ret_plan, GError **error);
// The plan of a new version, whose reference it takes: active_plan need not read it from the store.
void active_keep_plan(struct active *active, struct plan *plan_take);
// A list for start orders that frees what it holds.
GArray *active_new_orders(void);
// Takes a new run into memory (already inserted into the store).
struct entry *active_add(struct active *active, struct run *run);
// Stores a new run, takes it into memory and starts it, in `actor`'s name. Takes the run, on failure too; then nothing of it is left.
bool active_start(struct active *active, struct run *run_take, const char *actor, GError **error);
// Sets what depends on settings and zone: limit, language, civil times.
void active_dress(const struct active *active, struct run *run);

// Did the rows of one run not take what was to be stored (a constraint, or a row in another state)? The store itself is sound then.
bool active_is_of_run(const GError *fault);
// Ends a run whose rows can not be read or do not take what was decided: FAILED with a message that says why, its attempts are killed, and
// it leaves memory with the turn. The others go on. False: the store can not be trusted.
bool active_set_aside(struct active *active, int64_t run_id, const GError *damage, GError **error);

// Applies one event; decided moves are stored by active_flush. False: refused, nothing changed. A run that was set aside takes no event.
bool active_apply(struct active *active, struct entry *entry, const struct run_event *event,
                  GError **error);
// What was decided and can not be stored is nobody's mistake but ours, whatever the store calls it: becomes FAULT_INTERNAL unless it is
// FAULT_IO, so that it ends the server and is not given to a caller as a refusal.
void active_distrust(GError *error);
// What failed has left nothing behind, in a part of the transaction that was given up: rows that do not fit become FAULT_INVALID_DATA, which
// is answered to the caller as an internal error and does not end the server; the rest is distrusted.
void active_disown(GError *error);
// Stores what has been decided and not yet stored, and how far the steady clock is; a run whose rows do not take it is set aside. False: the store can not be trusted.
bool active_flush(struct active *active, GError **error);
// After the commit: forgets runs that have ended, sets timers anew.
void active_sweep(struct active *active);
// Empties the lists of orders (after they were carried out).
void active_clear_orders(struct active *active);
// When the next timer of a run is due, on the steady clock; 0 never.
int64_t active_due_ms(const struct active *active);
// The first run whose timer is due now, or NULL.
struct entry *active_next_due(struct active *active);
