// SPDX-License-Identifier: Apache-2.0
//
// Look-ups in the generated table. Which operation belongs to which module is our decision (operations.md §5, proposed).

#include "store/audit_words.h"

#include <stdlib.h>
#include <string.h>

static int compare_action(const void *key, const void *row) {
    return strcmp(key, ((const struct audit_word *)row)->action);
}

static const struct audit_word *find(const char *action) {
    return bsearch(action, audit_word_table, audit_word_count, sizeof *audit_word_table,
                   compare_action);
}

const char *audit_module(const char *action) {
    const struct audit_word *word = find(action);
    return word != NULL ? word->module : "CONFIG_MANAGE";
}

const char *audit_phrase(const char *action) {
    const struct audit_word *word = find(action);
    return word != NULL ? word->phrase : NULL;
}
