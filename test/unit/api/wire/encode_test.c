// SPDX-License-Identifier: Apache-2.0
//
// One tree, two forms; failures in the fields and the order that clients read.
#include "api/wire/encode.h"

#include "base/fault.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define ID "0C1CB646-1DE4-4AD0-B4A4-7D47DD52E931"

static char *encode(enum reply_format format, const char *action, const char *members) {
    const struct operation *operation = operation_find(action);
    g_assert_nonnull(operation);
    json_t *reply = reply_new(operation, ID);
    json_t *more = json_loads(members, 0, NULL);
    g_assert_nonnull(more);
    g_assert_cmpint(json_object_update(reply, more), ==, 0);
    size_t len;
    char *text = encode_success(format, operation, reply, &len);
    g_assert_cmpuint(len, ==, strlen(text));
    json_decref(more);
    json_decref(reply);
    return text;
}

static void json_is_compact_and_begins_with_the_envelope(void) {
    g_autofree char *text = encode(FORMAT_JSON, "CreateTaskFlow", "{\"DagId\": 9007199254740993}");
    g_assert_cmpstr(text, ==,
                    "{\"RequestId\":\"" ID "\",\"Success\":true,\"DagId\":9007199254740993}");
    g_autofree char *typed = encode(FORMAT_JSON, "UpdateTaskContentV2", "{}");
    g_assert_cmpstr(typed, ==, "{\"RequestId\":\"" ID "\",\"Success\":\"true\"}");
}

static void json_is_what_the_library_would_dump(void) {
    char bytes[0x80 + 1];
    for (size_t i = 0; i < 0x80; i++) {
        bytes[i] = (char)(i + 1);
    }
    bytes[0x7f] = 0;
    json_t *reply = reply_new(operation_find("ExecuteScript"), ID);
    json_t *row = json_pack("{s:s, s:f, s:f, s:n, s:b, s:I, s:[], s:{}, s:[[i, s], {s:s}]}", "all",
                            bytes, "a \"real\"\n", 0.1, "large", -1e300, "null", "no", 0, "least",
                            (json_int_t)INT64_MIN, "none", "empty", "\xc3\xa9\xf0\x9f\x98\x80", 7,
                            "/\\", "k", "\xe2\x80\xa8");
    g_assert_nonnull(row);
    (void)json_object_set_new(row, "nul", json_stringn("a\0b", 3));
    (void)json_object_set_new(reply, "Results", row);
    size_t len = 0;
    g_autofree char *text =
        encode_success(FORMAT_JSON, operation_find("ExecuteScript"), reply, &len);
    char *expected = json_dumps(reply, JSON_COMPACT);
    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpuint(len, ==, strlen(expected));
    free(expected);
    json_decref(reply);
}

#define XML "<?xml version='1.0' encoding='UTF-8'?>"
#define ENVELOPE "<RequestId>" ID "</RequestId><Success>true</Success>"

