// SPDX-License-Identifier: Apache-2.0
//
// What the engine's tests share: an engine on a real store in a scratch directory, a played supervisor, short forms of calls, and the checks
// every test ends with: the folded events equal the stored state, and the database's file is sound.
#pragma once

#include "base/fault.h"
#include "engine/engine.h"
#include "played_supervisor.h"
#include "store/draft.h"
#include "store/people.h"
#include "store/runs.h"
#include "sql/sqlite.h"

#define KIT_FN G_GNUC_UNUSED static

struct kit {
    char *dir;
    struct store *store;
    struct store_reader *reader;
    struct engine *engine; // NULL while stopped
    struct engine_options options;
    struct caller admin;
    struct played *played;
    char *failure; // what the engine said when it gave up
};

KIT_FN bool kit_launch(void *user) {
    return false;
}

KIT_FN void kit_note_failure(const char *reason, void *user) {
    ((struct kit *)user)->failure = g_strdup(reason);
}

KIT_FN void kit_start(struct kit *kit) {
    g_autoptr(GError) error = NULL;
    if (kit->store == NULL) {
        (void)(store_open(kit->dir, &kit->store, &error) &&
               store_master_key(kit->store, kit->dir, &error));
        g_assert_no_error(error);
    }
    kit->options.store = kit->store;
    (void)engine_start(&kit->options, &kit->engine, &error);
    g_assert_no_error(error);
}

KIT_FN void kit_stop(struct kit *kit) {
    engine_stop(kit->engine, false);
    engine_free(g_steal_pointer(&kit->engine));
    store_close(g_steal_pointer(&kit->store));
}

KIT_FN void kit_restart(struct kit *kit) {
    kit_stop(kit);
    kit_start(kit);
}

// A store with an administrator; the engine is not started and the supervisor does not listen.
KIT_FN struct kit *kit_new_stopped(void) {
    g_autoptr(GError) error = NULL;
    struct kit *kit = g_new0(struct kit, 1);
    kit->dir = g_strdup("/var/tmp/sluice-engine-XXXXXX");
    g_assert_nonnull(g_mkdtemp(kit->dir));
    struct key_row *key = NULL;
    (void)(store_open(kit->dir, &kit->store, &error) &&
           store_master_key(kit->store, kit->dir, &error) &&
           store_first_people(kit->store, kit->dir, "admin-key", "0123456789abcdef", 1700000000000,
                              &error) &&
           store_key_find(store_as_reader(kit->store), "admin-key", &key, &error) &&
           store_reader_open(kit->dir, &kit->reader, &error));
    g_assert_no_error(error);
    kit->admin = key->caller;
    key_row_free(key);
    kit->options = (struct engine_options){
        .dir = kit->dir,
        .attempts_max = 1000,
        .run_attempts_max = 1000,
        .run_limit_ms = 3600 * 1000,
        .grace_ms = 1000,
        .launch = kit_launch,
        .fail = kit_note_failure,
        .fail_user = kit,
    };
    kit->played = played_new(kit->dir);
    return kit;
}

KIT_FN struct kit *kit_new(void) {
    struct kit *kit = kit_new_stopped();
    played_listen(kit->played);
    kit_start(kit);
    return kit;
}

