// SPDX-License-Identifier: Apache-2.0
//
// routes: which path is answered by whom, and who may ask. One table; every row states its policy; paths match exactly and nothing else is
// served (reliability.md R1). `/` is the API, whose own pipeline authenticates.
//
// Threads: routes_gate and routes_vouch on network threads, routes_handle on workers; immutable after routes_new.
#pragma once

#include "api/api.h"
#include "web/http.h"

#include <stdbool.h>

struct routes_options {
    struct api *api;
    // Why the server is not ready, a sentence that the caller frees; NULL: it is. Must not block. No function: always ready.
    char *(*trouble)(void *ctx);
    // Prometheus text; the caller frees it. Any worker thread. NULL: no such page.
    char *(*metrics)(void *ctx);
    // May this peer send another request now? False: refused as throttled, for the time that is given. Must not block. NULL: always.
    bool (*admit)(void *ctx, const char *peer, int64_t *ret_retry_ms);
    void *admit_ctx;
    const char *metrics_token; // asked for as `Authorization: Bearer …`; NULL: open (loopback only)
    void *ctx;
};

struct routes;

struct routes *routes_new(const struct routes_options *options);
void routes_free(struct routes *routes);

// The callbacks for http_options; ctx is the struct routes.
bool routes_gate(void *ctx, const struct api_request *request, size_t *ret_body_bytes_max,
                 struct http_reply *reply);
void routes_handle(void *ctx, const struct api_request *request, struct http_reply *reply);
char *routes_vouch(void *ctx, const struct api_request *request);
bool routes_is_quick(void *ctx, const struct api_request *request);
void routes_refuse(void *ctx, const struct api_request *request, enum http_refusal refusal,
                   struct http_reply *reply);
