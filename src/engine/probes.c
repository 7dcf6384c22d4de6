// SPDX-License-Identifier: Apache-2.0
//
// A probe waits, runs, and is answered once: by its attempt's end, by its deadline or by the end of the server.

#include "engine/probes.h"

#include "base/fault.h"
#include "engine/active.h"

enum { PROBE_GRACE_MS = 500 };

// A script of a call may have changed something; the others are ours and only read.
void probes_lose(struct command *command, const char *why) {
    bool is_script = command->origin != NULL;
    fault_set(&command->error, is_script ? FAULT_OUTCOME_UNKNOWN : FAULT_UNAVAILABLE, "%s%s%s", why,
              command->what,
              is_script ? ": what it has done is not known, look before you repeat it" : "");
}

void probes_init(struct probes *probes) {
    probes->waiting = g_ptr_array_new();
    probes->running = g_hash_table_new(g_int64_hash, g_int64_equal);
    probes->starts = active_new_orders();
}

void probes_done(struct probes *probes) {
    g_assert(probes->waiting->len == 0);
    g_ptr_array_unref(probes->waiting);
    g_hash_table_unref(probes->running);
    g_array_unref(probes->starts);
}

void probes_add(struct probes *probes, struct command *command) {
    g_assert(command->spec != NULL);
    g_assert(command->what != NULL);
    g_ptr_array_add(probes->waiting, command);
}

void probes_begin(struct probes *probes, struct store *store) {
    for (guint i = 0; i < probes->waiting->len; i++) {
        struct command *command = g_ptr_array_index(probes->waiting, i);
        struct start_order order = {
            .fence = store_next_id(store, COUNTER_FENCE),
            .spec = g_steal_pointer(&command->spec),
        };
        order.spec->grace_ms = PROBE_GRACE_MS;
        command->fence = order.fence;
        command->is_reported = true;
        g_array_append_val(probes->starts, order);
        g_hash_table_insert(probes->running, &command->fence, command);
    }
    g_ptr_array_set_size(probes->waiting, 0);
}

struct command *probes_find(const struct probes *probes, int64_t fence) {
    return g_hash_table_lookup(probes->running, &fence);
}

void probes_remove(struct probes *probes, const struct command *command) {
    bool was_there = g_hash_table_remove(probes->running, &command->fence);
    g_assert(was_there);
}

void probes_settle(struct probes *probes) {
    GHashTableIter iter;
    gpointer value = NULL;
    for (guint i = 0; i < probes->waiting->len; i++) {
        ((struct command *)g_ptr_array_index(probes->waiting, i))->is_fresh = false;
    }
    g_hash_table_iter_init(&iter, probes->running);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        ((struct command *)value)->is_fresh = false;
    }
}

void probes_take_back(struct probes *probes, GPtrArray *replies) {
    for (guint i = 0; i < probes->starts->len; i++) {
        struct start_order *order = &g_array_index(probes->starts, struct start_order, i);
        struct command *command = probes_find(probes, order->fence);
        if (command != NULL) { // and not ended meanwhile by its deadline
            command->spec = g_steal_pointer(&order->spec);
            probes_remove(probes, command);
            command->fence = 0;
            g_ptr_array_add(probes->waiting, command);
        }
    }
    g_array_set_size(probes->starts, 0);
    for (guint i = probes->waiting->len; i > 0; i--) {
        struct command *command = g_ptr_array_index(probes->waiting, i - 1);
        if (command->is_fresh) {
            (void)g_ptr_array_remove_index(probes->waiting, i - 1);
            g_ptr_array_add(replies, command);
        }
    }
}

int probes_running_count(const struct probes *probes) {
    return (int)g_hash_table_size(probes->running);
}

int probes_count(const struct probes *probes) {
    return (int)probes->waiting->len + probes_running_count(probes);
}

void probes_time_out(struct probes *probes, int64_t monotonic_ms, GArray *kills,
                     GPtrArray *replies) {
    for (guint i = probes->waiting->len; i > 0; i--) {
        struct command *command = g_ptr_array_index(probes->waiting, i - 1);
        if (command->deadline_ms <= monotonic_ms) {
            fault_set(&command->error, FAULT_UNAVAILABLE,
                      "%s could not start in time: the supervisor is not there yet", command->what);
            g_ptr_array_add(replies, command);
            (void)g_ptr_array_remove_index(probes->waiting, i - 1);
        }
    }
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, probes->running);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct command *command = value;
        if (command->deadline_ms <= monotonic_ms) {
            probes_lose(command, "no end in time of ");
            g_array_append_val(kills, command->fence);
            g_ptr_array_add(replies, command);
            g_hash_table_iter_remove(&iter);
        }
    }
}

int64_t probes_due_ms(const struct probes *probes) {
    int64_t due_ms = INT64_MAX;
    for (guint i = 0; i < probes->waiting->len; i++) {
        const struct command *command = g_ptr_array_index(probes->waiting, i);
        due_ms = MIN(due_ms, command->deadline_ms);
    }
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, probes->running);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        due_ms = MIN(due_ms, ((const struct command *)value)->deadline_ms);
    }
    return due_ms;
}

void probes_doubt(struct probes *probes) {
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, probes->running);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        ((struct command *)value)->is_reported = false;
    }
}

void probes_judge(struct probes *probes, GPtrArray *replies) {
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, probes->running);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct command *command = value;
        if (!command->is_reported) {
            probes_lose(command, "the supervisor ended during ");
            g_ptr_array_add(replies, command);
            g_hash_table_iter_remove(&iter);
        }
    }
}

static void refuse_waiting(struct probes *probes, GPtrArray *replies) {
    for (guint i = 0; i < probes->waiting->len; i++) {
        struct command *command = g_ptr_array_index(probes->waiting, i);
        fault_set(&command->error, FAULT_UNAVAILABLE, "the server is stopping");
        g_ptr_array_add(replies, command);
    }
    g_ptr_array_set_size(probes->waiting, 0);
}

void probes_end_all(struct probes *probes, GArray *kills, GPtrArray *replies) {
    refuse_waiting(probes, replies);
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, probes->running);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        g_array_append_val(kills, ((const struct command *)value)->fence);
    }
}

void probes_abandon_all(struct probes *probes, GArray *kills, GPtrArray *replies) {
    refuse_waiting(probes, replies);
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, probes->running);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct command *command = value;
        g_hash_table_iter_remove(&iter);
        g_array_append_val(kills, command->fence);
        probes_lose(command, "the server is stopping during ");
        g_ptr_array_add(replies, command);
    }
}
