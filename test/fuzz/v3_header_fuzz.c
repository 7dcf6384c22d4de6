// SPDX-License-Identifier: Apache-2.0
// folder: api/wire
//
// Any Authorization header is read or refused; what is read can be verified without harm and does not verify by accident.
#include "api/wire/sign.h"

#include <glib.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *text = g_strndup((const char *)data, size);
    const struct api_header headers[] = { { "authorization", text },
                                          { "host", "h" },
                                          { "x-acs-action", "ListTaskFlow" },
                                          { "x-acs-version", "2018-11-01" },
                                          { "x-acs-date", text },
                                          { "x-acs-signature-nonce", "n" },
                                          { "x-acs-content-sha256", "c" } };
    struct api_request request = { .method = "GET",
                                   .target = "/?Tid=1",
                                   .headers = headers,
                                   .header_count = G_N_ELEMENTS(headers) };
    struct params *params = NULL;
    struct wire_error error = { 0 };
    g_assert_true(params_parse(&request, &params, &error));
    struct sign_claim claim;
    sign_claim_detect(&request, params, &claim);
    int64_t timestamp_ms;
    if (sign_claim_read(&request, params, &claim, &error)) {
        (void)sign_time_check(&claim, 0, SIGN_WINDOW_DEFAULT_MS, &timestamp_ms, &error);
        g_assert_false(sign_verify(&request, params, &claim, "secret", false, &error));
    }
    g_assert_cmpint(error.http, >=, 400);
    wire_error_done(&error);
    sign_claim_done(&claim);
    params_free(params);
    return 0;
}
