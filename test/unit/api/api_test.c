// SPDX-License-Identifier: Apache-2.0
//
// The pipeline: what is checked first is refused first, and a handler runs only for a key's owner.
#include "api/api.h"

#include "api/wire/operations_table.h"
#include "api/wire/sign.h"
#include "base/fault.h"

#include <glib.h>
#include <string.h>

#define NOW INT64_C(1714979289000) // 2024-05-06T07:08:09Z

static unsigned handled;

static int64_t clock_now(void *ctx) {
    return NOW;
}

// Texts that could be tokens: 43 letters and digits.
#define OWN_TOKEN "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define OTHER_TOKEN "0123456789abcdefghijklmnopqrstuvwxyzABCDEFH"

static bool find_key(void *ctx, const char *id, struct api_key *ret_key) {
    if (strcmp(id, "unknown") == 0 || strcmp(id, "unreadable") == 0) {
        ret_key->is_unreadable = strcmp(id, "unreadable") == 0;
        return false;
    }
    *ret_key = (struct api_key){
        .secret = g_strdup("testsecret"),
        .is_active = strcmp(id, "inactive") != 0,
        .is_temporary = strcmp(id, "temporary") == 0 || strcmp(id, "ended") == 0,
        .expires_ms = strcmp(id, "ended") == 0 ? NOW : NOW + 1,
        .caller = (struct caller *)ctx,
    };
    crypto_sha256(OWN_TOKEN, strlen(OWN_TOKEN), ret_key->token_hash);
    return true;
}

static bool permit(void *ctx, const struct api_key *key, const struct operation *operation,
                   GError **error) {
    if (strcmp(operation->action, "DeleteUser") == 0) {
        fault_set(error, FAULT_NO_PERMISSION, "only administrators delete users");
        return false;
    }
    return true;
}

static bool admit(void *ctx, const char *id, const struct operation *operation,
                  int64_t *ret_retry_after_ms) {
    *ret_retry_after_ms = 300;
    return strcmp(id, "eager") != 0;
}

static bool create_flow(struct call *call, json_t *reply, GError **error) {
    handled++;
    const char *name = args_text(call->args, "DagName");
    g_assert_cmpint(call->now_ms, ==, NOW);
    g_assert_nonnull(call->caller);
    if (strcmp(name, "taken") == 0) {
        fault_set_field(error, FAULT_NAME_EXISTED, "DagName", "the name taken is in use by flow 7");
        return false;
    }
    if (strcmp(name, "broken") == 0) {
        return json_object_set_new(reply, "DagId", json_string("12")) == 0;
    }
    return json_object_set_new(reply, "DagId", json_integer(12)) == 0;
}

// The only one; the others are not offered.
static const op_fn *handlers_for_test(void) {
    static op_fn handlers[OPERATION_COUNT];
    handlers[operation_find("CreateTaskFlow") - operation_table] = create_flow;
    return handlers;
}

static struct api *api_for_test(void) {
    static int owner;
    return api_new(&(struct api_options){ .now_ms = clock_now,
                                          .key_find = find_key,
                                          .key_ctx = &owner,
                                          .permit = permit,
                                          .admit = admit,
                                          .handlers = handlers_for_test(),
                                          .shows_string_to_sign = true,
                                          .checks_replies = true });
}

struct wish {
    const char *action;
    const char *key;
    const char *secret;
    const char *token;
    const char *nonce;
    int64_t late_ms;
    const char *name; // a parameter
    const char *value;
};

// Makes the call as a client would and returns the code of the failure, or "" for success.
static char *try_call(struct api *api, struct wish wish) {
    const char *names[] = { wish.name == NULL ? "Tid" : wish.name, NULL };
    const char *values[] = { wish.value == NULL ? "1" : wish.value, NULL };
    struct sign_call call = { .host = "h",
                              .action = wish.action,
                              .names = names,
                              .values = values,
                              .access_key_id = wish.key == NULL ? "testid" : wish.key,
                              .secret = wish.secret == NULL ? "testsecret" : wish.secret,
                              .security_token = wish.token,
                              .accept = "application/json",
                              .nonce = wish.nonce,
                              .now_ms = NOW - wish.late_ms };
    struct signed_call made;
    sign_call_make(&call, &made);
    struct api_header headers[16];
    size_t count = 0;
    for (char **line = made.headers; *line != NULL; line++) {
        char *colon = strstr(*line, ": ");
        *colon = 0;
        headers[count++] = (struct api_header){ *line, colon + 2 };
    }
    struct api_request request = { .method = "POST",
                                   .target = made.target,
                                   .headers = headers,
                                   .header_count = count,
                                   .peer = "test" };
    struct api_reply reply;
    api_handle(api, &request, &reply);
    json_t *tree = json_loads(reply.body, JSON_REJECT_DUPLICATES, NULL);
    g_assert_nonnull(tree);
    g_assert_cmpstr(json_string_value(json_object_get(tree, "RequestId")), ==, reply.request_id);
    g_assert_cmpuint(strlen(reply.request_id), ==, 36);
    const char *code = json_string_value(json_object_get(tree, "Code"));
    g_assert_true((code == NULL) == (reply.http == 200));
    g_assert_true((reply.retry_after_ms > 0) ==
                  (code != NULL && g_str_has_prefix(code, "Throttling")));
    char *result = g_strdup(code == NULL ? "" : code);
    json_decref(tree);
    api_reply_done(&reply);
    signed_call_done(&made);
    return result;
}

