// SPDX-License-Identifier: Apache-2.0
//
// intake: the calls of request threads, taken into a turn.
//
// Engine thread only, between store_begin and the commit but where it says otherwise.
#pragma once

#include "engine/turn.h"

// What calls left that changed nothing.
void intake_notes(struct loop *loop);
// Takes what has been posted, up to a bound; the rest is the next turn's.
void intake_commands(struct loop *loop);
// The same without a transaction, while the store is blocked: calls are refused, and what concerns the server itself is taken.
void intake_while_blocked(struct loop *loop);
