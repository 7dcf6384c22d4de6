// SPDX-License-Identifier: Apache-2.0
// folder: api/wire
//
// A query and a form body of any bytes: parsed or refused, and what was parsed keeps its promises.
#include "api/wire/args.h"
#include "api/wire/decode.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

// The first line feed parts target and body.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct api_header header = { "content-type", "application/x-www-form-urlencoded" };
    const uint8_t *cut = memchr(data, '\n', size);
    size_t target_len = cut == NULL ? size : (size_t)(cut - data);
    g_autofree char *query = g_strndup((const char *)data, target_len);
    g_autofree char *target = g_strconcat("/?", query, NULL);
    struct api_request request = { .method = "POST",
                                   .target = target,
                                   .headers = &header,
                                   .header_count = 1,
                                   .body = cut == NULL ? NULL : (const char *)cut + 1,
                                   .body_len = cut == NULL ? 0 : size - target_len - 1 };
    struct params *params = NULL;
    struct wire_error error = { 0 };
    if (!params_parse(&request, &params, &error)) {
        g_assert_cmpint(error.http, ==, 400);
        wire_error_done(&error);
        return 0;
    }
    const struct param_pair *const *sorted = params_sorted(params);
    for (size_t i = 0; i < params_count(params); i++) {
        g_assert_true(g_utf8_validate(sorted[i]->value, (gssize)sorted[i]->value_len, NULL));
        g_assert_cmpuint(strlen(sorted[i]->name), ==, sorted[i]->name_len);
        g_assert_true(i == 0 || strcmp(sorted[i - 1]->name, sorted[i]->name) < 0);
    }
    for (size_t i = 0; i < operation_count; i += 7) {
        struct args *args = NULL;
        struct warnings warnings = { 0 };
        warnings_add_params(&warnings, &operation_table[i], params);
        if (args_new(&operation_table[i], params, &warnings, &args, &error)) {
            g_free(args_digest(args));
            args_free(args);
        }
        warnings_done(&warnings);
        wire_error_done(&error);
    }
    params_free(params);
    return 0;
}
