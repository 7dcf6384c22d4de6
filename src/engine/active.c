// SPDX-License-Identifier: Apache-2.0
//
// Runs in memory. An entry lives while its run has not ended; a rerun or restore of an ended run brings it back. Effects of one turn are
// stored together, one save a run, unless two users act on one run in one turn: each save has one actor.

#include "engine/active.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/zone.h"
#include "store/flows.h"

enum { PLANS_KEPT_MAX = 256 };

static void entry_free(gpointer item) {
    struct entry *entry = item;
    run_free(entry->run);
    effects_free(entry->effects);
    g_free(entry->actor);
    g_queue_clear(&entry->queued);
    g_free(entry);
}

static void plan_value_unref(gpointer item) {
    plan_unref(item);
}

static void start_order_clear(gpointer item) {
    struct start_order *order = item;
    attempt_spec_free(order->spec);
}

GArray *active_new_orders(void) {
    GArray *orders = g_array_new(FALSE, FALSE, sizeof(struct start_order));
    g_array_set_clear_func(orders, start_order_clear);
    return orders;
}

void active_init(struct active *active, struct store *store, const struct engine_options *options) {
    *active = (struct active){
        .store = store,
        .options = options,
        .entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, entry_free),
        .plans = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, plan_value_unref),
        .fences = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
        .timers = g_sequence_new(NULL),
        .touched = g_ptr_array_new(),
        .starts = active_new_orders(),
        .kills = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .acknowledges = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .voids = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .ended = g_array_new(FALSE, FALSE, sizeof(struct ended_run)),
    };
    g_queue_init(&active->line);
}

void active_done(struct active *active) {
    g_queue_clear(&active->line);
    g_sequence_free(active->timers);
    g_ptr_array_unref(active->touched);
    g_array_unref(active->starts);
    g_array_unref(active->kills);
    g_array_unref(active->acknowledges);
    g_array_unref(active->voids);
    g_array_unref(active->ended);
    g_hash_table_unref(active->entries);
    g_hash_table_unref(active->plans);
    g_hash_table_unref(active->fences);
}

void active_forget(struct active *active) {
    struct store *store = active->store;
    const struct engine_options *options = active->options;
    struct steady steady = active->steady;
    active_done(active);
    active_init(active, store, options);
    active->steady = steady;
    active_tick(active);
}

static gboolean is_unused_plan(gpointer key, gpointer value, gpointer user) {
    return ((struct plan *)value)->reference_count == 1;
}

void active_keep_plan(struct active *active, struct plan *plan_take) {
    if (g_hash_table_size(active->plans) >= PLANS_KEPT_MAX) {
        g_hash_table_foreach_remove(active->plans, is_unused_plan, NULL);
    }
    g_hash_table_replace(active->plans, &plan_take->version_id, plan_take);
}

bool active_plan(struct active *active, int64_t version_id, struct plan **ret_plan,
                 GError **error) {
    struct plan *plan = g_hash_table_lookup(active->plans, &version_id);
    if (plan == NULL) {
        if (!store_plan_load(store_as_reader(active->store), version_id, &plan, error)) {
            return false;
        }
        active_keep_plan(active, plan);
    }
    *ret_plan = plan;
    return true;
}

void active_dress(const struct active *active, struct run *run) {
    run->limit_ms = active->options->run_limit_ms;
    run->language = active->options->language;
    run->business = zone_civil(run->plan->zone, run->business_ms);
    run->run_time = zone_civil(run->plan->zone, run->run_time_ms);
}

static void touch(struct active *active, struct entry *entry) {
    if (!entry->is_touched) {
        entry->is_touched = true;
        g_ptr_array_add(active->touched, entry);
    }
}

static void enqueue(struct active *active, struct entry *entry, int node) {
    g_queue_push_tail(&entry->queued, GINT_TO_POINTER(node));
    active->queued_count++;
    if (!entry->is_queued) {
        entry->is_queued = true;
        g_queue_push_tail(&active->line, entry);
    }
}

static void forget_queued(struct active *active, struct entry *entry) {
    active->queued_count -= (int)entry->queued.length;
    g_queue_clear(&entry->queued);
}

static void remember_fence(struct active *active, const struct entry *entry, int node,
                           int64_t fence) {
    int64_t *key = g_new(int64_t, 1);
    *key = fence;
    struct open_attempt *attempt = g_new0(struct open_attempt, 1);
    attempt->run_id = entry->run_id;
    attempt->node = node;
    g_hash_table_insert(active->fences, key, attempt);
}

struct entry *active_add(struct active *active, struct run *run) {
    struct entry *entry = g_new0(struct entry, 1);
    entry->run_id = run->id;
    entry->run = run;
    entry->effects = effects_new();
    g_queue_init(&entry->queued);
    g_hash_table_insert(active->entries, &entry->run_id, entry);
    for (int i = 0; i < run->plan->node_count; i++) {
        if (run->nodes[i].fence != 0) {
            remember_fence(active, entry, i, run->nodes[i].fence);
        } else if (run->nodes[i].state == NODE_QUEUED) {
            enqueue(active, entry, i);
        }
    }
    touch(active, entry);
    return entry;
}

