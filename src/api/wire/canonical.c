// SPDX-License-Identifier: Apache-2.0
//
// canonical: the strings that both sides hash (protocol.md §5), their codes, times in the wire's form, and a signed call as a client
// makes it. Pure; declared in sign.h.
#include "api/wire/sign.h"

#include "base/crypto.h"

#include <stdio.h>
#include <string.h>

static bool is_unreserved(unsigned char byte) {
    return g_ascii_isalnum((char)byte) || byte == '-' || byte == '_' || byte == '.' || byte == '~';
}

void percent_encode(GString *target, const char *text, size_t len) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (is_unreserved(byte)) {
            g_string_append_c(target, (char)byte);
        } else {
            char escape[3] = { '%', digits[byte >> 4], digits[byte & 15] };
            g_string_append_len(target, escape, sizeof escape);
        }
    }
}

// The canonical query is itself encoded in v1's string to sign. Encoding twice in one go keeps large contents in memory once.
static void percent_encode_twice(GString *target, const char *text, size_t len) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (is_unreserved(byte)) {
            g_string_append_c(target, (char)byte);
        } else {
            char escape[5] = { '%', '2', '5', digits[byte >> 4], digits[byte & 15] };
            g_string_append_len(target, escape, sizeof escape);
        }
    }
}

char *sign_string_v1(const char *method, const struct params *params) {
    g_autofree char *upper = g_ascii_strup(method, -1);
    GString *string = g_string_new(upper);
    g_string_append(string, "&%2F&");
    const struct param_pair *const *sorted = params_sorted(params);
    bool is_first = true;
    for (size_t i = 0; i < params_count(params); i++) {
        if (strcmp(sorted[i]->name, "Signature") == 0) {
            continue;
        }
        g_string_append(string, is_first ? "" : "%26");
        percent_encode_twice(string, sorted[i]->name, sorted[i]->name_len);
        g_string_append(string, "%3D");
        percent_encode_twice(string, sorted[i]->value, sorted[i]->value_len);
        is_first = false;
    }
    return g_string_free(string, FALSE);
}

// Names are as they were decoded: what is in them needs no encoding (decode.h).
static void append_canonical_query(GString *target, const struct params *params) {
    const struct param_pair *const *sorted = params_sorted(params);
    bool is_first = true;
    for (size_t i = 0; i < params_count(params); i++) {
        if (sorted[i]->is_form) {
            continue;
        }
        g_string_append(target, is_first ? "" : "&");
        g_string_append(target, sorted[i]->name);
        g_string_append_c(target, '=');
        percent_encode(target, sorted[i]->value, sorted[i]->value_len);
        is_first = false;
    }
}

static int compare_texts(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

// Several values of one name are trimmed, sorted and joined.
static void append_values(GString *target, const struct api_request *request, const char *name) {
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < request->header_count; i++) {
        if (g_ascii_strcasecmp(request->headers[i].name, name) == 0) {
            g_ptr_array_add(values, g_strstrip(g_strdup(request->headers[i].value)));
        }
    }
    g_ptr_array_sort(values, compare_texts);
    for (guint i = 0; i < values->len; i++) {
        g_string_append(target, i == 0 ? "" : ",");
        g_string_append(target, g_ptr_array_index(values, i));
    }
}

static void append_trimmed(GString *target, const char *value) {
    while (g_ascii_isspace(*value)) {
        value++;
    }
    size_t len = strlen(value);
    while (len > 0 && g_ascii_isspace(value[len - 1])) {
        len--;
    }
    g_string_append_len(target, value, (gssize)len);
}

// `name:value` and a line feed.
static void append_canonical_header(GString *target, const struct api_request *request,
                                    const char *name) {
    for (const char *at = name; *at != 0; at++) {
        g_string_append_c(target, g_ascii_tolower(*at));
    }
    g_string_append_c(target, ':');
    const char *value = api_request_header(request, name);
    if (value != NULL && api_request_header_count(request, name) == 1) {
        append_trimmed(target, value);
    } else if (value != NULL) {
        append_values(target, request, name);
    }
    g_string_append_c(target, '\n');
}

char *sign_canonical_v3(const struct api_request *request, const struct params *params,
                        const char *signed_headers) {
    g_autofree char *upper = g_ascii_strup(request->method, -1);
    GString *canonical = g_string_sized_new(1024);
    g_string_append(canonical, upper);
    g_string_append_c(canonical, '\n');
    g_string_append_len(canonical, request->target, (gssize)strcspn(request->target, "?"));
    g_string_append_c(canonical, '\n');
    append_canonical_query(canonical, params);
    g_string_append_c(canonical, '\n');
    g_auto(GStrv) names = g_strsplit(signed_headers, ";", 128);
    for (size_t i = 0; names[i] != NULL; i++) {
        append_canonical_header(canonical, request, names[i]);
    }
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(request->body_len == 0 ? "" : request->body, request->body_len, hash);
    g_autofree char *hex = crypto_hex(hash, sizeof hash);
    g_string_append_c(canonical, '\n');
    g_string_append(canonical, signed_headers);
    g_string_append_c(canonical, '\n');
    g_string_append(canonical, hex);
    return g_string_free(canonical, FALSE);
}

char *sign_string_v3(const char *canonical_request) {
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(canonical_request, strlen(canonical_request), hash);
    g_autofree char *hex = crypto_hex(hash, sizeof hash);
    return g_strdup_printf("ACS3-HMAC-SHA256\n%s", hex);
}

