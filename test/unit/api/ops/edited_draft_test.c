// SPDX-License-Identifier: Apache-2.0
//
// Calls that gather a draft which is edited before the engine's turn: gathered again on the call's thread, a few times, and never in the turn. So
// with a version that is to be deployed and is not the newest any more.
//
// What a call reads is of one moment. Here that moment is begun before the edit, or is that of a copy of the store which no edit reaches: that
// is a draft edited again and again.
#include "../../engine/kit.h"

#include "api/ops/operation_handlers.h"
#include "api/readers.h"
#include "api/services.h"

struct stage {
    struct kit *kit;
    struct api_services services;
    struct readers *old_readers; // of the copy; NULL: none was made
    char *old_dir;
    struct reader_loan loan;
    bool is_old; // calls read the copy
};

static struct stage stage_new(void) {
    struct stage stage = { .kit = kit_new() };
    stage.services =
        (struct api_services){ .engine = stage.kit->engine,
                               .readers = readers_new(stage.kit->dir, stage.kit->store),
                               .dir = stage.kit->dir,
                               .zone = "Asia/Shanghai" };
    return stage;
}

static void run_program(const char *const *argv) {
    int status = -1;
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, &status, NULL));
    g_assert_cmpint(status, ==, 0);
}

// From now on calls read the store as it is now, while is_old.
static void stage_stand_still(struct stage *stage) {
    struct kit *kit = stage->kit;
    stage->old_dir = g_strdup("/var/tmp/sluice-old-XXXXXX");
    g_assert_nonnull(g_mkdtemp(stage->old_dir));
    kit_stop(kit);
    g_autofree char *command = g_strdup_printf("cp %s/state.db* %s/", kit->dir, stage->old_dir);
    const char *argv[] = { "sh", "-c", command, NULL };
    run_program(argv);
    readers_free(stage->services.readers);
    kit_start(kit);
    stage->services.engine = kit->engine;
    stage->services.readers = readers_new(kit->dir, kit->store);
    stage->old_readers = readers_new(stage->old_dir, kit->store);
    stage->is_old = true;
}

static void stage_free(struct stage *stage) {
    readers_free(stage->services.readers);
    readers_free(stage->old_readers);
    if (stage->old_dir != NULL) {
        const char *argv[] = { "rm", "-rf", "--", stage->old_dir, NULL };
        run_program(argv);
        g_free(stage->old_dir);
    }
    kit_free(stage->kit);
}

// The moment of the next call begins here.
static void begin(struct stage *stage) {
    g_autoptr(GError) error = NULL;
    GPtrArray *flows = NULL;
    (void)(reader_borrow_moment(stage->services.readers, &stage->loan, &error) &&
           store_flow_list(stage->loan.reader, &stage->kit->admin, &flows, &error));
    g_assert_no_error(error);
    g_ptr_array_unref(flows);
}

// The reply is the caller's.
static bool call_once(struct stage *stage, const char *action, const char *query,
                      json_t **ret_reply, GError **error) {
    struct wire_error wire = { 0 };
    struct params *params = NULL;
    struct args *args = NULL;
    struct warnings warnings = { 0 };
    struct api_services services = stage->services;
    services.readers = stage->is_old ? stage->old_readers : services.readers;
    const struct operation *operation = operation_find(action);
    g_autofree char *target = g_strdup_printf("/?%s", query);
    struct api_request request = { .method = "POST", .target = target };
    g_assert_true(params_parse(&request, &params, &wire));
    g_assert_true(args_new(operation, params, NULL, &args, &wire));
    struct call call = { .operation = operation,
                         .args = args,
                         .caller = &stage->kit->admin,
                         .services = &services,
                         .loan = &stage->loan,
                         .warnings = &warnings,
                         .request_id = "request",
                         .now_ms = INT64_C(1700000000000) };
    *ret_reply = json_object();
    bool is_done = operation_handlers[operation - operation_table](&call, *ret_reply, error);
    reader_return(&stage->loan);
    warnings_done(&warnings);
    args_free(args);
    params_free(params);
    return is_done;
}

static json_t *expect_done(struct stage *stage, const char *action, const char *query) {
    g_autoptr(GError) error = NULL;
    json_t *reply = NULL;
    (void)call_once(stage, action, query, &reply, &error);
    g_assert_no_error(error);
    return reply;
}

static void expect_stale(struct stage *stage, const char *action, const char *query,
                         const char *sentence) {
    g_autoptr(GError) error = NULL;
    json_auto_t *reply = NULL;
    g_assert_false(call_once(stage, action, query, &reply, &error));
    g_test_message("%s", error->message);
    g_assert_true(fault_is(error, FAULT_REVISION_STALE));
    g_assert_nonnull(strstr(error->message, sentence));
}

