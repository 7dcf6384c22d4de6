// SPDX-License-Identifier: Apache-2.0
//
// routes: the table of paths. Refusals of the transport and unknown paths are answered in the API's own error form, so that every client
// understands them.
#include "web/routes.h"

#include "base/crypto.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

enum policy {
    POLICY_SIGNED, // the API's pipeline decides
    POLICY_OPEN,   // says nothing about anybody's data
    POLICY_TOKEN,  // the token of the operator, where one is set
};

enum page { PAGE_API, PAGE_HEALTH, PAGE_READY, PAGE_METRICS };

struct route {
    const char *path;
    enum page page;
    enum policy policy;
};

static const struct route route_table[] = {
    { "/", PAGE_API, POLICY_SIGNED },
    { "/healthz", PAGE_HEALTH, POLICY_OPEN },
    { "/readyz", PAGE_READY, POLICY_OPEN },
    { "/metrics", PAGE_METRICS, POLICY_TOKEN },
};

enum {
    // 16 MiB of content, percent-encoded (reliability.md, HTTP).
    CONTENT_BODY_BYTES_MAX = 50 * 1024 * 1024,
};

struct routes {
    struct routes_options options;
};

struct routes *routes_new(const struct routes_options *options) {
    g_assert(options->api != NULL);
    struct routes *routes = g_new0(struct routes, 1);
    routes->options = *options;
    return routes;
}

void routes_free(struct routes *routes) {
    g_free(routes);
}

static const struct route *find_route(const char *target) {
    size_t len = strcspn(target, "?");
    for (size_t i = 0; i < G_N_ELEMENTS(route_table); i++) {
        if (strlen(route_table[i].path) == len && strncmp(route_table[i].path, target, len) == 0) {
            return &route_table[i];
        }
    }
    return NULL;
}

static void send_api_reply(struct api_reply *made, struct http_reply *reply) {
    http_reply_header(reply, "x-acs-request-id", made->request_id);
    if (made->retry_after_ms > 0) {
        char text[24];
        (void)snprintf(text, sizeof text, "%" G_GINT64_FORMAT, made->retry_after_ms);
        http_reply_header(reply, "x-acs-retry-after", text);
    }
    if (http_reply_is_logged(reply)) {
        g_autofree char *note =
            g_strdup_printf("request=%s action=%s code=%s key=%s", made->request_id, made->action,
                            made->code == NULL ? "-" : made->code,
                            made->access_key_id == NULL ? "-" : made->access_key_id);
        http_reply_note(reply, note);
    }
    http_reply_key(reply, made->access_key_id);
    http_reply_send(reply, (unsigned)made->http, made->content_type, g_steal_pointer(&made->body),
                    made->body_len);
    api_reply_done(made);
}

static void refuse_as(const struct api_request *request, struct wire_error *error,
                      struct http_reply *reply) {
    struct api_reply made;
    api_refuse(request, error, &made);
    wire_error_done(error);
    send_api_reply(&made, reply);
}

static void refuse(const struct api_request *request, enum wire_code code, const char *field,
                   const char *description, struct http_reply *reply) {
    struct wire_error error = { 0 };
    wire_error_set(&error, code, field, "%s", description);
    refuse_as(request, &error, reply);
}

static void refuse_throttled(const struct api_request *request, int64_t retry_ms,
                             struct http_reply *reply) {
    struct wire_error error = { 0 };
    wire_error_set(&error, WIRE_THROTTLED, NULL, "too many requests from this address");
    wire_error_set_retry(&error, MAX(retry_ms, 1));
    refuse_as(request, &error, reply);
}

// Probes of load balancers pass always: they are cheap, and refusing them would take the server out of service. What is for the API is judged when
// it is known whether its signature holds (api_options.admit_stranger).
static bool is_admitted(const struct routes *routes, const struct route *route,
                        const struct api_request *request, int64_t *ret_retry_ms) {
    return routes->options.admit == NULL || (route != NULL && route->policy != POLICY_TOKEN) ||
           routes->options.admit(routes->options.admit_ctx, request->peer, ret_retry_ms);
}

