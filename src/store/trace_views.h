// SPDX-License-Identifier: Apache-2.0
//
// trace_views: which row each kind of change is about, and which of its columns the operation log tells (store/trace).
#pragma once

#include "store/flows.h"
#include "store/query.h"

// One row of `sql` is the object: its id, its name, then what is compared, each under the label it has in the log. A label's first
// character says how a value is shown: '#' by its size alone, '*' as a list joined by commas of which only the difference is told, '@'
// as the word for the kind of a node.
struct trace_view {
    const char *noun;
    const char *sql; // ?1 the object's key, ?2 the tenant
    // The object's key; a change that makes the object knows it only from its result, which is NULL before.
    struct query_value (*key)(const struct change *change, const struct change_result *result);
};

// NULL: changes of this kind have no object of their own.
const struct trace_view *trace_view_of(const struct change *change);
