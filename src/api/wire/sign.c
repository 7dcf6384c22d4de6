// SPDX-License-Identifier: Apache-2.0
//
// sign: what a request claims, and whether its signature proves it. Detection, presence and time come first; verification builds the
// canonical strings from decoded parameters and never from the bytes of the wire. The strings themselves are made in canonical.c.
#include "api/wire/sign.h"

#include "api/wire/operation.h"

#include "base/crypto.h"

#include <string.h>

enum {
    ECHO_BYTES_MAX = 1024 * 1024, // of a string to sign in a message
};

static const char authorization_scheme[] = "ACS3-HMAC-SHA256";

static bool is_blank(const char *text) {
    return text == NULL || text[0] == 0;
}

void sign_claim_done(struct sign_claim *claim) {
    g_free(claim->credential);
    g_free(claim->signed_headers);
    g_free(claim->signature_v3);
    *claim = (struct sign_claim){ 0 };
}

void sign_claim_detect(const struct api_request *request, const struct params *params,
                       struct sign_claim *ret_claim) {
    struct sign_claim claim = { 0 };
    const char *authorization = api_request_header(request, "authorization");
    const char *type = params_value(params, "SignatureType");
    bool is_bearer = type != NULL && strcmp(type, "BEARERTOKEN") == 0;
    if (authorization != NULL && g_ascii_strncasecmp(authorization, "ACS3-", 5) == 0) {
        claim.generation = SIGN_V3;
    } else if (!is_bearer && params_value(params, "Signature") != NULL) {
        claim.generation = SIGN_V1;
    } else if (is_bearer || params_value(params, "BearerToken") != NULL ||
               api_request_header(request, "x-acs-bearer-token") != NULL) {
        claim.generation = SIGN_BEARER;
    }
    // Older clients send the headers too, unsigned: they count only where no parameter could.
    if (claim.generation != SIGN_V3) {
        claim.action = params_value(params, "Action");
        claim.version = params_value(params, "Version");
    }
    if (claim.generation != SIGN_V1 && is_blank(claim.action) && is_blank(claim.version)) {
        claim.action = api_request_header(request, "x-acs-action");
        claim.version = api_request_header(request, "x-acs-version");
    }
    *ret_claim = claim;
}

static bool require(const char *value, const char *name, struct wire_error *error) {
    if (is_blank(value)) {
        wire_error_set(error, WIRE_MISSING, name, NULL);
        return false;
    }
    return true;
}

static bool check_nonce(const struct sign_claim *claim, struct wire_error *error) {
    if (!require(claim->nonce, "SignatureNonce", error)) {
        return false;
    }
    if (strlen(claim->nonce) > 256) {
        wire_error_set(error, WIRE_INVALID, "SignatureNonce", "the nonce is longer than 256 bytes");
        return false;
    }
    return true;
}

static bool refuse_unsigned(const struct sign_claim *claim, struct wire_error *error) {
    wire_error_set(error, WIRE_MISSING, "AccessKeyId",
                   claim->generation == SIGN_BEARER
                       ? "bearer tokens are not offered; sign the request with an access key"
                       : "the request is not signed; every operation needs an access key");
    return false;
}

static bool read_v1(const struct params *params, struct sign_claim *claim,
                    struct wire_error *error) {
    claim->access_key_id = params_value(params, "AccessKeyId");
    claim->timestamp = params_value(params, "Timestamp");
    claim->nonce = params_value(params, "SignatureNonce");
    claim->security_token = params_value(params, "SecurityToken");
    claim->signature = params_value(params, "Signature");
    if (!require(claim->access_key_id, "AccessKeyId", error) ||
        !require(claim->signature, "Signature", error) ||
        !require(claim->timestamp, "Timestamp", error) || !check_nonce(claim, error)) {
        return false;
    }
    const char *method = params_value(params, "SignatureMethod");
    const char *version = params_value(params, "SignatureVersion");
    if ((!is_blank(method) && strcmp(method, "HMAC-SHA1") != 0) ||
        (!is_blank(version) && strcmp(version, "1.0") != 0)) {
        wire_error_set(error, WIRE_SIGNATURE_METHOD, NULL,
                       "HMAC-SHA1 with SignatureVersion 1.0, or %s", authorization_scheme);
        return false;
    }
    return true;
}

// One `Key=value` of the Authorization header into the claim. Unknown keys are ignored, a repeated one is refused.
static bool read_authorization_part(struct sign_claim *claim, const char *part) {
    struct {
        const char *key;
        char **place;
    } parts[] = { { "Credential=", &claim->credential },
                  { "SignedHeaders=", &claim->signed_headers },
                  { "Signature=", &claim->signature_v3 } };
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (g_str_has_prefix(part, parts[i].key)) {
            if (*parts[i].place != NULL) {
                return false;
            }
            *parts[i].place = g_strdup(part + strlen(parts[i].key));
            return true;
        }
    }
    return true;
}

