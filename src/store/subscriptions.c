// SPDX-License-Identifier: Apache-2.0
//
// One row per event. Looking for a cycle walks from the events' flows along what those wait for; each flow is visited once.

#include "store/subscriptions.h"

static const char DELETE_ALL[] =
    "DELETE FROM subscription WHERE flow_id = ?1 AND is_deployed = ?2 AND tenant_id = ?3";
static const char INSERT_ONE[] =
    "INSERT INTO subscription (flow_id, is_deployed, source_flow_id, source_node_id, tenant_id)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";
static const char LIST_SOURCES[] =
    "SELECT DISTINCT s.source_flow_id FROM subscription s JOIN flow f ON f.id = s.flow_id"
    " WHERE s.flow_id = ?1 AND s.is_deployed = ?2 AND s.tenant_id = ?3 AND f.status <> 3";
static const char FIND_FLOW[] =
    "SELECT count(*) FROM flow WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static const char FIND_NODE[] =
    "SELECT count(*) FROM node n JOIN flow f ON f.id = n.flow_id"
    " WHERE n.id = ?3 AND n.flow_id = ?1 AND n.tenant_id = ?2 AND f.status <> 3";

bool subscriptions_set(struct store *store, const struct flow_head *flow, bool is_deployed,
                       const struct schedule *schedule, GError **error) {
    if (!query_run(store_change_sql(store), DELETE_ALL,
                   VALUES(INT(flow->id), INT(is_deployed), INT(flow->tenant_id)), error)) {
        return false;
    }
    for (guint i = 0; schedule != NULL && i < schedule->events->len; i++) {
        const struct schedule_event *event =
            &g_array_index(schedule->events, struct schedule_event, i);
        if (!query_run(store_change_sql(store), INSERT_ONE,
                       VALUES(INT(flow->id), INT(is_deployed), INT(event->flow_id),
                              INT(event->node_id), INT(flow->tenant_id)),
                       error)) {
            return false;
        }
    }
    return true;
}

// Flows that were met, each with the place of the one that waits for it; -1: the flow that asks.
struct walk {
    GArray *flows;   // of int64_t
    GArray *waiters; // of int
    GHashTable *seen;
};

static void meet(struct walk *walk, int64_t flow_id, int waiter) {
    if (g_hash_table_add(walk->seen, (void *)(uintptr_t)flow_id)) {
        g_array_append_val(walk->flows, flow_id);
        g_array_append_val(walk->waiters, waiter);
    }
}

static bool meet_sources(struct store_reader *reader, const struct flow_head *flow,
                         bool is_deployed, struct walk *walk, int at, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(reader->sql, LIST_SOURCES,
                     VALUES(INT(g_array_index(walk->flows, int64_t, at)), INT(is_deployed),
                            INT(flow->tenant_id)),
                     &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        meet(walk, sql_column_int(row, 0), at);
    }
    return false;
}

static char *describe_path(const struct walk *walk, int64_t flow_id, int at) {
    GString *path = g_string_new(NULL);
    g_string_printf(path, "%" G_GINT64_FORMAT, flow_id);
    for (; at >= 0; at = g_array_index(walk->waiters, int, at)) {
        g_autofree char *step =
            g_strdup_printf("%" G_GINT64_FORMAT " → ", g_array_index(walk->flows, int64_t, at));
        g_string_prepend(path, step);
    }
    g_autofree char *begin = g_strdup_printf("%" G_GINT64_FORMAT " → ", flow_id);
    g_string_prepend(path, begin);
    return g_string_free(path, FALSE);
}

bool subscriptions_find_cycle(struct store_reader *reader, const struct flow_head *flow,
                              bool is_deployed, const struct schedule *schedule, char **ret_path,
                              GError **error) {
    g_autoptr(GArray) flows = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) waiters = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    struct walk walk = { .flows = flows, .waiters = waiters, .seen = seen };
    *ret_path = NULL;
    for (guint i = 0; i < schedule->events->len; i++) {
        meet(&walk, g_array_index(schedule->events, struct schedule_event, i).flow_id, -1);
    }
    for (guint at = 0; at < flows->len; at++) {
        if (g_array_index(flows, int64_t, at) == flow->id) {
            *ret_path = describe_path(&walk, flow->id, g_array_index(waiters, int, at));
            return true;
        }
        if (!meet_sources(reader, flow, is_deployed, &walk, (int)at, error)) {
            return false;
        }
    }
    return true;
}

bool subscriptions_find_source(struct store_reader *reader, const struct flow_head *flow,
                               const struct schedule_event *event, bool *ret_exists,
                               GError **error) {
    int64_t count = 0;
    bool is_good =
        event->node_id == 0
            ? query_int(reader->sql, FIND_FLOW, VALUES(INT(event->flow_id), INT(flow->tenant_id)),
                        0, &count, error)
            : query_int(reader->sql, FIND_NODE,
                        VALUES(INT(event->flow_id), INT(flow->tenant_id), INT(event->node_id)), 0,
                        &count, error);
    *ret_exists = count > 0;
    return is_good;
}