static void checks_come_in_their_order(void) {
    static const struct {
        struct wish wish;
        const char *code;
    } cases[] = {
        { { .action = "CreateTaskFlow", .nonce = "1", .name = "DagName", .value = "a" }, "" },
        { { .action = "NoSuchThing", .nonce = "2", .key = "unknown" }, "InvalidAction.NotFound" },
        { { .action = "CreateTaskFlow", .nonce = "3", .key = "unknown", .late_ms = 99999999 },
          "InvalidTimeStamp.Expired" },
        { { .action = "CreateTaskFlow", .nonce = "4", .key = "unknown" },
          "InvalidAccessKeyId.NotFound" },
        { { .action = "CreateTaskFlow", .nonce = "5", .key = "inactive" },
          "InvalidAccessKeyId.Inactive" },
        { { .action = "CreateTaskFlow", .nonce = "6", .key = "temporary" },
          "MissingSecurityToken" },
        { { .action = "CreateTaskFlow", .nonce = "7", .key = "temporary", .token = OTHER_TOKEN },
          "InvalidSecurityToken.MismatchWithAccessKey" },
        { { .action = "CreateTaskFlow", .nonce = "8", .token = OWN_TOKEN },
          "InvalidSecurityToken.MismatchWithAccessKey" },
        { { .action = "CreateTaskFlow",
            .nonce = "9",
            .key = "temporary",
            .token = OWN_TOKEN,
            .name = "DagName",
            .value = "b" },
          "" },
        { { .action = "CreateTaskFlow", .nonce = "15", .key = "temporary", .token = "short" },
          "InvalidSecurityToken.Malformed" },
        { { .action = "CreateTaskFlow", .nonce = "15", .token = OWN_TOKEN "/" },
          "InvalidSecurityToken.Malformed" },
        { { .action = "CreateTaskFlow", .nonce = "15", .key = "ended", .token = OWN_TOKEN },
          "InvalidSecurityToken.Expired" },
        { { .action = "CreateTaskFlow", .nonce = "15", .key = "ended", .token = OTHER_TOKEN },
          "InvalidSecurityToken.MismatchWithAccessKey" },
        { { .action = "CreateTaskFlow",
            .nonce = "15",
            .key = "temporary",
            .token = OWN_TOKEN,
            .secret = "wrong" },
          "SignatureDoesNotMatch" },
        { { .action = "CreateTaskFlow", .nonce = "1", .secret = "wrong" },
          "SignatureDoesNotMatch" },
        { { .action = "CreateTaskFlow", .nonce = "1" }, "SignatureNonceUsed" },
        { { .action = "CreateTaskFlow", .nonce = "1", .key = "eager" }, "Throttling.User" },
        { { .action = "DeleteUser", .nonce = "10" }, "NoPermission" },
        { { .action = "CreateTaskFlow", .nonce = "11" }, "MissingDagName" },
        { { .action = "CreateTaskFlow", .nonce = "11" }, "SignatureNonceUsed" },
        { { .action = "CreateTaskFlow", .nonce = "12", .name = "DagName", .value = "taken" },
          "NameExisted" },
        { { .action = "CreateTaskFlow", .nonce = "13", .name = "DagName", .value = "broken" },
          "InternalError" },
        { { .action = "ListTaskFlow", .nonce = "14" }, "NotSupportYet" },
    };
    struct api *api = api_for_test();
    handled = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *code = try_call(api, cases[i].wish);
        g_test_message("%zu %s", i, cases[i].wish.action);
        g_assert_cmpstr(code, ==, cases[i].code);
    }
    g_assert_cmpuint(handled, ==, 4);
    api_free(api);
}