static void a_list_is_its_element_repeated(void) {
    static const struct {
        const char *action;
        const char *members;
        const char *xml;
    } cases[] = {
        { "AddTaskFlowEdges", "{\"EdgeIds\":{\"EdgeId\":[1,2]}}",
          "<EdgeIds><EdgeId>1</EdgeId><EdgeId>2</EdgeId></EdgeIds>" },
        { "AddTaskFlowEdges", "{\"EdgeIds\":{\"EdgeId\":[]}}", "<EdgeIds></EdgeIds>" },
        { "ListUserTenants", "{\"TenantList\":[{\"Tid\":1},{\"Tid\":2}]}",
          "<TenantList><Tid>1</Tid></TenantList><TenantList><Tid>2</Tid></TenantList>" },
        { "ListUserTenants", "{\"TenantList\":[]}", "" },
        { "ExecuteScript",
          "{\"Results\":[{\"ColumnNames\":[\"a\",\"2 b\"],\"Rows\":[{\"a\":1,\"2 b\":\"x\"}]}]}",
          "<Results><ColumnNames>a</ColumnNames><ColumnNames>2 b</ColumnNames><Rows><a>1</a>"
          "<Column name=\"2 b\">x</Column></Rows></Results>" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *expected = g_strdup_printf(XML "<%sResponse>" ENVELOPE "%s</%sResponse>",
                                                    cases[i].action, cases[i].xml, cases[i].action);
        g_autofree char *text = encode(FORMAT_XML, cases[i].action, cases[i].members);
        g_assert_cmpstr(text, ==, expected);
    }
}

static void text_that_xml_cannot_carry_is_replaced(void) {
    g_autofree char *text =
        encode(FORMAT_XML, "TryRunTaskFlow",
               "{\"InstanceId\":\"<a&b>\\u0001\\u001b\\uFFFE\\n\\r\\uD83D\\uDE00\"}");
    g_assert_nonnull(strstr(
        text, "<InstanceId>&lt;a&amp;b&gt;\uFFFD\uFFFD\uFFFD\n&#13;\U0001F600</InstanceId>"));
}

static void the_format_follows_parameter_then_accept_then_xml(void) {
    g_assert_cmpint(reply_format_choose("json", "text/xml"), ==, FORMAT_JSON);
    g_assert_cmpint(reply_format_choose("XML", "application/json"), ==, FORMAT_XML);
    g_assert_cmpint(reply_format_choose("None", "application/json"), ==, FORMAT_JSON);
    g_assert_cmpint(reply_format_choose("None", NULL), ==, FORMAT_XML);
    g_assert_cmpint(reply_format_choose(NULL, "text/html, Application/JSON;q=0.9"), ==,
                    FORMAT_JSON);
    g_assert_cmpint(reply_format_choose(NULL, "text/xml"), ==, FORMAT_XML);
    g_assert_cmpint(reply_format_choose(NULL, "*/*"), ==, FORMAT_XML);
    g_assert_cmpint(reply_format_choose(NULL, NULL), ==, FORMAT_XML);
    g_assert_cmpstr(reply_content_type(FORMAT_JSON), ==, "application/json;charset=utf-8");
    g_assert_cmpstr(reply_content_type(FORMAT_XML), ==, "text/xml;charset=utf-8");
}

static void a_failure_has_its_fields(void) {
    struct wire_error error = { 0 };
    wire_error_set(&error, WIRE_TIME_EXPIRED, NULL, NULL);
    size_t len;
    g_autofree char *json = encode_failure(FORMAT_JSON, &error, ID, "127.0.0.1:18180", &len);
    g_assert_cmpstr(
        json, ==,
        "{\"RequestId\":\"" ID "\",\"Message\":\"Specified time stamp or date value is expired.\","
        "\"Recommend\":\"docs/errors.md#InvalidTimeStamp.Expired\",\"HostId\":\"127.0.0.1:18180\","
        "\"Code\":\"InvalidTimeStamp.Expired\"}");
    wire_error_set(&error, WIRE_OP_MISSING, "DagId", "DagId is <needed>");
    g_autofree char *xml = encode_failure(FORMAT_XML, &error, ID, "h", &len);
    g_assert_cmpstr(xml, ==,
                    XML "<Error><RequestId>" ID
                        "</RequestId><HostId>h</HostId><Code>MissingDagId</Code>"
                        "<Message>DagId is mandatory for this action.</Message>"
                        "<Recommend><![CDATA[docs/errors.md#Missing]]></Recommend>"
                        "<Description>DagId is &lt;needed&gt;</Description><Success>false</Success>"
                        "<ErrorCode>MissingDagId</ErrorCode>"
                        "<ErrorMessage>DagId is mandatory for this action.</ErrorMessage></Error>");
    g_autofree char *full = encode_failure(FORMAT_JSON, &error, ID, "h", &len);
    json_t *tree = json_loads(full, JSON_REJECT_DUPLICATES, NULL);
    g_assert_true(json_is_false(json_object_get(tree, "Success")));
    g_assert_cmpstr(json_string_value(json_object_get(tree, "ErrorCode")), ==, "MissingDagId");
    json_decref(tree);
    wire_error_done(&error);
}

static void a_name_from_the_network_makes_no_code(void) {
    struct wire_error error = { 0 };
    wire_error_set(&error, WIRE_INVALID, "x]]><b>", NULL);
    g_assert_cmpstr(error.code, ==, "InvalidParameter");
    wire_error_set(&error, WIRE_INVALID, "", NULL);
    g_assert_cmpstr(error.code, ==, "InvalidParameter");
    wire_error_set(&error, WIRE_INVALID, "Edges.1.NodeFrom", NULL);
    g_assert_cmpstr(error.code, ==, "InvalidEdges.1.NodeFrom");
    wire_error_done(&error);
}

static void every_fault_has_a_wire_code(void) {
    for (int kind = 0; kind < FAULT_COUNT; kind++) {
        GError *fault = NULL;
        fault_set_field(&fault, (enum fault)kind, "DagName", "a secret of the server");
        struct wire_error error = { 0 };
        wire_error_from_fault(&error, fault);
        g_test_message("%s → %d %s", fault_name((enum fault)kind), error.http, error.code);
        g_assert_cmpint(error.http, >=, 400);
        g_assert_cmpint(error.http, <, 600);
        g_assert_true(error.is_of_operation || kind == FAULT_UNAVAILABLE);
        // What went wrong inside stays inside.
        g_assert_true((error.description == NULL) == (error.http == 500));
        g_assert_null(strstr(error.message, "secret"));
        wire_error_done(&error);
        g_error_free(fault);
    }
}

static void a_fault_quotes_a_megabyte_in_part_only(void) {
    g_autofree char *sent = g_strnfill(1000000, 'x');
    GError *fault = NULL;
    fault_set_field(&fault, FAULT_INVALID_VALUE, "DwDbType", "not \"%s\"", sent);
    struct wire_error error = { 0 };
    wire_error_from_fault(&error, fault);
    g_assert_true(g_str_has_prefix(error.description, "not \"xxx"));
    g_assert_cmpuint(strlen(error.description), ==, 2000);
    g_error_free(fault);
    fault = NULL;
    fault_set(&fault, FAULT_INVALID_VALUE, "%s", sent);
    wire_error_from_fault(&error, fault);
    g_assert_cmpuint(strlen(error.message), ==, 2000);
    wire_error_done(&error);
    g_error_free(fault);
}

static void codes_have_the_statuses_of_the_catalogue(void) {
    static const struct {
        enum wire_code kind;
        int http;
        const char *code;
    } cases[] = {
        { WIRE_ACTION_NOT_FOUND, 404, "InvalidAction.NotFound" },
        { WIRE_KEY_NOT_FOUND, 404, "InvalidAccessKeyId.NotFound" },
        { WIRE_SIGNATURE_V1, 400, "SignatureDoesNotMatch" },
        { WIRE_NONCE_USED, 400, "SignatureNonceUsed" },
        { WIRE_THROTTLED_USER, 400, "Throttling.User" },
        { WIRE_UNAVAILABLE, 503, "ServiceUnavailable" },
        { WIRE_TARGET_TOO_LONG, 414, "InvalidParameter" },
        { WIRE_OP_INVALID_VALUE, 403, "InvalidParameterValid" },
        { WIRE_OP_NOT_SUPPORTED, 403, "NotSupportYet" },
        { WIRE_OP_TENANT_NOT_EXIST, 404, "TenantNotExist" },
        { WIRE_OP_FLOW_NOT_EXIST, 404, "TaskFlowNotExist" },
        { WIRE_OP_RUN_STATE, 403, "InvalidInstanceStatus" },
        { WIRE_OP_CYCLE, 403, "GraphHasCycle" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpint(wire_code_http(cases[i].kind), ==, cases[i].http);
        g_assert_cmpstr(wire_code_name(cases[i].kind), ==, cases[i].code);
    }
}

static void the_page_of_errors_names_every_code(void) {
    const char *source = g_getenv("SLUICE_SOURCE");
    g_assert_nonnull(source);
    g_autofree char *path = g_build_filename(source, "docs", "errors.md", NULL);
    g_autofree char *page = NULL;
    g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
    for (int kind = 0; kind < WIRE_CODE_COUNT; kind++) {
        g_autofree char *row = g_strdup_printf("`%s` | %d | ", wire_code_name((enum wire_code)kind),
                                               wire_code_http((enum wire_code)kind));
        g_test_message("%s", row);
        g_assert_nonnull(strstr(page, row));
    }
}

static void what_a_failure_recommends_is_on_the_page(void) {
    g_autofree char *path = g_build_filename(g_getenv("SLUICE_SOURCE"), "docs", "errors.md", NULL);
    g_autofree char *page = NULL;
    g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
    for (int kind = 0; kind < WIRE_CODE_COUNT; kind++) {
        struct wire_error error = { 0 };
        wire_error_set(&error, (enum wire_code)kind, "DagId", NULL);
        size_t len;
        g_autofree char *reply = encode_failure(FORMAT_JSON, &error, ID, "h", &len);
        json_t *tree = json_loads(reply, 0, NULL);
        const char *link = json_string_value(json_object_get(tree, "Recommend"));
        g_assert_true(g_str_has_prefix(link, "docs/errors.md#"));
        g_autofree char *anchor = g_strdup_printf("<a id=\"%s\">", strchr(link, '#') + 1);
        g_test_message("%s", anchor);
        g_assert_nonnull(strstr(page, anchor));
        json_decref(tree);
        wire_error_done(&error);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/encode/json_is_compact_and_begins_with_the_envelope",
                    json_is_compact_and_begins_with_the_envelope);
    g_test_add_func("/encode/json_is_what_the_library_would_dump",
                    json_is_what_the_library_would_dump);
    g_test_add_func("/encode/a_list_is_its_element_repeated", a_list_is_its_element_repeated);
    g_test_add_func("/encode/text_that_xml_cannot_carry_is_replaced",
                    text_that_xml_cannot_carry_is_replaced);
    g_test_add_func("/encode/the_format_follows_parameter_then_accept_then_xml",
                    the_format_follows_parameter_then_accept_then_xml);
    g_test_add_func("/encode/a_failure_has_its_fields", a_failure_has_its_fields);
    g_test_add_func("/encode/a_name_from_the_network_makes_no_code",
                    a_name_from_the_network_makes_no_code);
    g_test_add_func("/encode/every_fault_has_a_wire_code", every_fault_has_a_wire_code);
    g_test_add_func("/encode/a_fault_quotes_a_megabyte_in_part_only",
                    a_fault_quotes_a_megabyte_in_part_only);
    g_test_add_func("/encode/codes_have_the_statuses_of_the_catalogue",
                    codes_have_the_statuses_of_the_catalogue);
    g_test_add_func("/encode/the_page_of_errors_names_every_code",
                    the_page_of_errors_names_every_code);
    g_test_add_func("/encode/what_a_failure_recommends_is_on_the_page",
                    what_a_failure_recommends_is_on_the_page);
    return g_test_run();
}
