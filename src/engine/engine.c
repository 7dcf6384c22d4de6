// SPDX-License-Identifier: Apache-2.0
//
// The loop. A turn gathers calls, reports and timers, decides, commits everything in one transaction, and only then replies and acts: no
// reply says success and nothing outside is touched before the commit (reliability.md G1). A commit that fails ends the server; the
// next start recovers (G15).

#include "engine/engine.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/zone.h"
#include "engine/active.h"
#include "engine/command.h"
#include "engine/dispatch.h"
#include "engine/recover.h"

enum { COMMANDS_PER_TURN_MAX = 1024, TIMERS_PER_TURN_MAX = 1024, POLL_MS_MAX = 60000 };

struct engine {
    struct engine_options options;
    char *dir;
    GThread *thread;
    int wake_fd;
    struct active active;
    struct client *client;
    int capacity;             // of the supervisor
    GHashTable *probes;       // fence → struct command, waiting for their attempt's end
    GArray *probe_starts;     // of struct start_order, of this turn
    GPtrArray *replies;       // of struct command: answered after the commit
    struct command *stopping; // a stop-all under way, or NULL
    bool is_quitting;         // engine thread only
    bool quits_supervisor;
    GError *failure; // of this turn: the store can not be trusted

    GMutex mutex;   // guards what follows: the one queue between the request threads and the engine
    GQueue inbox;   // of struct command
    bool is_closed; // takes no more commands
    struct engine_stats stats;
};

static int64_t monotonic_ms(void) {
    return g_get_monotonic_time() / 1000;
}

// ---- Commands ----

static void fail_turn(struct engine *engine, GError *error) {
    if (engine->failure == NULL) {
        engine->failure = error;
    } else {
        g_error_free(error);
    }
}

// A refused command is the caller's affair; a broken store is ours.
static void refuse_or_fail(struct engine *engine, struct command *command, GError *error) {
    if (fault_is(error, FAULT_IO) || fault_is(error, FAULT_INTERNAL)) {
        fail_turn(engine, g_error_copy(error));
    }
    command->error = error;
}

static bool start_try_run(struct engine *engine, struct command *command, GError **error) {
    struct active *active = &engine->active;
    int64_t version_id = 0;
    struct plan *plan = NULL;
    if (!store_version_for_try(active->store, &command->caller, command->flow_id, active->now_ms,
                               &version_id, error) ||
        !active_plan(active, version_id, &plan, error)) {
        return false;
    }
    g_autofree int64_t *node_run_ids = g_new(int64_t, (guint)plan->node_count);
    int64_t run_id = store_next_id(active->store, COUNTER_ID);
    for (int i = 0; i < plan->node_count; i++) {
        node_run_ids[i] = store_next_id(active->store, COUNTER_ID);
    }
    struct run *run = run_new(run_id, command->caller.tenant_id, plan, node_run_ids, TRIGGER_MANUAL,
                              active->now_ms);
    struct civil day_before = { 0 };
    struct civil run_time = zone_civil(plan->zone, active->now_ms);
    bool is_in_range = civil_add(&run_time, 0, 0, -24 * 3600, &day_before);
    g_assert(is_in_range);
    run->business_ms = zone_instant_ms(plan->zone, &day_before);
    active_dress(active, run);
    if (!store_run_insert(active->store, run, command->caller.name, error)) {
        run_free(run);
        return false;
    }
    struct entry *entry = active_add(active, run);
    struct run_event event = { .kind = RUN_EVENT_START,
                               .now_ms = active->now_ms,
                               .actor = command->caller.name };
    command->result.id = run_id;
    return active_apply(active, entry, &event, error);
}

// The version of a rerun, with ids for the nodes the run does not know yet.
static bool prepare_version(struct engine *engine, struct command *command,
                            const struct entry *entry, struct run_event *event, int64_t **ret_ids,
                            GError **error) {
    struct active *active = &engine->active;
    if (command->version_id == 0 || command->version_id == entry->run->plan->version_id) {
        return true;
    }
    if (command->action != RUN_EVENT_RERUN) {
        fault_set_field(error, FAULT_INVALID_VALUE, "DagVersion",
                        "run %" G_GINT64_FORMAT " runs version %" G_GINT64_FORMAT
                        "; leave DagVersion out or give that version",
                        entry->run_id, entry->run->plan->version_id);
        return false;
    }
    if (!store_version_check_published(store_as_reader(active->store), &command->caller,
                                       command->flow_id, command->version_id, error) ||
        !active_plan(active, command->version_id, &event->plan, error)) {
        return false;
    }
    *ret_ids = g_new0(int64_t, (guint)event->plan->node_count);
    for (int i = 0; i < event->plan->node_count; i++) {
        (*ret_ids)[i] = store_next_id(active->store, COUNTER_ID);
    }
    event->node_run_ids = *ret_ids;
    return true;
}

