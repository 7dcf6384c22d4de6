// SPDX-License-Identifier: Apache-2.0
//
// intake: the calls of request threads, taken into a turn.
//
// Engine thread only, between store_begin and the commit.
#pragma once

#include "engine/turn.h"

// What calls left that changed nothing.
void intake_notes(struct loop *loop);
// Takes what has been posted, up to a bound; the rest is the next turn's.
void intake_commands(struct loop *loop);
