// SPDX-License-Identifier: Apache-2.0
//
// selection: which nodes of a version a backfill leaves out, and what stands in for their outputs (behaviour.md §6).
//
// Pure; reference counted without locks: one thread owns a selection and all its references.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/plan.h"

// What was asked for. Borrowed by the functions below.
struct selection_rule {
    const GArray *filter_node_ids; // int64_t; NULL: none
    const GArray *start_node_ids;  // int64_t; NULL or empty: the whole graph
    bool with_subtree;             // also what is behind the start nodes
};

struct selection;

// Does the rule fit the version: does it have every node that is named, and is a node left to run? FAULT_NODE_NOT_EXIST,
// FAULT_INVALID_VALUE, with the field.
bool selection_check(const struct plan *plan, const struct selection_rule *rule, GError **error);

// The rule applied to a version. Nodes that the version does not have are passed over. NULL when no node is left out.
struct selection *selection_new(const struct plan *plan, const struct selection_rule *rule);
struct selection *selection_ref(struct selection *selection); // NULL is fine
void selection_unref(struct selection *selection);

// Positions are those of the version. selection may be NULL: nothing is left out.
bool selection_leaves_out(const struct selection *selection, int position);
// Outputs of an earlier run that stand in for those of a node that is left out: an object name → text. Takes the reference.
void selection_lend(struct selection *selection, int position, json_t *outputs);
// Borrowed; NULL: none.
json_t *selection_outputs(const struct selection *selection, int position);
