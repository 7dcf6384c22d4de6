// SPDX-License-Identifier: Apache-2.0
//
// framing: is it certain where a request begins and ends? What two parties could read differently is refused (request smuggling).
// Pure; any thread.
#pragma once

#include "web/http.h"

#include <stdbool.h>
#include <stdint.h>

struct framing {
    bool has_length; // Content-Length was sent
    uint64_t length;
    bool is_chunked;
    bool expects_continue;
};

// Checks sizes, Host, Content-Length and Transfer-Encoding. HTTP_ACCEPTED sets ret_framing.
enum http_refusal framing_check(const struct api_request *request, bool is_http11,
                                struct framing *ret_framing);