static unsigned strangers;
static unsigned guesses;

static bool count_stranger(void *ctx, const char *peer, bool is_guess, int64_t *ret_retry_ms) {
    g_assert_cmpstr(peer, ==, "test");
    strangers++;
    guesses += is_guess;
    *ret_retry_ms = 300;
    return ctx == NULL;
}

static struct api *api_with_strangers(void *refuses) {
    static int owner;
    return api_new(&(struct api_options){ .now_ms = clock_now,
                                          .key_find = find_key,
                                          .key_ctx = &owner,
                                          .permit = permit,
                                          .admit = admit,
                                          .handlers = handlers_for_test(),
                                          .admit_stranger = count_stranger,
                                          .admit_stranger_ctx = refuses });
}

static void only_what_no_signature_vouches_for_counts_against_the_peer(void) {
    struct api *api = api_with_strangers(NULL);
    static const struct wish wishes[] = {
        { .action = "CreateTaskFlow", .nonce = "1", .key = "unknown" },
        { .action = "CreateTaskFlow", .nonce = "2", .secret = "wrong" },
        { .action = "CreateTaskFlow", .nonce = "3", .key = "temporary", .token = "other" },
        { .action = "NoSuchThing", .nonce = "4" },
        { .action = "DeleteUser", .nonce = "5" },
        { .action = "DeleteUser", .nonce = "5" }, // what anybody could have overheard
        { .action = "CreateTaskFlow", .nonce = "6" },
        { .action = "CreateTaskFlow", .nonce = "7", .key = "eager" },
    };
    strangers = 0;
    guesses = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(wishes); i++) {
        g_autofree char *code = try_call(api, wishes[i]);
        g_assert_cmpstr(code, !=, "");
    }
    g_assert_cmpuint(strangers, ==, 5);
    g_assert_cmpuint(guesses, ==, 3);
    api_free(api);
}

// Whatever an address has done: who forges requests from it can not stop who signs there.
static void a_good_signature_is_not_held_to_what_its_address_did(void) {
    int refuses = 0;
    struct api *api = api_with_strangers(&refuses);
    static const struct {
        struct wish wish;
        const char *code;
    } cases[] = {
        { { .action = "CreateTaskFlow", .nonce = "1", .secret = "wrong" }, "Throttling" },
        { { .action = "CreateTaskFlow", .nonce = "2", .key = "unknown" }, "Throttling" },
        { { .action = "NoSuchThing", .nonce = "3" }, "Throttling" },
        { { .action = "CreateTaskFlow", .nonce = "4", .name = "DagName", .value = "a" }, "" },
        { { .action = "CreateTaskFlow", .nonce = "4", .name = "DagName", .value = "a" },
          "Throttling" },
        { { .action = "DeleteUser", .nonce = "5" }, "NoPermission" },
        { { .action = "CreateTaskFlow", .nonce = "6", .key = "eager" }, "Throttling.User" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *code = try_call(api, cases[i].wish);
        g_test_message("%zu %s", i, cases[i].wish.action);
        g_assert_cmpstr(code, ==, cases[i].code);
    }
    api_free(api);
}

static int allowed_count;

static bool admit_some(void *ctx, const char *id, const struct operation *operation,
                       int64_t *ret_retry_after_ms) {
    *ret_retry_after_ms = 300;
    return allowed_count-- > 0;
}

// A throttled request was not taken: it uses no nonce, and a repetition takes none of the key's tokens.
static void the_limit_of_a_key_comes_before_its_nonces(void) {
    static int owner;
    struct api *api = api_new(&(struct api_options){ .now_ms = clock_now,
                                                     .key_find = find_key,
                                                     .key_ctx = &owner,
                                                     .permit = permit,
                                                     .admit = admit_some,
                                                     .handlers = handlers_for_test() });
    allowed_count = 1;
    static const char *const codes[] = { "NoPermission", "SignatureNonceUsed",
                                         "SignatureNonceUsed" };
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autofree char *code =
            try_call(api, (struct wish){ .action = "DeleteUser", .nonce = "1" });
        g_assert_cmpstr(code, ==, codes[i]);
    }
    g_assert_cmpint(allowed_count, ==, 0);
    for (int i = 0; i < 100; i++) {
        g_autofree char *nonce = g_strdup_printf("throttled %d", i);
        g_autofree char *code =
            try_call(api, (struct wish){ .action = "DeleteUser", .nonce = nonce });
        g_assert_cmpstr(code, ==, "Throttling.User");
    }
    g_assert_cmpuint(nonce_store_count(api_nonces(api)), ==, 1);
    allowed_count = 1;
    g_autofree char *code =
        try_call(api, (struct wish){ .action = "DeleteUser", .nonce = "throttled 7" });
    g_assert_cmpstr(code, ==, "NoPermission");
    api_free(api);
}

