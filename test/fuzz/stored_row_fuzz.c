// SPDX-License-Identifier: Apache-2.0
// folder: store
//
// Rows of the state database whose fields hold anything: each is read or refused with a fault, and never believed so far that a run that is
// not sound comes out (reliability.md R11). The input's first byte chooses the field, the second the type of the value, the rest is the value.
// Nothing is kept: every change is rolled back.
#include "store/flows.h"
#include "store/people.h"
#include "store/private.h"
#include "store/runs.h"
#include "store/sources.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

static const char *const fields[] = {
    "UPDATE version SET snapshot = ?1",
    "UPDATE run SET state = ?1",
    "UPDATE run SET trigger_kind = ?1",
    "UPDATE run SET verdict = ?1",
    "UPDATE run SET business_ms = ?1",
    "UPDATE run SET run_time_ms = ?1",
    "UPDATE run SET running_since_ms = ?1",
    "UPDATE run SET ended_ms = ?1",
    "UPDATE run SET run_number = ?1",
    "UPDATE run SET message = ?1",
    "UPDATE run SET limit_ms = ?1",
    "UPDATE node_run SET state = ?1",
    "UPDATE node_run SET skip_cause = ?1",
    "UPDATE node_run SET attempt = ?1",
    "UPDATE node_run SET fence = ?1",
    "UPDATE node_run SET due_ms = ?1",
    "UPDATE node_run SET outputs = ?1",
    "UPDATE node_run SET kind = ?1",
    "UPDATE node_run SET name = ?1",
    "UPDATE node_run SET retries_used = ?1",
    "UPDATE flow SET status = ?1",
    "UPDATE flow SET owner_id = ?1",
    "UPDATE flow SET constants = ?1",
    "UPDATE flow SET time_variables = ?1",
    "UPDATE flow SET zone = ?1",
    "UPDATE flow SET policy = ?1",
    "UPDATE node SET kind = ?1",
    "UPDATE node SET content = ?1",
    "UPDATE node SET config = ?1",
    "UPDATE person SET roles = ?1",
    "UPDATE access_key SET sealed = ?1",
    "UPDATE event SET to_state = ?1",
    "UPDATE source SET extra = ?1",
    "UPDATE source SET sealed_password = ?1",
};

// One store for the whole life of the program.
static struct {
    char *dir;
    struct store *store;
    struct caller admin;
    int64_t flow_id;
    int64_t run_id;
    int64_t node_id;
} ground;

static void sweep(void) {
    store_close(ground.store);
    for (const char *const *name =
             (const char *const[]){ "state.db", "state.db-wal", "state.db-shm", "master.key",
                                    "credentials", NULL };
         *name != NULL; name++) {
        g_autofree char *path = g_build_filename(ground.dir, *name, NULL);
        (void)g_unlink(path);
    }
    (void)g_rmdir(ground.dir);
    g_free(ground.dir);
}

static int64_t apply(struct change *change) {
    struct change_result result = { 0 };
    g_assert_true(store_change(ground.store, change, 1700000000000, &result, NULL));
    change_free(change);
    int64_t id = result.id;
    change_result_done(&result);
    return id;
}

static void add_run(void) {
    struct plan *plan = NULL;
    int64_t version_id = 0;
    g_assert_true(store_version_for_try(ground.store, &ground.admin, ground.flow_id, 1700000000000,
                                        &version_id, NULL));
    g_assert_true(store_plan_load(store_as_reader(ground.store), version_id, &plan, NULL));
    int64_t node_run_id = store_next_id(ground.store, COUNTER_ID);
    ground.run_id = store_next_id(ground.store, COUNTER_ID);
    struct run *run = run_new(ground.run_id, ground.admin.tenant_id, plan, &node_run_id,
                              TRIGGER_MANUAL, 1700000000000);
    g_assert_true(store_run_insert(ground.store, run, "fuzz", NULL));
    run_free(run);
    plan_unref(plan);
}

