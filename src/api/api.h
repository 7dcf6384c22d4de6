// SPDX-License-Identifier: Apache-2.0
//
// api: the one path every request takes (protocol.md §8): version, action, authentication values, time, key, signature, nonce, rate,
// permission, arguments, operation, reply.
//
// Not for: HTTP (web/), what an operation does (the *_ops rooms), policy (the permit hook). What always holds: a handler runs only after
// a good signature and a fresh nonce; it sees checked arguments and the key's owner; exactly one reply is made for each request.
//
// Threads: an api is immutable after api_new except for its nonce store, which locks by itself. api_handle runs on any worker thread, many
// at a time, and blocks as long as the handler does.
#pragma once

#include "api/wire/args.h"
#include "api/wire/key_cache.h"
#include "api/wire/nonce.h"
#include "api/wire/operation.h"
#include "api/readers.h"
#include "api/seats.h"
#include "api/wire/request.h"
#include "api/wire/warnings.h"
#include "api/wire/wire_error.h"
#include "base/crypto.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

// What one handler gets.
struct call {
    const struct operation *operation;
    const struct args *args;
    const struct caller *caller;
    void *services; // of api_options
    struct reader_loan
        *loan; // the moment that all its reads are of; empty until the first (api/services.h)
    const char *request_id;
    const char *access_key_id;
    const char *nonce;    // for the change's transaction (reliability.md, AuthN 6)
    const char *peer;     // address of the client
    int64_t timestamp_ms; // the request's own time
    int64_t now_ms;
    struct warnings *warnings; // what was given and is not read; a handler adds with warnings_add
};

// Adds the operation's fields to `reply` (RequestId and Success are there already) and returns true, or sets a fault.
typedef bool (*op_fn)(struct call *call, json_t *reply, GError **error);

// What became of an authentic request: for last-used times, the operation log, and nonces of refused changes.
struct api_note {
    const struct caller *caller;
    const struct operation *operation;
    const struct args
        *args; // of a refused change what could be read of them; NULL: a refused reading
    const char *request_id;
    const char *access_key_id;
    const char *nonce; // NULL: it was not used, because the key is over its limit
    const char *peer;
    const char *code;     // of the refusal, NULL: done
    int64_t timestamp_ms; // the request's own time
    int64_t now_ms;
};

struct api_options {
    int64_t (*now_ms)(void *ctx); // NULL: the system's clock
    void *clock_ctx;
    int64_t (*uptime_ms)(
        void *ctx);    // on a clock that nobody sets; NULL: the machine's (clock_ctx is given)
    size_t nonces_max; // 0: NONCE_ENTRIES_DEFAULT
    int64_t window_ms; // 0: 15 minutes, both directions
    // Finds a key. False: unknown, or, with is_unreadable set, not to be found out now. Any worker thread.
    bool (*key_find)(void *ctx, const char *access_key_id, struct api_key *ret_key);
    void *key_ctx;
    // Changes whenever a key or its owner may have changed; asked for before each key is used. NULL: keys are found anew for each request.
    int64_t (*key_generation)(void *ctx);
    void *key_generation_ctx;
    // Rate limit per key: false and a waiting time refuses with Throttling.User. Asked for every request whose signature holds and which is no
    // repetition, before its nonce is used; no other limit judges such a request. NULL: no limit.
    bool (*admit)(void *ctx, const char *access_key_id, const struct operation *operation,
                  int64_t *ret_retry_after_ms);
    void *admit_ctx;
    // Limit of what can not be told from a stranger's: asked for every request whose signature does not hold or that is a repetition, after it was
    // looked at. False and a waiting time answers Throttling instead of the reason. is_guess: an unknown key or a wrong signature. NULL: no limit.
    bool (*admit_stranger)(void *ctx, const char *peer, bool is_guess, int64_t *ret_retry_after_ms);
    void *admit_stranger_ctx;
    // Permission by table. A fault refuses (FAULT_NO_PERMISSION, FAULT_TENANT_NOT_EXIST…). NULL: everything is refused.
    bool (*permit)(void *ctx, const struct api_key *key, const struct operation *operation,
                   GError **error);
    void *permit_ctx;
    // Told of every authentic request when its reply is known. NULL: nobody.
    void (*note)(void *ctx, const struct api_note *note);
    void *note_ctx;
    // How many calls with large replies are served at a time, from the first reading to the reply's text. Lent; NULL: any number.
    struct seats *seats;
    int64_t seat_wait_ms;  // how long such a call waits for its seat
    const op_fn *handlers; // one for each row of operation_table, NULL: not offered; NULL: none is
    void *services;
    bool refuses_v1; // only ACS3-HMAC-SHA256 is accepted (reliability.md, AuthN 4)
    // NULL-ended names that a Host header may have, any port; looked at after the signature, which v3 binds it to. NULL: any name.
    const char *const *hosts;
    bool shows_string_to_sign; // in signature errors, as the clients expect
    bool checks_replies; // every success reply against its shape; a mismatch is an InternalError
};

struct api_reply {
    int http;
    const char *content_type; // constant
    char *body;
    size_t body_len;
    char request_id[37];    // upper-case UUID
    int64_t retry_after_ms; // 0: no header
    // For the access log.
    const char *action;  // of the table, or "-"
    char *code;          // of the failure, or NULL
    char *access_key_id; // after a good signature, or NULL
};

struct api;

// Keeps `options` by value; what it points to must outlive the api.
struct api *api_new(const struct api_options *options);
void api_free(struct api *api);

// For the reload of stored nonces at start.
struct nonce_store *api_nonces(struct api *api);

// Handles one request completely.
void api_handle(struct api *api, const struct api_request *request, struct api_reply *ret_reply);

// A failure without a call: refused by the transport (path, method, size, framing, overload).
void api_refuse(const struct api_request *request, const struct wire_error *error,
                struct api_reply *ret_reply);

// The access key whose signature over the head of this request holds, and may be used now; NULL when that can not be known before the body
// is there: only ACS3-HMAC-SHA256 signs the body by its hash. Only to choose limits: api_handle judges the whole request. The caller
// frees it. `request` has no body.
char *api_vouch(struct api *api, const struct api_request *request);

// Does the request's target or x-acs-action header name an operation with a large body? Unverified: only to choose limits.
bool api_request_is_large(const struct api_request *request);
// Does it name, there, an operation that only reads, and waits for nobody: not for a seat either? Unverified: only to choose a thread.
bool api_request_is_quick(const struct api_request *request);

void api_reply_done(struct api_reply *reply);