static int64_t set_back_ms;

static int64_t clock_set_back(void *ctx) {
    return NOW - set_back_ms;
}

static int64_t uptime_of_test(void *ctx) {
    return *(const int64_t *)ctx;
}

// The clock goes back by hours: what is signed with the present time is taken at once, and what was taken is not taken again.
static void a_clock_that_was_set_back_refuses_nothing_new(void) {
    static int owner;
    int64_t uptime_ms = 1000;
    struct api *api = api_new(&(struct api_options){ .now_ms = clock_set_back,
                                                     .clock_ctx = &uptime_ms,
                                                     .uptime_ms = uptime_of_test,
                                                     .key_find = find_key,
                                                     .key_ctx = &owner,
                                                     .permit = permit,
                                                     .handlers = handlers_for_test() });
    const struct wish old = { .action = "DeleteUser", .nonce = "old" };
    set_back_ms = 0;
    g_autofree char *first = try_call(api, old);
    g_assert_cmpstr(first, ==, "NoPermission");
    for (int hours = 1; hours <= 20; hours++) {
        uptime_ms += INT64_C(60) * 60 * 1000;
        set_back_ms = INT64_C(3600000) * hours;
        g_autofree char *nonce = g_strdup_printf("back %d", hours);
        g_autofree char *code = try_call(
            api,
            (struct wish){ .action = "DeleteUser", .nonce = nonce, .late_ms = set_back_ms + 1000 });
        g_assert_cmpstr(code, ==, "NoPermission");
    }
    set_back_ms = 0; // the old time comes again
    g_autofree char *again = try_call(api, old);
    g_assert_cmpstr(again, ==, "SignatureNonceUsed");
    api_free(api);
}

static void a_host_list_binds_signed_requests_to_its_names(void) {
    static int owner;
    static const char *const others[] = { "api.example.org", NULL };
    static const char *const ours[] = { "api.example.org", "H", NULL };
    for (int i = 0; i < 2; i++) {
        struct api *api = api_new(&(struct api_options){ .now_ms = clock_now,
                                                         .key_find = find_key,
                                                         .key_ctx = &owner,
                                                         .permit = permit,
                                                         .handlers = handlers_for_test(),
                                                         .hosts = i == 0 ? others : ours });
        g_autofree char *unsigned_code =
            try_call(api, (struct wish){ .action = "CreateTaskFlow", .nonce = "1", .secret = "x" });
        g_assert_cmpstr(unsigned_code, ==, "SignatureDoesNotMatch");
        g_autofree char *code =
            try_call(api, (struct wish){ .action = "CreateTaskFlow", .nonce = "2" });
        g_assert_cmpstr(code, ==, i == 0 ? "InvalidHost" : "MissingDagName");
        api_free(api);
    }
}

static void a_quick_request_is_known_by_the_action_that_counts(void) {
    static const struct {
        const char *target;
        const char *action;
        const char *authorization;
        bool is_quick;
    } rows[] = {
        { "/?Action=ListUsers", NULL, NULL, true },
        { "/?Action=DeleteUser", NULL, NULL, false },
        { "/", "ListUsers", "ACS3-HMAC-SHA256 Credential=k", true },
        { "/?Action=ListUsers", "DeleteUser", "ACS3-HMAC-SHA256 Credential=k", false },
        { "/", "ListUsers", NULL, false }, // the action stands in the body
        { "/?Action=NoSuchThing", NULL, NULL, false },
        { "/?Action=GetTaskFlowGraph", NULL, NULL, false }, // waits for a seat, perhaps
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct api_header headers[2];
        size_t count = 0;
        if (rows[i].action != NULL) {
            headers[count++] = (struct api_header){ "x-acs-action", rows[i].action };
        }
        if (rows[i].authorization != NULL) {
            headers[count++] = (struct api_header){ "authorization", rows[i].authorization };
        }
        struct api_request request = { .method = "POST",
                                       .target = rows[i].target,
                                       .headers = headers,
                                       .header_count = count,
                                       .peer = "test" };
        g_assert_true(api_request_is_quick(&request) == rows[i].is_quick);
    }
}

