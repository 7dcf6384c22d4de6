// SPDX-License-Identifier: Apache-2.0
//
// framing: is it certain where a request begins and ends? What two parties could read differently is refused (request smuggling).
// Pure; any thread.
#pragma once

#include "api/request.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HTTP_TARGET_BYTES_MAX = 1024 * 1024,
    HTTP_HEADER_BYTES_MAX = 16 * 1024,
    HTTP_HEADERS_MAX = 100,
    HTTP_BODY_BYTES_MAX = 4 * 1024 * 1024,    // unless the gate says otherwise
    HTTP_BODIES_BYTES_MAX = 64 * 1024 * 1024, // of all requests together
};

// What is refused before a handler sees it.
enum http_refusal {
    HTTP_MALFORMED,         // 400
    HTTP_TARGET_TOO_LONG,   // 414
    HTTP_HEADERS_TOO_LARGE, // 431
    HTTP_BODY_TOO_LARGE,    // 413
    HTTP_OVERLOADED,        // 503
    HTTP_ACCEPTED,          // not refused
};

struct framing {
    bool has_length; // Content-Length was sent
    uint64_t length;
    bool is_chunked;
    bool expects_continue;
};

// Checks sizes, Host, Content-Length and Transfer-Encoding. HTTP_ACCEPTED sets ret_framing.
enum http_refusal framing_check(const struct api_request *request, bool is_http11,
                                struct framing *ret_framing);
