// SPDX-License-Identifier: Apache-2.0
//
// request: one request as the transport hands it over: plain values, nothing decoded.
//
// The memory belongs to the transport and outlives the call that handles the request. Values only; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct api_header {
    const char *name;  // as sent; compare without regard to case
    const char *value; // as sent, surrounding blanks removed
};

struct api_request;

// What a call may ask about the client that it answers. Any thread that handles the call.
struct api_client {
    // Nobody reads the answer any more: the client has ended its side of the connection, or the connection is broken.
    bool (*has_left)(const struct api_request *request);
    // Bytes of replies under this access key that wait to be read, by clients that do read.
    size_t (*unread_bytes)(const struct api_request *request, const char *access_key_id);
};

struct api_request {
    const char *method;               // "GET", "POST"
    const char *target;               // request target as sent: path, and the query behind '?'
    const struct api_header *headers; // in wire order; a name may come more than once
    size_t header_count;
    const char *body; // chunk framing removed, otherwise as sent; may hold NUL; NULL when empty
    size_t body_len;
    const char *peer;                // for the log
    const struct api_client *client; // NULL: nothing is known of it
};

// The first header of that name, or NULL.
static inline const char *api_request_header(const struct api_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0) {
            return request->headers[i].value;
        }
    }
    return NULL;
}

// How often a header of that name was sent.
static inline size_t api_request_header_count(const struct api_request *request, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        count += strcasecmp(request->headers[i].name, name) == 0;
    }
    return count;
}
