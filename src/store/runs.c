// SPDX-License-Identifier: Apache-2.0
//
// Saving what the state machine did: each move becomes an event row, each changed run or node one conditional update.
//
// Several moves of one node in one turn are several events and one update, from the state before the first move to the present one.
// The run's own row is written only when it changed, so that a hand-over inside a run touches two node rows, two attempts and their
// events, and nothing else. event_seq is not stored: it is the number of the newest event row.

#include "store/runs.h"

#include "base/fault.h"
#include "store/attempts.h"
#include "store/run_rows.h"

static const char LIST_NODE_STATES[] =
    "SELECT node_id, state, attempt FROM node_run WHERE run_id = ?1";

static bool insert_rows(struct sql *sql, struct run *run, const char *actor, GError **error) {
    struct event_row event = {
        .run_id = run->id,
        .seq = ++run->event_seq,
        .at_ms = run->created_ms,
        .from = STATE_NONE,
        .to = (int)run->state,
        .actor = actor,
    };
    if (!run_row_insert(sql, run, error) ||
        !run_row_tally(sql, run, STATE_NONE, (int)run->state, error) ||
        !event_add(sql, &event, error)) {
        return false;
    }
    event.actor = NULL;
    for (int i = 0; i < run->plan->node_count; i++) {
        g_assert(run->nodes[i].state == NODE_WAITING);
        event.seq = ++run->event_seq;
        event.node_id = run->plan->nodes[i].id;
        event.to = NODE_WAITING;
        if (!node_row_insert(sql, run, i, error) || !event_add(sql, &event, error)) {
            return false;
        }
    }
    return true;
}

bool store_run_insert(struct store *store, struct run *run, const char *actor, GError **error) {
    g_assert(run->state == RUN_WAITING);
    g_assert(run->event_seq == 0);
    return store_part_begin(store, error) &&
           store_part_end(store, insert_rows(store_change_sql(store), run, actor, error), error);
}

// One save under way.
struct save {
    struct sql *sql;
    struct run *run;
    const char *actor;
    int64_t now_ms;
    GHashTable *nodes; // position + 1 → state before the first move + 1
    bool has_run;      // the run's row is to be written
    int run_from;      // its state before the first move
};

static bool add_event(struct save *save, int64_t node_id, const struct effect *effect,
                      GError **error) {
    struct event_row event = {
        .run_id = save->run->id,
        .seq = ++save->run->event_seq,
        .at_ms = save->now_ms,
        .node_id = node_id,
        .from = effect->from,
        .to = effect->to,
        .attempt = effect->attempt,
        .actor = save->actor,
        .message = effect->message,
    };
    return event_add(save->sql, &event, error);
}

static void mark_node(struct save *save, int position, int from) {
    void *key = GINT_TO_POINTER(position + 1);
    if (!g_hash_table_contains(save->nodes, key)) {
        g_hash_table_insert(save->nodes, key, GINT_TO_POINTER(from + 1));
    }
}

static void mark_run(struct save *save, int from) {
    if (!save->has_run) {
        save->has_run = true;
        save->run_from = from;
    }
}

// A failure may have made the run drain, which is part of its row. The row's state is the one before this list's first move of the
// run, which may still be to come: the caller finds it.
static int run_state_before(const struct save *save, const struct effects *effects,
                            guint from_item) {
    for (guint i = from_item; i < effects->items->len; i++) {
        const struct effect *effect = &g_array_index(effects->items, struct effect, i);
        if (effect->kind == EFFECT_RUN_MOVED) {
            return effect->from;
        }
    }
    return (int)save->run->state;
}

// ---- A rerun in another version: rows of nodes that are gone leave, new ones come ----

static bool remove_node(struct save *save, int64_t node_id, int state, int attempt,
                        GError **error) {
    struct effect left = { .from = state, .to = STATE_NONE, .attempt = attempt };
    return node_row_delete(save->sql, save->run->id, node_id, (enum node_state)state, error) &&
           add_event(save, node_id, &left, error);
}

struct stored_node {
    int64_t id;
    int state;
    int attempt;
};