static int count_nodes(struct stage *stage, int64_t flow, int64_t run) {
    g_autoptr(GError) error = NULL;
    GPtrArray *rows = NULL;
    (void)store_node_run_list(stage->kit->reader, &stage->kit->admin, flow, run, &rows, &error);
    g_assert_no_error(error);
    int count = (int)rows->len;
    g_ptr_array_unref(rows);
    return count;
}

static int64_t count_versions(struct stage *stage, int64_t flow) {
    g_autoptr(GError) error = NULL;
    GPtrArray *rows = NULL;
    int64_t total = 0;
    (void)store_version_list(stage->kit->reader, &stage->kit->admin, flow, 1, 1, &rows, &total,
                             &error);
    g_assert_no_error(error);
    g_ptr_array_unref(rows);
    return total;
}

static char *flow_query(int64_t flow) {
    return g_strdup_printf("DagId=%" G_GINT64_FORMAT, flow);
}

static char *rerun_query(int64_t flow, int64_t run) {
    return g_strdup_printf("DagId=%" G_GINT64_FORMAT "&DagInstanceId=%" G_GINT64_FORMAT
                           "&DagVersion=draft",
                           flow, run);
}

// Runs the draft by hand to its end.
static int64_t try_run(struct stage *stage, int64_t flow, int nodes) {
    g_autofree char *query = flow_query(flow);
    json_auto_t *reply = expect_done(stage, "TryRunTaskFlow", query);
    int64_t run =
        g_ascii_strtoll(json_string_value(json_object_get(reply, "InstanceId")), NULL, 10);
    g_assert_cmpint(count_nodes(stage, flow, run), ==, nodes);
    kit_wait_run(stage->kit, flow, run, RUN_SUCCESS);
    return run;
}

static void rerun(struct stage *stage, int64_t flow, int64_t run, int nodes) {
    g_autofree char *query = rerun_query(flow, run);
    json_decref(expect_done(stage, "ReRunTaskFlowInstance", query));
    g_assert_cmpint(count_nodes(stage, flow, run), ==, nodes);
    kit_wait_run(stage->kit, flow, run, RUN_SUCCESS);
}

static void publish(struct stage *stage, int64_t flow, int64_t versions) {
    g_autofree char *query = flow_query(flow);
    json_decref(expect_done(stage, "PublishAndDeployTaskFlow", query));
    g_assert_cmpint(count_versions(stage, flow), ==, versions);
}

static void what_is_edited_once_is_gathered_again(void) {
    struct stage stage = stage_new();
    int64_t flow = kit_flow(stage.kit, "nightly");
    begin(&stage); // there is nothing to run yet
    (void)kit_node(stage.kit, flow, "a");
    int64_t run = try_run(&stage, flow, 1);
    begin(&stage); // the version of this revision is stored
    (void)kit_node(stage.kit, flow, "b");
    (void)try_run(&stage, flow, 2);
    (void)kit_node(stage.kit, flow, "c");
    begin(&stage); // the draft is there to be gathered
    (void)kit_node(stage.kit, flow, "d");
    (void)try_run(&stage, flow, 4);
    (void)kit_node(stage.kit, flow, "e");
    begin(&stage);
    (void)kit_node(stage.kit, flow, "f");
    rerun(&stage, flow, run, 6);
    begin(&stage);
    (void)kit_node(stage.kit, flow, "g");
    publish(&stage, flow, 1);
    begin(&stage); // the flow is not there yet
    flow = kit_flow(stage.kit, "weekly");
    (void)kit_node(stage.kit, flow, "a");
    publish(&stage, flow, 1);
    stage_free(&stage);
}

// In the turn nothing is gathered or judged, so that these end with a refusal and change nothing.
static void what_is_edited_again_and_again_is_refused(void) {
    struct stage stage = stage_new();
    int64_t flow = kit_flow(stage.kit, "nightly");
    (void)kit_node(stage.kit, flow, "a");
    int64_t run = try_run(&stage, flow, 1);
    (void)kit_node(stage.kit, flow, "b");
    stage_stand_still(&stage);
    (void)kit_node(stage.kit, flow, "c");
    g_autofree char *query = flow_query(flow);
    g_autofree char *again = rerun_query(flow, run);
    expect_stale(&stage, "TryRunTaskFlow", query, "was edited while it was being made ready");
    expect_stale(&stage, "ReRunTaskFlowInstance", again, "was edited while it was being made");
    expect_stale(&stage, "PublishAndDeployTaskFlow", query, "was edited while it was being pub");
    g_assert_cmpint(count_versions(&stage, flow), ==, 0);
    g_assert_cmpint(count_nodes(&stage, flow, run), ==, 1);

    stage.is_old = false;
    (void)try_run(&stage, flow, 3);
    rerun(&stage, flow, run, 3);
    publish(&stage, flow, 1);
    stage_free(&stage);
}

