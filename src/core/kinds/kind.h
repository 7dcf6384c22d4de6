// SPDX-License-Identifier: Apache-2.0
//
// kind: how a kind of node that is run reads its content. One file per kind, core/kinds/<word>.c, and one row in core/kinds/kinds.c.
//
// Content becomes a typed value once, when a version becomes a plan. Publishing asks whether that succeeded and a run works with the value, so
// that what is published can run. Variables are put in when a node starts: what a text is then is judged by the functions of
// the kind's header that the reader itself asks.
//
// Pure. A value is immutable and belongs to its plan.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/model.h"

struct kind {
    enum node_kind kind;
    // The content as it is stored. FAULT_INVALID_DATA: a sentence that names the key. *ret_timeout_s: its timeoutSeconds, 0 none.
    bool (*parse)(const char *content, void **ret_value, int64_t *ret_timeout_s, GError **error);
    void (*free)(void *value);
};

// NULL: a kind that nothing runs; its content is stored and not read.
const struct kind *kind_find(enum node_kind kind);

extern const struct kind kind_script;
extern const struct kind kind_normal_sql;
extern const struct kind kind_sql_assignment;
extern const struct kind kind_condition;