static bool act_on_run(struct engine *engine, struct command *command, GError **error) {
    struct active *active = &engine->active;
    struct entry *entry = NULL;
    struct run_event event = { .kind = command->action,
                               .now_ms = active->now_ms,
                               .actor = command->caller.name };
    g_autofree int64_t *ids = NULL;
    // The rows are read in the transaction: what this turn has decided must be in them.
    return active_flush(active, error) &&
           store_run_check(store_as_reader(active->store), &command->caller, command->flow_id,
                           command->run_id, ACCESS_OPERATE, error) &&
           active_find(active, command->run_id, &entry, error) &&
           prepare_version(engine, command, entry, &event, &ids, error) &&
           active_apply(active, entry, &event, error);
}

static void start_probe(struct engine *engine, struct command *command) {
    struct start_order order = {
        .fence = store_next_id(engine->active.store, COUNTER_FENCE),
        .spec = g_steal_pointer(&command->spec),
    };
    order.spec->grace_ms = 500;
    command->fence = order.fence;
    g_array_append_val(engine->probe_starts, order);
    g_hash_table_insert(engine->probes, &command->fence, command);
}

static void stop_every_run(struct engine *engine) {
    g_autoptr(GList) entries = g_hash_table_get_values(engine->active.entries);
    for (const GList *item = entries; item != NULL; item = item->next) {
        struct entry *entry = item->data;
        struct run_event event = { .kind = RUN_EVENT_STOP,
                                   .now_ms = engine->active.now_ms,
                                   .actor = "operator" };
        GError *error = NULL;
        if (!active_apply(&engine->active, entry, &event, &error)) {
            refuse_or_fail(engine, engine->stopping, error);
            return;
        }
    }
}

static void take_command(struct engine *engine, struct command *command) {
    GError *error = NULL;
    bool is_done = true;
    switch (command->kind) {
    case COMMAND_CHANGE:
        is_done = active_flush(&engine->active, &error) &&
                  store_change(engine->active.store, command->change, engine->active.now_ms,
                               &command->result, &error);
        break;
    case COMMAND_TRY_RUN: is_done = start_try_run(engine, command, &error); break;
    case COMMAND_RUN_ACTION: is_done = act_on_run(engine, command, &error); break;
    case COMMAND_PROBE: start_probe(engine, command); return; // answered when its attempt ends
    case COMMAND_STOP_ALL:
        engine->stopping = command;
        stop_every_run(engine);
        return; // answered when nothing lives
    case COMMAND_QUIT:
        engine->is_quitting = true;
        engine->quits_supervisor = command->quits_supervisor;
        break;
    }
    if (!is_done) {
        refuse_or_fail(engine, command, error);
    }
    g_ptr_array_add(engine->replies, command);
}

static void take_commands(struct engine *engine) {
    uint64_t count = 0;
    if (read(engine->wake_fd, &count, sizeof count) < 0) {
        g_assert(errno == EAGAIN || errno == EINTR);
    }
    for (int i = 0; i < COMMANDS_PER_TURN_MAX && engine->failure == NULL; i++) {
        g_mutex_lock(&engine->mutex);
        struct command *command = g_queue_pop_head(&engine->inbox);
        g_mutex_unlock(&engine->mutex);
        if (command == NULL) {
            return;
        }
        take_command(engine, command);
    }
}

// ---- Reports and timers ----

static void answer_probe(struct engine *engine, struct command *command,
                         const struct report *report) {
    g_hash_table_remove(engine->probes, &command->fence);
    if (report->kind == REPORT_EXITED && report->exit.result != NULL) {
        command->text = g_strndup(report->exit.result, report->exit.result_len);
    } else {
        fault_set(&command->error, FAULT_UNAVAILABLE, "the connection test gave no answer");
    }
    g_ptr_array_add(engine->replies, command);
}

