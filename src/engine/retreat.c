// SPDX-License-Identifier: Apache-2.0
//
// Memory is not wound back but forgotten: what the store holds and what the supervisor says is all that is needed to go on, as after a crash.
// Beside runs a turn changes little: calls, probes, what waits for the log, and refused starts, which the supervisor tells only once.

#include "engine/retreat.h"

#include "base/fault.h"
#include "base/log.h"
#include "engine/backfill.h"
#include "engine/recover.h"

enum {
    TELL_AGAIN_MS = 1000,
    PATIENCE_SHORT_MS = 50, // for a lock that is known to be held
};

static bool begin_room(struct loop *loop) {
    return loop->ground.reserve != NULL && reserve_release(loop->ground.reserve);
}

static void tell(struct loop *loop) {
    trouble_set(loop->trouble, TROUBLE_STORE, outage_text(&loop->outage));
    ledger_hold(loop->ledger, loop->outage.kind == OUTAGE_NO_SPACE);
}

// What was tried could not be stored. *ret_made_room: there may be room now, so that it is tried again at once.
static void enter(struct loop *loop, const GError *passing, bool *ret_made_room) {
    enum outage_kind kind = outage_kind_of(passing);
    bool was_blocked = loop->outage.is_blocked;
    outage_begin(&loop->outage, kind, turn_clock_ms());
    *ret_made_room = kind == OUTAGE_NO_SPACE && begin_room(loop);
    if (*ret_made_room) {
        log_warn("engine", "event=reserve-opened reason=\"%s\"", passing->message);
    } else {
        outage_block(&loop->outage, turn_clock_ms());
    }
    if (loop->outage.is_blocked && !was_blocked) {
        log_warn("engine", "event=store-blocked reason=\"%s\"", passing->message);
    }
    tell(loop);
}

// ---- A turn is given up ----

static bool is_of_engine(const struct command *command) {
    return command->kind == COMMAND_STOP_ALL || command->kind == COMMAND_END_PROBES ||
           command->kind == COMMAND_QUIT || (command->kind == COMMAND_PROBE && !command->is_fresh);
}

// Whatever was decided about a call was decided on what is gone, refusals as well.
static void give_back(struct loop *loop, struct command *command, const GError *passing,
                      bool has_room) {
    if (is_of_engine(command)) {
        command_complete(command);
        return;
    }
    command_reset(command);
    if (outage_waits(&loop->outage, turn_clock_ms()) || (has_room && command_is_urgent(command))) {
        g_queue_push_tail(&loop->patient, command);
        return;
    }
    command->error = g_error_copy(passing);
    command_complete(command);
}

static void give_back_calls(struct loop *loop, const GError *passing, bool has_room) {
    probes_take_back(&loop->probes, loop->replies);
    for (guint i = 0; i < loop->replies->len; i++) {
        give_back(loop, g_ptr_array_index(loop->replies, i), passing, has_room);
    }
    g_ptr_array_set_size(loop->replies, 0);
    turn_wake(loop);
}

void retreat_wake_patient(struct loop *loop) {
    struct command *command = NULL;
    if (g_queue_is_empty(&loop->patient) || outage_waits(&loop->outage, turn_clock_ms())) {
        return;
    }
    g_mutex_lock(&loop->mutex);
    while ((command = g_queue_pop_tail(&loop->patient)) != NULL) {
        g_queue_push_head(&loop->inbox, command);
    }
    g_mutex_unlock(&loop->mutex);
}

void retreat(struct loop *loop) {
    g_autoptr(GError) passing = g_steal_pointer(&loop->failure);
    bool made_room = false;
    enter(loop, passing, &made_room);
    give_back_calls(loop, passing, made_room);
    ledger_take_back(loop->ledger);
    client_drop(loop->client);
    loop->told_again_ms = turn_clock_ms() + TELL_AGAIN_MS;
    loop->is_stale = true;
}

void retreat_at_start(struct loop *loop, GError *passing) {
    bool made_room = false;
    enter(loop, passing, &made_room);
    g_error_free(passing);
    loop->is_stale = true;
}

// ---- Trying again ----

// Stores something small.
static bool store_anything(struct loop *loop, GError **error) {
    struct store *store = loop->active.store;
    if (!store_begin(store, error)) {
        return false;
    }
    if (!steady_begin(&loop->active.steady, store, &loop->options.time, error)) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, error);
}

static bool takes_changes(struct loop *loop, GError **error) {
    store_set_patience(loop->active.store, PATIENCE_SHORT_MS);
    bool is_stored = store_anything(loop, error);
    store_set_patience(loop->active.store, TURN_PATIENCE_MS);
    return is_stored;
}