bool active_find(struct active *active, int64_t run_id, struct entry **ret_entry, GError **error) {
    struct entry *entry = g_hash_table_lookup(active->entries, &run_id);
    if (entry != NULL && entry->is_set_aside) {
        fault_set(error, FAULT_INVALID_DATA, "run %" G_GINT64_FORMAT " was set aside", run_id);
        return false;
    }
    if (entry == NULL) {
        struct store_reader *reader = store_as_reader(active->store);
        int64_t version_id = 0;
        struct plan *plan = NULL;
        struct run *run = NULL;
        if (!store_run_version(reader, run_id, &version_id, error) ||
            !active_plan(active, version_id, &plan, error) ||
            !store_run_load(reader, run_id, plan, &run, error)) {
            return false;
        }
        active_dress(active, run);
        entry = active_add(active, run);
    }
    *ret_entry = entry;
    return true;
}

static void note_end(struct active *active, const struct run *run, enum run_state state) {
    if (run->backfill_id != 0 && run_state_is_terminal(state)) {
        struct ended_run ended = { .tenant_id = run->tenant_id,
                                   .backfill_id = run->backfill_id,
                                   .run_id = run->id,
                                   .state = state };
        g_array_append_val(active->ended, ended);
    }
}

// Turns what the machine decided into orders for after the commit.
static void take_effect(struct active *active, struct entry *entry, const struct effect *effect) {
    switch (effect->kind) {
    case EFFECT_QUEUED: enqueue(active, entry, effect->node); return;
    case EFFECT_UNQUEUED:
        // The dispatcher passes over nodes that are no longer QUEUED; a run that does not run has no others.
        if (entry->run->state != RUN_RUNNING) {
            forget_queued(active, entry);
        }
        return;
    case EFFECT_KILL: g_array_append_val(active->kills, effect->fence); return;
    case EFFECT_START: remember_fence(active, entry, effect->node, effect->fence); return;
    case EFFECT_CLOSED:
        g_hash_table_remove(active->fences, &effect->fence);
        g_array_append_val(active->acknowledges, effect->fence);
        if (!entry->is_queued && entry->queued.length > 0) { // it may have waited for its own limit
            entry->is_queued = true;
            g_queue_push_tail(&active->line, entry);
        }
        return;
    case EFFECT_PLAN_CHANGED:
        forget_queued(active, entry);
        active_dress(active, entry->run);
        return;
    case EFFECT_RUN_MOVED: note_end(active, entry->run, (enum run_state)effect->to); return;
    case EFFECT_NODE_MOVED: return;
    }
    g_assert_not_reached();
}

void active_distrust(GError *error) {
    if (!fault_is(error, FAULT_IO) && !fault_is_passing(error)) {
        error->code = FAULT_INTERNAL;
    }
}

void active_disown(GError *error) {
    if (active_is_of_run(error)) {
        error->code = FAULT_INVALID_DATA;
    } else {
        active_distrust(error);
    }
}

bool active_is_of_run(const GError *fault) {
    return fault_is(fault, FAULT_INTERNAL);
}

// Nothing of the run is begun any more, and what runs is ended.
static void drop_attempt(struct active *active, int64_t fence) {
    for (guint i = active->starts->len; i-- > 0;) {
        if (g_array_index(active->starts, struct start_order, i).fence == fence) {
            g_array_remove_index(active->starts, i);
        }
    }
    g_hash_table_remove(active->fences, &fence);
    g_array_append_val(active->kills, fence);
}

static void drop_entry(struct active *active, struct entry *entry) {
    entry->is_set_aside = true;
    effects_clear(entry->effects);
    forget_queued(active, entry);
    for (int i = 0; i < entry->run->plan->node_count; i++) {
        if (entry->run->nodes[i].fence != 0) {
            drop_attempt(active, entry->run->nodes[i].fence);
        }
    }
    if (entry->timer != NULL) {
        g_sequence_remove(entry->timer);
        entry->timer = NULL;
    }
    note_end(active, entry->run, RUN_FAILED);
    touch(active, entry);
}

bool active_set_aside(struct active *active, int64_t run_id, const GError *damage, GError **error) {
    struct entry *entry = g_hash_table_lookup(active->entries, &run_id);
    g_autoptr(GError) fault = NULL;
    log_error("engine", "event=quarantine run=%" G_GINT64_FORMAT " reason=\"%s\"", run_id,
              damage->message);
    g_autofree char *message =
        g_strdup_printf("stored data of this run is damaged: %s", damage->message);
    if (!store_run_quarantine(active->store, run_id, active->now_ms, message, &fault)) {
        if (!active_is_of_run(fault)) {
            g_propagate_error(error, g_steal_pointer(&fault));
            return false;
        }
        // Not even that fits. It stays as it is stored, and out of memory.
        log_error("engine", "event=quarantine-not-stored run=%" G_GINT64_FORMAT " reason=\"%s\"",
                  run_id, fault->message);
    }
    if (entry != NULL) {
        drop_entry(active, entry);
    }
    return true;
}

