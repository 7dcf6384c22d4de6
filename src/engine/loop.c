// SPDX-License-Identifier: Apache-2.0
//
// A turn gathers calls, reports and timers, decides, commits everything in one transaction, and only then replies and acts: no
// reply says success and nothing outside is touched before the commit (reliability.md G1). What can not be stored for a reason that
// passes did not happen (engine/retreat, G10); any other failure ends the server, and the next start recovers (G15).

#include "engine/loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "engine/backfill.h"
#include "engine/dispatch.h"
#include "engine/intake.h"
#include "engine/recover.h"
#include "engine/retreat.h"
#include "engine/turn.h"

enum {
    TIMERS_PER_TURN_MAX = 1024,
    POLL_MS_MAX = 5000,    // between two looks at the directory and its disk
    OUTAGE_LOOK_MS = 1000, // the same during an outage
    HAND_OVER_ROUNDS_MAX = 4,
    ROOM_PAUSE_MS = 1000, // after it had no room on its disk
    FULL_PAUSE_MS = 100,  // after the supervisor had no room
};

// ---- Reports and timers ----

static void answer_probe(struct loop *loop, struct command *command, const struct report *report) {
    probes_remove(&loop->probes, command);
    if (report->kind == REPORT_EXITED && report->exit.result != NULL) {
        command->text = g_strndup(report->exit.result, report->exit.result_len);
    } else if (report->kind == REPORT_EXITED) {
        probes_lose(command, "no answer came from ");
    } else {
        fault_set(&command->error, FAULT_UNAVAILABLE, "%s could not be started", command->what);
    }
    command->was_timed_out =
        report->kind == REPORT_EXITED && report->exit.kill == EXIT_KILL_TIMEOUT;
    g_ptr_array_add(loop->replies, command);
}

// A supervisor that has seen higher fences than this store has given served a later state of it: the store is a backup that was put back.
// It takes each fence once, and whoever got one twice would get another attempt's log.
static void pass_over_fences(struct loop *loop, int64_t mark) {
    int64_t highest = store_highest_id(loop->active.store, COUNTER_FENCE);
    if (mark <= highest) {
        return;
    }
    if (store_pass_over(loop->active.store, COUNTER_FENCE, mark)) {
        log_warn("engine",
                 "event=older-store highest_fence=%" G_GINT64_FORMAT " mark=%" G_GINT64_FORMAT
                 " reason=\"the supervisor's journal is newer than the store, as after a backup "
                 "was put back\"",
                 highest, mark);
    } else {
        log_error("engine",
                  "event=older-store mark=%" G_GINT64_FORMAT " reason=\"no fence can be so "
                  "high: the supervisor's journal is damaged\"",
                  mark);
    }
}

// A start that had no room is tried again; until one succeeds that is said.
static void note_start(struct loop *loop, const struct report *report) {
    if (report->kind == REPORT_REFUSED && report->refusal == REFUSAL_JOURNAL) {
        g_autofree char *text = g_strdup_printf("no attempt can be started: %s", report->text);
        loop->full_until_ms = turn_clock_ms() + ROOM_PAUSE_MS;
        loop->has_start_trouble = true;
        trouble_set(loop->trouble, TROUBLE_START, text);
    } else if (report->kind == REPORT_STARTED && loop->has_start_trouble) {
        loop->has_start_trouble = false;
        trouble_set(loop->trouble, TROUBLE_START, NULL);
    }
}

static void take_report(const struct report *report, void *user) {
    struct loop *loop = user;
    if (report->kind == REPORT_REFUSED) {
        retreat_keep_refusal(loop, report);
    }
    if (loop->failure != NULL) {
        return;
    }
    if (report->kind == REPORT_READY) {
        loop->capacity = report->capacity;
        g_mutex_lock(&loop->mutex);
        g_strlcpy(loop->stats.level, report->level, sizeof loop->stats.level);
        g_mutex_unlock(&loop->mutex);
    }
    if (report->kind == REPORT_GONE) {
        active_clear_orders(&loop->active); // the next greeting tells everything again
        probes_doubt(&loop->probes);
    } else if (report->kind == REPORT_READY) {
        pass_over_fences(loop, report->mark);
        probes_judge(&loop->probes, loop->replies);
    }
    struct command *probe = probes_find(&loop->probes, report->fence);
    if (probe != NULL && (report->kind == REPORT_EXITED || report->kind == REPORT_REFUSED)) {
        g_array_append_val(loop->active.acknowledges, report->fence);
        answer_probe(loop, probe, report);
        return;
    }
    if (probe != NULL && report->kind == REPORT_STARTED) {
        probe->is_reported = true;
        return;
    }
    note_start(loop, report);
    if (report->kind == REPORT_REFUSED && report->refusal == REFUSAL_LIMIT) {
        loop->full_until_ms = turn_clock_ms() + FULL_PAUSE_MS;
    } else if (report->kind == REPORT_EXITED) {
        loop->full_until_ms = 0;
    }
    GError *error = NULL;
    if (!recover_report(&loop->active, report, &error)) {
        turn_fail(loop, error);
    }
}

