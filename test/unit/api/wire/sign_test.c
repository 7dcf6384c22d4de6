// SPDX-License-Identifier: Apache-2.0
//
// Every captured request of spec/vectors.json is verified with its own clock and key, strings to sign byte for byte; the changed
// ones are refused with the server's own strings.
#include "api/wire/sign.h"

#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct wire {
    struct api_request request;
    struct api_header headers[64];
    char *trimmed[64];
};

static json_t *load_vectors(void) {
    const char *source = g_getenv("SLUICE_SOURCE");
    g_assert_nonnull(source);
    g_autofree char *path = g_build_filename(source, "spec", "vectors.json", NULL);
    json_error_t where;
    json_t *vectors = json_load_file(path, 0, &where);
    g_assert_nonnull(vectors);
    return vectors;
}

static const char *text_of(const json_t *object, const char *name) {
    return json_string_value(json_object_get(object, name));
}

static void wire_init(struct wire *wire, const json_t *request) {
    const json_t *headers = json_object_get(request, "headers");
    *wire = (struct wire){ 0 };
    g_assert_cmpuint(json_array_size(headers), <=, G_N_ELEMENTS(wire->headers));
    for (size_t i = 0; i < json_array_size(headers); i++) {
        const json_t *pair = json_array_get(headers, i);
        wire->headers[i] = (struct api_header){ json_string_value(json_array_get(pair, 0)),
                                                json_string_value(json_array_get(pair, 1)) };
    }
    wire->request = (struct api_request){ .method = text_of(request, "method"),
                                          .target = text_of(request, "target"),
                                          .headers = wire->headers,
                                          .header_count = json_array_size(headers),
                                          .body = text_of(request, "body"),
                                          .body_len = strlen(text_of(request, "body")) };
}

static void check_pairs(const json_t *expected, const struct params *params, bool is_form) {
    size_t found = 0;
    for (size_t i = 0; i < params_count(params); i++) {
        const struct param_pair *pair = params_at(params, i);
        if (pair->is_form != is_form) {
            continue;
        }
        const json_t *want = json_array_get(expected, found++);
        g_assert_cmpstr(pair->name, ==, json_string_value(json_array_get(want, 0)));
        g_assert_cmpstr(pair->value, ==, json_string_value(json_array_get(want, 1)));
    }
    g_assert_cmpuint(found, ==, json_array_size(expected));
}

static void check_strings(const json_t *vector, const struct wire *wire,
                          const struct params *params, const struct sign_claim *claim) {
    if (claim->generation == SIGN_V1) {
        g_autofree char *string = sign_string_v1(wire->request.method, params);
        g_assert_cmpstr(string, ==, text_of(vector, "string_to_sign"));
        return;
    }
    g_autofree char *canonical = sign_canonical_v3(&wire->request, params, claim->signed_headers);
    g_assert_cmpstr(canonical, ==, text_of(vector, "canonical_request"));
    g_autofree char *string = sign_string_v3(canonical);
    g_assert_cmpstr(string, ==, text_of(vector, "string_to_sign"));
}

static void check_vector(const json_t *vector) {
    g_test_message("%s", text_of(vector, "id"));
    struct wire wire;
    wire_init(&wire, json_object_get(vector, "request"));
    struct wire_error error = { 0 };
    struct params *params = NULL;
    g_assert_true(params_parse(&wire.request, &params, &error));
    bool is_json = g_strcmp0(text_of(vector, "id"), "v3-openapiclient-post-json") == 0;
    check_pairs(json_object_get(json_object_get(vector, "decoded"), "query"), params, false);
    if (!is_json) {
        check_pairs(json_object_get(json_object_get(vector, "decoded"), "form"), params, true);
    }
    struct sign_claim claim;
    sign_claim_detect(&wire.request, params, &claim);
    g_assert_cmpint(claim.generation, ==,
                    strcmp(text_of(vector, "generation"), "v1") == 0 ? SIGN_V1 : SIGN_V3);
    g_assert_cmpstr(claim.action, ==, text_of(vector, "action"));
    g_assert_cmpstr(claim.version, ==, "2018-11-01");
    g_assert_true(sign_claim_read(&wire.request, params, &claim, &error));
    g_assert_cmpstr(claim.nonce, ==, text_of(vector, "nonce"));
    g_assert_cmpstr(claim.security_token, ==, text_of(vector, "security_token"));
    int64_t timestamp_ms = 0;
    int64_t now_ms = 0;
    g_assert_true(sign_time_parse(text_of(vector, "timestamp"), &now_ms));
    g_assert_true(sign_time_check(&claim, now_ms, SIGN_WINDOW_DEFAULT_MS, &timestamp_ms, &error));
    g_assert_cmpint(timestamp_ms, ==, now_ms);
    check_strings(vector, &wire, params, &claim);
    g_assert_cmpstr(claim.signature, ==, text_of(vector, "signature"));
    const char *secret = "testsecret";
    g_assert_true(sign_verify(&wire.request, params, &claim, secret, false, &error));
    g_assert_false(sign_verify(&wire.request, params, &claim, "another", false, &error));
    g_assert_cmpstr(error.code, ==, "SignatureDoesNotMatch");
    wire_error_done(&error);
    sign_claim_done(&claim);
    params_free(params);
}