bool retreat_try(struct loop *loop) {
    GError *error = NULL;
    if (!outage_is_due(&loop->outage, turn_clock_ms())) {
        return false;
    }
    if (takes_changes(loop, &error)) {
        outage_unblock(&loop->outage);
        return true;
    }
    if (!fault_is_passing(error)) {
        turn_fail(loop, error);
        return false;
    }
    bool made_room = false;
    enter(loop, error, &made_room);
    g_error_free(error);
    if (made_room) {
        outage_block(&loop->outage, turn_clock_ms());
    }
    return false;
}

// ---- Room on the disk ----

static bool holds_reserve(const struct loop *loop) {
    return loop->ground.reserve == NULL || reserve_is_held(loop->ground.reserve);
}

static bool take_reserve(const struct loop *loop) {
    return loop->ground.reserve == NULL || reserve_take(loop->ground.reserve);
}

static void end(struct loop *loop) {
    outage_end(&loop->outage);
    loop->active.has_judged = loop->is_judged; // the boot's id could perhaps not be kept
    tell(loop);
    turn_wake(loop);
}

// Is there room for changes, and for the reserve besides? A commit tries to move into the database what it had no room for.
static bool has_room_again(struct loop *loop, GError **error) {
    g_autoptr(GError) fault = NULL;
    if (loop->ground.room == GROUND_FULL || !take_reserve(loop)) {
        return true;
    }
    if (!takes_changes(loop, &fault)) {
        if (!fault_is_passing(fault)) {
            g_propagate_error(error, g_steal_pointer(&fault));
            return false;
        }
        bool made_room = false;
        enter(loop, fault, &made_room);
    } else if (!store_is_cramped(loop->active.store)) {
        end(loop);
    }
    return true;
}

static void tell_shortness(struct loop *loop) {
    bool is_short = loop->outage.kind == OUTAGE_NONE && loop->ground.room == GROUND_SHORT;
    trouble_set(loop->trouble, TROUBLE_ROOM,
                is_short ? "the disk of the data directory has little room left: no attempt is "
                           "begun until there is more"
                         : NULL);
}

bool retreat_look(struct loop *loop, GError **error) {
    bool is_new = false;
    if (!ground_look(&loop->ground, turn_clock_ms(), &is_new, error)) {
        return false;
    }
    bool is_cramped = store_is_cramped(loop->active.store);
    if (loop->outage.kind == OUTAGE_NONE &&
        (is_cramped || (is_new && (loop->ground.room == GROUND_FULL || !holds_reserve(loop))))) {
        if (is_cramped || loop->ground.room == GROUND_FULL || !take_reserve(loop)) {
            outage_begin(&loop->outage, OUTAGE_NO_SPACE, turn_clock_ms());
            tell(loop);
        }
    }
    if (loop->outage.kind == OUTAGE_NO_SPACE && is_new) {
        // What must go on without a call: what was committed is moved into the database, and a supervisor begins.
        if (is_cramped || trouble_has_failed_launch(loop->trouble)) {
            (void)begin_room(loop);
        }
        if (!has_room_again(loop, error)) {
            return false;
        }
    }
    tell_shortness(loop);
    return true;
}

// ---- A turn ----

void retreat_keep_refusal(struct loop *loop, const struct report *refused) {
    struct report *kept = g_memdup2(refused, sizeof *refused);
    kept->text = g_strdup(refused->text);
    g_ptr_array_add(loop->refusals, kept);
}

static bool repeat_refusals(struct loop *loop, GError **error) {
    for (guint i = 0; i < loop->refusals->len; i++) {
        if (!recover_report(&loop->active, g_ptr_array_index(loop->refusals, i), error)) {
            return false;
        }
    }
    return true;
}

// What was open when this server judged is of this boot since; the boot's id may not have been kept.
static void forget_boot(struct active *active) {
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, active->fences);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        ((struct open_attempt *)value)->is_before_boot = false;
    }
}

bool retreat_restore(struct loop *loop, GError **error) {
    if (!loop->is_stale) {
        return true;
    }
    active_forget(&loop->active);
    if (!recover_runs(&loop->active, error) || !backfill_find_ended(&loop->active, error) ||
        !repeat_refusals(loop, error)) {
        return false;
    }
    if (loop->is_judged) {
        forget_boot(&loop->active);
    }
    loop->is_stale = false;
    return true;
}

void retreat_settle(struct loop *loop, bool is_dirty) {
    g_ptr_array_set_size(loop->refusals, 0);
    probes_settle(&loop->probes);
    ledger_settle(loop->ledger);
    loop->must_stop = false;
    loop->is_judged = loop->is_judged || client_is_ready(loop->client);
    if (is_dirty) {
        outage_note_success(&loop->outage);
    }
    if (loop->outage.kind == OUTAGE_LOCKED) {
        end(loop);
    }
}
