// SPDX-License-Identifier: Apache-2.0
//
// Each command is decided in the open transaction and put into `replies`; it is completed after the commit.

#include "engine/intake.h"

#include <errno.h>
#include <unistd.h>

#include "base/fault.h"
#include "engine/actions.h"
#include "engine/backfill.h"

enum {
    COMMANDS_PER_TURN_MAX = 1024,
    SCRIPTS_MAX = 32, // of calls at a time
};

// A refused command is the caller's affair; a broken store is ours.
static void refuse_or_fail(struct loop *loop, struct command *command, GError *error) {
    if (fault_is(error, FAULT_IO) || fault_is(error, FAULT_INTERNAL) || fault_is_passing(error)) {
        turn_fail(loop, g_error_copy(error));
    }
    command->error = error;
}

static void stop_every_run(struct loop *loop) {
    g_autoptr(GList) entries = g_hash_table_get_values(loop->active.entries);
    for (const GList *item = entries; item != NULL; item = item->next) {
        struct entry *entry = item->data;
        struct run_event event = { .kind = RUN_EVENT_STOP,
                                   .now_ms = loop->active.now_ms,
                                   .actor = "operator" };
        g_autofree char *object = g_strdup_printf("DagInstanceId=%" G_GINT64_FORMAT, entry->run_id);
        const char *before = run_state_name(entry->run->state);
        g_autofree char *note = g_strdup_printf("the run was %s", before);
        GError *error = NULL;
        if (!active_apply(&loop->active, entry, &event, &error) ||
            !ledger_enter_own(loop->ledger, "StopAll", entry->run->tenant_id, object, note,
                              loop->active.now_ms, &error)) {
            refuse_or_fail(loop, loop->stopping, error);
            return;
        }
    }
}

// A change that fails leaves nothing behind, so that rows that are not as expected are answered as an internal error, and are not the server's
// end.
static bool have_change(struct loop *loop, struct command *command, GError **error) {
    GError *fault = NULL;
    if (store_change(loop->active.store, command->change, loop->active.now_ms, &command->result,
                     &fault)) {
        command->note = g_strdup(store_change_note(loop->active.store));
        return true;
    }
    if (fault_is(fault, FAULT_INTERNAL)) {
        fault->code = FAULT_INVALID_DATA;
    }
    g_propagate_error(error, fault);
    return false;
}

// The effect of a call, with its entry in the ledger, in the open transaction.
static bool have_effect(struct loop *loop, struct command *command, GError **error) {
    struct active *active = &loop->active;
    switch (command->kind) {
    case COMMAND_CHANGE: return active_flush(active, error) && have_change(loop, command, error);
    case COMMAND_TRY_RUN: return action_try_run(active, command, error);
    case COMMAND_RUN_ACTION: return action_on_run(active, command, error);
    case COMMAND_BACKFILL: return backfill_begin(active, command, error);
    case COMMAND_PROBE:
    case COMMAND_STOP_ALL:
    case COMMAND_END_PROBES:
    case COMMAND_QUIT: break;
    }
    g_assert_not_reached();
}

// What calls left that changed nothing is taken before each call, so that the log keeps the order in which all of them came, and after the
// last, so that what came before a quit is taken too.
void intake_notes(struct loop *loop) {
    notebook_take(loop->notebook, loop->ledger);
}

static void take_call(struct loop *loop, struct command *command) {
    GError *error = NULL;
    bool is_repeat = false;
    bool is_done = (command->is_begun ||
                    ledger_find(loop->ledger, &command->caller, command->origin,
                                loop->active.now_ms, &is_repeat, &command->result, &error)) &&
                   (is_repeat || have_effect(loop, command, &error));
    if (!is_done) {
        refuse_or_fail(loop, command, error);
    } else if (!ledger_enter(loop->ledger, &command->caller, command->origin, loop->active.now_ms,
                             is_repeat ? NULL : &command->result, command->note, &error)) {
        turn_fail(loop, error); // the effect can not stand without its entry
    }
    g_ptr_array_add(loop->replies, command);
}