static bool refuse_incomplete(struct wire_error *error, const char *reason) {
    wire_error_set(error, WIRE_INCOMPLETE_SIGNATURE, NULL, "%s", reason);
    return false;
}

static bool read_authorization(const struct api_request *request, struct sign_claim *claim,
                               struct wire_error *error) {
    const char *text = api_request_header(request, "authorization");
    size_t scheme_len = strcspn(text, " \t");
    if (scheme_len != strlen(authorization_scheme) ||
        strncmp(text, authorization_scheme, scheme_len) != 0) {
        wire_error_set(error, WIRE_SIGNATURE_METHOD, NULL, "the only scheme is %s",
                       authorization_scheme);
        return false;
    }
    if (api_request_header_count(request, "authorization") != 1) {
        return refuse_incomplete(error, "the Authorization header comes more than once");
    }
    g_auto(GStrv) parts = g_strsplit(text + scheme_len, ",", 16);
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (!read_authorization_part(claim, g_strstrip(parts[i]))) {
            return refuse_incomplete(error,
                                     "a part of the Authorization header comes more than once");
        }
    }
    claim->access_key_id = claim->credential;
    claim->signature = claim->signature_v3;
    return require(claim->access_key_id, "AccessKeyId", error) &&
           require(claim->signature, "Signature", error) &&
           require(claim->signed_headers, "SignedHeaders", error);
}

static bool is_signed_header(const char *signed_headers, const char *name) {
    size_t len = strlen(name);
    for (const char *at = signed_headers; at != NULL; at = strchr(at, ';')) {
        at += *at == ';';
        if (strncmp(at, name, len) == 0 && (at[len] == ';' || at[len] == 0)) {
            return true;
        }
    }
    return false;
}

// What the server relies on must be signed and sent once, or somebody on the way could swap it.
static bool check_signed_headers(const struct api_request *request, const struct sign_claim *claim,
                                 struct wire_error *error) {
    static const struct {
        const char *name;
        bool is_optional;
    } needed[] = { { "host", false },
                   { "x-acs-action", false },
                   { "x-acs-version", false },
                   { "x-acs-date", false },
                   { "x-acs-signature-nonce", false },
                   { "x-acs-content-sha256", false },
                   { "x-acs-security-token", true },
                   { "content-type", true } }; // it says whether a body holds parameters
    size_t needed_count = G_N_ELEMENTS(needed) - (request->body_len == 0 ? 1 : 0);
    for (size_t i = 0; i < needed_count; i++) {
        size_t count = api_request_header_count(request, needed[i].name);
        if (count == 0 && needed[i].is_optional) {
            continue;
        }
        if (count != 1 || !is_signed_header(claim->signed_headers, needed[i].name)) {
            wire_error_set(error, WIRE_INCOMPLETE_SIGNATURE, NULL,
                           "the header %s must be sent once and signed", needed[i].name);
            return false;
        }
    }
    return true;
}

static bool read_v3(const struct api_request *request, const struct params *params,
                    struct sign_claim *claim, struct wire_error *error) {
    static const char *const misplaced[] = { "Signature", "AccessKeyId", "SignatureType",
                                             "SecurityToken" };
    const struct operation *operation =
        claim->action == NULL ? NULL : operation_find(claim->action);
    for (size_t i = 0; i < G_N_ELEMENTS(misplaced); i++) {
        // An operation on keys may name one so; who signs stands in the header alone.
        bool is_its_own = operation != NULL && operation_param(operation, misplaced[i]) != NULL;
        if (!is_its_own && !is_blank(params_value(params, misplaced[i]))) {
            wire_error_set(error, WIRE_INVALID, misplaced[i],
                           "the request is signed by its headers");
            return false;
        }
    }
    if (!read_authorization(request, claim, error)) {
        return false;
    }
    claim->timestamp = api_request_header(request, "x-acs-date");
    claim->nonce = api_request_header(request, "x-acs-signature-nonce");
    claim->security_token = api_request_header(request, "x-acs-security-token");
    return require(claim->timestamp, "Timestamp", error) && check_nonce(claim, error) &&
           check_signed_headers(request, claim, error);
}

bool sign_claim_read(const struct api_request *request, const struct params *params,
                     struct sign_claim *claim, struct wire_error *error) {
    bool is_good = false;
    switch (claim->generation) {
    case SIGN_ANONYMOUS:
    case SIGN_BEARER: return refuse_unsigned(claim, error);
    case SIGN_V1: is_good = read_v1(params, claim, error); break;
    case SIGN_V3: is_good = read_v3(request, params, claim, error); break;
    }
    if (is_good && claim->generation == SIGN_V1 &&
        !is_blank(params_value(params, "SignatureType"))) {
        wire_error_set(error, WIRE_INVALID, "SignatureType",
                       "only the empty SignatureType is known");
        return false;
    }
    return is_good;
}

