// SPDX-License-Identifier: Apache-2.0
//
// Rights are checked with the rows in hand; each action ends in one event for the state machine.

#include "engine/actions.h"

#include "base/fault.h"
#include "base/zone.h"
#include "store/backfills.h"

bool action_try_run(struct active *active, struct command *command, GError **error) {
    int64_t version_id = 0;
    struct plan *plan = NULL;
    if (!store_version_for_try(active->store, &command->caller, command->flow_id, active->now_ms,
                               &version_id, error) ||
        !active_plan(active, version_id, &plan, error)) {
        return false;
    }
    g_autofree int64_t *node_run_ids = g_new(int64_t, (guint)plan->node_count);
    int64_t run_id = store_next_id(active->store, COUNTER_ID);
    for (int i = 0; i < plan->node_count; i++) {
        node_run_ids[i] = store_next_id(active->store, COUNTER_ID);
    }
    struct run *run = run_new(run_id, command->caller.tenant_id, plan, node_run_ids, TRIGGER_MANUAL,
                              active->now_ms);
    struct civil day_before = { 0 };
    struct civil run_time = zone_civil(plan->zone, active->now_ms);
    bool is_in_range = civil_add(&run_time, 0, 0, -24 * 3600, &day_before);
    g_assert(is_in_range);
    run->business_ms = zone_instant_ms(plan->zone, &day_before);
    active_dress(active, run);
    command->result.id = run_id;
    return active_start(active, run, command->caller.name, error);
}

// The version of a rerun, with ids for the nodes the run does not know yet.
static bool prepare_version(struct active *active, struct command *command,
                            const struct entry *entry, struct run_event *event, int64_t **ret_ids,
                            GError **error) {
    const struct run *run = entry->run;
    if (command->version_id == 0 || command->version_id == entry->run->plan->version_id) {
        return true;
    }
    if (command->action != RUN_EVENT_RERUN) {
        fault_set_field(error, FAULT_INVALID_VALUE, "DagVersion",
                        "run %" G_GINT64_FORMAT " runs version %" G_GINT64_FORMAT
                        "; leave DagVersion out or give that version",
                        entry->run_id, entry->run->plan->version_id);
        return false;
    }
    if (!store_version_check_published(store_as_reader(active->store), &command->caller,
                                       command->flow_id, command->version_id, error) ||
        !active_plan(active, command->version_id, &event->plan, error) ||
        (run->backfill_id != 0 &&
         !store_backfill_select(store_as_reader(active->store), run->tenant_id, run->backfill_id,
                                event->plan, run->business_ms, &event->selection, error))) {
        return false;
    }
    *ret_ids = g_new0(int64_t, (guint)event->plan->node_count);
    for (int i = 0; i < event->plan->node_count; i++) {
        (*ret_ids)[i] = store_next_id(active->store, COUNTER_ID);
    }
    event->node_run_ids = *ret_ids;
    return true;
}

bool action_on_run(struct active *active, struct command *command, GError **error) {
    struct entry *entry = NULL;
    struct run_event event = { .kind = command->action,
                               .now_ms = active->now_ms,
                               .actor = command->caller.name };
    g_autofree int64_t *ids = NULL;
    // The rows are read in the transaction: what this turn has decided must be in them.
    bool is_done = active_flush(active, error) &&
                   store_run_check(store_as_reader(active->store), &command->caller,
                                   command->flow_id, command->run_id, ACCESS_OPERATE, error) &&
                   active_find(active, command->run_id, &entry, error) &&
                   prepare_version(active, command, entry, &event, &ids, error) &&
                   active_apply(active, entry, &event, error);
    selection_unref(event.selection);
    return is_done;
}
