// SPDX-License-Identifier: Apache-2.0
//
// trouble: what keeps attempts from being started now, in words for people: the answer of /readyz, and the reason that waiting nodes show.
//
// Each kind is set and cleared by who notices it; what is set first in the order below is told. Any thread.
#pragma once

#include <stdbool.h>

enum trouble_kind {
    TROUBLE_STORE,      // changes can not be stored
    TROUBLE_ROOM,       // the disk has little left for what attempts write
    TROUBLE_SILENCE,    // one listens and does not answer
    TROUBLE_SUPERVISOR, // no supervisor listens; also at the start, until it has told what runs
    TROUBLE_START,      // the supervisor listens and can start nothing
    TROUBLE_COUNT,
};

struct trouble;

// Begins with TROUBLE_SUPERVISOR set, of which the log tells nothing: every start begins so.
struct trouble *trouble_new(void);
void trouble_free(struct trouble *trouble);

// NULL: over. Copied. What is new is written to the log, once, and so is the end of what was written.
void trouble_set(struct trouble *trouble, enum trouble_kind kind, const char *text);
// The supervisor has told what runs and listens, or has gone.
void trouble_supervisor(struct trouble *trouble, bool is_ready);
// Why no supervisor could begin; NULL: one has begun. Told while none listens.
void trouble_launch(struct trouble *trouble, const char *text);

// Could the last supervisor that was asked for not begin?
bool trouble_has_failed_launch(struct trouble *trouble);

// A sentence, which the caller frees; NULL: attempts can be started. *ret_is_blind (may be NULL): nothing is known of those that run either.
char *trouble_text(struct trouble *trouble, bool *ret_is_blind);
