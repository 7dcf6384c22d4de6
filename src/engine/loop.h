// SPDX-License-Identifier: Apache-2.0
//
// loop: the engine's thread: turn after turn it gathers, decides, commits, acts and replies (docs/ARCHITECTURE.md, "A turn of the engine").
//
// loop_new and loop_free are called while no thread runs loop_run; loop_post and loop_get_stats from any thread in between.
#pragma once

#include <stdbool.h>

#include "engine/command.h"
#include "engine/options.h"
#include "engine/ledger.h"
#include "engine/stats.h"
#include "engine/trouble.h"

struct loop;

// Recovers what the store holds. The options' directory is copied, everything else is borrowed.
bool loop_new(const struct engine_options *options, struct loop **ret_loop, GError **error);
void loop_free(struct loop *loop);

// Turns until COMMAND_QUIT or until the store can not be trusted; then every command that waits is refused.
void loop_run(struct loop *loop);

// Hands a command to the next turn, which completes it. False: the loop takes no more; the command is untouched.
bool loop_post(struct loop *loop, struct command *command);

// Hands a command to the next turn and waits until the turn that carried it has been committed. Its error is passed on.
bool loop_submit(struct loop *loop, struct command *command, GError **error);

// Any thread; copies.
void loop_note(struct loop *loop, const struct note *note);

void loop_get_stats(struct loop *loop, struct engine_stats *ret_stats);
// What keeps attempts from being started: the loop's own. Any thread, up to loop_free.
struct trouble *loop_trouble(struct loop *loop);
