// SPDX-License-Identifier: Apache-2.0
//
// plan: one version of a flow as an immutable value: nodes, edges, variables, settings, and what follows from them.
//
// A plan is read from a snapshot document (what publishing and try runs store, docs/snapshot in plan.c's head) and checked on the way:
// a stored row that does not parse is FAULT_INVALID_DATA and quarantines its flow, not the server (reliability.md R11).
// Pure; reference counted without locks: one thread owns a plan and all its references.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/condition.h"
#include "core/graph.h"
#include "core/kinds/kind.h"
#include "core/model.h"
#include "core/node_config.h"
#include "core/remark.h"

struct plan_node {
    int64_t id;
    char *name;
    enum node_kind kind;
    char
        *content; // JSON text, or "" while nothing was entered; NULL in a plan when `value` says it
    char *config;
    char *output;
    struct node_settings settings;
    json_t *time_variables; // array of {name, pattern}; never NULL
    void *value;            // what the content says to the node's kind (core/kinds); NULL: nothing
    int64_t timeout_s;      // of the content; 0 none
    char *content_error;    // why a kind that is run has no value; otherwise NULL
};

struct plan {
    int reference_count;
    int64_t version_id;
    int64_t flow_id;
    char *flow_name;
    char *owner_name;
    int64_t owner_id;
    char *zone; // IANA name of the flow's schedule
    enum failure_policy policy;
    json_t *constants;      // object name → text
    json_t *time_variables; // array of {name, pattern}
    int node_count;
    struct plan_node *nodes;
    struct graph *graph;
    GHashTable *positions; // node id → position
    int slot_count_max;    // nodes of one run at a time; 0 no limit
};

// Builds a plan from the snapshot's JSON text. FAULT_INVALID_DATA when it is damaged.
bool plan_new(int64_t version_id, const char *snapshot, struct plan **ret_plan, GError **error);
struct plan *plan_ref(struct plan *plan);
void plan_unref(struct plan *plan);

// Position of a node, or -1.
int plan_position(const struct plan *plan, int64_t node_id);

// Of a CONDITION node whose content is good; otherwise NULL.
const struct condition *plan_condition(const struct plan_node *node);

// Does the flow itself have a variable of that name, constant or time variable?
bool plan_has_variable(const struct plan *plan, const char *name);

// One entry of a snapshot's "nodes": id, name, kind, content, config and output of `node`, and two texts (each may be NULL).
// A new reference; NULL when a text is not UTF-8.
json_t *plan_snapshot_node(const struct plan_node *node, const char *time_variables,
                           const char *graph_param);

// What publishing demands (behaviour.md §3.1): at least one node, content that parses for every runnable kind, every CONDITION behind
// something, no variable given to a node by two nodes of which neither is behind the other (§5.1). FAULT_FLOW_STATE names the node. A try run demands only a node (§2.1).
bool plan_check_publish(const struct plan *plan, GError **error);

// What publishing accepts and its caller should know: nodes of a kind that nothing runs, and keys of configs that mean nothing. The second
// one says the first of it about one node.
void plan_remarks(const struct plan *plan, struct remarks *remarks);
void plan_remark_kind(enum node_kind kind, const char *node_name, struct remarks *remarks);