static void take_report(const struct report *report, void *user) {
    struct engine *engine = user;
    if (engine->failure != NULL) {
        return;
    }
    if (report->kind == REPORT_READY) {
        engine->capacity = report->capacity;
        g_mutex_lock(&engine->mutex);
        g_strlcpy(engine->stats.level, report->level, sizeof engine->stats.level);
        g_mutex_unlock(&engine->mutex);
    }
    struct command *probe = g_hash_table_lookup(engine->probes, &report->fence);
    if (probe != NULL && (report->kind == REPORT_EXITED || report->kind == REPORT_REFUSED)) {
        g_array_append_val(engine->active.acknowledges, report->fence);
        answer_probe(engine, probe, report);
        return;
    }
    if (probe != NULL && report->kind == REPORT_STARTED) {
        return;
    }
    GError *error = NULL;
    if (!recover_report(&engine->active, report, &error)) {
        fail_turn(engine, error);
    }
}

static void take_timers(struct engine *engine) {
    struct active *active = &engine->active;
    for (int i = 0; i < TIMERS_PER_TURN_MAX && engine->failure == NULL; i++) {
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
            fail_turn(engine, error);
        }
    }
}

static void time_out_probes(struct engine *engine) {
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, engine->probes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct command *command = value;
        if (command->deadline_ms <= monotonic_ms()) {
            fault_set(&command->error, FAULT_UNAVAILABLE,
                      "the connection test did not end in time");
            g_array_append_val(engine->active.kills, command->fence);
            g_ptr_array_add(engine->replies, command);
            g_hash_table_iter_remove(&iter);
        }
    }
}

static void check_stopping(struct engine *engine) {
    struct command *command = engine->stopping;
    if (command == NULL) {
        return;
    }
    int alive = (int)g_hash_table_size(engine->active.fences);
    if (alive == 0 || command->error != NULL || command->deadline_ms <= monotonic_ms()) {
        command->alive_count = alive;
        engine->stopping = NULL;
        g_ptr_array_add(engine->replies, command);
    }
}

// ---- The turn ----

static void give_places(struct engine *engine) {
    if (!client_is_ready(engine->client) || engine->failure != NULL || engine->stopping != NULL) {
        return;
    }
    int limit = MIN(engine->options.attempts_max, engine->capacity);
    int open =
        (int)g_hash_table_size(engine->active.fences) + (int)g_hash_table_size(engine->probes);
    GError *error = NULL;
    if (!dispatch(&engine->active, limit - open, &error)) {
        fail_turn(engine, error);
    }
}

static bool commit(struct engine *engine) {
    GError *error = NULL;
    if (engine->failure == NULL && !active_flush(&engine->active, &error)) {
        fail_turn(engine, error);
    }
    if (engine->failure != NULL) {
        store_rollback(engine->active.store);
        return false;
    }
    bool is_dirty = store_is_dirty(engine->active.store);
    if (!store_commit(engine->active.store, &error)) {
        fail_turn(engine, error);
        return false;
    }
    g_mutex_lock(&engine->mutex);
    engine->stats.turns++;
    engine->stats.commits += is_dirty;
    engine->stats.active_runs = (int)g_hash_table_size(engine->active.entries);
    engine->stats.running_attempts = (int)g_hash_table_size(engine->active.fences);
    engine->stats.queued_nodes = engine->active.queued_count;
    engine->stats.has_supervisor = client_is_ready(engine->client);
    g_mutex_unlock(&engine->mutex);
    return true;
}

static void send_starts(struct engine *engine, GArray *orders) {
    for (guint i = 0; i < orders->len; i++) {
        const struct start_order *order = &g_array_index(orders, struct start_order, i);
        struct open_attempt *attempt = g_hash_table_lookup(engine->active.fences, &order->fence);
        if (attempt != NULL) {
            attempt->is_reported = client_is_ready(engine->client);
        }
        client_start(engine->client, order->fence, order->spec);
    }
}

static void act(struct engine *engine) {
    struct active *active = &engine->active;
    for (guint i = 0; i < active->acknowledges->len; i++) {
        client_acknowledge(engine->client, g_array_index(active->acknowledges, int64_t, i));
    }
    for (guint i = 0; i < active->voids->len; i++) {
        client_void(engine->client, g_array_index(active->voids, int64_t, i));
    }
    send_starts(engine, active->starts);
    send_starts(engine, engine->probe_starts);
    for (guint i = 0; i < active->kills->len; i++) {
        client_kill(engine->client, g_array_index(active->kills, int64_t, i),
                    engine->options.grace_ms);
    }
    active_clear_orders(active);
    g_array_set_size(engine->probe_starts, 0);
}

static void reply(struct engine *engine) {
    for (guint i = 0; i < engine->replies->len; i++) {
        command_complete(g_ptr_array_index(engine->replies, i));
    }
    g_ptr_array_set_size(engine->replies, 0);
}