// A call whose effect is outside is begun under its client token before that happens.
static void take_probe(struct loop *loop, struct command *command) {
    const struct origin *origin = command->origin;
    int64_t now_ms = loop->active.now_ms;
    GError *error = NULL;
    command->is_fresh = true;
    if (loop->begins_nothing || loop->begins_no_probes) {
        fault_set(&command->error, FAULT_UNAVAILABLE, "the server is stopping");
    } else if (origin != NULL && // each holds a thread of the web floor until its time is over
               probes_count(&loop->probes) >= SCRIPTS_MAX) {
        fault_set(&command->error, FAULT_LIMIT_EXCEEDED,
                  "%d scripts are running already; try again when some have ended", SCRIPTS_MAX);
    } else if (origin != NULL && !ledger_find(loop->ledger, &command->caller, origin, now_ms,
                                              &command->is_repeat, &command->result, &error)) {
        refuse_or_fail(loop, command, error);
    } else if (origin != NULL &&
               !(command->is_repeat
                     ? ledger_enter(loop->ledger, &command->caller, origin, now_ms, NULL, NULL,
                                    &error)
                     : ledger_claim(loop->ledger, &command->caller, origin, now_ms, &error))) {
        turn_fail(loop, error);
        fault_set(&command->error, FAULT_IO, "the state store failed");
    }
    if (command->error != NULL || command->is_repeat) {
        g_ptr_array_add(loop->replies, command);
    } else {
        probes_add(&loop->probes, command); // answered when its attempt ends
    }
}

static void take_command(struct loop *loop, struct command *command) {
    bool is_urgent = command_is_urgent(command);
    bool is_own = command->kind == COMMAND_STOP_ALL || command->kind == COMMAND_END_PROBES ||
                  command->kind == COMMAND_QUIT;
    if (!is_own && outage_waits(&loop->outage, turn_clock_ms())) {
        g_queue_push_tail(&loop->patient, command);
        return;
    }
    if (!is_own && outage_refuses(&loop->outage, is_urgent, &command->error)) {
        g_ptr_array_add(loop->replies, command);
        return;
    }
    switch (command->kind) {
    case COMMAND_CHANGE:
    case COMMAND_TRY_RUN:
    case COMMAND_RUN_ACTION:
    case COMMAND_BACKFILL:
        intake_notes(loop);
        take_call(loop, command);
        return;
    case COMMAND_PROBE:
        intake_notes(loop);
        take_probe(loop, command);
        return;
    case COMMAND_STOP_ALL:
        if (loop->stopping != NULL) {
            fault_set(&command->error, FAULT_UNAVAILABLE, "all runs are being stopped already");
            break;
        }
        loop->stopping = command;
        loop->begins_nothing = true;
        loop->must_stop = true;
        probes_end_all(&loop->probes, loop->active.kills, loop->replies);
        return; // answered when nothing lives
    case COMMAND_END_PROBES:
        loop->begins_no_probes = true;
        probes_abandon_all(&loop->probes, loop->active.kills, loop->replies);
        break;
    case COMMAND_QUIT:
        loop->is_quitting = true;
        loop->quits_supervisor = command->quits_supervisor;
        break;
    }
    g_ptr_array_add(loop->replies, command);
}

static void take_all(struct loop *loop) {
    uint64_t count = 0;
    if (read(loop->wake_fd, &count, sizeof count) < 0) {
        g_assert(errno == EAGAIN || errno == EINTR);
    }
    for (int i = 0; i < COMMANDS_PER_TURN_MAX && loop->failure == NULL; i++) {
        g_mutex_lock(&loop->mutex);
        struct command *command = g_queue_pop_head(&loop->inbox);
        g_mutex_unlock(&loop->mutex);
        if (command == NULL) {
            return;
        }
        take_command(loop, command);
    }
    turn_wake(loop); // there may be more for the next turn
}

void intake_commands(struct loop *loop) {
    take_all(loop);
    if (loop->must_stop && loop->stopping != NULL && loop->failure == NULL) {
        stop_every_run(loop); // also again, where the turn that did was not stored
    }
}

void intake_while_blocked(struct loop *loop) {
    g_assert(loop->outage.is_blocked);
    intake_notes(loop);
    take_all(loop);
}
