// SPDX-License-Identifier: Apache-2.0
//
// A few facts and the delay between two tries.

#include "engine/outage.h"

#include "base/fault.h"

enum outage_kind outage_kind_of(const GError *passing) {
    g_assert(fault_is_passing(passing));
    return fault_is(passing, FAULT_NO_SPACE) ? OUTAGE_NO_SPACE : OUTAGE_LOCKED;
}

void outage_begin(struct outage *outage, enum outage_kind kind, int64_t now_ms) {
    g_assert(kind != OUTAGE_NONE);
    if (outage->kind != kind) {
        outage->kind = kind;
        outage->since_ms = now_ms;
    }
}

bool outage_waits(const struct outage *outage, int64_t now_ms) {
    return outage->kind == OUTAGE_LOCKED && outage->is_blocked &&
           now_ms - outage->since_ms < OUTAGE_WAIT_MS;
}

void outage_block(struct outage *outage, int64_t now_ms) {
    g_assert(outage->kind != OUTAGE_NONE);
    outage->is_blocked = true;
    outage->pause_ms = CLAMP(outage->pause_ms * 2, OUTAGE_PAUSE_FIRST_MS, OUTAGE_PAUSE_MAX_MS);
    outage->retry_ms = now_ms + outage->pause_ms;
}

bool outage_is_due(const struct outage *outage, int64_t now_ms) {
    return outage->is_blocked && now_ms >= outage->retry_ms;
}

void outage_unblock(struct outage *outage) {
    outage->is_blocked = false;
}

void outage_note_success(struct outage *outage) {
    outage->pause_ms = 0;
}

void outage_end(struct outage *outage) {
    *outage = (struct outage){ 0 };
}

bool outage_refuses(const struct outage *outage, bool is_urgent, GError **error) {
    if (outage->kind == OUTAGE_NO_SPACE && (outage->is_blocked || !is_urgent)) {
        fault_set(error, FAULT_NO_SPACE,
                  "the disk of the server's data directory is full: nothing is changed until there "
                  "is room again, but for stopping and suspending runs");
        return true;
    }
    if (outage->kind == OUTAGE_LOCKED && outage->is_blocked) {
        fault_set(error, FAULT_STORE_LOCKED,
                  "another program holds the server's store locked: nothing is changed until it "
                  "lets go");
        return true;
    }
    return false;
}

bool outage_holds(const struct outage *outage) {
    return outage->kind != OUTAGE_NONE;
}

const char *outage_text(const struct outage *outage) {
    switch (outage->kind) {
    case OUTAGE_NONE: return NULL;
    case OUTAGE_NO_SPACE:
        return "the disk of the data directory is full: changes are refused, and nothing is begun, "
               "until there is room for the reserve again";
    case OUTAGE_LOCKED:
        return "another program holds the state store locked: changes are refused until it lets go";
    }
    g_assert_not_reached();
}
