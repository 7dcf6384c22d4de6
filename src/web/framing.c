// SPDX-License-Identifier: Apache-2.0
//
// framing: the rules that keep one request one request. The HTTP library lets repeated and contradictory length headers through and
// picks one; a proxy in front may pick the other, so none is picked here.
#include "web/framing.h"

#include <glib.h>
#include <string.h>

static bool read_length(const char *text, uint64_t *ret_length) {
    size_t len = strlen(text);
    if (len == 0 || len > 18 || strspn(text, G_CSET_DIGITS) != len) {
        return false;
    }
    *ret_length = g_ascii_strtoull(text, NULL, 10);
    return true;
}

static bool are_headers_small(const struct api_request *request) {
    size_t bytes = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        bytes += strlen(request->headers[i].name) + strlen(request->headers[i].value) + 4;
    }
    return request->header_count <= HTTP_HEADERS_MAX && bytes <= HTTP_HEADER_BYTES_MAX;
}

static bool has_control_bytes(const char *text) {
    for (const char *at = text; *at != 0; at++) {
        if ((unsigned char)*at < 0x20 && *at != '\t') {
            return true;
        }
    }
    return false;
}

static bool are_headers_clean(const struct api_request *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = request->headers[i].name;
        if (name[0] == 0 || strpbrk(name, " \t:") != NULL || has_control_bytes(name) ||
            has_control_bytes(request->headers[i].value)) {
            return false;
        }
    }
    return true;
}

enum http_refusal framing_check(const struct api_request *request, bool is_http11,
                                struct framing *ret_framing) {
    if (strlen(request->target) > HTTP_TARGET_BYTES_MAX) {
        return HTTP_TARGET_TOO_LONG;
    }
    if (!are_headers_small(request)) {
        return HTTP_HEADERS_TOO_LARGE;
    }
    size_t hosts = api_request_header_count(request, "host");
    size_t lengths = api_request_header_count(request, "content-length");
    size_t codings = api_request_header_count(request, "transfer-encoding");
    if (strchr(request->target, ' ') != NULL || has_control_bytes(request->target) ||
        !are_headers_clean(request) || hosts > 1 || (is_http11 && hosts == 0) ||
        lengths + codings > 1) {
        return HTTP_MALFORMED;
    }
    struct framing framing = { .has_length = lengths == 1 };
    if (lengths == 1 &&
        !read_length(api_request_header(request, "content-length"), &framing.length)) {
        return HTTP_MALFORMED;
    }
    if (codings == 1) {
        framing.is_chunked =
            strcasecmp(api_request_header(request, "transfer-encoding"), "chunked") == 0;
        if (!framing.is_chunked || !is_http11) {
            return HTTP_MALFORMED;
        }
    }
    framing.expects_continue = api_request_header(request, "expect") != NULL;
    *ret_framing = framing;
    return HTTP_ACCEPTED;
}
