// SPDX-License-Identifier: Apache-2.0
//
// Rights are checked with the rows in hand; each action ends in one event for the state machine.

#include "engine/actions.h"

#include "base/fault.h"
#include "base/zone.h"
#include "store/backfills.h"

// What the version does not have can not be given another value: a name with a slip of the pen must not run with the old one.
static bool check_variables(const struct plan *plan, json_t *variables, GError **error) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(variables, name, value) {
        if (!plan_has_variable(plan, name)) {
            fault_set_field(error, FAULT_INVALID_VALUE, "RunVariables",
                            "task flow %" G_GINT64_FORMAT
                            " has no variable %s; a run can give another value to constants and "
                            "time variables that the flow has in that version",
                            plan->flow_id, name);
            return false;
        }
    }
    return true;
}

// The plan of the version, which was read on the caller's thread where it is a new one.
static bool plan_of(struct active *active, struct command *command, int64_t version_id,
                    struct plan **ret_plan, GError **error) {
    struct plan *plan = draft_take_plan(command->draft, version_id);
    if (plan != NULL) {
        active_keep_plan(active, plan);
    }
    return active_plan(active, version_id, ret_plan, error);
}

bool action_try_run(struct active *active, struct command *command, GError **error) {
    int64_t version_id = 0;
    struct plan *plan = NULL;
    if (!store_version_for_run(active->store, &command->caller, command->flow_id,
                               command->version_id, command->draft, active->now_ms, &version_id,
                               error) ||
        !plan_of(active, command, version_id, &plan, error) ||
        !check_variables(plan, command->variables, error)) {
        return false;
    }
    g_autofree int64_t *node_run_ids = g_new(int64_t, (guint)plan->node_count);
    int64_t run_id = store_next_id(active->store, COUNTER_ID);
    for (int i = 0; i < plan->node_count; i++) {
        node_run_ids[i] = store_next_id(active->store, COUNTER_ID);
    }
    struct run *run = run_new(run_id, command->caller.tenant_id, plan, node_run_ids, TRIGGER_MANUAL,
                              active->now_ms);
    run->variables = json_incref(command->variables);
    struct civil day_before = { 0 };
    struct civil run_time = zone_civil(plan->zone, active->now_ms);
    bool is_in_range = civil_add(&run_time, 0, 0, -24 * 3600, &day_before);
    g_assert(is_in_range);
    run->business_ms = zone_instant_ms(plan->zone, &day_before);
    active_dress(active, run);
    command->result.id = run_id;
    command->note = g_strdup_printf("run %" G_GINT64_FORMAT " of version %" G_GINT64_FORMAT
                                    " of task flow %" G_GINT64_FORMAT " made%s",
                                    run_id, version_id, command->flow_id,
                                    run->variables != NULL ? ", with variables of its own" : "");
    GError *fault = NULL;
    bool is_started = active_start(active, run, command->caller.name, &fault);
    if (!is_started) {
        active_disown(fault);
        g_propagate_error(error, fault);
    }
    return is_started;
}

// The version of a rerun or restore, with ids for the nodes the run does not know yet.
static bool prepare_version(struct active *active, struct command *command,
                            const struct entry *entry, struct run_event *event, int64_t **ret_ids,
                            GError **error) {
    const struct run *run = entry->run;
    int64_t version_id = command->version_id;
    if (version_id == VERSION_UNSAID || version_id == run->plan->version_id) {
        return true;
    }
    if (command->action != RUN_EVENT_RERUN && command->action != RUN_EVENT_RESTORE) {
        fault_set_field(error, FAULT_INVALID_VALUE, "DagVersion",
                        "run %" G_GINT64_FORMAT " runs version %" G_GINT64_FORMAT
                        "; leave DagVersion out or give that version",
                        entry->run_id, entry->run->plan->version_id);
        return false;
    }
    if (!store_version_for_run(active->store, &command->caller, command->flow_id, version_id,
                               command->draft, active->now_ms, &version_id, error)) {
        return false;
    }
    if (version_id == run->plan->version_id) {
        return true;
    }
    if (!plan_of(active, command, version_id, &event->plan, error) ||
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

static char *tell(const struct run *run, enum run_state before, int number_before) {
    const char *again = run->run_number != number_before ? ", runs again" : "";
    return g_strdup_printf("run %" G_GINT64_FORMAT " of task flow %" G_GINT64_FORMAT ": %s → %s%s",
                           run->id, run->flow_id, run_state_name(before),
                           run_state_name(run->state), again);
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
                   prepare_version(active, command, entry, &event, &ids, error);
    if (is_done) {
        enum run_state before = entry->run->state;
        int number_before = entry->run->run_number;
        is_done = active_apply(active, entry, &event, error);
        command->note = is_done ? tell(entry->run, before, number_before) : NULL;
    }
    selection_unref(event.selection);
    if (is_done && entry->is_set_aside) {
        fault_set(error, FAULT_INVALID_DATA, "run %" G_GINT64_FORMAT " was set aside",
                  command->run_id);
    }
    return is_done && !entry->is_set_aside;
}
