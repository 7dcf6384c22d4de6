// SPDX-License-Identifier: Apache-2.0
//
// A row is handed on from run to run. The end of a run and the beginning of the next are one commit, so a crash finds the row either before
// or after a hand-over, never between: no date comes twice and none is left out.
//
// proposed (behaviour.md §6), all in continue_row: a run that ends SUCCESS hands on; FAILED ends the row; STOPPED ends it whichever of
// its runs was stopped. What happens later to a run that has handed on or ended its row (a rerun, a restore, being set successful) changes the
// row no more, but for a stop. A suspended run makes its row wait.

#include "engine/backfill.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/zone.h"

enum {
    SECONDS_PER_DAY = 24 * 3600,
    HAND_OVERS_AT_ONCE =
        64, // a flow whose nodes need no program would run through all its dates in one turn
};

static struct selection_rule rule_of(const struct backfill *backfill) {
    return (struct selection_rule){ .filter_node_ids = backfill->filter_node_ids,
                                    .start_node_ids = backfill->start_node_ids,
                                    .with_subtree = backfill->with_subtree };
}

// Is the fault about what is stored, and not about the store or this server?
static bool is_of_row(const GError *fault) {
    return !fault_is(fault, FAULT_IO) && !fault_is(fault, FAULT_INTERNAL) &&
           !fault_is(fault, FAULT_UNAVAILABLE) && !fault_is_passing(fault);
}

// ---- One run ----

static bool set_times(const struct plan *plan, int64_t business_ms, struct run *run,
                      GError **error) {
    struct civil business = zone_civil(plan->zone, business_ms);
    struct civil run_time = { 0 };
    if (!civil_add(&business, 0, 0, SECONDS_PER_DAY, &run_time)) {
        fault_set(error, FAULT_INVALID_DATA, "the run would be for a day beyond the calendar");
        return false;
    }
    run->business_ms = business_ms;
    run->run_time_ms = zone_instant_ms(plan->zone, &run_time);
    return true;
}

// The run of a date, whose id has been given. Takes the selection.
static bool begin_run(struct active *active, const struct backfill *row, struct plan *plan,
                      int64_t run_id, int position, struct selection *selection, GError **error) {
    g_autofree int64_t *node_run_ids = g_new(int64_t, (guint)plan->node_count);
    for (int i = 0; i < plan->node_count; i++) {
        node_run_ids[i] = store_next_id(active->store, COUNTER_ID);
    }
    struct run *run =
        run_new(run_id, row->tenant_id, plan, node_run_ids, TRIGGER_MANUAL, active->now_ms);
    run->backfill_id = row->id;
    run->selection = selection;
    if (!set_times(plan, g_array_index(row->business_ms, int64_t, position), run, error)) {
        run_free(run);
        return false;
    }
    active_dress(active, run);
    return active_start(active, run, row->actor, error);
}

// ---- A new row ----

// The business times as instants. Two local times that a change of the clock makes one instant are one run.
static bool plan_dates(struct active *active, struct backfill *row, const struct plan *plan,
                       GError **error) {
    g_autofree char *cron = NULL;
    g_autoptr(GArray) times = NULL;
    struct civil time_of_day = { 0 };
    if (!store_backfill_cron(store_as_reader(active->store), row->tenant_id, row->version_id, &cron,
                             error)) {
        return false;
    }
    dates_time_of_day(cron, &time_of_day);
    if (!dates_row(&row->range, &time_of_day, BACKFILL_RUNS_MAX, &times, error)) {
        return false;
    }
    g_array_set_size(row->business_ms, 0);
    int64_t last_ms = 0;
    for (guint i = 0; i < times->len; i++) {
        int64_t at_ms = zone_instant_ms(plan->zone, &g_array_index(times, struct civil, i));
        if (i == 0 || at_ms != last_ms) {
            g_array_append_val(row->business_ms, at_ms);
        }
        last_ms = at_ms;
    }
    return true;
}

