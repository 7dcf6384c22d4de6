// SPDX-License-Identifier: Apache-2.0
//
// The door to the loop: each public function is a command that waits for the turn that carries it. Nothing is decided here.

#include "engine/engine.h"

#include "base/fault.h"
#include "engine/loop.h"
#include "engine/metasync.h"

enum {
    ATTEMPT_SPARE_MS = 1500, // for the way to the supervisor, the grace and the way back
    // What was done outside is told as soon as the store takes it.
    CONCLUDE_MS = 10 * 1000,
    CONCLUDE_PAUSE_MS = 250,
};

struct engine {
    struct loop *loop;
    GThread *thread;
    struct metasync *metasync;
};

static int64_t monotonic_ms(void) {
    return g_get_monotonic_time() / 1000;
}

static gpointer run_thread(gpointer user) {
    loop_run(user);
    return NULL;
}

bool engine_start(const struct engine_options *options, struct engine **ret_engine,
                  GError **error) {
    struct loop *loop = NULL;
    if (!loop_new(options, &loop, error)) {
        return false;
    }
    struct engine *engine = g_new0(struct engine, 1);
    engine->loop = loop;
    engine->metasync = metasync_new(loop, options->dir, options->store);
    engine->thread = g_thread_new("engine", run_thread, loop);
    *ret_engine = engine;
    return true;
}

static bool submit(struct engine *engine, struct command *command, GError **error) {
    return loop_submit(engine->loop, command, error);
}

void engine_end_probes(struct engine *engine) {
    struct command command;
    command_init(&command, COMMAND_END_PROBES, NULL);
    (void)submit(engine, &command, NULL);
    command_done(&command);
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
    metasync_stop(engine->metasync); // its present job was refused with all others
}

void engine_free(struct engine *engine) {
    if (engine == NULL) {
        return;
    }
    g_assert(engine->thread == NULL);
    metasync_free(engine->metasync);
    loop_free(engine->loop);
    g_free(engine);
}

// Hands the command's result over.
static void take_result(struct command *command, struct change_result *ret_result) {
    if (ret_result != NULL) {
        *ret_result = command->result;
        command->result = (struct change_result){ 0 };
    }
}

bool engine_change_kept(struct engine *engine, const struct origin *origin, struct change *change,
                        struct change_result *ret_result, GError **error) {
    struct command command;
    command_init(&command, COMMAND_CHANGE, &change->caller);
    command.origin = origin;
    command.change = change;
    bool is_done = submit(engine, &command, error);
    if (is_done) {
        take_result(&command, ret_result);
    }
    command_done(&command);
    return is_done;
}

bool engine_change(struct engine *engine, const struct origin *origin, struct change *change,
                   struct change_result *ret_result, GError **error) {
    bool is_done = engine_change_kept(engine, origin, change, ret_result, error);
    change_free(change);
    return is_done;
}

bool engine_try_run(struct engine *engine, const struct origin *origin, const struct caller *caller,
                    int64_t flow_id, int64_t version_id, struct draft *draft, json_t *variables,
                    int64_t *ret_run_id, GError **error) {
    struct command command;
    command_init(&command, COMMAND_TRY_RUN, caller);
    command.origin = origin;
    command.flow_id = flow_id;
    command.version_id = version_id;
    command.draft = draft;
    command.variables = variables;
    bool is_done = submit(engine, &command, error);
    if (is_done) {
        *ret_run_id = command.result.id;
    }
    command_done(&command);
    return is_done;
}

bool engine_backfill(struct engine *engine, const struct origin *origin,
                     const struct caller *caller, struct backfill *backfill,
                     struct change_result *ret_result, GError **error) {
    struct command command;
    command_init(&command, COMMAND_BACKFILL, caller);
    command.origin = origin;
    command.backfill = backfill;
    bool is_done = submit(engine, &command, error);
    if (is_done) {
        take_result(&command, ret_result);
    }
    command_done(&command);
    return is_done;
}

