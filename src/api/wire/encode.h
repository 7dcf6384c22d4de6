// SPDX-License-Identifier: Apache-2.0
//
// encode: one reply tree, two writers (protocol.md §9). Replies are never compressed.
//
// Pure; any thread. All returned texts are NUL-terminated and freed by the caller.
#pragma once

#include "api/wire/operation.h"
#include "api/wire/wire_error.h"

#include <jansson.h>

enum reply_format { FORMAT_JSON, FORMAT_XML };

// §9.1: the Format parameter (any case) before the Accept header; XML when neither decides. Either may be NULL.
enum reply_format reply_format_choose(const char *format, const char *accept);

// Exactly `application/json;charset=utf-8` or `text/xml;charset=utf-8`.
const char *reply_content_type(enum reply_format format);

// {RequestId, Success}: what every success reply begins with. Success is the text "true" where the model says so.
json_t *reply_new(const struct operation *operation, const char *request_id);

// The success reply. XML has the root element `ActionResponse`; lists are repeated elements.
char *encode_success(enum reply_format format, const struct operation *operation,
                     const json_t *reply, size_t *ret_len);

// The failure reply of §9.5. `host` is the host the caller used.
char *encode_failure(enum reply_format format, const struct wire_error *error,
                     const char *request_id, const char *host, size_t *ret_len);
