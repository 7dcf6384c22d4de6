// SPDX-License-Identifier: Apache-2.0
//
// Bytes become parameters, parameters become arguments; what is wrong is refused with the code that names it.
#include "api/wire/args.h"
#include "api/wire/decode.h"

#include <glib.h>
#include <string.h>

#include "../../base/colliding.h"

static const struct api_header form_header = { "Content-Type",
                                               "application/x-www-form-urlencoded; charset=utf-8" };

// Code of the refusal, or NULL with the params set.
static char *parse(const char *target, const char *body, struct params **ret_params) {
    struct api_request request = { .method = "POST",
                                   .target = target,
                                   .headers = &form_header,
                                   .header_count = 1,
                                   .body = body,
                                   .body_len = body == NULL ? 0 : strlen(body) };
    struct wire_error error = { 0 };
    if (params_parse(&request, ret_params, &error)) {
        return NULL;
    }
    char *code = g_strdup(error.code);
    wire_error_done(&error);
    return code;
}

static void query_and_form_are_decoded_alike(void) {
    struct params *params = NULL;
    g_assert_null(
        parse("/?a=1+2%2b3&b&c=&&d=x=y&%45-_.~.1=%e6%af%8f&=v", "f=%26%3D&g=~!'()*", &params));
    g_assert_cmpuint(params_count(params), ==, 8);
    g_assert_cmpstr(params_value(params, "a"), ==, "1 2+3");
    g_assert_cmpstr(params_value(params, "b"), ==, "");
    g_assert_cmpstr(params_value(params, "c"), ==, "");
    g_assert_cmpstr(params_value(params, "d"), ==, "x=y");
    g_assert_cmpstr(params_value(params, "E-_.~.1"), ==, "每");
    g_assert_cmpstr(params_value(params, ""), ==, "v");
    g_assert_cmpstr(params_value(params, "f"), ==, "&=");
    g_assert_cmpstr(params_value(params, "g"), ==, "~!'()*");
    g_assert_null(params_value(params, "A"));
    const struct param_pair *const *sorted = params_sorted(params);
    for (size_t i = 1; i < params_count(params); i++) {
        g_assert_cmpstr(sorted[i - 1]->name, <, sorted[i]->name);
    }
    params_free(params);
}

static void names_that_were_chosen_to_collide_cost_no_more(void) {
    g_autoptr(GString) body = g_string_new(NULL);
    for (unsigned i = 0; i < COLLIDING_COUNT; i++) {
        char name[COLLIDING_BYTES];
        colliding_name(i, name);
        g_string_append_printf(body, "&%s=%u", name, i);
    }
    struct params *params = NULL;
    double start_s = colliding_cpu_s();
    g_assert_null(parse("/", body->str, &params));
    colliding_assert_cheap(start_s);
    g_assert_cmpuint(params_count(params), ==, COLLIDING_COUNT);
    params_free(params);
}