void routes_refuse(void *ctx, const struct api_request *request, enum http_refusal refusal,
                   struct http_reply *reply) {
    switch (refusal) {
    case HTTP_MALFORMED:
        refuse(request, WIRE_INVALID_PARAMETER, "Headers",
               "one Host; one length in digits, or chunks; lines that end with CR LF, none of them "
               "folded; no control characters; no "
               "Expect but 100-continue",
               reply);
        return;
    case HTTP_TARGET_TOO_LONG:
        refuse(request, WIRE_TARGET_TOO_LONG, "Target", "the request target is longer than 1 MiB",
               reply);
        return;
    case HTTP_HEADERS_TOO_LARGE:
        refuse(request, WIRE_HEADERS_TOO_LARGE, "Headers",
               "more than 100 header fields or 16 KiB of them", reply);
        return;
    case HTTP_BODY_TOO_LARGE:
        refuse(
            request, WIRE_BODY_TOO_LARGE, "Body",
            "a body may have 4 MiB, and 50 MiB for UpdateTaskContentV2 named in target or header",
            reply);
        return;
    case HTTP_VERSION_UNKNOWN:
        refuse(request, WIRE_HTTP_VERSION, "HttpVersion", "HTTP/1.1 and HTTP/1.0 are served",
               reply);
        return;
    case HTTP_OVERLOADED:
        refuse(request, WIRE_UNAVAILABLE, NULL, "the server is busy or stopping; try again", reply);
        return;
    case HTTP_ACCEPTED: break;
    }
    g_assert_not_reached();
}

static void send_text(struct http_reply *reply, unsigned status, const char *text) {
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    http_reply_header(reply, "Cache-Control", "no-store");
    http_reply_send(reply, status, "text/plain;charset=utf-8", g_strdup(text), strlen(text));
}

// The reason is for operators, and says nothing of anybody's data.
static void send_readiness(const struct routes *routes, struct http_reply *reply) {
    g_autofree char *trouble =
        routes->options.trouble == NULL ? NULL : routes->options.trouble(routes->options.ctx);
    g_autofree char *text =
        trouble == NULL ? g_strdup("ready\n") : g_strdup_printf("not ready: %s\n", trouble);
    send_text(reply, trouble == NULL ? 200 : 503, text);
}

static bool has_token(const struct routes *routes, const struct api_request *request) {
    const char *token = routes->options.metrics_token;
    const char *sent = api_request_header(request, "authorization");
    if (token == NULL) {
        return true;
    }
    if (sent == NULL || g_ascii_strncasecmp(sent, "Bearer ", 7) != 0) {
        return false;
    }
    return strlen(sent + 7) == strlen(token) && crypto_equal(sent + 7, token, strlen(token));
}

static bool is_allowed(const struct routes *routes, const struct route *route,
                       const struct api_request *request) {
    switch (route->policy) {
    case POLICY_SIGNED:
    case POLICY_OPEN: return true;
    case POLICY_TOKEN: return has_token(routes, request);
    }
    return false;
}

bool routes_gate(void *ctx, const struct api_request *request, size_t *ret_body_bytes_max,
                 struct http_reply *reply) {
    const struct routes *routes = ctx;
    const struct route *route = find_route(request->target);
    bool is_get = strcmp(request->method, "GET") == 0;
    int64_t retry_ms = 0;
    if (!is_admitted(routes, route, request, &retry_ms)) {
        refuse_throttled(request, retry_ms, reply);
        return false;
    }
    if (!is_get && strcmp(request->method, "POST") != 0) {
        http_reply_close(reply);
        refuse(request, WIRE_UNSUPPORTED_METHOD, NULL, "the methods are GET and POST", reply);
        return false;
    }
    if (route == NULL) {
        http_reply_close(reply);
        refuse(request, WIRE_ACTION_NOT_FOUND, NULL, "the API is served at the path /", reply);
        return false;
    }
    if (!is_allowed(routes, route, request)) {
        http_reply_close(reply);
        send_text(reply, 401, "unauthorized\n");
        return false;
    }
    switch (route->page) {
    case PAGE_API:
        *ret_body_bytes_max =
            api_request_is_large(request) ? CONTENT_BODY_BYTES_MAX : HTTP_BODY_BYTES_MAX;
        return true;
    case PAGE_HEALTH: send_text(reply, 200, "ok\n"); return false;
    case PAGE_READY: send_readiness(routes, reply); return false;
    case PAGE_METRICS: *ret_body_bytes_max = 0; return true;
    }
    return false;
}

// Reading operations take what the store has and wait for nobody.
bool routes_is_quick(void *ctx, const struct api_request *request) {
    return request->target[0] == '/' && (request->target[1] == 0 || request->target[1] == '?') &&
           api_request_is_quick(request);
}

char *routes_vouch(void *ctx, const struct api_request *request) {
    const struct routes *routes = ctx;
    return api_vouch(routes->options.api, request);
}

void routes_handle(void *ctx, const struct api_request *request, struct http_reply *reply) {
    struct routes *routes = ctx;
    const struct route *route = find_route(request->target);
    g_assert(route != NULL); // the gate let it through
    if (route->page == PAGE_METRICS) {
        char *text = routes->options.metrics == NULL ? g_strdup("")
                                                     : routes->options.metrics(routes->options.ctx);
        http_reply_send(reply, 200, "text/plain; version=0.0.4", text, strlen(text));
        return;
    }
    struct api_reply made;
    api_handle(routes->options.api, request, &made);
    send_api_reply(&made, reply);
}
