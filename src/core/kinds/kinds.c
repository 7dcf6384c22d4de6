// SPDX-License-Identifier: Apache-2.0
//
// kinds: the table of the kinds that are run. A new kind is one row here.
#include "core/kinds/kind.h"

static const struct kind *const table[] = {
    &kind_normal_sql,
    &kind_sql_assignment,
    &kind_condition,
    &kind_script,
};

const struct kind *kind_find(enum node_kind kind) {
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (table[i]->kind == kind) {
            return table[i];
        }
    }
    return NULL;
}
