// SPDX-License-Identifier: Apache-2.0
//
// notebook: what request threads leave for the engine's next turn without asking for one: calls that changed nothing, and uses of keys.
//
// Bounded: beyond NOTES_MAX the oldest notes are dropped and counted. Writing: any thread; notebook_take: the engine's.
#pragma once

#include "engine/ledger.h"

struct notebook;

struct notebook *notebook_new(void);
void notebook_free(struct notebook *notebook);

// Copies what it keeps.
void notebook_add(struct notebook *notebook, const struct note *note);
// Hands everything to the ledger, notes in the order in which they came.
void notebook_take(struct notebook *notebook, struct ledger *ledger);