static void what_could_not_be_gathered_is_refused_too(void) {
    struct stage stage = stage_new();
    int64_t stored = kit_flow(stage.kit, "stored");
    (void)kit_node(stage.kit, stored, "a");
    (void)try_run(&stage, stored, 1);
    int64_t empty = kit_flow(stage.kit, "empty");
    stage_stand_still(&stage);
    int64_t later = kit_flow(stage.kit, "later");
    int64_t flows[] = { stored, empty, later };
    for (size_t i = 0; i < G_N_ELEMENTS(flows); i++) {
        g_autofree char *query = flow_query(flows[i]);
        (void)kit_node(stage.kit, flows[i], "n");
        expect_stale(&stage, "TryRunTaskFlow", query, "was edited while it was being made ready");
        if (flows[i] == later) {
            expect_stale(&stage, "PublishAndDeployTaskFlow", query, "was edited while it was");
        }
    }
    stage.is_old = false;
    (void)try_run(&stage, stored, 2);
    (void)try_run(&stage, empty, 1);
    publish(&stage, later, 1);
    stage_free(&stage);
}

static void publish_beside(struct stage *stage, int64_t flow) {
    struct change *change = change_new(CHANGE_FLOW_PUBLISH, &stage->kit->admin);
    change->flow_id = flow;
    (void)kit_change(stage->kit, change);
}

static int64_t newest_version(struct stage *stage, int64_t flow) {
    g_autoptr(GError) error = NULL;
    GPtrArray *rows = NULL;
    int64_t total = 0;
    (void)store_version_list(stage->kit->reader, &stage->kit->admin, flow, 1, 1, &rows, &total,
                             &error);
    g_assert_no_error(error);
    int64_t id = ((const struct version_row *)g_ptr_array_index(rows, 0))->id;
    g_ptr_array_unref(rows);
    return id;
}

static void expect_deployed(struct stage *stage, int64_t flow, int64_t version) {
    g_autoptr(GError) error = NULL;
    struct flow_row *row = NULL;
    (void)store_flow_get(stage->kit->reader, &stage->kit->admin, flow, ACCESS_VIEW, &row, &error);
    g_assert_no_error(error);
    g_assert_cmpint(row->published_version_id, ==, version);
    flow_row_free(row);
}

static void what_is_deployed_is_read_before_the_turn(void) {
    struct stage stage = stage_new();
    int64_t flow = kit_flow(stage.kit, "nightly");
    g_autofree char *query = flow_query(flow);
    (void)kit_node(stage.kit, flow, "a");
    begin(&stage); // there is no version yet
    publish_beside(&stage, flow);
    int64_t first = newest_version(&stage, flow);
    json_decref(expect_done(&stage, "ReDeployLhDagVersion", query));
    begin(&stage);
    publish_beside(&stage, flow);
    int64_t second = newest_version(&stage, flow);
    json_decref(expect_done(&stage, "ReDeployLhDagVersion", query));
    expect_deployed(&stage, flow, second);

    stage_stand_still(&stage);
    publish_beside(&stage, flow);
    int64_t third = newest_version(&stage, flow);
    expect_stale(&stage, "ReDeployLhDagVersion", query, "was published while it was being depl");
    expect_deployed(&stage, flow, third);
    // One that is named is the same, whatever was published since.
    g_autofree char *named = g_strdup_printf("%s&DagVersion=%" G_GINT64_FORMAT, query, first);
    json_decref(expect_done(&stage, "ReDeployLhDagVersion", named));
    expect_deployed(&stage, flow, first);
    stage.is_old = false;
    json_decref(expect_done(&stage, "ReDeployLhDagVersion", query));
    expect_deployed(&stage, flow, third);
    stage_free(&stage);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edited_draft/what_is_edited_once_is_gathered_again",
                    what_is_edited_once_is_gathered_again);
    g_test_add_func("/edited_draft/what_is_edited_again_and_again_is_refused",
                    what_is_edited_again_and_again_is_refused);
    g_test_add_func("/edited_draft/what_could_not_be_gathered_is_refused_too",
                    what_could_not_be_gathered_is_refused_too);
    g_test_add_func("/edited_draft/what_is_deployed_is_read_before_the_turn",
                    what_is_deployed_is_read_before_the_turn);
    return g_test_run();
}