KIT_FN void kit_check(struct kit *kit) {
    g_autoptr(GError) error = NULL;
    g_autofree char *fault = NULL;
    bool is_sound = store_check_events(kit->reader, &fault, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(fault, ==, NULL);
    g_assert_true(is_sound);
    (void)store_check_integrity(kit->reader, &error);
    g_assert_no_error(error);
}

// Without the check of events: for a test that damaged the store.
KIT_FN void kit_free_damaged(struct kit *kit) {
    if (kit->engine != NULL) {
        kit_stop(kit);
    }
    if (kit->store != NULL) {
        store_close(kit->store);
    }
    played_free(kit->played);
    store_reader_close(kit->reader);
    const char *argv[] = { "rm", "-rf", "--", kit->dir, NULL };
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
    g_free(kit->failure);
    g_free(kit->dir);
    g_free(kit);
}

KIT_FN void kit_free(struct kit *kit) {
    if (kit->engine != NULL) {
        kit_stop(kit);
    }
    g_assert_cmpstr(kit->failure, ==, NULL);
    kit_check(kit);
    kit_free_damaged(kit);
}

// Changes the store from outside while the engine is stopped.
KIT_FN void kit_sql(struct kit *kit, const char *text) {
    g_autoptr(GError) error = NULL;
    struct sql *sql = NULL;
    g_autofree char *path = g_build_filename(kit->dir, "state.db", NULL);
    (void)(sqlite_open(path, SQL_STORE_WRITER, &sql, &error) && sql_script(sql, text, &error));
    g_assert_no_error(error);
    sql_close(sql);
}

// ---- Calls ----

KIT_FN int64_t kit_change(struct kit *kit, struct change *change) {
    g_autoptr(GError) error = NULL;
    struct change_result result = { 0 };
    (void)engine_change(kit->engine, NULL, change, &result, &error);
    g_assert_no_error(error);
    g_clear_pointer(&result.ids, g_array_unref);
    return result.id;
}

KIT_FN int64_t kit_flow(struct kit *kit, const char *name) {
    struct change *change = change_new(CHANGE_FLOW_CREATE, &kit->admin);
    change->name = g_strdup(name);
    return kit_change(kit, change);
}

KIT_FN int64_t kit_node_of(struct kit *kit, int64_t flow, const char *name, enum node_kind kind,
                           const char *content) {
    struct change *change = change_new(CHANGE_NODE_CREATE, &kit->admin);
    change->flow_id = flow;
    change->name = g_strdup(name);
    change->node_kind = kind;
    change->content = g_strdup(content);
    return kit_change(kit, change);
}

KIT_FN int64_t kit_node(struct kit *kit, int64_t flow, const char *name) {
    return kit_node_of(kit, flow, name, KIND_SCRIPT, "{\"script\":\"true\"}");
}

KIT_FN void kit_config(struct kit *kit, int64_t node, const char *config) {
    struct change *change = change_new(CHANGE_NODE_CONFIG, &kit->admin);
    change->node_id = node;
    change->config = g_strdup(config);
    kit_change(kit, change);
}

KIT_FN void kit_edge(struct kit *kit, int64_t flow, int64_t from, int64_t to) {
    struct change *change = change_new(CHANGE_EDGES_ADD, &kit->admin);
    struct edge_row edge = { .node_from = from, .node_to = to };
    change->flow_id = flow;
    change->edges = g_array_new(FALSE, FALSE, sizeof(struct edge_row));
    g_array_append_val(change->edges, edge);
    kit_change(kit, change);
}

// Independent nodes.
KIT_FN int64_t kit_wide_flow(struct kit *kit, const char *name, int count, int64_t *ret_nodes) {
    int64_t flow = kit_flow(kit, name);
    for (int i = 0; i < count; i++) {
        g_autofree char *node = g_strdup_printf("n%d", i);
        ret_nodes[i] = kit_node(kit, flow, node);
    }
    return flow;
}

// Nodes one behind the other.
KIT_FN int64_t kit_chain(struct kit *kit, const char *name, int count, int64_t *ret_nodes) {
    int64_t flow = kit_wide_flow(kit, name, count, ret_nodes);
    for (int i = 1; i < count; i++) {
        kit_edge(kit, flow, ret_nodes[i - 1], ret_nodes[i]);
    }
    return flow;
}

// As a request's thread has it: gathered before the turn.
KIT_FN bool kit_try_run(struct kit *kit, int64_t flow, int64_t *ret_run_id, GError **error) {
    struct draft *draft = NULL;
    bool is_done = store_draft_gather(kit->reader, &kit->admin, flow, &draft, error) &&
                   engine_try_run(kit->engine, NULL, &kit->admin, flow, VERSION_DRAFT, draft, NULL,
                                  ret_run_id, error);
    draft_free(draft);
    return is_done;
}

KIT_FN int64_t kit_try(struct kit *kit, int64_t flow) {
    g_autoptr(GError) error = NULL;
    int64_t run_id = 0;
    (void)kit_try_run(kit, flow, &run_id, &error);
    g_assert_no_error(error);
    return run_id;
}

KIT_FN void kit_act(struct kit *kit, enum run_event_kind action, int64_t flow, int64_t run) {
    g_autoptr(GError) error = NULL;
    (void)engine_run_action(kit->engine, NULL, &kit->admin, action, flow, run, 0, NULL, &error);
    g_assert_no_error(error);
}

// ---- What the store says ----

KIT_FN struct run_row *kit_run(struct kit *kit, int64_t flow, int64_t run) {
    g_autoptr(GError) error = NULL;
    struct run_row *row = NULL;
    (void)store_run_get(kit->reader, &kit->admin, flow, run, &row, &error);
    g_assert_no_error(error);
    return row;
}

KIT_FN enum run_state kit_state(struct kit *kit, int64_t flow, int64_t run) {
    struct run_row *row = kit_run(kit, flow, run);
    enum run_state state = row->state;
    run_row_free(row);
    return state;
}

KIT_FN void kit_expect_run(struct kit *kit, int64_t flow, int64_t run, enum run_state state,
                           const char *message_part) {
    struct run_row *row = kit_run(kit, flow, run);
    g_assert_cmpstr(run_state_name(row->state), ==, run_state_name(state));
    if (message_part != NULL) {
        g_assert_nonnull(row->message);
        g_test_message("%s", row->message);
        g_assert_nonnull(strstr(row->message, message_part));
    }
    run_row_free(row);
}

KIT_FN void kit_wait_run(struct kit *kit, int64_t flow, int64_t run, enum run_state state) {
    int64_t deadline_us = played_deadline_us();
    enum run_state present = kit_state(kit, flow, run);
    while (present != state) {
        if (g_get_monotonic_time() > deadline_us || run_state_is_terminal(present)) {
            struct run_row *row = kit_run(kit, flow, run);
            g_error("run is %s (%s) and not %s", run_state_name(present),
                    row->message != NULL ? row->message : "", run_state_name(state));
        }
        g_usleep(1000);
        present = kit_state(kit, flow, run);
    }
}

// A node's row as text: STATE, attempt and message.
KIT_FN char *kit_node_text(struct kit *kit, int64_t flow, int64_t run, int64_t node) {
    g_autoptr(GError) error = NULL;
    GPtrArray *rows = NULL;
    char *text = NULL;
    (void)store_node_run_list(kit->reader, &kit->admin, flow, run, &rows, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < rows->len; i++) {
        const struct node_run_row *row = g_ptr_array_index(rows, i);
        if (row->node_id == node) {
            text = g_strdup_printf("%s %d %s", node_state_name(row->state), row->attempt,
                                   row->message != NULL ? row->message : "");
        }
    }
    g_ptr_array_unref(rows);
    return text;
}

KIT_FN void kit_expect_node(struct kit *kit, int64_t flow, int64_t run, int64_t node,
                            const char *prefix) {
    g_autofree char *text = kit_node_text(kit, flow, run, node);
    g_assert_nonnull(text);
    if (!g_str_has_prefix(text, prefix)) {
        g_assert_cmpstr(text, ==, prefix);
    }
}

KIT_FN void kit_wait_node(struct kit *kit, int64_t flow, int64_t run, int64_t node,
                          const char *prefix) {
    int64_t deadline_us = played_deadline_us();
    g_autofree char *text = kit_node_text(kit, flow, run, node);
    while (!g_str_has_prefix(text, prefix)) {
        if (g_get_monotonic_time() > deadline_us) {
            g_assert_cmpstr(text, ==, prefix);
        }
        g_usleep(1000);
        g_free(text);
        text = kit_node_text(kit, flow, run, node);
    }
}

KIT_FN int kit_count_nodes(struct kit *kit, int64_t flow, int64_t run, enum node_state state) {
    GPtrArray *rows = NULL;
    int count = 0;
    g_assert_true(store_node_run_list(kit->reader, &kit->admin, flow, run, &rows, NULL));
    for (guint i = 0; i < rows->len; i++) {
        count += ((struct node_run_row *)g_ptr_array_index(rows, i))->state == state;
    }
    g_ptr_array_unref(rows);
    return count;
}

KIT_FN void kit_wait_supervisor(struct kit *kit) {
    int64_t deadline_us = played_deadline_us();
    struct engine_stats stats = { 0 };
    while (!stats.has_supervisor) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        g_usleep(1000);
        engine_get_stats(kit->engine, &stats);
    }
}
