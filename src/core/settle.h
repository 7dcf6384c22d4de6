// SPDX-License-Identifier: Apache-2.0
//
// settle: what follows inside a run when a node ends: who becomes ready, who is skipped or cancelled, what a failure does, when the
// run has ended (behaviour.md §2.5, §3.5). For core/machine alone. Pure.
#pragma once

#include "core/step.h"

// Hands on the news of the nodes that ended in this step, until no more follow. Each edge is walked once.
void settle_ended(struct step *step);
// A full look at every waiting node, in graph order: at start, resume, rerun and restore.
void settle_all(struct step *step);
// Ends the run when nothing is live any more.
void settle_end(struct step *step);

// A node failed for good: the failure policy applies.
void fail_node(struct step *step, int position, const char *message);
// The run becomes ENDING: kills what runs, closes what has not started. verdict: FAILED, STOPPED or SUCCESS.
void begin_ending(struct step *step, enum run_state verdict, const char *message);
