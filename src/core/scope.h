// SPDX-License-Identifier: Apache-2.0
//
// scope: which variables a node of a run sees, and their values (behaviour.md §5.1).
//
// Order when a name exists on several levels: node time variable, output of the nearest upstream node, variable of the run alone, flow time
// variable, constant, system variable. Pure.
#pragma once

#include <glib.h>

#include "core/run.h"

struct scope;

// The scope of one node. Values live as long as the scope; the run must not change meanwhile.
// FAULT_INVALID_DATA when a pattern of the version does not parse.
bool scope_new(const struct run *run, int node, enum var_language language,
               struct scope **ret_scope, GError **error);
void scope_free(struct scope *scope);

// Value of a name, perhaps VAR_NULL, or NULL when there is none; fits var_lookup_fn (user = the scope).
const char *scope_lookup(const char *name, void *scope);

// A sentence when an output was looked up whose node a backfill leaves out and nothing stands in for: the node that needs it must fail
// (behaviour.md §6). NULL otherwise. Lives as long as the scope.
const char *scope_absence(const struct scope *scope);

// Calls visit for every visible name once.
typedef void (*scope_visit_fn)(const char *name, const char *value, void *user);
void scope_each(struct scope *scope, scope_visit_fn visit, void *user);