static void take_timers(struct loop *loop) {
    struct active *active = &loop->active;
    for (int i = 0; i < TIMERS_PER_TURN_MAX && loop->failure == NULL; i++) {
        struct entry *entry = active_next_due(active);
        if (entry == NULL) {
            return;
        }
        // Out of the line of timers until the sweep sets it anew.
        g_sequence_remove(entry->timer);
        entry->timer = NULL;
        struct run_event event = { .kind = RUN_EVENT_TIMER, .now_ms = active->now_ms };
        GError *error = NULL;
        if (!active_apply(active, entry, &event, &error)) {
            turn_fail(loop, error);
        }
    }
}

static void check_stopping(struct loop *loop) {
    struct command *command = loop->stopping;
    if (command == NULL) {
        return;
    }
    int alive = (int)g_hash_table_size(loop->active.fences) + probes_running_count(&loop->probes);
    // Without a supervisor that hears "quit", it would stay behind.
    bool is_done = alive == 0 && client_is_ready(loop->client);
    if (is_done || command->error != NULL || command->deadline_ms <= turn_clock_ms()) {
        command->alive_count = alive;
        loop->stopping = NULL;
        loop->begins_nothing = is_done;
        g_ptr_array_add(loop->replies, command);
    }
}

// ---- The turn ----

static void give_places(struct loop *loop) {
    if (!client_is_ready(loop->client) || loop->failure != NULL || loop->begins_nothing ||
        loop->full_until_ms > turn_clock_ms() || outage_holds(&loop->outage) ||
        loop->ground.room != GROUND_ROOMY) {
        return;
    }
    loop->full_until_ms = 0;
    int limit = MIN(loop->options.attempts_max, loop->capacity);
    int open = (int)g_hash_table_size(loop->active.fences) + probes_running_count(&loop->probes);
    GError *error = NULL;
    if (!dispatch(&loop->active, limit - open, &error)) {
        turn_fail(loop, error);
    }
}

// They make new runs, which wait until there is room.
static bool has_hand_overs(const struct loop *loop) {
    return loop->active.ended->len > 0 && !outage_holds(&loop->outage);
}

// Rows whose run has ended go on before places are given: the next run's nodes get theirs in this turn. A run may also end as its
// nodes are prepared.
static void hand_over(struct loop *loop) {
    GError *error = NULL;
    int rounds = 0;
    do {
        if (loop->failure == NULL && !outage_holds(&loop->outage) &&
            !backfill_hand_over(&loop->active, &error)) {
            turn_fail(loop, error);
        }
        give_places(loop);
    } while (loop->failure == NULL && has_hand_overs(loop) && ++rounds < HAND_OVER_ROUNDS_MAX);
    if (has_hand_overs(loop)) {
        turn_wake(loop); // the rest is the next turn's
    }
}

static bool commit(struct loop *loop, bool *ret_is_dirty) {
    GError *error = NULL;
    if (loop->failure == NULL && !active_flush(&loop->active, &error)) {
        turn_fail(loop, error);
    }
    if (has_hand_overs(loop)) {
        turn_wake(loop); // a run of a backfill was set aside just now
    }
    if (loop->failure != NULL) {
        store_rollback(loop->active.store);
        return false;
    }
    if (!ledger_flush(loop->ledger, loop->active.now_ms, loop->is_quitting, &error)) {
        turn_fail(loop, error);
        store_rollback(loop->active.store);
        return false;
    }
    bool is_dirty = store_is_dirty(loop->active.store);
    if (!store_commit(loop->active.store, &error)) {
        turn_fail(loop, error);
        return false;
    }
    *ret_is_dirty = is_dirty;
    return true;
}

