// SPDX-License-Identifier: Apache-2.0
//
// head: the one judge of heads. Every request on every connection, plain or TLS, is read by it and by nothing else: where does the head
// end, is it certain where the request ends, may it be served? What two parties could read differently is refused (request smuggling).
//
// The verdict depends on the bytes alone, never on the pieces they came in: sizes and line ends are judged from left to right as bytes
// arrive, the rest once the head is complete.
//
// The grammar is RFC 9112's, without what it allows for old programs: lines end with CR LF, no folded lines, no blank before the
// colon. One empty line in front of a request is skipped. Limits: reliability.md, HTTP.
//
// Pure; any thread.
#pragma once

#include "api/wire/request.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_TARGET_BYTES_MAX = 1024 * 1024,
    HTTP_HEADER_BYTES_MAX = 16 * 1024, // all fields with their line ends
    HTTP_HEADERS_MAX = 100,
    HTTP_BODY_BYTES_MAX = 4 * 1024 * 1024, // unless the gate says otherwise
};

// What is refused before a handler sees it.
enum http_refusal {
    HTTP_MALFORMED,         // 400
    HTTP_TARGET_TOO_LONG,   // 414
    HTTP_HEADERS_TOO_LARGE, // 431
    HTTP_BODY_TOO_LARGE,    // 413
    HTTP_VERSION_UNKNOWN,   // 505
    HTTP_OVERLOADED,        // 503
    HTTP_ACCEPTED,          // not refused
};

// How far a head has been looked at. Zeroed for a new one.
struct head_scan {
    size_t at;        // bytes that were looked at
    size_t line_at;   // where the present line begins
    size_t fields_at; // behind the request line; 0: that is not over
    unsigned fields;
};

// Looks on. `bytes` are all of the head so far. HTTP_ACCEPTED sets the length of the whole head, or 0 while its end has not come.
enum http_refusal head_scan(struct head_scan *scan, const char *bytes, size_t len,
                            size_t *ret_head_len);

struct head {
    const char *method; // NULL: not read
    const char *target; // "" while it is not read
    GArray *headers;    // struct api_header; the caller's
    bool is_http11;
    bool keeps; // the client allows another request on this connection
    bool expects_continue;
    bool is_chunked;
    uint64_t length; // of the body; 0 with chunks
    // How often each of them was sent.
    unsigned hosts, lengths, codings;
    bool has_close, has_keep_alive;
};

// Cuts the complete head in `text` into pieces, which stay the text's, and judges it. `head` holds what was read in any case, for the
// form of the refusal; its `headers` come empty from the caller.
enum http_refusal head_read(char *text, size_t head_len, struct head *head);