static void every_captured_request_verifies(void) {
    json_t *vectors = load_vectors();
    const json_t *list = json_object_get(vectors, "vectors");
    g_assert_cmpuint(json_array_size(list), ==, 54);
    for (size_t i = 0; i < json_array_size(list); i++) {
        check_vector(json_array_get(list, i));
    }
    json_decref(vectors);
}

static void every_changed_request_is_refused_with_our_string(void) {
    json_t *vectors = load_vectors();
    const json_t *list = json_object_get(vectors, "negative");
    g_assert_cmpuint(json_array_size(list), ==, 13);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        const json_t *expect = json_object_get(vector, "expect");
        g_test_message("%s", text_of(vector, "id"));
        struct wire wire;
        wire_init(&wire, json_object_get(vector, "request"));
        struct wire_error error = { 0 };
        struct params *params = NULL;
        struct sign_claim claim;
        g_assert_true(params_parse(&wire.request, &params, &error));
        sign_claim_detect(&wire.request, params, &claim);
        g_assert_true(sign_claim_read(&wire.request, params, &claim, &error));
        g_assert_false(sign_verify(&wire.request, params, &claim, text_of(vector, "server_secret"),
                                   false, &error));
        g_assert_cmpint(error.http, ==, 400);
        g_assert_cmpstr(error.code, ==, text_of(expect, "code"));
        g_autofree char *message =
            claim.generation == SIGN_V1
                ? g_strdup_printf("Specified signature is not matched with our calculation. server "
                                  "string to sign is:%s",
                                  text_of(expect, "server_string_to_sign"))
                : g_strdup_printf("Specified signature does not match our calculation. server "
                                  "StringToSign is [%s] "
                                  "server CanonicalRequest is [%s]",
                                  text_of(expect, "server_string_to_sign"),
                                  text_of(expect, "server_canonical_request"));
        g_assert_cmpstr(error.message, ==, message);
        wire_error_done(&error);
        sign_claim_done(&claim);
        params_free(params);
    }
    json_decref(vectors);
}

static void an_unsigned_request_misses_its_key(void) {
    json_t *vectors = load_vectors();
    const json_t *list = json_object_get(vectors, "unsigned");
    g_assert_cmpuint(json_array_size(list), ==, 6);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct wire wire;
        wire_init(&wire, json_object_get(json_array_get(list, i), "request"));
        struct wire_error error = { 0 };
        struct params *params = NULL;
        struct sign_claim claim;
        g_assert_true(params_parse(&wire.request, &params, &error));
        sign_claim_detect(&wire.request, params, &claim);
        g_assert_cmpstr(claim.action, ==, "ListTaskFlow");
        g_assert_cmpstr(claim.version, ==, "2018-11-01");
        bool is_bearer = g_str_has_prefix(text_of(json_array_get(list, i), "id"), "bearer");
        g_assert_cmpint(claim.generation, ==, is_bearer ? SIGN_BEARER : SIGN_ANONYMOUS);
        g_assert_false(sign_claim_read(&wire.request, params, &claim, &error));
        g_assert_cmpstr(error.code, ==, "MissingAccessKeyId");
        g_assert_cmpint(error.http, ==, 400);
        wire_error_done(&error);
        sign_claim_done(&claim);
        params_free(params);
    }
    json_decref(vectors);
}

// Reads the claim of a hand-made request; returns the refusal's code, "" when there is none.
static char *claim_code(const struct api_header *headers, size_t header_count, const char *target) {
    struct api_request request = {
        .method = "POST", .target = target, .headers = headers, .header_count = header_count
    };
    struct wire_error error = { 0 };
    struct params *params = NULL;
    struct sign_claim claim;
    g_assert_true(params_parse(&request, &params, &error));
    sign_claim_detect(&request, params, &claim);
    bool is_read = sign_claim_read(&request, params, &claim, &error);
    char *code = g_strdup(is_read ? "" : error.code);
    wire_error_done(&error);
    sign_claim_done(&claim);
    params_free(params);
    return code;
}

#define V1 "/?Action=A&Version=2018-11-01&AccessKeyId=k&Signature=c2ln&Timestamp=t&SignatureNonce=n"

