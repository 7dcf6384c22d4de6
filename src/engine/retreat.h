// SPDX-License-Identifier: Apache-2.0
//
// retreat: what becomes of a turn that could not be stored for a passing reason (engine/outage): nothing of it has happened. Its calls are
// refused, or tried once more where they are urgent and room was made; memory is loaded from the store anew; the supervisor is asked to tell
// everything again, so that ends that were heard in the turn are heard once more. And when it is over.
//
// Engine thread only.
#pragma once

#include "engine/turn.h"

// After such a turn, which was rolled back. Takes the loop's failure.
void retreat(struct loop *loop);
// The store could not be read or written at the start: the loop begins with an outage, and loads its runs when it can. Takes the fault.
void retreat_at_start(struct loop *loop, GError *passing);

// Calls that waited for a lock, in front of those that came since: they are taken, or refused, by now.
void retreat_wake_patient(struct loop *loop);
// While the store is blocked, before a turn: has the time come, and does it take changes again? False: not now; or with the loop's failure
// set: it can not be trusted.
bool retreat_try(struct loop *loop);
// Once a turn, before its transaction: begins an outage when the disk is full, and ends one when there is room. False: FAULT_IO.
bool retreat_look(struct loop *loop, GError **error);
// First in the transaction of a turn: loads memory anew where a turn before was given up.
bool retreat_restore(struct loop *loop, GError **error);
// After the commit: what was kept for a retreat is not needed any more.
void retreat_settle(struct loop *loop, bool is_dirty);

// A report that the supervisor does not repeat: it is kept until the turn is stored.
void retreat_keep_refusal(struct loop *loop, const struct report *refused);