// After the sweep, so that runs that have ended are not counted until the next turn.
static void note_turn(struct loop *loop, bool is_dirty) {
    g_mutex_lock(&loop->mutex);
    loop->stats.turns++;
    loop->stats.commits += is_dirty;
    loop->stats.active_runs = (int)g_hash_table_size(loop->active.entries);
    loop->stats.running_attempts = (int)g_hash_table_size(loop->active.fences);
    loop->stats.queued_nodes = loop->active.queued_count;
    loop->stats.has_supervisor = client_is_ready(loop->client);
    g_mutex_unlock(&loop->mutex);
    if (client_is_ready(loop->client) || turn_clock_ms() >= loop->told_again_ms) {
        trouble_supervisor(loop->trouble, client_is_ready(loop->client));
    }
    trouble_set(loop->trouble, TROUBLE_SILENCE,
                client_is_silent(loop->client)
                    ? "the supervisor does not answer: its process is stopped, or its disk hangs"
                    : NULL);
}

static void send_starts(struct loop *loop, GArray *orders) {
    for (guint i = 0; i < orders->len; i++) {
        const struct start_order *order = &g_array_index(orders, struct start_order, i);
        struct open_attempt *attempt = g_hash_table_lookup(loop->active.fences, &order->fence);
        if (attempt != NULL) {
            attempt->is_reported = client_is_ready(loop->client);
        }
        client_start(loop->client, order->fence, order->spec);
    }
}

static void send_words(struct loop *loop) {
    struct active *active = &loop->active;
    client_gather(loop->client);
    for (guint i = 0; i < active->voids->len; i++) {
        client_void(loop->client, g_array_index(active->voids, int64_t, i));
    }
    // In the order of their fences: the supervisor refuses one below its mark. Places are given after the commands were taken.
    send_starts(loop, loop->probes.starts);
    send_starts(loop, active->starts);
    for (guint i = 0; i < active->kills->len; i++) {
        client_kill(loop->client, g_array_index(active->kills, int64_t, i), loop->options.grace_ms);
    }
    // Behind the starts, which somebody waits for.
    for (guint i = 0; i < active->acknowledges->len; i++) {
        client_acknowledge(loop->client, g_array_index(active->acknowledges, int64_t, i));
    }
    client_flush(loop->client, 0);
    active_clear_orders(active);
    g_array_set_size(loop->probes.starts, 0);
}

static void act(struct loop *loop) {
    struct active *active = &loop->active;
    // A greeting may take several turns, and nothing can be said before its end. What its reports ask for is kept.
    bool is_greeting = client_fd(loop->client) >= 0 && !client_is_ready(loop->client);
    if (!is_greeting) {
        send_words(loop);
    }
    if (active->has_judged) {
        active->has_judged = false;
        recover_remember_boot(loop->dir);
    }
}

static void reply(struct loop *loop) {
    for (guint i = 0; i < loop->replies->len; i++) {
        command_complete(g_ptr_array_index(loop->replies, i));
    }
    g_ptr_array_set_size(loop->replies, 0);
}

static int64_t poll_timeout(struct loop *loop) {
    int64_t timeout_ms = POLL_MS_MAX;
    int64_t run_due_ms = active_due_ms(&loop->active);
    if (run_due_ms != 0) {
        timeout_ms = MIN(timeout_ms, run_due_ms - steady_now_ms(&loop->active.steady));
    }
    int64_t client_due = client_due_ms(loop->client);
    if (client_due != INT64_MAX) {
        timeout_ms = MIN(timeout_ms, client_due - turn_clock_ms());
    }
    if (loop->full_until_ms != 0) {
        timeout_ms = MIN(timeout_ms, loop->full_until_ms - turn_clock_ms());
    }
    if (loop->stopping != NULL) {
        timeout_ms = MIN(timeout_ms, loop->stopping->deadline_ms - turn_clock_ms());
    }
    if (outage_holds(&loop->outage)) {
        timeout_ms = MIN(timeout_ms, OUTAGE_LOOK_MS);
    }
    int64_t probe_due = probes_due_ms(&loop->probes);
    if (probe_due != INT64_MAX) {
        timeout_ms = MIN(timeout_ms, probe_due - turn_clock_ms());
    }
    return CLAMP(timeout_ms, 0, POLL_MS_MAX);
}