char *sign_mac_v1(const char *string_to_sign, const char *secret) {
    g_autofree char *key = g_strconcat(secret, "&", NULL);
    uint8_t mac[CRYPTO_SHA1_BYTES];
    crypto_hmac_sha1(key, strlen(key), string_to_sign, strlen(string_to_sign), mac);
    return g_base64_encode(mac, sizeof mac);
}

char *sign_mac_v3(const char *string_to_sign, const char *secret) {
    uint8_t mac[CRYPTO_SHA256_BYTES];
    crypto_hmac_sha256(secret, strlen(secret), string_to_sign, strlen(string_to_sign), mac);
    return crypto_hex(mac, sizeof mac);
}

static bool read_digits(const char *text, int count, int *ret_value) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!g_ascii_isdigit(text[i])) {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *ret_value = value;
    return true;
}

bool sign_time_parse(const char *text, int64_t *ret_ms) {
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    if (strlen(text) != strlen(form)) {
        return false;
    }
    for (size_t i = 0; form[i] != 0; i++) {
        if (form[i] == 'd' ? !g_ascii_isdigit(text[i]) : text[i] != form[i]) {
            return false;
        }
    }
    int year, month, day, hour, minute, second;
    if (!read_digits(text, 4, &year) || !read_digits(text + 5, 2, &month) ||
        !read_digits(text + 8, 2, &day) || !read_digits(text + 11, 2, &hour) ||
        !read_digits(text + 14, 2, &minute) || !read_digits(text + 17, 2, &second)) {
        return false;
    }
    if (year < 1970 || second > 59) {
        return false;
    }
    g_autoptr(GDateTime) when = g_date_time_new_utc(year, month, day, hour, minute, second);
    if (when == NULL) {
        return false;
    }
    *ret_ms = g_date_time_to_unix(when) * 1000;
    return true;
}

void sign_time_format(int64_t ms, char ret_text[21]) {
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(ms / 1000);
    g_autofree char *text =
        when == NULL ? g_strdup("") : g_date_time_format(when, "%Y-%m-%dT%H:%M:%SZ");
    (void)g_strlcpy(ret_text, text, 21);
}

static char *encode_call_params(const struct sign_call *call) {
    GString *text = g_string_new(NULL);
    for (size_t i = 0; call->names[i] != NULL; i++) {
        g_string_append(text, i == 0 ? "" : "&");
        percent_encode(text, call->names[i], strlen(call->names[i]));
        g_string_append_c(text, '=');
        percent_encode(text, call->values[i], strlen(call->values[i]));
    }
    return g_string_free(text, FALSE);
}

void sign_call_make(const struct sign_call *call, struct signed_call *ret_call) {
    g_autofree char *encoded = encode_call_params(call);
    char *body = g_strdup(call->puts_in_body ? encoded : "");
    char *target =
        call->puts_in_body || encoded[0] == 0 ? g_strdup("/") : g_strconcat("/?", encoded, NULL);
    char date[21];
    sign_time_format(call->now_ms, date);
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(body, strlen(body), hash);
    g_autofree char *body_hash = crypto_hex(hash, sizeof hash);

    struct api_header headers[12];
    size_t count = 0;
    if (call->puts_in_body) {
        headers[count++] =
            (struct api_header){ "content-type", "application/x-www-form-urlencoded" };
    }
    headers[count++] = (struct api_header){ "host", call->host };
    headers[count++] = (struct api_header){ "x-acs-action", call->action };
    headers[count++] = (struct api_header){ "x-acs-content-sha256", body_hash };
    headers[count++] = (struct api_header){ "x-acs-date", date };
    if (call->security_token != NULL) {
        headers[count++] = (struct api_header){ "x-acs-security-token", call->security_token };
    }
    headers[count++] = (struct api_header){ "x-acs-signature-nonce", call->nonce };
    headers[count++] = (struct api_header){ "x-acs-version", "2018-11-01" };
    g_assert(count <= G_N_ELEMENTS(headers));

    GString *signed_headers = g_string_new(NULL);
    GPtrArray *lines = g_ptr_array_new();
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(signed_headers, "%s%s", i == 0 ? "" : ";", headers[i].name);
        g_ptr_array_add(lines, g_strdup_printf("%s: %s", headers[i].name, headers[i].value));
    }
    struct api_request request = { .method = "POST",
                                   .target = target,
                                   .headers = headers,
                                   .header_count = count,
                                   .body = body,
                                   .body_len = strlen(body) };
    struct params *params = NULL;
    struct wire_error error = { 0 };
    bool is_parsed = params_parse(&request, &params, &error);
    g_assert(is_parsed); // we encoded them ourselves; names are the caller's and come once
    g_autofree char *canonical = sign_canonical_v3(&request, params, signed_headers->str);
    g_autofree char *string = sign_string_v3(canonical);
    g_autofree char *mac = sign_mac_v3(string, call->secret);
    params_free(params);
    g_ptr_array_add(lines, g_strdup_printf("accept: %s", call->accept));
    g_ptr_array_add(
        lines, g_strdup_printf(
                   "Authorization: ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s",
                   call->access_key_id, signed_headers->str, mac));
    g_ptr_array_add(lines, NULL);
    g_string_free(signed_headers, TRUE);
    *ret_call = (struct signed_call){ .target = target,
                                      .body = body,
                                      .headers = (char **)g_ptr_array_free(lines, FALSE) };
}

void signed_call_done(struct signed_call *call) {
    g_free(call->target);
    g_free(call->body);
    g_strfreev(call->headers);
    *call = (struct signed_call){ 0 };
}