static void values_are_asked_for_by_name(void) {
    static const struct {
        const char *target;
        const char *code;
    } cases[] = {
        { V1, "" },
        { V1 "&SignatureType=", "" },
        { V1 "&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0", "" },
        { V1 "&SignatureMethod=HMAC-SHA256", "InvalidSignatureMethod" },
        { V1 "&SignatureVersion=2.0", "InvalidSignatureMethod" },
        { V1 "&SignatureType=Anonymous", "InvalidSignatureType" },
        { V1 "&SignatureType=BEARERTOKEN", "MissingAccessKeyId" },
        { "/?Signature=c2ln&Timestamp=t&SignatureNonce=n", "MissingAccessKeyId" },
        { "/?AccessKeyId=k&Signature=&Timestamp=t&SignatureNonce=n", "MissingSignature" },
        { "/?AccessKeyId=k&Signature=c&SignatureNonce=n", "MissingTimestamp" },
        { "/?AccessKeyId=k&Signature=c&Timestamp=t", "MissingSignatureNonce" },
        { "/?AccessKeyId=k&Timestamp=t&SignatureNonce=n", "MissingAccessKeyId" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *code = claim_code(NULL, 0, cases[i].target);
        g_assert_cmpstr(code, ==, cases[i].code);
    }
    g_autofree char *nonce = g_strnfill(257, 'n');
    g_autofree char *target =
        g_strconcat("/?AccessKeyId=k&Signature=c&Timestamp=t&SignatureNonce=", nonce, NULL);
    g_autofree char *code = claim_code(NULL, 0, target);
    g_assert_cmpstr(code, ==, "InvalidSignatureNonce");
}

#define SIGNED                                                                                     \
    "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"

static char *v3_code(const char *authorization, const struct api_header *more, const char *target) {
    struct api_header headers[] = {
        { "Authorization", authorization }, { "Host", "h" },       { "x-acs-action", "A" },
        { "x-acs-version", "2018-11-01" },  { "x-acs-date", "t" }, { "x-acs-signature-nonce", "n" },
        { "x-acs-content-sha256", "c" },    { "x-more", "" }
    };
    if (more != NULL) {
        headers[7] = *more;
    }
    return claim_code(headers, G_N_ELEMENTS(headers), target);
}

static void what_the_server_relies_on_must_be_signed_and_sent_once(void) {
    static const struct api_header twice = { "X-Acs-Action", "B" };
    static const struct api_header token = { "x-acs-security-token", "t" };
    static const struct {
        const char *authorization;
        const struct api_header *more;
        const char *target;
        const char *code;
    } cases[] = {
        { "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=" SIGNED ",Signature=0", NULL, "/", "" },
        { "ACS3-HMAC-SHA256 Credential=k, SignedHeaders=" SIGNED ", Signature=0", NULL, "/", "" },
        { "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host;x-acs-action,Signature=0", NULL, "/",
          "IncompleteSignature" },
        { "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=" SIGNED ",Signature=0", &twice, "/",
          "IncompleteSignature" },
        { "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=" SIGNED ",Signature=0", &token, "/",
          "IncompleteSignature" },
        { "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=" SIGNED ";x-acs-security-token,Signature=0",
          &token, "/", "" },
        { "ACS3-HMAC-SHA256 Credential=k,Credential=l,SignedHeaders=" SIGNED ",Signature=0", NULL,
          "/", "IncompleteSignature" },
        { "ACS3-HMAC-SHA256 SignedHeaders=" SIGNED ",Signature=0", NULL, "/",
          "MissingAccessKeyId" },
        { "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=" SIGNED, NULL, "/", "MissingSignature" },
        { "ACS3-HMAC-SHA256", NULL, "/", "MissingAccessKeyId" },
        { "ACS3-HMAC-SM3 Credential=k,SignedHeaders=" SIGNED ",Signature=0", NULL, "/",
          "InvalidSignatureMethod" },
        { "ACS3-RSA-SHA256 Credential=k,SignedHeaders=" SIGNED ",Signature=0", NULL, "/",
          "InvalidSignatureMethod" },
        { "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=" SIGNED ",Signature=0", NULL,
          "/?AccessKeyId=other", "InvalidAccessKeyId" },
        { "ACS3-HMAC-SHA256 Credential=k,SignedHeaders=" SIGNED ",Signature=0", NULL,
          "/?SignatureType=BEARERTOKEN", "InvalidSignatureType" },
        { "Bearer nothing", NULL, "/", "MissingAccessKeyId" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *code = v3_code(cases[i].authorization, cases[i].more, cases[i].target);
        g_test_message("%zu %s", i, cases[i].authorization);
        g_assert_cmpstr(code, ==, cases[i].code);
    }
}

static void a_time_has_exactly_one_form(void) {
    int64_t ms = 0;
    g_assert_true(sign_time_parse("2024-05-06T07:08:09Z", &ms));
    g_assert_cmpint(ms, ==, INT64_C(1714979289000));
    char text[21];
    sign_time_format(ms, text);
    g_assert_cmpstr(text, ==, "2024-05-06T07:08:09Z");
    g_assert_true(sign_time_parse("2024-02-29T00:00:00Z", &ms));
    static const char *const wrong[] = { "",
                                         "2024-05-06T07:08:09",
                                         "2024-05-06T07:08:09z",
                                         "2024-05-06 07:08:09Z",
                                         "2024-05-06T07:08:09.0Z",
                                         "2024-05-06T07:08:09+00:00",
                                         "2023-02-29T00:00:00Z",
                                         "2024-13-01T00:00:00Z",
                                         "2024-05-06T24:00:00Z",
                                         "2024-05-06T07:08:60Z",
                                         " 2024-05-06T07:08:9Z",
                                         "+024-05-06T07:08:09Z" };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_test_message("%s", wrong[i]);
        g_assert_false(sign_time_parse(wrong[i], &ms));
    }
}

static void the_window_is_closed_on_both_sides(void) {
    struct sign_claim claim = { .timestamp = "2024-05-06T07:08:09Z" };
    int64_t at = 0;
    g_assert_true(sign_time_parse(claim.timestamp, &at));
    int64_t window = SIGN_WINDOW_DEFAULT_MS;
    struct wire_error error = { 0 };
    int64_t timestamp_ms;
    g_assert_true(sign_time_check(&claim, at + window, window, &timestamp_ms, &error));
    g_assert_true(sign_time_check(&claim, at - window, window, &timestamp_ms, &error));
    g_assert_false(sign_time_check(&claim, at + window + 1, window, &timestamp_ms, &error));
    g_assert_cmpstr(error.code, ==, "InvalidTimeStamp.Expired");
    g_assert_false(sign_time_check(&claim, at - window - 1, window, &timestamp_ms, &error));
    claim.timestamp = "yesterday";
    g_assert_false(sign_time_check(&claim, at, window, &timestamp_ms, &error));
    g_assert_cmpstr(error.code, ==, "InvalidTimeStamp.Format");
    wire_error_done(&error);
}

static void our_own_signature_verifies(void) {
    static const char *const names[] = { "DagName", "Description", "Tid", NULL };
    static const char *const values[] = { "a b+c*~!'()/é", "", "3001", NULL };
    for (int in_body = 0; in_body <= 1; in_body++) {
        struct sign_call call = { .host = "127.0.0.1:8080",
                                  .action = "CreateTaskFlow",
                                  .names = names,
                                  .values = values,
                                  .puts_in_body = in_body != 0,
                                  .access_key_id = "key",
                                  .secret = "a secret of ours",
                                  .security_token = "token",
                                  .accept = "application/json",
                                  .nonce = "nonce",
                                  .now_ms = INT64_C(1714979289000) };
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
                                       .body = made.body,
                                       .body_len = strlen(made.body) };
        struct wire_error error = { 0 };
        struct params *params = NULL;
        struct sign_claim claim;
        g_assert_true(params_parse(&request, &params, &error));
        g_assert_cmpstr(params_value(params, "DagName"), ==, values[0]);
        sign_claim_detect(&request, params, &claim);
        g_assert_true(sign_claim_read(&request, params, &claim, &error));
        g_assert_true(sign_verify(&request, params, &claim, call.secret, false, &error));
        g_assert_false(sign_verify(&request, params, &claim, "a secret of others", true, &error));
        g_assert_cmpstr(
            error.message, ==,
            "Specified signature does not match our calculation. server StringToSign is ");
        wire_error_done(&error);
        sign_claim_done(&claim);
        params_free(params);
        signed_call_done(&made);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sign/every_captured_request_verifies", every_captured_request_verifies);
    g_test_add_func("/sign/every_changed_request_is_refused_with_our_string",
                    every_changed_request_is_refused_with_our_string);
    g_test_add_func("/sign/an_unsigned_request_misses_its_key", an_unsigned_request_misses_its_key);
    g_test_add_func("/sign/values_are_asked_for_by_name", values_are_asked_for_by_name);
    g_test_add_func("/sign/what_the_server_relies_on_must_be_signed_and_sent_once",
                    what_the_server_relies_on_must_be_signed_and_sent_once);
    g_test_add_func("/sign/a_time_has_exactly_one_form", a_time_has_exactly_one_form);
    g_test_add_func("/sign/the_window_is_closed_on_both_sides", the_window_is_closed_on_both_sides);
    g_test_add_func("/sign/our_own_signature_verifies", our_own_signature_verifies);
    return g_test_run();
}