bool engine_run_action(struct engine *engine, const struct origin *origin,
                       const struct caller *caller, enum run_event_kind action, int64_t flow_id,
                       int64_t run_id, int64_t version_id, struct draft *draft, GError **error) {
    g_assert(action >= RUN_EVENT_SUSPEND && action <= RUN_EVENT_RESTORE);
    struct command command;
    command_init(&command, COMMAND_RUN_ACTION, caller);
    command.origin = origin;
    command.action = action;
    command.flow_id = flow_id;
    command.run_id = run_id;
    command.version_id = version_id;
    command.draft = draft;
    bool is_done = submit(engine, &command, error);
    command_done(&command);
    return is_done;
}

// Takes the specification.
static bool run_attempt(struct engine *engine, struct command *command, GError **error) {
    command->deadline_ms = monotonic_ms() + command->spec->timeout_ms + ATTEMPT_SPARE_MS;
    return submit(engine, command, error);
}

bool engine_probe(struct engine *engine, const struct exec_connection *connection,
                  int64_t timeout_ms, char **ret_result, GError **error) {
    struct command command;
    command_init(&command, COMMAND_PROBE, NULL);
    command.spec = kind_probe(connection);
    command.what = "the connection test";
    command.deadline_ms = monotonic_ms() + timeout_ms;
    bool is_done = submit(engine, &command, error);
    if (is_done) {
        *ret_result = g_steal_pointer(&command.text);
    }
    command_done(&command);
    return is_done;
}

void engine_answer_done(struct engine_answer *answer) {
    g_clear_pointer(&answer->line, g_free);
    change_result_done(&answer->repeated);
}

bool engine_execute(struct engine *engine, const struct origin *origin, const struct caller *caller,
                    const struct exec_connection *connection, const char *script,
                    int64_t timeout_ms, struct engine_answer *ret_answer, GError **error) {
    struct command command;
    command_init(&command, COMMAND_PROBE, caller);
    command.origin = origin;
    command.spec = kind_execute(connection, script, timeout_ms);
    command.what = "the script";
    bool is_done = run_attempt(engine, &command, error);
    if (is_done) {
        *ret_answer = (struct engine_answer){ .line = g_steal_pointer(&command.text),
                                              .was_timed_out = command.was_timed_out,
                                              .is_repeat = command.is_repeat };
        take_result(&command, &ret_answer->repeated);
    }
    command_done(&command);
    return is_done;
}

bool engine_conclude(struct engine *engine, const struct origin *origin, struct change *change,
                     GError **error) {
    g_autoptr(GError) fault = NULL;
    int64_t deadline_ms = monotonic_ms() + CONCLUDE_MS;
    bool is_done = false;
    do {
        if (fault != NULL) {
            g_clear_error(&fault);
            g_usleep(CONCLUDE_PAUSE_MS * 1000);
        }
        struct command command;
        command_init(&command, COMMAND_CHANGE, &change->caller);
        command.origin = origin;
        command.change = change;
        command.is_begun = true;
        is_done = submit(engine, &command, &fault);
        command_done(&command);
    } while (!is_done && fault_is_passing(fault) && monotonic_ms() < deadline_ms);
    change_free(change);
    if (!is_done && fault_is_passing(fault)) {
        fault_set(error, FAULT_OUTCOME_UNKNOWN,
                  "the call was carried out, and what it did could not be stored: %s",
                  fault->message);
    } else if (!is_done) {
        g_propagate_error(error, g_steal_pointer(&fault));
    }
    return is_done;
}

bool engine_sync(struct engine *engine, const struct caller *caller, int64_t source_id,
                 int64_t database_id, bool with_tables, int64_t *ret_ticket, GError **error) {
    return metasync_post(engine->metasync, caller, source_id, database_id, with_tables, ret_ticket,
                         error);
}

bool engine_sync_wait(struct engine *engine, int64_t ticket, int64_t timeout_ms) {
    return metasync_wait(engine->metasync, ticket, timeout_ms);
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

void engine_note(struct engine *engine, const struct note *note) {
    loop_note(engine->loop, note);
}

void engine_get_stats(struct engine *engine, struct engine_stats *ret_stats) {
    loop_get_stats(engine->loop, ret_stats);
}

char *engine_trouble(struct engine *engine, bool *ret_is_blind) {
    return trouble_text(loop_trouble(engine->loop), ret_is_blind);
}

void engine_note_launch(struct engine *engine, const char *failure) {
    trouble_launch(loop_trouble(engine->loop), failure);
}
