// SPDX-License-Identifier: Apache-2.0
//
// sign: both signature generations of protocol.md §3.2, §4, §5 and §7, as pure functions of a request, its parameters and a secret; and
// the client side of the newer one for our own programs.
//
// Not for: keys (the caller brings the secret), nonces (nonce.h), clocks (the time is an argument). What always holds: values come from one
// place only, by generation; nothing but HMAC-SHA1 (v1) and ACS3-HMAC-SHA256 (v3) is accepted; comparisons take constant time.
//
// Threads: any; no state.
#pragma once

#include "api/wire/decode.h"
#include "api/wire/request.h"
#include "api/wire/wire_error.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum sign_generation { SIGN_ANONYMOUS, SIGN_BEARER, SIGN_V1, SIGN_V3 };

enum { SIGN_WINDOW_DEFAULT_MS = 15 * 60 * 1000 };

// What a request says about itself. Texts belong to request and params, except the three owned ones.
struct sign_claim {
    enum sign_generation generation;
    const char *action; // NULL when absent
    const char *version;
    // Filled by sign_claim_read:
    const char *access_key_id;
    const char *timestamp;
    const char *nonce;
    const char *security_token; // NULL when absent
    const char *signature;      // as sent
    char *credential;           // owned, v3
    char *signed_headers;       // owned, v3
    char *signature_v3;         // owned, v3
};

void sign_claim_done(struct sign_claim *claim);

// Generation, action and version. Cannot fail: what is not there is NULL.
void sign_claim_detect(const struct api_request *request, const struct params *params,
                       struct sign_claim *ret_claim);

// Presence and form of the authentication values. Bearer and anonymous requests are refused here with MissingAccessKeyId.
bool sign_claim_read(const struct api_request *request, const struct params *params,
                     struct sign_claim *claim, struct wire_error *error);

// `YYYY-MM-DDThh:mm:ssZ`, exactly, as milliseconds.
bool sign_time_parse(const char *text, int64_t *ret_ms);
// The reverse; 20 characters and NUL.
void sign_time_format(int64_t ms, char ret_text[21]);

// Well-formed and at most `window_ms` away from `now_ms`, in either direction.
bool sign_time_check(const struct sign_claim *claim, int64_t now_ms, int64_t window_ms,
                     int64_t *ret_timestamp_ms, struct wire_error *error);

// Is the signature the one that `secret` makes? On failure the error holds the string to sign behind its message, as clients
// expect, unless `hides_string`.
bool sign_verify(const struct api_request *request, const struct params *params,
                 const struct sign_claim *claim, const char *secret, bool hides_string,
                 struct wire_error *error);

// Does the signature (v3) hold over the head of a request whose body has not come, if that body has the hash that the head claims? The
// whole request is still to be verified.
bool sign_verify_head(const struct api_request *request, const struct params *params,
                      const struct sign_claim *claim, const char *secret);

// The strings of protocol.md §5, for verification, messages and tests. The caller frees them.
char *sign_string_v1(const char *method, const struct params *params);
char *sign_canonical_v3(const struct api_request *request, const struct params *params,
                        const char *signed_headers);
char *sign_string_v3(const char *canonical_request);
char *sign_mac_v1(const char *string_to_sign, const char *secret); // Base64
char *sign_mac_v3(const char *string_to_sign, const char *secret); // lower-case hex

// Appends `len` bytes of `text` by the one encoder of §3.4.
void percent_encode(GString *target, const char *text, size_t len);

// One call as a client makes it. Parameters go into the query, or into a form body when `puts_in_body`.
struct sign_call {
    const char *host; // host and port as in the Host header
    const char *action;
    const char *const *names; // NULL-ended, any order
    const char *const *values;
    bool puts_in_body;
    const char *access_key_id;
    const char *secret;
    const char *security_token; // NULL without
    const char *accept;         // "application/json"
    const char *nonce;
    int64_t now_ms;
};

struct signed_call {
    char *target;   // "/?…"
    char *body;     // "" without
    char **headers; // NULL-ended "Name: value" lines, Host, Content-Type and Authorization included
};

// A POST request signed with ACS3-HMAC-SHA256.
void sign_call_make(const struct sign_call *call, struct signed_call *ret_call);
void signed_call_done(struct signed_call *call);