static bool load_stored_nodes(struct save *save, GArray *nodes, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(save->sql, LIST_NODE_STATES, VALUES(INT(save->run->id)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        struct stored_node node = {
            .id = sql_column_int(row, 0),
            .state = (int)sql_column_int(row, 1),
            .attempt = (int)sql_column_int(row, 2),
        };
        g_array_append_val(nodes, node);
    }
    return false;
}

static bool add_new_nodes(struct save *save, const bool *is_stored, GError **error) {
    const struct effect came = { .from = STATE_NONE, .to = NODE_WAITING };
    for (int i = 0; i < save->run->plan->node_count; i++) {
        bool is_good = is_stored[i]
                           ? node_row_rename(save->sql, save->run, i, error)
                           : node_row_insert(save->sql, save->run, i, error) &&
                                 add_event(save, save->run->plan->nodes[i].id, &came, error);
        if (!is_good) {
            return false;
        }
    }
    return true;
}

static bool change_plan(struct save *save, GError **error) {
    const struct plan *plan = save->run->plan;
    g_autoptr(GArray) stored = g_array_new(FALSE, FALSE, sizeof(struct stored_node));
    g_autofree bool *is_stored = g_new0(bool, (size_t)plan->node_count + 1);
    if (!load_stored_nodes(save, stored, error)) {
        return false;
    }
    for (guint i = 0; i < stored->len; i++) {
        const struct stored_node *node = &g_array_index(stored, struct stored_node, i);
        int position = plan_position(plan, node->id);
        if (position >= 0) {
            is_stored[position] = true;
        } else if (!remove_node(save, node->id, node->state, node->attempt, error)) {
            return false;
        }
    }
    return add_new_nodes(save, is_stored, error);
}

// ---- One effect ----

static bool save_effect(struct save *save, const struct effects *effects, guint item,
                        GError **error) {
    const struct effect *effect = &g_array_index(effects->items, struct effect, item);
    const struct run *run = save->run;
    switch (effect->kind) {
    case EFFECT_RUN_MOVED:
        mark_run(save, effect->from);
        return run_row_tally(save->sql, run, effect->from, effect->to, error) &&
               add_event(save, 0, effect, error);
    case EFFECT_NODE_MOVED:
        mark_node(save, effect->node, effect->from);
        if (effect->to == NODE_FAIL && !save->has_run) {
            mark_run(save, run_state_before(save, effects, item));
        }
        return add_event(save, run->plan->nodes[effect->node].id, effect, error);
    case EFFECT_PLAN_CHANGED:
        if (item != 0) {
            fault_set(error, FAULT_INTERNAL, "the plan of a run changed in the middle of a save");
            return false;
        }
        mark_run(save, run_state_before(save, effects, item));
        return change_plan(save, error);
    case EFFECT_START: return attempt_row_insert(save->sql, run, effect, save->now_ms, error);
    case EFFECT_CLOSED:
        return attempt_row_close(save->sql, run->id, effect->fence, effect->attempt_state, error);
    case EFFECT_QUEUED:
    case EFFECT_UNQUEUED:
    case EFFECT_KILL: return true;
    }
    g_assert_not_reached();
}

static bool save_rows(struct save *save, const struct effects *effects, GError **error) {
    for (guint i = 0; i < effects->items->len; i++) {
        if (!save_effect(save, effects, i, error)) {
            return false;
        }
    }
    GHashTableIter iter;
    void *key = NULL;
    void *value = NULL;
    g_hash_table_iter_init(&iter, save->nodes);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (!node_row_update(save->sql, save->run, GPOINTER_TO_INT(key) - 1,
                             (enum node_state)(GPOINTER_TO_INT(value) - 1), error)) {
            return false;
        }
    }
    return !save->has_run ||
           run_row_update(save->sql, save->run, (enum run_state)save->run_from, error);
}

bool store_run_save(struct store *store, struct run *run, const struct effects *effects,
                    int64_t now_ms, const char *actor, GError **error) {
    if (effects->items->len == 0) {
        return true;
    }
    g_autoptr(GHashTable) nodes = g_hash_table_new(g_direct_hash, g_direct_equal);
    struct save save = {
        .sql = store_change_sql(store),
        .run = run,
        .actor = actor,
        .now_ms = now_ms,
        .nodes = nodes,
    };
    bool is_saved = store_part_begin(store, error) &&
                    store_part_end(store, save_rows(&save, effects, error), error);
    if (!is_saved) {
        g_prefix_error(error, "saving run %" G_GINT64_FORMAT ": ", run->id);
    }
    return is_saved;
}
