// SPDX-License-Identifier: Apache-2.0
//
// One node of each waiting run in turn, so that a wide run does not starve the others. A node is prepared (variables, content) before it
// gets a fence: what can not be prepared fails without an attempt.

#include "engine/dispatch.h"

#include "base/fault.h"
#include "engine/reach.h"
#include "exec/kinds.h"
#include "store/persons.h"

static bool find_connection(int64_t tenant_id, int64_t database_id,
                            struct exec_connection *ret_connection, void *user, GError **error) {
    struct store *store = user;
    return reach_database(store_as_reader(store), tenant_id, database_id, NULL, ret_connection,
                          error);
}

static bool start_node(struct active *active, struct entry *entry, int node,
                       struct attempt_spec *spec, GError **error) {
    struct run_event event = {
        .kind = RUN_EVENT_GRANT,
        .now_ms = active->now_ms,
        .node = node,
        .fence = store_next_id(active->store, COUNTER_FENCE),
    };
    struct start_order order = { .fence = event.fence, .spec = spec };
    if (!active_apply(active, entry, &event, error) || entry->is_set_aside) {
        attempt_spec_free(spec);
        return entry->is_set_aside;
    }
    g_array_append_val(active->starts, order);
    return true;
}

// Is the refusal about the node, and not about the store or this server?
static bool is_of_node(const GError *refusal) {
    return fault_is(refusal, FAULT_INVALID_DATA) || fault_is(refusal, FAULT_DATABASE_NOT_EXIST) ||
           fault_is(refusal, FAULT_LIMIT_EXCEEDED) || fault_is(refusal, FAULT_USER_STATE);
}

static bool grant(struct active *active, struct entry *entry, int node, int *places,
                  GError **error) {
    struct kind_context context = {
        .language = active->options->language,
        .data_dir = active->options->dir,
        .connection = find_connection,
        .user = active->store,
    };
    g_autoptr(GError) refusal = NULL;
    struct attempt_spec *spec = NULL;
    const struct run *run = entry->run;
    // Rights at run time are the owner's (behaviour.md §8): without an owner who may call, nothing runs.
    if (store_owner_check(store_as_reader(active->store), run->tenant_id, run->plan->flow_id,
                          run->plan->version_id, run->plan->owner_id, &refusal) &&
        kind_prepare(&context, run, node, &spec, &refusal)) {
        spec->grace_ms = active->options->grace_ms;
        --*places;
        return start_node(active, entry, node, spec, error);
    }
    if (!is_of_node(refusal)) {
        g_propagate_error(error, g_steal_pointer(&refusal));
        return false;
    }
    struct run_event event = {
        .kind = RUN_EVENT_UNPREPARED,
        .now_ms = active->now_ms,
        .node = node,
        .message = refusal->message,
    };
    return active_apply(active, entry, &event, error);
}

static bool has_place(const struct active *active, const struct entry *entry) {
    int limit = entry->run->plan->slot_count_max > 0 ? entry->run->plan->slot_count_max
                                                     : active->options->run_attempts_max;
    return entry->run->open_count < limit;
}

bool dispatch(struct active *active, int places, GError **error) {
    while (places > 0 && active->line.length > 0) {
        struct entry *entry = g_queue_pop_head(&active->line);
        entry->is_queued = false;
        if (!has_place(active, entry)) {
            continue; // stands in line again when one of its attempts is closed
        }
        if (entry->queued.length == 0) {
            continue;
        }
        int node = GPOINTER_TO_INT(g_queue_pop_head(&entry->queued));
        active->queued_count--;
        if (entry->queued.length > 0) {
            entry->is_queued = true;
            g_queue_push_tail(&active->line, entry);
        }
        if (entry->run->nodes[node].state == NODE_QUEUED &&
            !grant(active, entry, node, &places, error)) {
            return false;
        }
    }
    return true;
}