static void prepare(void) {
    g_autoptr(GError) error = NULL;
    struct key_row *key = NULL;
    ground.dir = g_strdup("/var/tmp/sluice-fuzz-XXXXXX");
    g_assert_nonnull(g_mkdtemp(ground.dir));
    (void)(store_open(ground.dir, &ground.store, &error) &&
           store_master_key(ground.store, ground.dir, &error) &&
           store_first_people(ground.store, ground.dir, "admin-key", "0123456789abcdef", 1,
                              &error) &&
           store_key_find(store_as_reader(ground.store), "admin-key", &key, &error));
    g_assert_no_error(error);
    ground.admin = key->caller;
    key_row_free(key);
    g_assert_true(store_begin(ground.store, NULL));
    struct change *flow = change_new(CHANGE_FLOW_CREATE, &ground.admin);
    flow->name = g_strdup("flow");
    ground.flow_id = apply(flow);
    struct change *node = change_new(CHANGE_NODE_CREATE, &ground.admin);
    node->flow_id = ground.flow_id;
    node->name = g_strdup("node");
    node->node_kind = KIND_SCRIPT;
    node->content = g_strdup("{\"script\":\"true\"}");
    ground.node_id = apply(node);
    add_run();
    g_assert_true(store_commit(ground.store, NULL));
    (void)atexit(sweep);
}

static void read_run(void) {
    struct store_reader *reader = store_as_reader(ground.store);
    int64_t version_id = 0;
    struct plan *plan = NULL;
    struct run *run = NULL;
    char *fault = NULL;
    if (store_run_version(reader, ground.run_id, &version_id, NULL) &&
        store_plan_load(reader, version_id, &plan, NULL) &&
        store_run_load(reader, ground.run_id, plan, &run, NULL)) {
        if (!run_is_sound(run, &fault)) {
            g_error("an unsound run was loaded: %s", fault);
        }
        run_free(run);
    }
    g_clear_pointer(&plan, plan_unref);
    (void)store_check_events(reader, &fault, NULL);
    g_free(fault);
}

static void read_lists(void) {
    struct store_reader *reader = store_as_reader(ground.store);
    g_autoptr(GPtrArray) flows = NULL;
    g_autoptr(GPtrArray) nodes = NULL;
    g_autoptr(GPtrArray) runs = NULL;
    g_autoptr(GPtrArray) node_runs = NULL;
    struct key_row *key = NULL;
    struct node_row *node = NULL;
    int64_t total = 0;
    struct run_filter filter = { .flow_id = ground.flow_id,
                                 .page_index = 1,
                                 .page_size = 10,
                                 .state_code = -1,
                                 .trigger = -1,
                                 .until_local_s = INT64_MAX };
    (void)store_flow_list(reader, &ground.admin, &flows, NULL);
    (void)store_node_list(reader, &ground.admin, ground.flow_id, &nodes, NULL);
    (void)store_run_list(reader, &ground.admin, &filter, &runs, &total, NULL);
    (void)store_node_run_list(reader, &ground.admin, ground.flow_id, ground.run_id, &node_runs,
                              NULL);
    if (store_node_get(reader, &ground.admin, ground.node_id, ACCESS_VIEW, &node, NULL)) {
        node_row_free(node);
    }
    if (store_key_find(reader, "admin-key", &key, NULL)) {
        key_row_free(key);
    }
}

static struct query_value make_value(uint8_t type, const char *text, size_t len) {
    int64_t number = 0;
    memcpy(&number, text, MIN(len, sizeof number));
    switch (type % 5) {
    case 0: return TEXT(text);
    case 1: return BLOB(text, len);
    case 2: return INT(number);
    case 3: return INT(len > 0 ? (int8_t)text[0] : 0);
    default: return TEXT(NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (ground.store == NULL) {
        prepare();
    }
    if (size < 2) {
        return 0;
    }
    g_autofree char *text = g_strndup((const char *)data + 2, size - 2);
    struct query_value value = make_value(data[1], text, size - 2);
    g_assert_true(store_begin(ground.store, NULL));
    // A field that takes no NULL refuses it; then there is nothing to read.
    if (query_run(store_change_sql(ground.store), fields[data[0] % G_N_ELEMENTS(fields)],
                  VALUES(value), NULL)) {
        read_run();
        read_lists();
    }
    store_rollback(ground.store);
    return 0;
}