bool sign_time_check(const struct sign_claim *claim, int64_t now_ms, int64_t window_ms,
                     int64_t *ret_timestamp_ms, struct wire_error *error) {
    int64_t timestamp_ms;
    if (!sign_time_parse(claim->timestamp, &timestamp_ms)) {
        wire_error_set(error, WIRE_TIME_FORMAT, NULL, "the form is YYYY-MM-DDThh:mm:ssZ in UTC");
        return false;
    }
    int64_t away_ms = timestamp_ms > now_ms ? timestamp_ms - now_ms : now_ms - timestamp_ms;
    if (away_ms > window_ms) {
        char now[21];
        sign_time_format(now_ms, now);
        wire_error_set(error, WIRE_TIME_EXPIRED, NULL,
                       "the server's time is %s; the request's may differ by %" G_GINT64_FORMAT
                       " s",
                       now, window_ms / 1000);
        return false;
    }
    *ret_timestamp_ms = timestamp_ms;
    return true;
}

static bool texts_equal(const char *left, const char *right) {
    size_t len = strlen(left);
    return len == strlen(right) && crypto_equal(left, right, len);
}

static void append_string(struct wire_error *error, const char *text, bool hides_string) {
    if (!hides_string && strlen(text) <= ECHO_BYTES_MAX) {
        wire_error_append(error, text);
    }
}

static bool verify_v1(const struct api_request *request, const struct params *params,
                      const struct sign_claim *claim, const char *secret, bool hides_string,
                      struct wire_error *error) {
    g_autofree char *string = sign_string_v1(request->method, params);
    g_autofree char *expected = sign_mac_v1(string, secret);
    if (texts_equal(expected, claim->signature)) {
        return true;
    }
    bool is_base64 = strspn(claim->signature, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/=") ==
                     strlen(claim->signature);
    wire_error_set(error, is_base64 ? WIRE_SIGNATURE_V1 : WIRE_INCOMPLETE_SIGNATURE, NULL, NULL);
    append_string(error, string, hides_string);
    return false;
}

static bool body_hash_equals(const struct api_request *request) {
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(request->body_len == 0 ? "" : request->body, request->body_len, hash);
    g_autofree char *hex = crypto_hex(hash, sizeof hash);
    const char *claimed = api_request_header(request, "x-acs-content-sha256");
    return claimed != NULL && texts_equal(hex, claimed);
}

static bool verify_v3(const struct api_request *request, const struct params *params,
                      const struct sign_claim *claim, const char *secret, bool hides_string,
                      struct wire_error *error) {
    g_autofree char *canonical = sign_canonical_v3(request, params, claim->signed_headers);
    g_autofree char *string = sign_string_v3(canonical);
    g_autofree char *expected = sign_mac_v3(string, secret);
    if (texts_equal(expected, claim->signature) && body_hash_equals(request)) {
        return true;
    }
    wire_error_set(error, WIRE_SIGNATURE_V3, NULL, NULL);
    if (!hides_string && strlen(canonical) <= ECHO_BYTES_MAX) {
        g_autofree char *both =
            g_strdup_printf("[%s] server CanonicalRequest is [%s]", string, canonical);
        wire_error_append(error, both);
    }
    return false;
}

bool sign_verify(const struct api_request *request, const struct params *params,
                 const struct sign_claim *claim, const char *secret, bool hides_string,
                 struct wire_error *error) {
    g_assert(claim->signature != NULL);
    g_assert(secret != NULL);
    if (claim->generation == SIGN_V1) {
        return verify_v1(request, params, claim, secret, hides_string, error);
    }
    g_assert(claim->generation == SIGN_V3);
    return verify_v3(request, params, claim, secret, hides_string, error);
}

bool sign_verify_head(const struct api_request *request, const struct params *params,
                      const struct sign_claim *claim, const char *secret) {
    g_assert(claim->generation == SIGN_V3);
    g_assert(request->body_len == 0);
    const char *claimed = api_request_header(request, "x-acs-content-sha256");
    size_t hash_len = (size_t)2 * CRYPTO_SHA256_BYTES;
    if (claimed == NULL || strlen(claimed) != hash_len) {
        return false;
    }
    // The last line is the hash of the body, here of none.
    g_autofree char *canonical = sign_canonical_v3(request, params, claim->signed_headers);
    memcpy(canonical + strlen(canonical) - hash_len, claimed, hash_len);
    g_autofree char *string = sign_string_v3(canonical);
    g_autofree char *expected = sign_mac_v3(string, secret);
    return texts_equal(expected, claim->signature);
}