static bool flush_entry(struct active *active, struct entry *entry, GError **error) {
    if (entry->effects->items->len == 0) {
        return true;
    }
    GError *fault = NULL;
    bool is_saved = store_run_save(active->store, entry->run, entry->effects, active->now_ms,
                                   entry->actor, &fault);
    effects_clear(entry->effects);
    if (!is_saved && active_is_of_run(fault)) {
        is_saved = active_set_aside(active, entry->run_id, fault, error);
        g_error_free(fault);
    } else if (!is_saved) {
        active_distrust(fault);
        g_propagate_error(error, fault);
    }
    return is_saved;
}

bool active_apply(struct active *active, struct entry *entry, const struct run_event *event,
                  GError **error) {
    if (g_strcmp0(entry->actor, event->actor) != 0) {
        if (!flush_entry(active, entry, error)) {
            return false;
        }
        g_free(entry->actor);
        entry->actor = g_strdup(event->actor);
    }
    if (entry->is_set_aside) {
        return true;
    }
    touch(active, entry);
    guint known = entry->effects->items->len;
    struct run_event timed = *event;
    timed.steady_ms = active->steady_ms;
    if (!run_step(entry->run, &timed, entry->effects, error)) {
        g_assert(entry->effects->items->len == known);
        return false;
    }
    for (guint i = known; i < entry->effects->items->len; i++) {
        take_effect(active, entry, &g_array_index(entry->effects->items, struct effect, i));
    }
    return true;
}

void active_tick(struct active *active) {
    active->now_ms = steady_wall_ms(&active->options->time);
    active->steady_ms = steady_now_ms(&active->steady);
}

bool active_flush(struct active *active, GError **error) {
    for (guint i = 0; i < active->touched->len; i++) {
        if (!flush_entry(active, g_ptr_array_index(active->touched, i), error)) {
            return false;
        }
    }
    return steady_keep(&active->steady, g_hash_table_size(active->entries) > 0, error);
}

static int compare_due(gconstpointer left, gconstpointer right, gpointer user) {
    const struct entry *a = left;
    const struct entry *b = right;
    if (a->due_ms != b->due_ms) {
        return a->due_ms < b->due_ms ? -1 : 1;
    }
    return a->run_id < b->run_id ? -1 : a->run_id > b->run_id;
}

static void set_timer(struct active *active, struct entry *entry) {
    int64_t due_ms = run_due_ms(entry->run);
    if (due_ms == entry->due_ms && (entry->timer != NULL) == (due_ms != 0)) {
        return;
    }
    if (entry->timer != NULL) {
        g_sequence_remove(entry->timer);
        entry->timer = NULL;
    }
    entry->due_ms = due_ms;
    if (due_ms != 0) {
        entry->timer = g_sequence_insert_sorted(active->timers, entry, compare_due, NULL);
    }
}

bool active_start(struct active *active, struct run *run_take, const char *actor, GError **error) {
    if (!store_run_insert(active->store, run_take, actor, error)) {
        run_free(run_take);
        return false;
    }
    struct entry *entry = active_add(active, run_take);
    struct run_event event = { .kind = RUN_EVENT_START, .now_ms = active->now_ms, .actor = actor };
    return active_apply(active, entry, &event, error);
}

void active_sweep(struct active *active) {
    for (guint i = 0; i < active->touched->len; i++) {
        struct entry *entry = g_ptr_array_index(active->touched, i);
        entry->is_touched = false;
        if (!entry->is_set_aside) {
            set_timer(active, entry);
        }
        if (entry->is_set_aside || run_state_is_terminal(entry->run->state)) {
            g_assert(entry->is_set_aside || entry->run->open_count == 0);
            forget_queued(active, entry);
            if (entry->is_queued) {
                g_queue_remove(&active->line, entry);
            }
            g_hash_table_remove(active->entries, &entry->run_id);
        }
    }
    g_ptr_array_set_size(active->touched, 0);
}

void active_clear_orders(struct active *active) {
    g_array_set_size(active->starts, 0);
    g_array_set_size(active->kills, 0);
    g_array_set_size(active->acknowledges, 0);
    g_array_set_size(active->voids, 0);
}

struct entry *active_next_due(struct active *active) {
    GSequenceIter *first = g_sequence_get_begin_iter(active->timers);
    if (g_sequence_iter_is_end(first)) {
        return NULL;
    }
    struct entry *entry = g_sequence_get(first);
    return entry->due_ms <= active->steady_ms ? entry : NULL;
}

int64_t active_due_ms(const struct active *active) {
    GSequenceIter *first = g_sequence_get_begin_iter(active->timers);
    return g_sequence_iter_is_end(first) ? 0 : ((struct entry *)g_sequence_get(first))->due_ms;
}