static int64_t poll_timeout(struct engine *engine) {
    int64_t timeout_ms = POLL_MS_MAX;
    int64_t run_due_ms = active_due_ms(&engine->active);
    if (run_due_ms != 0) {
        timeout_ms = MIN(timeout_ms, run_due_ms - zone_now_ms());
    }
    int64_t client_due = client_due_ms(engine->client);
    if (client_due != INT64_MAX) {
        timeout_ms = MIN(timeout_ms, client_due - monotonic_ms());
    }
    if (engine->stopping != NULL) {
        timeout_ms = MIN(timeout_ms, engine->stopping->deadline_ms - monotonic_ms());
    }
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, engine->probes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        timeout_ms = MIN(timeout_ms, ((struct command *)value)->deadline_ms - monotonic_ms());
    }
    return CLAMP(timeout_ms, 0, POLL_MS_MAX);
}

static bool turn(struct engine *engine) {
    GError *error = NULL;
    engine->active.now_ms = zone_now_ms();
    if (!store_begin(engine->active.store, &error)) {
        fail_turn(engine, error);
        return false;
    }
    take_commands(engine);
    client_pump(engine->client, monotonic_ms(),
                store_highest_id(engine->active.store, COUNTER_FENCE), take_report, engine);
    take_timers(engine);
    time_out_probes(engine);
    give_places(engine);
    if (!commit(engine)) {
        return false;
    }
    act(engine);
    active_sweep(&engine->active);
    check_stopping(engine);
    reply(engine);
    return true;
}

static void wait_for_work(struct engine *engine) {
    struct pollfd fds[2] = {
        { .fd = engine->wake_fd, .events = POLLIN },
        { .fd = client_fd(engine->client),
          .events = (short)(POLLIN | (client_wants_write(engine->client) ? POLLOUT : 0)) },
    };
    int count = poll(fds, 2, (int)poll_timeout(engine));
    g_assert(count >= 0 || errno == EINTR);
}

// The store can not be trusted: nothing of the turn is acknowledged, nothing was done.
static void fail(struct engine *engine) {
    log_error("engine", "event=fail-stop reason=\"%s\"", engine->failure->message);
    engine->options.fail(engine->failure->message, engine->options.fail_user);
}

static void refuse_inbox(struct engine *engine) {
    g_mutex_lock(&engine->mutex);
    engine->is_closed = true;
    struct command *command = NULL;
    while ((command = g_queue_pop_head(&engine->inbox)) != NULL) {
        fault_set(&command->error, FAULT_UNAVAILABLE, "the server is stopping");
        command_complete(command);
    }
    g_mutex_unlock(&engine->mutex);
}

static void refuse_waiting(struct engine *engine) {
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, engine->probes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct command *command = value;
        fault_set(&command->error, FAULT_UNAVAILABLE, "the server is stopping");
        g_hash_table_iter_remove(&iter);
        command_complete(command);
    }
    if (engine->stopping != NULL) {
        engine->stopping->alive_count = (int)g_hash_table_size(engine->active.fences);
        command_complete(g_steal_pointer(&engine->stopping));
    }
}

static gpointer run_loop(gpointer user) {
    struct engine *engine = user;
    while (!engine->is_quitting) {
        if (!turn(engine)) {
            fail(engine);
            break;
        }
        if (!engine->is_quitting) {
            wait_for_work(engine);
        }
    }
    refuse_inbox(engine);
    refuse_waiting(engine);
    if (engine->quits_supervisor && engine->failure == NULL) {
        client_quit(engine->client);
    }
    client_flush(engine->client, 1000);
    return NULL;
}

// ---- The door ----

static bool recover(struct engine *engine, GError **error) {
    engine->active.now_ms = zone_now_ms();
    if (!store_begin(engine->active.store, error)) {
        return false;
    }
    if (!recover_runs(&engine->active, error)) {
        store_rollback(engine->active.store);
        return false;
    }
    return store_commit(engine->active.store, error);
}

bool engine_start(const struct engine_options *options, struct engine **ret_engine,
                  GError **error) {
    struct engine *engine = g_new0(struct engine, 1);
    engine->options = *options;
    engine->dir = g_strdup(options->dir);
    engine->options.dir = engine->dir;
    engine->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_assert(engine->wake_fd >= 0);
    g_mutex_init(&engine->mutex);
    g_queue_init(&engine->inbox);
    engine->replies = g_ptr_array_new();
    engine->probes = g_hash_table_new(g_int64_hash, g_int64_equal);
    engine->probe_starts = active_new_orders();
    active_init(&engine->active, options->store, &engine->options);
    engine->client = client_new(engine->dir, options->launch, options->launch_user);
    if (!recover(engine, error)) {
        engine_free(engine);
        return false;
    }
    active_sweep(&engine->active);
    engine->thread = g_thread_new("engine", run_loop, engine);
    *ret_engine = engine;
    return true;
}

