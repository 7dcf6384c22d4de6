// SPDX-License-Identifier: Apache-2.0
// folder: api/wire
//
// request: target, form body and Authorization header of any bytes are read or refused, and what was read can be signed.
// The input is cut at line feeds: target, Authorization, Content-Type, body.
#include <assert.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "api/wire/sign.h"

enum { PART_TARGET, PART_AUTHORIZATION, PART_TYPE, PART_BODY, PART_COUNT };

static void sign_what_was_read(const struct api_request *request, const struct params *params) {
    struct wire_error error = { 0 };
    struct sign_claim claim = { 0 };
    sign_claim_detect(request, params, &claim);
    if (sign_claim_read(request, params, &claim, &error)) {
        int64_t timestamp_ms = 0;
        (void)sign_time_check(&claim, 1714979289000, SIGN_WINDOW_DEFAULT_MS, &timestamp_ms, &error);
        wire_error_done(&error);
        error = (struct wire_error){ 0 };
        bool is_signed =
            sign_verify(request, params, &claim, "a-secret-nobody-knows", false, &error);
        assert(is_signed || error.http == 400);
    } else {
        assert(error.http >= 400);
    }
    wire_error_done(&error);
    sign_claim_done(&claim);
    g_autofree char *text = sign_string_v1("POST", params);
    assert(g_str_has_prefix(text, "POST&%2F&"));
    assert(g_utf8_validate(text, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) parts = g_strsplit(text, "\n", PART_COUNT);
    const char *part[PART_COUNT] = { "/", "", "application/x-www-form-urlencoded", "" };
    for (guint i = 0; i < g_strv_length(parts); i++) {
        part[i] = parts[i];
    }
    struct api_header headers[] = {
        { "Host", "127.0.0.1:8080" },
        { "Content-Type", part[PART_TYPE] },
        { "x-acs-action", "ListTaskFlow" },
        { "x-acs-version", "2018-11-01" },
        { "x-acs-date", "2024-05-06T07:08:09Z" },
        { "x-acs-signature-nonce", "nonce" },
        { "x-acs-content-sha256",
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "Authorization", part[PART_AUTHORIZATION] },
    };
    struct api_request request = {
        .method = "POST",
        .target = part[PART_TARGET],
        .headers = headers,
        .header_count = G_N_ELEMENTS(headers) - (part[PART_AUTHORIZATION][0] == '\0'),
        .body = part[PART_BODY],
        .body_len = strlen(part[PART_BODY]),
        .peer = "127.0.0.1",
    };
    struct wire_error error = { 0 };
    struct params *params = NULL;
    if (params_parse(&request, &params, &error)) {
        assert(params_count(params) <= PARAMS_MAX);
        sign_what_was_read(&request, params);
        params_free(params);
    } else {
        assert(error.http == 400);
    }
    wire_error_done(&error);
    return 0;
}
