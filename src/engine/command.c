// SPDX-License-Identifier: Apache-2.0
//
// The lock of a command guards only its completion.

#include "engine/command.h"

void command_init(struct command *command, enum command_kind kind, const struct caller *caller) {
    *command = (struct command){ .kind = kind };
    if (caller != NULL) {
        command->caller = *caller;
    }
    g_mutex_init(&command->mutex);
    g_cond_init(&command->completed);
}

void command_done(struct command *command) {
    g_clear_error(&command->error);
    change_result_done(&command->result);
    g_clear_pointer(&command->text, g_free);
    g_clear_pointer(&command->note, g_free);
    g_clear_pointer(&command->spec, attempt_spec_free);
    g_mutex_clear(&command->mutex);
    g_cond_clear(&command->completed);
}

void command_reset(struct command *command) {
    g_clear_error(&command->error);
    change_result_done(&command->result);
    command->result = (struct change_result){ 0 };
    g_clear_pointer(&command->text, g_free);
    g_clear_pointer(&command->note, g_free);
    command->is_repeat = false;
    command->was_timed_out = false;
}

bool command_is_urgent(const struct command *command) {
    switch (command->kind) {
    case COMMAND_RUN_ACTION:
        return command->action == RUN_EVENT_STOP || command->action == RUN_EVENT_SUSPEND;
    case COMMAND_CHANGE: return command->is_begun;
    case COMMAND_STOP_ALL:
    case COMMAND_END_PROBES:
    case COMMAND_QUIT: return true;
    case COMMAND_TRY_RUN:
    case COMMAND_BACKFILL:
    case COMMAND_PROBE: return false;
    }
    g_assert_not_reached();
}

void command_wait(struct command *command) {
    g_mutex_lock(&command->mutex);
    while (!command->is_complete) {
        g_cond_wait(&command->completed, &command->mutex);
    }
    g_mutex_unlock(&command->mutex);
}

void command_complete(struct command *command) {
    g_mutex_lock(&command->mutex);
    command->is_complete = true;
    g_cond_signal(&command->completed);
    g_mutex_unlock(&command->mutex);
}
