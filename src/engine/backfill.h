// SPDX-License-Identifier: Apache-2.0
//
// backfill: rows of runs for past business dates, one after the other (behaviour.md §6). Engine thread only.
#pragma once

#include "engine/active.h"
#include "engine/command.h"

// Makes the row and its first run, in the open transaction. command->result: see engine_backfill.
bool backfill_begin(struct active *active, struct command *command, GError **error);

// Rows whose runs have ended since the last call (active->ended) go on or end, in the transaction that stores those ends. What is more than
// a turn should take stays in the list for the next one; after a crash it is backfill_recover's. False: the store can not be trusted.
bool backfill_hand_over(struct active *active, GError **error);

// After the runs were loaded: finds the rows whose run has ended and was not handed over (active->ended).
bool backfill_find_ended(struct active *active, GError **error);
// At start, after the runs were loaded: goes on with a row whose run has ended and was not handed over, as after the quarantine of a
// damaged run.
bool backfill_recover(struct active *active, GError **error);