static bool turn(struct loop *loop) {
    GError *error = NULL;
    active_tick(&loop->active);
    if (!retreat_look(loop, &error) || !store_begin(loop->active.store, &error)) {
        turn_fail(loop, error);
        return false;
    }
    if (!retreat_restore(loop, &error)) {
        turn_fail(loop, error);
        store_rollback(loop->active.store);
        return false;
    }
    intake_commands(loop);
    intake_notes(loop);
    client_pump(loop->client, turn_clock_ms(), store_durable_id(loop->active.store, COUNTER_FENCE),
                take_report, loop);
    take_timers(loop);
    probes_time_out(&loop->probes, turn_clock_ms(), loop->active.kills, loop->replies);
    if (client_is_ready(loop->client)) {
        probes_begin(&loop->probes, loop->active.store);
    }
    hand_over(loop);
    bool is_dirty = false;
    if (!commit(loop, &is_dirty)) {
        return false;
    }
    retreat_settle(loop, is_dirty);
    // Before anybody hears of the turn, so that whoever has heard finds it counted.
    active_sweep(&loop->active);
    note_turn(loop, is_dirty);
    act(loop);
    check_stopping(loop);
    reply(loop);
    ledger_sign(loop->ledger, loop->active.now_ms, loop->is_quitting);
    return true;
}

// The store is blocked, and memory may not say what it holds: nothing is decided, and the supervisor keeps what it has to tell.
static void stand_still(struct loop *loop) {
    intake_while_blocked(loop);
    probes_time_out(&loop->probes, turn_clock_ms(), loop->active.kills, loop->replies);
    check_stopping(loop);
    reply(loop);
}

// A failure that does not pass ends the loop.
static bool go_on(struct loop *loop) {
    retreat_wake_patient(loop);
    bool is_blocked = loop->outage.is_blocked && !retreat_try(loop);
    if (is_blocked && loop->failure == NULL) {
        stand_still(loop);
        return true;
    }
    if (!is_blocked && turn(loop)) {
        return true;
    }
    if (!fault_is_passing(loop->failure)) {
        return false;
    }
    retreat(loop);
    return true;
}

static int64_t blocked_timeout(struct loop *loop) {
    int64_t until_ms = MIN(loop->outage.retry_ms, probes_due_ms(&loop->probes));
    if (!g_queue_is_empty(&loop->patient)) {
        until_ms = MIN(until_ms, loop->outage.since_ms + OUTAGE_WAIT_MS);
    }
    if (loop->stopping != NULL) {
        until_ms = MIN(until_ms, loop->stopping->deadline_ms);
    }
    return CLAMP(until_ms - turn_clock_ms(), 0, POLL_MS_MAX);
}

static void wait_for_work(struct loop *loop) {
    bool is_blocked = loop->outage.is_blocked;
    struct pollfd fds[2] = {
        { .fd = loop->wake_fd, .events = POLLIN },
        { .fd = is_blocked ? -1 : client_fd(loop->client),
          .events = (short)(POLLIN | (client_wants_write(loop->client) ? POLLOUT : 0)) },
    };
    int count = poll(fds, 2, (int)(is_blocked ? blocked_timeout(loop) : poll_timeout(loop)));
    g_assert(count >= 0 || errno == EINTR);
}

// The store can not be trusted: nothing of the turn is acknowledged, nothing was done.
static void fail(struct loop *loop) {
    log_error("engine", "event=fail-stop reason=\"%s\"", loop->failure->message);
    loop->options.fail(loop->failure->message, loop->options.fail_user);
}

static void refuse_inbox(struct loop *loop) {
    g_mutex_lock(&loop->mutex);
    loop->is_closed = true;
    struct command *command = NULL;
    while ((command = g_queue_pop_head(&loop->patient)) != NULL ||
           (command = g_queue_pop_head(&loop->inbox)) != NULL) {
        fault_set(&command->error, FAULT_UNAVAILABLE, "the server is stopping");
        command_complete(command);
    }
    g_mutex_unlock(&loop->mutex);
}

static void refuse_waiting(struct loop *loop) {
    probes_abandon_all(&loop->probes, loop->active.kills, loop->replies);
    for (guint i = 0; i < loop->replies->len; i++) { // of a turn that was not committed
        struct command *command = g_ptr_array_index(loop->replies, i);
        if (command->error == NULL) {
            fault_set(&command->error, FAULT_IO, "the state store failed");
        }
        command_complete(command);
    }
    g_ptr_array_set_size(loop->replies, 0);
    if (loop->stopping != NULL) {
        loop->stopping->alive_count = (int)g_hash_table_size(loop->active.fences);
        command_complete(g_steal_pointer(&loop->stopping));
    }
}

void loop_run(struct loop *loop) {
    while (!loop->is_quitting) {
        if (!go_on(loop)) {
            fail(loop);
            break;
        }
        if (!loop->is_quitting) {
            wait_for_work(loop);
        }
    }
    refuse_inbox(loop);
    refuse_waiting(loop);
    if (loop->quits_supervisor && loop->failure == NULL) {
        client_quit(loop->client);
    }
    client_flush(loop->client, 1000);
}
// ---- Beginning, end, and the way in ----