static void unreadable_parameters_are_refused(void) {
    static const struct {
        const char *target;
        const char *body;
        const char *code;
    } cases[] = {
        { "/?a=%", NULL, "InvalidParameter" },
        { "/?a=%4", NULL, "InvalidParameter" },
        { "/?a=%4G", NULL, "InvalidParameter" },
        { "/?%zz=1", NULL, "InvalidParameter" },
        { "/?a=1%", NULL, "InvalidParameter" },
        { "/?Dag=%ff", NULL, "InvalidDag" },
        { "/?Dag=%C0%80", NULL, "InvalidDag" },
        { "/?Dag=a%00b", NULL, "InvalidDag" },
        { "/?Dag=%ED%A0%80", NULL, "InvalidDag" },
        { "/?D%00=1", NULL, "InvalidParameter" },
        { "/?%ff=1", NULL, "InvalidParameter" },
        { "/?Tid=1&Tid=1", NULL, "InvalidTid" },
        { "/?Tid=1", "Tid=1", "InvalidTid" },
        { "/", "Tid=1&Tid=2", "InvalidTid" },
        { "/?Tid=1&%54id=2", NULL, "InvalidTid" },
        { "/?a b=1&a+b=1", NULL, "InvalidParameter" },
        { "/?Tid=1&Tid", NULL, "InvalidTid" },
        { "/", "x=%", "InvalidParameter" },
        // A name that a client would have to encode: folded out of two pieces, of another language, with a bracket.
        { "/?a%3D1%26b=2", NULL, "InvalidParameter" },
        { "/", "a%3D1%26b=2", "InvalidParameter" },
        { "/?%E6%AF%8F=1", NULL, "InvalidParameter" },
        { "/?Edges[0]=1", NULL, "InvalidParameter" },
        { "/", "a+b=1", "InvalidParameter" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct params *params = NULL;
        g_autofree char *code = parse(cases[i].target, cases[i].body, &params);
        g_test_message("%s %s", cases[i].target, cases[i].body == NULL ? "" : cases[i].body);
        g_assert_cmpstr(code, ==, cases[i].code);
        g_assert_null(params);
    }
}

static void there_is_a_limit_to_the_number_of_parameters(void) {
    g_autoptr(GString) target = g_string_new("/?");
    for (int i = 0; i < PARAMS_MAX; i++) {
        g_string_append_printf(target, "p%d=&", i);
    }
    struct params *params = NULL;
    g_assert_null(parse(target->str, NULL, &params));
    g_assert_cmpuint(params_count(params), ==, PARAMS_MAX);
    params_free(params);
    params = NULL;
    g_autofree char *code = parse(target->str, "one=more", &params);
    g_assert_cmpstr(code, ==, "InvalidParameter");
}

// A few megabytes of empty objects would take a third of a gigabyte, of a caller who has proved nothing.
static void a_json_body_that_would_fill_the_memory_is_not_read(void) {
    static const struct api_header json_header = { "content-type", "application/json" };
    GString *body = g_string_new("{\"Edges\":[");
    for (int i = 0; i < 200000; i++) {
        g_string_append(body, "{},");
    }
    g_string_append(body, "{}]}");
    struct api_request request = { .method = "POST",
                                   .target = "/?Tid=1",
                                   .headers = &json_header,
                                   .header_count = 1,
                                   .body = body->str,
                                   .body_len = body->len };
    struct wire_error error = { 0 };
    struct params *params = NULL;
    g_assert_false(params_parse(&request, &params, &error));
    g_assert_cmpstr(error.code, ==, "InvalidParameter");
    wire_error_done(&error);
    g_string_free(body, TRUE);
}

static void a_json_body_gives_its_members(void) {
    static const struct api_header json_header = { "content-type",
                                                   "application/json; charset=utf-8" };
    const char *body = "{\"DagId\":12,\"Flag\":true,\"Name\":\"x y\",\"Ids\":[1,2],\"Gone\":null}";
    struct api_request request = { .method = "POST",
                                   .target = "/?Tid=1",
                                   .headers = &json_header,
                                   .header_count = 1,
                                   .body = body,
                                   .body_len = strlen(body) };
    struct wire_error error = { 0 };
    struct params *params = NULL;
    g_assert_true(params_parse(&request, &params, &error));
    g_assert_cmpstr(params_value(params, "DagId"), ==, "12");
    g_assert_cmpstr(params_value(params, "Flag"), ==, "true");
    g_assert_cmpstr(params_value(params, "Name"), ==, "x y");
    g_assert_cmpstr(params_value(params, "Ids"), ==, "[1,2]");
    g_assert_null(params_value(params, "Gone"));
    params_free(params);
    params = NULL;
    static const char *const wrong[] = {
        "[1]", "{", "{\"a\":1,\"a\":2}", "{\"Tid\":2}", "{\"a\":\"\\u0000\"}", "{\"a=1&b\":2}"
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        request.body = wrong[i];
        request.body_len = strlen(wrong[i]);
        g_assert_false(params_parse(&request, &params, &error));
        g_assert_cmpint(error.http, ==, 400);
    }
    wire_error_done(&error);
}

static void another_body_gives_no_parameters(void) {
    static const struct api_header other = { "content-type", "text/plain" };
    struct api_request request = { .method = "POST",
                                   .target = "/",
                                   .headers = &other,
                                   .header_count = 1,
                                   .body = "Tid=1",
                                   .body_len = 5 };
    struct wire_error error = { 0 };
    struct params *params = NULL;
    g_assert_true(params_parse(&request, &params, &error));
    g_assert_cmpuint(params_count(params), ==, 0);
    params_free(params);
}

static void a_value_can_be_peeked_at(void) {
    g_autofree char *format = params_peek("/?XFormat=a&Format=JSON&x=1", "Format");
    g_assert_cmpstr(format, ==, "JSON");
    g_assert_null(params_peek("/?Formats=a", "Format"));
    g_assert_null(params_peek("/", "Format"));
}

// Arguments of an operation, or the code of the refusal.
static char *read_args(const char *action, const char *target, struct params **ret_params,
                       struct args **ret_args) {
    g_assert_null(parse(target, NULL, ret_params));
    const struct operation *operation = operation_find(action);
    g_assert_nonnull(operation);
    struct wire_error error = { 0 };
    if (args_new(operation, *ret_params, NULL, ret_args, &error)) {
        return NULL;
    }
    g_assert_true(error.is_of_operation);
    char *code = g_strdup(error.code);
    wire_error_done(&error);
    return code;
}

static void wrong_arguments_are_named(void) {
    static const struct {
        const char *action;
        const char *target;
        const char *code;
    } cases[] = {
        { "DeleteTaskFlow", "/", "MissingDagId" },
        { "DeleteTaskFlow", "/?DagId=", "MissingDagId" },
        { "DeleteTaskFlow", "/?DagId=abc", "InvalidDagId" },
        { "DeleteTaskFlow", "/?DagId=1.5", "InvalidDagId" },
        { "DeleteTaskFlow", "/?DagId=+1", "InvalidDagId" },
        { "DeleteTaskFlow", "/?DagId=0x10", "InvalidDagId" },
        { "DeleteTaskFlow", "/?DagId=-", "InvalidDagId" },
        { "DeleteTaskFlow", "/?DagId=undefined", "InvalidDagId" },
        { "DeleteTaskFlow", "/?DagId=9223372036854775808", "InvalidDagId" },
        { "DeleteTaskFlow", "/?DagId=9223372036854775807", NULL },
        { "DeleteTaskFlow", "/?DagId=-9223372036854775808", NULL },
        { "ListTaskFlowInstance", "/?DagId=x", "MissingPageIndex" }, // missing before malformed
        { "ListTaskFlowInstance", "/?DagId=1&PageIndex=1&PageSize=2147483648", "InvalidPageSize" },
        { "ListTaskFlowInstance", "/?DagId=1&PageIndex=1&PageSize=10&Status=6", "InvalidStatus" },
        { "ListTaskFlowInstance", "/?DagId=1&PageIndex=1&PageSize=10&Status=&UseBizDate=", NULL },
        { "ListTaskFlowInstance", "/?DagId=1&PageIndex=1&PageSize=10&UseBizDate=yes",
          "InvalidUseBizDate" },
        { "CreateTaskFlow", "/?DagName=", "MissingDagName" },
        { "CreateTaskFlow", "/?DagName=x&Description=", NULL },
        { "UpdateTaskFlowSchedule",
          "/?DagId=1&ScheduleParam=%7B%7D&ScheduleSwitch=maybe&TriggerType=Cron",
          "InvalidScheduleSwitch" },
        { "UpdateTaskFlowSchedule",
          "/?DagId=1&ScheduleParam=%7B%7D&ScheduleSwitch=disable&TriggerType=Cron", NULL },
        { "UpdateTaskFlowSchedule",
          "/?DagId=1&ScheduleParam=%7B%7D&ScheduleSwitch=1&TriggerType=cron", NULL },
        { "UpdateTaskFlowSchedule",
          "/?DagId=1&ScheduleParam=%7B%7D&ScheduleSwitch=1&TriggerType=Timer",
          "InvalidTriggerType" },
        { "BackFill", "/?DagId=1&Interval=0", "InvalidInterval" },
        { "ListInstances", "/?PageSize=101", "InvalidPageSize" },
        { "RegisterUser", "/?Uid=1&RoleNames=USER,DBA", NULL },
        { "RegisterUser", "/?Uid=1&RoleNames=USER,KING", "InvalidRoleNames" },
        { "AddTaskFlowEdges", "/?DagId=1&Edges=", "MissingEdges" },
        { "AddTaskFlowEdges", "/?DagId=1&Edges=nope", "InvalidEdges" },
        { "AddTaskFlowEdges", "/?DagId=1&Edges=%7B%7D", "InvalidEdges" },
        { "AddTaskFlowEdges", "/?DagId=1&Edges=%5B%7B%22NodeFrom%22:1%7D%5D", "InvalidEdges" },
        { "AddTaskFlowEdges", "/?DagId=1&Edges=%5B%7B%22NodeFrom%22:1,%22NodeEnd%22:%22x%22%7D%5D",
          "InvalidEdges" },
        { "AddTaskFlowEdges", "/?DagId=1&Edges.1.NodeFrom=1", "InvalidEdges" },
        { "GetTaskInstanceLog", "/?DagId=1&DagInstanceId=1&NodeId=1&Length=1048577",
          "InvalidLength" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct params *params = NULL;
        struct args *args = NULL;
        g_test_message("%s %s", cases[i].action, cases[i].target);
        g_autofree char *code = read_args(cases[i].action, cases[i].target, &params, &args);
        g_assert_cmpstr(code, ==, cases[i].code);
        args_free(args);
        params_free(params);
    }
}

static void arguments_have_their_types(void) {
    struct params *params = NULL;
    struct args *args = NULL;
    g_assert_null(read_args(
        "ListTaskFlowInstance",
        "/?DagId=-5&PageIndex=1&PageSize=10&UseBizDate=True&StartTimeBegin=2024-01-01&Unknown=1",
        &params, &args));
    int64_t id = 0;
    bool flag = false;
    g_assert_true(args_int(args, "DagId", &id));
    g_assert_cmpint(id, ==, -5);
    g_assert_true(args_bool(args, "UseBizDate", &flag));
    g_assert_true(flag);
    g_assert_cmpstr(args_text(args, "StartTimeBegin"), ==, "2024-01-01");
    g_assert_null(args_text(args, "StartTimeEnd"));
    g_assert_false(args_has(args, "Status"));
    g_assert_cmpint(args_int_or(args, "Status", 7), ==, 7);
    args_free(args);
    params_free(params);

    g_assert_null(
        read_args("CreateTask", "/?DagId=1&NodeName=n&NodeType=normal_sql", &params, &args));
    g_assert_cmpstr(args_text(args, "NodeType"), ==, "NORMAL_SQL");
    args_free(args);
    params_free(params);

    g_assert_null(read_args("CreateTask", "/?DagId=1&NodeName=n&NodeType=7", &params, &args));
    g_assert_cmpstr(args_text(args, "NodeType"), ==, "7");
    args_free(args);
    params_free(params);

    g_assert_null(read_args("DeleteTask", "/?NodeId=12", &params, &args));
    g_assert_true(args_text_id(args, "NodeId", &id, NULL));
    g_assert_cmpint(id, ==, 12);
    args_free(args);
    params_free(params);
}

// Both ways of writing an array give the same JSON.
static void check_array(const char *action, const char *target, const char *name,
                        const char *expected) {
    struct params *params = NULL;
    struct args *args = NULL;
    g_test_message("%s", target);
    g_assert_null(read_args(action, target, &params, &args));
    char *text = json_dumps(args_json(args, name), JSON_COMPACT | JSON_SORT_KEYS);
    g_assert_cmpstr(text, ==, expected);
    free(text);
    args_free(args);
    params_free(params);
}

static void arrays_come_as_json_or_flattened(void) {
    const char *edges = "[{\"NodeEnd\":2,\"NodeFrom\":1}]";
    check_array("AddTaskFlowEdges", "/?DagId=1&Edges=%5B%7B%22NodeFrom%22:1,%22NodeEnd%22:2%7D%5D",
                "Edges", edges);
    check_array("AddTaskFlowEdges",
                "/?DagId=1&Edges=%5B%7B%22NodeFrom%22:%221%22,%22NodeEnd%22:2,%22X%22:1%7D%5D",
                "Edges", edges);
    check_array("AddTaskFlowEdges", "/?DagId=1&Edges.1.NodeFrom=1&Edges.1.NodeEnd=2", "Edges",
                edges);
    check_array("BackFill", "/?DagId=1&StartNodeIds=%5B11,+12%5D", "StartNodeIds", "[11,12]");
    check_array("BackFill",
                "/?DagId=1&StartNodeIds.10=110&StartNodeIds.2=12&StartNodeIds.1=11&StartNodeIds.01="
                "9&StartNodeIds.0=8",
                "StartNodeIds", "[11,12,110]");
    check_array("UpdateTaskFlowCooperators", "/?DagId=1&CooperatorIds=%5B1,%222%22%5D",
                "CooperatorIds", "[\"1\",\"2\"]");
    check_array("UpdateTaskFlowConstants", "/?DagId=1&DagConstants=%5B%5D", "DagConstants", "[]");
    check_array("AddLhMembers",
                "/?ObjectId=1&ObjectType=0&Members.1.UserId=5&Members.1.Roles.1=ADMIN&Members.1."
                "Roles.2=MEMBER",
                "Members", "[{\"Roles\":[\"ADMIN\",\"MEMBER\"],\"UserId\":5}]");
}

static void equal_calls_have_equal_digests(void) {
    struct params *params[3];
    struct args *args[3];
    g_assert_null(
        read_args("CreateTaskFlow", "/?DagName=x&ClientToken=a&Tid=1", &params[0], &args[0]));
    g_assert_null(read_args("CreateTaskFlow", "/?Tid=01&ClientToken=b&DagName=x&More=1", &params[1],
                            &args[1]));
    g_assert_null(
        read_args("CreateTaskFlow", "/?Tid=2&ClientToken=a&DagName=x", &params[2], &args[2]));
    char *digests[3];
    for (int i = 0; i < 3; i++) {
        digests[i] = args_digest(args[i]);
        args_free(args[i]);
        params_free(params[i]);
    }
    g_assert_cmpstr(digests[0], ==, digests[1]);
    g_assert_cmpstr(digests[0], !=, digests[2]);
    for (int i = 0; i < 3; i++) {
        g_free(digests[i]);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/names_that_were_chosen_to_collide_cost_no_more",
                    names_that_were_chosen_to_collide_cost_no_more);
    g_test_add_func("/decode/query_and_form_are_decoded_alike", query_and_form_are_decoded_alike);
    g_test_add_func("/decode/unreadable_parameters_are_refused", unreadable_parameters_are_refused);
    g_test_add_func("/decode/there_is_a_limit_to_the_number_of_parameters",
                    there_is_a_limit_to_the_number_of_parameters);
    g_test_add_func("/decode/a_json_body_gives_its_members", a_json_body_gives_its_members);
    g_test_add_func("/decode/another_body_gives_no_parameters", another_body_gives_no_parameters);
    g_test_add_func("/decode/a_value_can_be_peeked_at", a_value_can_be_peeked_at);
    g_test_add_func("/decode/wrong_arguments_are_named", wrong_arguments_are_named);
    g_test_add_func("/decode/arguments_have_their_types", arguments_have_their_types);
    g_test_add_func("/decode/arrays_come_as_json_or_flattened", arrays_come_as_json_or_flattened);
    g_test_add_func("/decode/equal_calls_have_equal_digests", equal_calls_have_equal_digests);
    g_test_add_func("/decode/a_json_body_that_would_fill_the_memory_is_not_read",
                    a_json_body_that_would_fill_the_memory_is_not_read);
    return g_test_run();
}
