// SPDX-License-Identifier: Apache-2.0
//
// audit_words: what an entry of the operation log is called: its module (operations.md §1.11) and its sentence, as spec/serving.json has
// them. Everything here is constant; any thread.
#pragma once

#include <stddef.h>

struct audit_word {
    const char *action;
    const char *module;
    const char *phrase;
};

// Generated (scripts/gen_operations.py): operations that change something and the log's other actions, sorted by action.
extern const struct audit_word audit_word_table[];
extern const size_t audit_word_count;

// The module of an operation or of an action of the engine; constant. Of an action without a row: CONFIG_MANAGE.
const char *audit_module(const char *action);
// What the action does, for a sentence: "create a task flow"; constant. NULL for an action without a row.
const char *audit_phrase(const char *action);