static bool recover(struct loop *loop, GError **error) {
    if (!store_begin(loop->active.store, error)) {
        return false;
    }
    if (!recover_runs(&loop->active, error) || !backfill_recover(&loop->active, error) ||
        !active_flush(&loop->active, error)) {
        store_rollback(loop->active.store);
        return false;
    }
    return store_commit(loop->active.store, error);
}

// A server on a full disk starts all the same: it serves what it holds.
static bool recover_or_wait(struct loop *loop, GError **error) {
    GError *fault = NULL;
    active_tick(&loop->active);
    if (recover(loop, &fault)) {
        return true;
    }
    if (!fault_is_passing(fault)) {
        g_propagate_error(error, fault);
        return false;
    }
    active_forget(&loop->active);
    retreat_at_start(loop, fault);
    return true;
}

static void refusal_free(gpointer item) {
    struct report *refused = item;
    g_free(refused->text);
    g_free(refused);
}

bool loop_new(const struct engine_options *options, struct loop **ret_loop, GError **error) {
    struct loop *loop = g_new0(struct loop, 1);
    loop->options = *options;
    loop->dir = g_strdup(options->dir);
    loop->options.dir = loop->dir;
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_assert(loop->wake_fd >= 0);
    g_mutex_init(&loop->mutex);
    g_queue_init(&loop->inbox);
    g_queue_init(&loop->patient);
    store_set_patience(options->store, TURN_PATIENCE_MS);
    loop->replies = g_ptr_array_new();
    loop->trouble = trouble_new();
    loop->ground = (struct ground){ .store = options->store,
                                    .dir = loop->dir,
                                    .reserve = options->reserve,
                                    .attempt_bytes = options->attempt_bytes,
                                    .free_bytes = options->free_bytes,
                                    .free_user = options->free_user };
    loop->refusals = g_ptr_array_new_with_free_func(refusal_free);
    probes_init(&loop->probes);
    loop->notebook = notebook_new();
    active_init(&loop->active, options->store, &loop->options);
    loop->client = client_new(loop->dir, options->launch, options->launch_user);
    if (!ledger_new(options->store, loop->dir, &loop->ledger, error) ||
        !recover_or_wait(loop, error)) {
        loop_free(loop);
        return false;
    }
    active_sweep(&loop->active);
    ledger_set_heads(loop->ledger, &options->heads);
    ledger_begin(loop->ledger, loop->active.now_ms);
    *ret_loop = loop;
    return true;
}

void loop_free(struct loop *loop) {
    if (loop == NULL) {
        return;
    }
    client_free(loop->client);
    g_ptr_array_unref(loop->refusals);
    trouble_free(loop->trouble);
    active_done(&loop->active);
    probes_done(&loop->probes);
    g_ptr_array_unref(loop->replies);
    notebook_free(loop->notebook);
    ledger_free(loop->ledger);
    g_clear_error(&loop->failure);
    (void)close(loop->wake_fd);
    g_mutex_clear(&loop->mutex);
    g_free(loop->dir);
    g_free(loop);
}

bool loop_post(struct loop *loop, struct command *command) {
    g_mutex_lock(&loop->mutex);
    bool is_closed = loop->is_closed;
    bool is_first = loop->inbox.length ==
                    0; // of the others, one has woken the engine, and it has not looked since
    if (!is_closed) {
        g_queue_push_tail(&loop->inbox, command);
    }
    g_mutex_unlock(&loop->mutex);
    if (!is_closed && is_first) {
        turn_wake(loop);
    }
    return !is_closed;
}

bool loop_submit(struct loop *loop, struct command *command, GError **error) {
    if (!loop_post(loop, command)) {
        fault_set(error, FAULT_UNAVAILABLE, "the server is stopping");
        return false;
    }
    command_wait(command);
    if (command->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&command->error));
        return false;
    }
    return true;
}

void loop_note(struct loop *loop, const struct note *note) {
    notebook_add(loop->notebook, note);
}

void loop_get_stats(struct loop *loop, struct engine_stats *ret_stats) {
    g_mutex_lock(&loop->mutex);
    *ret_stats = loop->stats;
    g_mutex_unlock(&loop->mutex);
}

struct trouble *loop_trouble(struct loop *loop) {
    return loop->trouble;
}
