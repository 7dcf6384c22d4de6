// SPDX-License-Identifier: Apache-2.0
//
// cli_http: one HTTP request at a time. The only room that includes libcurl.
//
// Not for: what is in a request. Connections are kept between requests. One thread.
#pragma once

#include <glib.h>
#include <stdbool.h>

enum {
    CLI_HTTP_CONNECT_TIMEOUT_MS = 5000,
    CLI_HTTP_TIMEOUT_MS = 60000,
    CLI_HTTP_REPLY_BYTES_MAX = 64 * 1024 * 1024,
};

struct cli_http;

// ca_file: certificates to trust for https, NULL: the system's. Copied.
struct cli_http *cli_http_new(const char *ca_file);
void cli_http_free(struct cli_http *http);

// Sends a POST with these header lines ("Name: value", NULL-ended) and gives status and body (UTF-8 or not, ends in NUL; the caller
// frees it). FAULT_UNAVAILABLE: not sent; FAULT_TOKEN_OPEN: sent, and no complete answer came. The text names the address and what would
// help.
bool cli_http_post(struct cli_http *http, const char *url, char *const *headers, const char *body,
                   int *ret_status, char **ret_body, GError **error);