// The node that the reply names: the first start node, or the first root.
static int64_t first_node(const struct backfill *row, const struct plan *plan) {
    if (row->start_node_ids->len > 0) {
        return g_array_index(row->start_node_ids, int64_t, 0);
    }
    for (int i = 0; i < plan->node_count; i++) {
        if (graph_upstream(plan->graph, i).count == 0) {
            return plan->nodes[i].id;
        }
    }
    g_assert_not_reached(); // a graph without a cycle has a root; selection_check refuses one without a node
}

static bool insert_parts(struct active *active, const struct backfill *row, struct plan *plan,
                         GError **error) {
    struct selection *selection = NULL;
    return store_backfill_insert(active->store, row, active->now_ms, error) &&
           store_backfill_select(store_as_reader(active->store), row->tenant_id, row->id, plan,
                                 g_array_index(row->business_ms, int64_t, 0), &selection, error) &&
           begin_run(active, row, plan, row->run_id, 0, selection, error);
}

// The row with its first run, or nothing of them.
static bool insert_row(struct active *active, const struct backfill *row, struct plan *plan,
                       GError **error) {
    GError *fault = NULL;
    if (!store_part_begin(active->store, error)) {
        return false;
    }
    if (store_part_end(active->store, insert_parts(active, row, plan, &fault), &fault)) {
        return true;
    }
    active_disown(fault);
    g_propagate_error(error, fault);
    return false;
}

bool backfill_begin(struct active *active, struct command *command, GError **error) {
    struct backfill *row = command->backfill;
    struct plan *plan = NULL;
    struct selection_rule rule = rule_of(row);
    row->tenant_id = command->caller.tenant_id;
    row->state = BACKFILL_OPEN;
    row->position = 0;
    if (!store_version_for_backfill(store_as_reader(active->store), &command->caller, row->flow_id,
                                    row->version_id, &row->version_id, error) ||
        !active_plan(active, row->version_id, &plan, error) ||
        !selection_check(plan, &rule, error) || !plan_dates(active, row, plan, error)) {
        return false;
    }
    row->id = store_next_id(active->store, COUNTER_ID);
    row->run_id = store_next_id(active->store, COUNTER_ID);
    g_free(row->actor);
    row->actor = g_strdup(command->caller.name);
    if (!insert_row(active, row, plan, error)) {
        return false;
    }
    int64_t run_count = row->business_ms->len;
    command->result.id = row->run_id;
    command->note = g_strdup_printf("backfill %" G_GINT64_FORMAT " of task flow %" G_GINT64_FORMAT
                                    " made: %" G_GINT64_FORMAT " runs of version %" G_GINT64_FORMAT
                                    ", first run %" G_GINT64_FORMAT,
                                    row->id, row->flow_id, run_count, row->version_id, row->run_id);
    command->result.second_id = first_node(row, plan);
    command->result.ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_append_val(command->result.ids, row->id);
    g_array_append_val(command->result.ids, run_count);
    return true;
}

// ---- From run to run ----

static bool end_row(struct active *active, const struct backfill *row, enum backfill_state state,
                    GError **error) {
    return store_backfill_advance(active->store, row, row->position, row->run_id, state,
                                  active->now_ms, error);
}

// What the next run needs, found before anything is changed. A version that is damaged ends its row, not the server.
static bool prepare_next(struct active *active, const struct backfill *row, struct plan **ret_plan,
                         struct selection **ret_selection, GError **error) {
    int64_t business_ms = g_array_index(row->business_ms, int64_t, row->position + 1);
    return active_plan(active, row->version_id, ret_plan, error) &&
           store_backfill_select(store_as_reader(active->store), row->tenant_id, row->id, *ret_plan,
                                 business_ms, ret_selection, error);
}

// Takes the fault.
static bool end_damaged(struct active *active, const struct backfill *row, GError *fault,
                        GError **error) {
    if (!is_of_row(fault) && !active_is_of_run(fault)) {
        g_propagate_error(error, fault);
        return false;
    }
    log_error("engine", "event=backfill-ended backfill=%" G_GINT64_FORMAT " reason=\"%s\"", row->id,
              fault->message);
    g_error_free(fault);
    return end_row(active, row, BACKFILL_FAILED, error);
}

