// SPDX-License-Identifier: Apache-2.0
//
// outage: a time in which the store takes no changes, or no more than must be, for a reason that passes: its disk is full, or another program
// holds it locked (reliability.md G10). Lasting damage is none: that ends the server (G15).
//
// While it is blocked nothing is stored at all, and it is tried again with a growing delay. While its disk is full and it is not blocked, only what
// is urgent is stored: ends, and what ends or pauses work. Times are of the monotonic clock. Engine thread only.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum outage_kind { OUTAGE_NONE, OUTAGE_NO_SPACE, OUTAGE_LOCKED };

enum {
    OUTAGE_PAUSE_FIRST_MS = 100,
    OUTAGE_PAUSE_MAX_MS = 5000,
    OUTAGE_WAIT_MS = 5000, // that calls wait for a lock: most are short
};

struct outage {
    enum outage_kind kind;
    int64_t since_ms;
    bool is_blocked;
    int64_t retry_ms; // while it is blocked
    int64_t pause_ms; // the last one; 0: something was stored since
};

// Which kind a passing fault begins.
enum outage_kind outage_kind_of(const GError *passing);

void outage_begin(struct outage *outage, enum outage_kind kind, int64_t now_ms);
// Nothing could be stored: until the next try.
void outage_block(struct outage *outage, int64_t now_ms);
bool outage_is_due(const struct outage *outage, int64_t now_ms);
void outage_unblock(struct outage *outage);
// Something was stored.
void outage_note_success(struct outage *outage);
void outage_end(struct outage *outage);

// Does a call wait, rather than be refused?
bool outage_waits(const struct outage *outage, int64_t now_ms);
// Is a call refused now? Sets the error then: FAULT_NO_SPACE or FAULT_STORE_LOCKED.
bool outage_refuses(const struct outage *outage, bool is_urgent, GError **error);
// Is nothing begun now that nobody waits for: attempts, further runs of a backfill?
bool outage_holds(const struct outage *outage);
// For /readyz and the log; NULL when there is none. A constant.
const char *outage_text(const struct outage *outage);
