// SPDX-License-Identifier: Apache-2.0
//
// actions: what a call does to runs, inside the turn: starts one, or suspends, resumes, stops, repeats one (behaviour.md §3.4).
//
// Decides and stores; what is to be done outside stands in the lists of `active`. Engine thread only.
#pragma once

#include "engine/active.h"
#include "engine/command.h"

// command->result.id: the new run.
bool action_try_run(struct active *active, struct command *command, GError **error);
bool action_on_run(struct active *active, struct command *command, GError **error);
