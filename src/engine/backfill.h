// SPDX-License-Identifier: Apache-2.0
//
// backfill: rows of runs for past business dates, one after the other (behaviour.md §6). Engine thread only.
#pragma once

#include "engine/active.h"
#include "engine/command.h"

// Makes the row and its first run. command->result: see engine_backfill.
bool backfill_begin(struct active *active, struct command *command, GError **error);
