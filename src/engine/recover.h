// SPDX-License-Identifier: Apache-2.0
//
// recover: what the store holds meets what the supervisor says: loading at start, and the verdict over each open attempt
// (reliability.md, table "After a start of the server"; docs/attempt-journal.md). Engine thread only.
#pragma once

#include "engine/active.h"

// Loads every run that has not ended. A run that can not be loaded is quarantined: FAILED with a message, the rest runs
// (reliability.md R11). Needs an open transaction.
bool recover_runs(struct active *active, GError **error);

// Has the machine been started anew since DIR was last used? Attempts of before are lost unless their exit was recorded.
bool recover_is_new_boot(const char *dir);
// Remembers this boot, once the verdicts over the attempts of the last one have been committed.
void recover_remember_boot(const char *dir);

// One report of the supervisor, inside a turn. FAULT_* only when the store can not be trusted.
bool recover_report(struct active *active, const struct report *report, GError **error);