// The row at its next date, with that date's run. Takes the selection.
static bool advance(struct active *active, const struct backfill *row, struct plan *plan,
                    struct selection *selection, GError **error) {
    int position = row->position + 1;
    int64_t run_id = store_next_id(active->store, COUNTER_ID);
    if (!store_backfill_advance(active->store, row, position, run_id, BACKFILL_OPEN, active->now_ms,
                                error)) {
        selection_unref(selection);
        return false;
    }
    return begin_run(active, row, plan, run_id, position, selection, error);
}

static bool begin_next(struct active *active, const struct backfill *row, GError **error) {
    struct plan *plan = NULL;
    struct selection *selection = NULL;
    g_autoptr(GError) fault = NULL;
    if (!prepare_next(active, row, &plan, &selection, &fault)) {
        return end_damaged(active, row, g_steal_pointer(&fault), error);
    }
    if (!store_part_begin(active->store, error)) {
        selection_unref(selection);
        return false;
    }
    if (store_part_end(active->store, advance(active, row, plan, selection, &fault), &fault)) {
        return true;
    }
    return end_damaged(active, row, g_steal_pointer(&fault), error);
}

static bool continue_row(struct active *active, const struct backfill *row, int64_t run_id,
                         enum run_state state, GError **error) {
    if (row->state != BACKFILL_OPEN) {
        return true;
    }
    if (state == RUN_STOPPED) {
        return end_row(active, row, BACKFILL_STOPPED, error);
    }
    if (run_id != row->run_id) {
        return true;
    }
    if (state == RUN_FAILED) {
        return end_row(active, row, BACKFILL_FAILED, error);
    }
    g_assert(state == RUN_SUCCESS);
    if (row->position + 1 == (int)row->business_ms->len) {
        return end_row(active, row, BACKFILL_DONE, error);
    }
    return begin_next(active, row, error);
}

static bool hand_over(struct active *active, const struct ended_run *ended, GError **error) {
    struct backfill *row = NULL;
    GError *fault = NULL;
    bool is_good = store_backfill_get(store_as_reader(active->store), ended->tenant_id,
                                      ended->backfill_id, &row, &fault) &&
                   continue_row(active, row, ended->run_id, ended->state, &fault);
    g_clear_pointer(&row, backfill_free);
    if (!is_good &&
        is_of_row(fault)) { // its runs are what they are; nothing more can be made of it
        log_error("engine", "event=backfill-damaged backfill=%" G_GINT64_FORMAT " reason=\"%s\"",
                  ended->backfill_id, fault->message);
        g_error_free(fault);
        return true;
    }
    if (!is_good) {
        active_distrust(fault);
        g_propagate_error(error, fault);
    }
    return is_good;
}

bool backfill_hand_over(struct active *active, GError **error) {
    guint count = 0;
    // A run whose nodes all end without a program ends as it begins: the list may grow while it is read.
    for (; count < active->ended->len && count < HAND_OVERS_AT_ONCE; count++) {
        struct ended_run ended = g_array_index(active->ended, struct ended_run, count);
        if (!hand_over(active, &ended, error)) {
            return false;
        }
    }
    if (count > 0) {
        g_array_remove_range(active->ended, 0, count);
    }
    return true;
}

bool backfill_find_ended(struct active *active, GError **error) {
    g_autoptr(GArray) open = NULL;
    if (!store_backfill_list_open(store_as_reader(active->store), &open, error)) {
        return false;
    }
    for (guint i = 0; i < open->len; i++) {
        const struct backfill_open *item = &g_array_index(open, struct backfill_open, i);
        struct ended_run ended = { .tenant_id = item->tenant_id,
                                   .backfill_id = item->backfill_id,
                                   .run_id = item->run_id };
        g_autoptr(GError) fault = NULL;
        if (!store_run_state(store_as_reader(active->store), item->run_id, &ended.state, &fault)) {
            if (!is_of_row(fault)) {
                g_propagate_error(error, g_steal_pointer(&fault));
                return false;
            }
            ended.state = RUN_FAILED; // a row that waits for a run that is not there
        }
        if (run_state_is_terminal(ended.state)) {
            g_array_append_val(active->ended, ended);
        }
    }
    return true;
}

bool backfill_recover(struct active *active, GError **error) {
    return backfill_find_ended(active, error) && backfill_hand_over(active, error);
}
