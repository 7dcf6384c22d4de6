// SPDX-License-Identifier: Apache-2.0
// One flow: 1 → 2 → 4, 3 → 4, 5 alone. Runs are put together by hand: the state machine is not needed to look at variables.
#include <glib.h>
#include <string.h>

#include "base/fault.h"
#include "core/scope.h"

#include "../base/colliding.h"

#define NODE(id, name, variables)                                                                  \
    "{\"id\":" #id ",\"name\":\"" name "\",\"kind\":\"AZKABAN_COMMAND_REMOTE\","                   \
    "\"timeVariables\":\"" variables "\"}"
#define VARIABLE(name, pattern)                                                                    \
    "{\\\"name\\\":\\\"" name "\\\",\\\"pattern\\\":\\\"" pattern "\\\"}"

static const char snapshot[] =
    "{\"flow\":{\"id\":7,\"name\":\"nightly\",\"ownerName\":\"ann\"},"
    "\"constants\":{\"region\":\"eu\",\"day\":\"constant\",\"made\":\"constant\","
    "\"dagName\":\"renamed\"},"
    "\"timeVariables\":[{\"name\":\"day\",\"pattern\":\"yyyyMMdd\"},"
    "{\"name\":\"made\",\"pattern\":\"yyyy\"},{\"name\":\"hour\",\"pattern\":\"HH\"}],"
    "\"nodes\":[" NODE(1, "one", "") "," NODE(2, "two", "") "," NODE(3, "three", "") "," NODE(
        4, "four",
        "{\\\"variables\\\":[" VARIABLE(
            "hour", "mm") "]}") "," NODE(5, "five", "") "],\"edges\":[[1,1,2],[2,2,4],[3,3,4]]}";

struct fixture {
    struct run run;
    struct node_run nodes[5];
};

static void set_up(struct fixture *fixture) {
    g_autoptr(GError) error = NULL;
    *fixture = (struct fixture){
        .run = { .id = 90,
                 .tenant_id = 3,
                 .flow_id = 7,
                 .nodes = fixture->nodes,
                 .business = { .year = 2024,
                               .month = 3,
                               .day = 30,
                               .hour = 9,
                               .minute = 30,
                               .second = 15,
                               .utc_offset_minutes = 480 },
                 .run_time = { .year = 2024,
                               .month = 3,
                               .day = 31,
                               .hour = 9,
                               .minute = 30,
                               .second = 15,
                               .utc_offset_minutes = 480 } },
    };
    g_assert_true(plan_new(12, snapshot, &fixture->run.plan, &error));
    g_assert_no_error(error);
}

static void tear_down(struct fixture *fixture) {
    for (size_t i = 0; i < G_N_ELEMENTS(fixture->nodes); i++) {
        json_decref(fixture->nodes[i].outputs);
    }
    json_decref(fixture->run.variables);
    plan_unref(fixture->run.plan);
}

static struct scope *scope_of(const struct fixture *fixture, int node) {
    struct scope *scope = NULL;
    g_autoptr(GError) error = NULL;
    struct run *run = (struct run *)&fixture->run;
    run_derive(run);
    g_assert_true(scope_new(run, node, VAR_CHINESE, &scope, &error));
    g_assert_no_error(error);
    return scope;
}

static void assert_value(const struct fixture *fixture, int node, const char *name,
                         const char *wanted) {
    struct scope *scope = scope_of(fixture, node);
    g_assert_cmpstr(scope_lookup(name, scope), ==, wanted);
    scope_free(scope);
}

static void system_variables_tell_of_the_run(void) {
    struct fixture fixture;
    set_up(&fixture);
    assert_value(&fixture, 0, "bizdate", "2024-03-30");
    assert_value(&fixture, 0, "dagId", "7");
    assert_value(&fixture, 0, "dagInstanceId", "90");
    assert_value(&fixture, 0, "dagVersion", "12");
    assert_value(&fixture, 0, "nodeId", "1");
    assert_value(&fixture, 3, "nodeName", "four");
    assert_value(&fixture, 0, "runTime", "2024-03-31 09:30:15");
    assert_value(&fixture, 0, "businessTime", "2024-03-30 09:30:15");
    assert_value(&fixture, 0, "tenantId", "3");
    assert_value(&fixture, 0, "ownerName", "ann");
    assert_value(&fixture, 0, "nothing", NULL);
    tear_down(&fixture);
}

static void attempt_is_the_open_one_or_the_next(void) {
    struct fixture fixture;
    set_up(&fixture);
    assert_value(&fixture, 0, "attempt", "1");
    fixture.nodes[0].attempt = 2;
    assert_value(&fixture, 0, "attempt", "3");
    fixture.nodes[0].fence = 77;
    assert_value(&fixture, 0, "attempt", "2");
    tear_down(&fixture);
}