static void wake(struct engine *engine) {
    uint64_t one = 1;
    ssize_t written = write(engine->wake_fd, &one, sizeof one);
    g_assert(written == sizeof one || errno == EAGAIN);
}

// Posts a command and waits until the turn that carried it has been committed.
static bool submit(struct engine *engine, struct command *command, GError **error) {
    g_mutex_lock(&engine->mutex);
    bool is_closed = engine->is_closed;
    if (!is_closed) {
        g_queue_push_tail(&engine->inbox, command);
    }
    g_mutex_unlock(&engine->mutex);
    if (is_closed) {
        fault_set(error, FAULT_UNAVAILABLE, "the server is stopping");
        return false;
    }
    wake(engine);
    command_wait(command);
    if (command->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&command->error));
        return false;
    }
    return true;
}

void engine_stop(struct engine *engine, bool quit_supervisor) {
    if (engine->thread == NULL) {
        return;
    }
    struct command command;
    command_init(&command, COMMAND_QUIT, NULL);
    command.quits_supervisor = quit_supervisor;
    (void)submit(engine, &command, NULL);
    command_done(&command);
    (void)g_thread_join(g_steal_pointer(&engine->thread));
}

void engine_free(struct engine *engine) {
    if (engine == NULL) {
        return;
    }
    g_assert(engine->thread == NULL);
    client_free(engine->client);
    active_done(&engine->active);
    g_hash_table_unref(engine->probes);
    g_array_unref(engine->probe_starts);
    g_ptr_array_unref(engine->replies);
    g_clear_error(&engine->failure);
    (void)close(engine->wake_fd);
    g_mutex_clear(&engine->mutex);
    g_free(engine->dir);
    g_free(engine);
}

bool engine_change(struct engine *engine, struct change *change, struct change_result *ret_result,
                   GError **error) {
    struct command command;
    command_init(&command, COMMAND_CHANGE, &change->caller);
    command.change = change;
    bool is_done = submit(engine, &command, error);
    if (is_done && ret_result != NULL) {
        *ret_result = command.result;
        command.result.ids = NULL;
    }
    command_done(&command);
    change_free(change);
    return is_done;
}

bool engine_try_run(struct engine *engine, const struct caller *caller, int64_t flow_id,
                    int64_t *ret_run_id, GError **error) {
    struct command command;
    command_init(&command, COMMAND_TRY_RUN, caller);
    command.flow_id = flow_id;
    bool is_done = submit(engine, &command, error);
    if (is_done) {
        *ret_run_id = command.result.id;
    }
    command_done(&command);
    return is_done;
}

bool engine_run_action(struct engine *engine, const struct caller *caller,
                       enum run_event_kind action, int64_t flow_id, int64_t run_id,
                       int64_t version_id, GError **error) {
    g_assert(action >= RUN_EVENT_SUSPEND && action <= RUN_EVENT_RESTORE);
    struct command command;
    command_init(&command, COMMAND_RUN_ACTION, caller);
    command.action = action;
    command.flow_id = flow_id;
    command.run_id = run_id;
    command.version_id = version_id;
    bool is_done = submit(engine, &command, error);
    command_done(&command);
    return is_done;
}

bool engine_probe(struct engine *engine, const struct exec_connection *connection,
                  int64_t timeout_ms, char **ret_result, GError **error) {
    struct command command;
    command_init(&command, COMMAND_PROBE, NULL);
    command.spec = kind_probe(connection);
    command.deadline_ms = monotonic_ms() + timeout_ms;
    bool is_done = submit(engine, &command, error);
    if (is_done) {
        *ret_result = g_steal_pointer(&command.text);
    }
    command_done(&command);
    return is_done;
}

bool engine_stop_all(struct engine *engine, int64_t timeout_ms, int *ret_alive) {
    struct command command;
    command_init(&command, COMMAND_STOP_ALL, NULL);
    command.deadline_ms = monotonic_ms() + timeout_ms;
    g_autoptr(GError) error = NULL;
    bool is_done = submit(engine, &command, &error);
    *ret_alive = command.alive_count;
    command_done(&command);
    return is_done && *ret_alive == 0;
}

void engine_get_stats(struct engine *engine, struct engine_stats *ret_stats) {
    g_mutex_lock(&engine->mutex);
    *ret_stats = engine->stats;
    g_mutex_unlock(&engine->mutex);
}