static void the_older_signature_can_be_switched_off(void) {
    struct api *api = api_new(&(struct api_options){ .key_find = find_key, .refuses_v1 = true });
    struct api_request request = {
        .method = "GET",
        .target = "/?Action=GetTaskFlowGraph&Version=2018-11-01&AccessKeyId=k&Signature=YQ%3D%3D"
                  "&SignatureNonce=1&Timestamp=2024-05-06T07%3A08%3A09Z&Format=JSON",
        .peer = "test",
    };
    struct api_reply reply;
    api_handle(api, &request, &reply);
    g_assert_cmpint(reply.http, ==, 400);
    g_assert_cmpstr(reply.code, ==, "InvalidSignatureMethod");
    api_reply_done(&reply);
    api_free(api);
}

static void an_unsigned_request_gets_the_right_code_and_form(void) {
    static const struct {
        const char *target;
        const char *code;
        const char *content_type;
    } cases[] = {
        { "/", "InvalidAction.NotFound", "text/xml;charset=utf-8" },
        { "/?Action=CreateTaskFlow", "MissingVersion", "text/xml;charset=utf-8" },
        { "/?Action=CreateTaskFlow&Version=2014-01-01&Format=json", "InvalidVersion",
          "application/json;charset=utf-8" },
        { "/?Version=2018-11-01", "InvalidAction.NotFound", "text/xml;charset=utf-8" },
        { "/?Action=CreateTaskFlow&Version=2018-11-01", "MissingAccessKeyId",
          "text/xml;charset=utf-8" },
        { "/?Action=DeleteInstance&Version=2018-11-01", "UnsupportedHTTPMethod",
          "text/xml;charset=utf-8" },
        { "/?Format=JSON&x=%", "InvalidParameter", "application/json;charset=utf-8" },
    };
    struct api *api = api_for_test();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct api_request request = { .method = "GET", .target = cases[i].target };
        struct api_reply reply;
        api_handle(api, &request, &reply);
        g_test_message("%s: %s", cases[i].target, reply.body);
        g_assert_cmpstr(reply.code, ==, cases[i].code);
        g_assert_cmpstr(reply.content_type, ==, cases[i].content_type);
        g_assert_null(reply.access_key_id);
        api_reply_done(&reply);
    }
    api_free(api);
}

static void limits_can_look_at_the_action_before_the_body(void) {
    static const struct api_header header = { "X-Acs-Action", "UpdateTaskContentV2" };
    struct api_request named = { .target = "/", .headers = &header, .header_count = 1 };
    struct api_request queried = { .target = "/?a=b&Action=UpdateTaskContentV2" };
    struct api_request other = { .target = "/?Action=UpdateTaskContent" };
    struct api_request unknown = { .target = "/?Action=NoSuchAction" };
    g_assert_true(api_request_is_large(&named));
    g_assert_true(api_request_is_large(&queried));
    g_assert_false(api_request_is_large(&other));
    g_assert_false(api_request_is_large(&unknown));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/api/checks_come_in_their_order", checks_come_in_their_order);
    g_test_add_func("/api/an_unsigned_request_gets_the_right_code_and_form",
                    an_unsigned_request_gets_the_right_code_and_form);
    g_test_add_func("/api/only_what_no_signature_vouches_for_counts_against_the_peer",
                    only_what_no_signature_vouches_for_counts_against_the_peer);
    g_test_add_func("/api/a_good_signature_is_not_held_to_what_its_address_did",
                    a_good_signature_is_not_held_to_what_its_address_did);
    g_test_add_func("/api/the_limit_of_a_key_comes_before_its_nonces",
                    the_limit_of_a_key_comes_before_its_nonces);
    g_test_add_func("/api/a_clock_that_was_set_back_refuses_nothing_new",
                    a_clock_that_was_set_back_refuses_nothing_new);
    g_test_add_func("/api/a_host_list_binds_signed_requests_to_its_names",
                    a_host_list_binds_signed_requests_to_its_names);
    g_test_add_func("/api/the_older_signature_can_be_switched_off",
                    the_older_signature_can_be_switched_off);
    g_test_add_func("/api/a_quick_request_is_known_by_the_action_that_counts",
                    a_quick_request_is_known_by_the_action_that_counts);
    g_test_add_func("/api/limits_can_look_at_the_action_before_the_body",
                    limits_can_look_at_the_action_before_the_body);
    return g_test_run();
}