static void the_strongest_level_wins(void) {
    struct fixture fixture;
    set_up(&fixture);
    assert_value(&fixture, 0, "region", "eu");
    assert_value(&fixture, 0, "dagName", "renamed"); // a custom name over a system one
    assert_value(&fixture, 0, "day", "20240330");    // flow time variable over constant
    assert_value(&fixture, 0, "hour", "09");
    assert_value(&fixture, 3, "hour", "30"); // node time variable over flow time variable
    fixture.nodes[0].outputs = json_pack("{s:s, s:s}", "made", "output", "hour", "output");
    assert_value(&fixture, 1, "made", "output"); // output over flow time variable
    assert_value(&fixture, 1, "hour", "output");
    assert_value(&fixture, 3, "hour", "30"); // node time variable over output
    fixture.run.variables = json_pack("{s:s, s:s, s:s, s:s}", "region", "run", "day", "run", "made",
                                      "run", "hour", "run");
    assert_value(&fixture, 0, "region", "run"); // variable of the run over constant
    assert_value(&fixture, 0, "day", "run");    // and over flow time variable
    assert_value(&fixture, 0, "hour", "run");
    assert_value(&fixture, 1, "made", "output"); // output over variable of the run
    assert_value(&fixture, 3, "hour", "30");
    tear_down(&fixture);
}

static void outputs_reach_only_those_behind(void) {
    struct fixture fixture;
    set_up(&fixture);
    fixture.nodes[0].outputs = json_pack("{s:s}", "x", "from one");
    assert_value(&fixture, 0, "x", NULL);
    assert_value(&fixture, 1, "x", "from one");
    assert_value(&fixture, 2, "x", NULL);
    assert_value(&fixture, 3, "x", "from one"); // behind is more than the next node
    assert_value(&fixture, 4, "x", NULL);
    tear_down(&fixture);
}

static void the_nearest_output_wins_then_the_lower_position(void) {
    struct fixture fixture;
    set_up(&fixture);
    fixture.nodes[0].outputs = json_pack("{s:s, s:s}", "x", "from one", "y", "from one");
    fixture.nodes[2].outputs = json_pack("{s:s}", "x", "from three");
    assert_value(&fixture, 3, "x", "from three");
    assert_value(&fixture, 3, "y", "from one");
    fixture.nodes[1].outputs = json_pack("{s:s}", "x", "from two");
    fixture.nodes[3].outputs = json_pack("{s:s}", "x", "own");
    fixture.nodes[4].outputs = json_pack("{s:s}", "x", "elsewhere");
    assert_value(&fixture, 3, "x", "from two");
    assert_value(&fixture, 3, "y", "from one");
    tear_down(&fixture);
}

static void note_name(const char *name, const char *value, void *user) {
    GHashTable *seen = user;
    g_assert_nonnull(value);
    g_assert_true(g_hash_table_insert(seen, g_strdup(name), g_strdup(value)));
}

static void each_visits_every_name_once(void) {
    struct fixture fixture;
    set_up(&fixture);
    fixture.nodes[0].outputs = json_pack("{s:s, s:s}", "x", "1", "bizdate", "mine");
    struct scope *scope = scope_of(&fixture, 3);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    scope_each(scope, note_name, seen);
    g_assert_cmpstr(g_hash_table_lookup(seen, "bizdate"), ==, "mine");
    g_assert_cmpstr(g_hash_table_lookup(seen, "hour"), ==, "30");
    // 12 system names, region, day, made, hour, x; dagName and bizdate are covered.
    g_assert_cmpuint(g_hash_table_size(seen), ==, 17);
    scope_free(scope);
    scope_free(NULL);
    tear_down(&fixture);
}

static void a_pattern_that_leaves_the_calendar_fails_the_scope(void) {
    struct fixture fixture;
    set_up(&fixture);
    struct scope *scope = NULL;
    g_autoptr(GError) error = NULL;
    json_array_append_new(fixture.run.plan->time_variables,
                          json_pack("{s:s, s:s}", "name", "far", "pattern", "yyyy|-9999y"));
    g_assert_false(scope_new(&fixture.run, 0, VAR_CHINESE, &scope, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_DATA));
    g_assert_nonnull(strstr(error->message, "far"));
    g_assert_null(scope);
    tear_down(&fixture);
}

static void names_that_were_chosen_to_collide_cost_no_more(void) {
    struct fixture fixture;
    set_up(&fixture);
    json_t *outputs = json_object();
    for (unsigned i = 0; i < COLLIDING_COUNT; i++) {
        char name[COLLIDING_BYTES];
        colliding_name(i, name);
        json_object_set_new(outputs, name, json_string("1"));
    }
    fixture.nodes[0].outputs = outputs;
    double start_s = colliding_cpu_s();
    assert_value(&fixture, 1, "nothing", NULL);
    colliding_assert_cheap(start_s);
    tear_down(&fixture);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scope/system_variables_tell_of_the_run", system_variables_tell_of_the_run);
    g_test_add_func("/scope/attempt_is_the_open_one_or_the_next",
                    attempt_is_the_open_one_or_the_next);
    g_test_add_func("/scope/the_strongest_level_wins", the_strongest_level_wins);
    g_test_add_func("/scope/outputs_reach_only_those_behind", outputs_reach_only_those_behind);
    g_test_add_func("/scope/the_nearest_output_wins_then_the_lower_position",
                    the_nearest_output_wins_then_the_lower_position);
    g_test_add_func("/scope/each_visits_every_name_once", each_visits_every_name_once);
    g_test_add_func("/scope/a_pattern_that_leaves_the_calendar_fails_the_scope",
                    a_pattern_that_leaves_the_calendar_fails_the_scope);
    g_test_add_func("/scope/names_that_were_chosen_to_collide_cost_no_more",
                    names_that_were_chosen_to_collide_cost_no_more);
    return g_test_run();
}
