// SPDX-License-Identifier: Apache-2.0
// folder: api/wire
//
// Whatever a request of the older signature generation says of itself is read or refused, and does not verify by accident. The input's first
// byte chooses the place (query, form or both), the rest is the text of the parameters; a signature is added when there is none.
#include "api/wire/sign.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

enum { PLACE_QUERY, PLACE_FORM, PLACE_BOTH, PLACE_COUNT };

static const char SYSTEM[] = "Action=ListTaskFlow&Version=2018-11-01&AccessKeyId=k&SignatureNonce=n"
                             "&Timestamp=2024-05-06T07:08:09Z&Signature=AAAA";

static void verify(const struct api_request *request, const struct params *params) {
    struct wire_error error = { 0 };
    struct sign_claim claim;
    int64_t timestamp_ms = 0;
    sign_claim_detect(request, params, &claim);
    if (sign_claim_read(request, params, &claim, &error)) {
        (void)sign_time_check(&claim, 1714979289000, SIGN_WINDOW_DEFAULT_MS, &timestamp_ms, &error);
        wire_error_done(&error);
        error = (struct wire_error){ 0 };
        g_assert_false(sign_verify(request, params, &claim, "a-secret", false, &error));
    }
    g_assert_cmpint(error.http, >=, 400);
    g_autofree char *string = sign_string_v1(request->method, params);
    g_autofree char *again = sign_string_v1(request->method, params);
    g_assert_cmpstr(string, ==, again);
    wire_error_done(&error);
    sign_claim_done(&claim);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    int place = data[0] % PLACE_COUNT;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
    bool is_signed = strstr(text, "Signature=") != NULL;
    g_autofree char *all = g_strconcat(text, is_signed ? "" : "&", is_signed ? "" : SYSTEM, NULL);
    g_autofree char *target = g_strconcat("/?", place == PLACE_FORM ? "" : all, NULL);
    const char *body = place == PLACE_QUERY ? "" : place == PLACE_FORM ? all : "More=1";
    const struct api_header headers[] = { { "host", "h" },
                                          { "content-type", "application/x-www-form-urlencoded" } };
    struct api_request request = { .method = place == PLACE_QUERY ? "GET" : "POST",
                                   .target = target,
                                   .headers = headers,
                                   .header_count = G_N_ELEMENTS(headers),
                                   .body = body,
                                   .body_len = strlen(body) };
    struct params *params = NULL;
    struct wire_error error = { 0 };
    if (params_parse(&request, &params, &error)) {
        verify(&request, params);
        params_free(params);
    } else {
        g_assert_cmpint(error.http, ==, 400);
    }
    wire_error_done(&error);
    return 0;
}
