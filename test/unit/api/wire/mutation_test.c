// SPDX-License-Identifier: Apache-2.0
//
// A signed request whose bytes were changed on the way is refused, or it means exactly what its sender meant: every byte of query, headers and
// body is changed in every way below, for both generations, with parameters in the query, in a form and in a JSON body.
#include "api/wire/sign.h"
#include "base/crypto.h"

#include <glib.h>
#include <string.h>

static const char secret[] = "a-secret";
static const char v1_fields[] = "AccessKeyId=the-key&Action=DeleteTaskFlowEdgesByMultiCondition&"
                                "Format=JSON&SignatureMethod=HMAC-SHA1"
                                "&SignatureNonce=n-1&SignatureVersion=1.0&Timestamp=2024-05-06T07%"
                                "3A08%3A09Z&Version=2018-11-01";
static const char own_fields[] =
    "DagId=12&Edges.1.NodeFrom=3&Name=a%20b%26c%3Dd%25%2B~&NodeEnd=&NodeFrom=7&Tid=1";
static const char json_body[] = "{\"DagId\":12,\"Name\":\"a b&c=d\",\"NodeFrom\":7,\"Tid\":1}";

enum { HEADERS_MAX = 40, PLACES = 3 };

// A request as it travels: what a way between may change, and what is read from it.
struct travel {
    const char *method;
    char *query; // without the '?'
    char *head;  // "name: value" lines, each ended by a line feed
    char *body;
};

struct meaning {
    char *text;  // key, operation and parameters, or NULL: refused
    char *nonce; // by which a second coming would be known
};

static void travel_done(struct travel *travel) {
    g_free(travel->query);
    g_free(travel->head);
    g_free(travel->body);
}

static char **place_of(struct travel *travel, int place) {
    return place == 0 ? &travel->query : place == 1 ? &travel->head : &travel->body;
}

// Lines as the transport reads them: a name up to the colon, a value without surrounding blanks. False: no such line, which it refuses.
static bool read_head(char *head, struct api_header *headers, size_t *ret_count) {
    size_t count = 0;
    for (char *line = head; *line != 0;) {
        char *end = strchr(line, '\n');
        char *colon = strchr(line, ':');
        if (end == NULL || colon == NULL || colon > end || colon == line || count == HEADERS_MAX) {
            return false;
        }
        *end = 0;
        *colon = 0;
        if (strpbrk(line, " \t\r") != NULL) {
            return false;
        }
        headers[count++] = (struct api_header){ line, g_strstrip(colon + 1) };
        line = end + 1;
    }
    *ret_count = count;
    return true;
}

static bool is_of_signature(const char *name) {
    static const char *const names[] = { "Signature", "SignatureType" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static char *write_meaning(const struct sign_claim *claim, const struct params *params,
                           const char *method) {
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s %s %s %s", method, claim->access_key_id, claim->action,
                           claim->timestamp);
    for (size_t i = 0; i < params_count(params); i++) {
        const struct param_pair *pair = params_sorted(params)[i];
        if (!is_of_signature(pair->name)) {
            g_string_append_printf(text, "\n%zu %s=%zu %s", pair->name_len, pair->name,
                                   pair->value_len, pair->value);
        }
    }
    return g_string_free(text, FALSE);
}

static struct meaning understand(const struct travel *travel) {
    struct meaning meaning = { 0 };
    struct api_header headers[HEADERS_MAX];
    size_t header_count = 0;
    g_autofree char *head = g_strdup(travel->head);
    g_autofree char *target = g_strconcat("/?", travel->query, NULL);
    if (!read_head(head, headers, &header_count) || strpbrk(target, " \n") != NULL) {
        return meaning;
    }
    struct api_request request = { .method = travel->method,
                                   .target = target,
                                   .headers = headers,
                                   .header_count = header_count,
                                   .body = travel->body,
                                   .body_len = strlen(travel->body) };
    struct params *params = NULL;
    struct wire_error error = { 0 };
    if (!params_parse(&request, &params, &error)) {
        wire_error_done(&error);
        return meaning;
    }
    struct sign_claim claim;
    sign_claim_detect(&request, params, &claim);
    // Another key has another secret.
    if (claim.action != NULL && sign_claim_read(&request, params, &claim, &error) &&
        strcmp(claim.access_key_id, "the-key") == 0 &&
        sign_verify(&request, params, &claim, secret, true, &error)) {
        meaning.text = write_meaning(&claim, params, travel->method);
        meaning.nonce = g_strdup(claim.nonce);
    }
    wire_error_done(&error);
    sign_claim_done(&claim);
    params_free(params);
    return meaning;
}

static void meaning_done(struct meaning *meaning) {
    g_free(meaning->text);
    g_free(meaning->nonce);
}

// A byte, and what else may stand where it stands.
static char *change(const char *text, size_t at, int kind) {
    static const char *const inserted[] = { "&", "=", "%26", "%3D", "%", ";",   "+",  " ",
                                            "a", ",", "?",   "#",   ".", "%00", "\t", "&a=b&" };
    static const char *const replaced[] = { "&", "=", "%26", "%3D", "+", "%20", "" };
    enum { BITS = 8, INSERTED = G_N_ELEMENTS(inserted), REPLACED = G_N_ELEMENTS(replaced) };
    g_autofree char *front = g_strndup(text, at);
    if (kind < BITS) {
        char flipped[2] = { (char)((unsigned char)text[at] ^ (1U << kind)), 0 };
        return flipped[0] == 0 ? NULL : g_strconcat(front, flipped, text + at + 1, NULL);
    }
    kind -= BITS;
    if (kind < INSERTED) {
        return g_strconcat(front, inserted[kind], text + at, NULL);
    }
    kind -= INSERTED;
    if (kind < REPLACED) {
        return g_strconcat(front, replaced[kind], text + at + 1, NULL);
    }
    kind -= REPLACED;
    char encoded[4];
    (void)g_snprintf(encoded, sizeof encoded, "%%%02X", (unsigned char)text[at]);
    switch (kind) {
    case 0: return g_strconcat(front, encoded, text + at + 1, NULL);
    case 1:
        (void)g_snprintf(encoded, sizeof encoded, "%%%02x", (unsigned char)text[at]);
        return g_strconcat(front, encoded, text + at + 1, NULL);
    case 2: { // doubled
        char one[2] = { text[at], 0 };
        return g_strconcat(front, one, text + at, NULL);
    }
    case 3: // exchanged with the next
        return text[at + 1] == 0
                   ? NULL
                   : g_strdup_printf("%s%c%c%s", front, text[at + 1], text[at], text + at + 2);
    case 4: return g_strdup(front); // cut off
    default: return NULL;
    }
}

enum { KINDS = 8 + 16 + 7 + 5 };

static void check_travel(struct travel *travel, const char *what) {
    struct meaning meant = understand(travel);
    g_assert_nonnull(meant.text);
    int accepted = 0;
    int refused = 0;
    for (int place = 0; place < PLACES; place++) {
        char **text = place_of(travel, place);
        char *whole = *text;
        for (size_t at = 0; at < strlen(whole); at++) {
            for (int kind = 0; kind < KINDS; kind++) {
                *text = change(whole, at, kind);
                if (*text == NULL) {
                    continue;
                }
                struct meaning got = understand(travel);
                if (got.text != NULL &&
                    (strcmp(got.text, meant.text) != 0 || strcmp(got.nonce, meant.nonce) != 0)) {
                    g_error("%s: place %d byte %zu kind %d: \"%s\" means\n%s\nnot\n%s", what, place,
                            at, kind, *text, got.text, meant.text);
                }
                accepted += got.text != NULL;
                refused += got.text == NULL;
                meaning_done(&got);
                g_free(*text);
            }
        }
        *text = whole;
    }
    g_test_message("%s: %d refused, %d of the same meaning", what, refused, accepted);
    g_assert_cmpint(refused, >, 1000);
    g_assert_cmpint(accepted, >, 0); // "%7e" for "~" at least
    meaning_done(&meant);
}

// The two generations' strings are made from what was parsed: what they sign is what the server reads.
static void sign_v1_into(struct travel *travel, char **place, const char *head) {
    struct api_header headers[HEADERS_MAX];
    size_t count = 0;
    g_autofree char *lines = g_strdup(head);
    g_assert_true(read_head(lines, headers, &count));
    g_autofree char *target = g_strconcat("/?", travel->query, NULL);
    struct api_request request = { .method = travel->method,
                                   .target = target,
                                   .headers = headers,
                                   .header_count = count,
                                   .body = travel->body,
                                   .body_len = strlen(travel->body) };
    struct params *params = NULL;
    struct wire_error error = { 0 };
    g_assert_true(params_parse(&request, &params, &error));
    g_autofree char *string = sign_string_v1(travel->method, params);
    g_autofree char *mac = sign_mac_v1(string, secret);
    GString *whole = g_string_new(*place);
    g_string_append(whole, "&Signature=");
    percent_encode(whole, mac, strlen(mac));
    g_free(*place);
    *place = g_string_free(whole, FALSE);
    params_free(params);
    travel->head = g_strdup(head);
}

static void no_changed_byte_changes_what_v1_means(void) {
    struct travel in_query = { .method = "GET",
                               .query = g_strconcat(own_fields, "&", v1_fields, NULL),
                               .body = g_strdup("") };
    sign_v1_into(&in_query, &in_query.query, "host: h\naccept: application/json\n");
    check_travel(&in_query, "v1, query");
    travel_done(&in_query);

    struct travel in_form = { .method = "POST",
                              .query = g_strdup(v1_fields),
                              .body = g_strdup(own_fields) };
    sign_v1_into(&in_form, &in_form.query,
                 "host: h\ncontent-type: application/x-www-form-urlencoded\n");
    check_travel(&in_form, "v1, form");
    travel_done(&in_form);

    struct travel all_in_form = { .method = "POST",
                                  .query = g_strdup(""),
                                  .body = g_strconcat(v1_fields, "&", own_fields, NULL) };
    sign_v1_into(&all_in_form, &all_in_form.body,
                 "host: h\ncontent-type: application/x-www-form-urlencoded\n");
    check_travel(&all_in_form, "v1, all in the form");
    travel_done(&all_in_form);
}

static void sign_v3_into(struct travel *travel, const char *content_type) {
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(travel->body, strlen(travel->body), hash);
    g_autofree char *hex = crypto_hex(hash, sizeof hash);
    GString *head = g_string_new("host: h:1\nx-acs-action: DeleteTaskFlowEdgesByMultiCondition\n"
                                 "x-acs-version: 2018-11-01\nx-acs-date: 2024-05-06T07:08:09Z\n"
                                 "x-acs-signature-nonce: n-1\naccept: application/json\n");
    g_string_append_printf(head, "x-acs-content-sha256: %s\n", hex);
    g_autofree char *signed_headers = g_strconcat(
        content_type != NULL ? "content-type;" : "",
        "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version",
        NULL);
    if (content_type != NULL) {
        g_string_append_printf(head, "content-type: %s\n", content_type);
    }
    struct api_header headers[HEADERS_MAX];
    size_t count = 0;
    g_autofree char *lines = g_strdup(head->str);
    g_assert_true(read_head(lines, headers, &count));
    g_autofree char *target = g_strconcat("/?", travel->query, NULL);
    struct api_request request = { .method = travel->method,
                                   .target = target,
                                   .headers = headers,
                                   .header_count = count,
                                   .body = travel->body,
                                   .body_len = strlen(travel->body) };
    struct params *params = NULL;
    struct wire_error error = { 0 };
    g_assert_true(params_parse(&request, &params, &error));
    g_autofree char *canonical = sign_canonical_v3(&request, params, signed_headers);
    g_autofree char *string = sign_string_v3(canonical);
    g_autofree char *mac = sign_mac_v3(string, secret);
    g_string_append_printf(
        head, "Authorization: ACS3-HMAC-SHA256 Credential=the-key,SignedHeaders=%s,Signature=%s\n",
        signed_headers, mac);
    params_free(params);
    travel->head = g_string_free(head, FALSE);
}

static void no_changed_byte_changes_what_v3_means(void) {
    struct travel in_query = { .method = "POST",
                               .query = g_strdup(own_fields),
                               .body = g_strdup("") };
    sign_v3_into(&in_query, NULL);
    check_travel(&in_query, "v3, query");
    travel_done(&in_query);

    struct travel in_form = { .method = "POST",
                              .query = g_strdup("RegionId=cn~1"),
                              .body = g_strdup(own_fields) };
    sign_v3_into(&in_form, "application/x-www-form-urlencoded");
    check_travel(&in_form, "v3, form");
    travel_done(&in_form);

    struct travel in_json = { .method = "POST",
                              .query = g_strdup("RegionId=cn~1"),
                              .body = g_strdup(json_body) };
    sign_v3_into(&in_json, "application/json; charset=utf-8");
    check_travel(&in_json, "v3, JSON");
    travel_done(&in_json);
}

// The case that was found: two conditions folded into one name take a condition away and leave a signature that a raw canonical query still fits.
static void two_parameters_folded_into_a_name_are_refused(void) {
    struct travel travel = { .method = "POST",
                             .query = g_strdup("DagId=12&NodeFrom=7&Tid=1"),
                             .body = g_strdup("") };
    sign_v3_into(&travel, NULL);
    g_free(travel.query);
    travel.query = g_strdup("DagId=12&NodeFrom%3D7%26Tid=1");
    struct meaning got = understand(&travel);
    g_assert_null(got.text);
    travel_done(&travel);
}

// Without this a header on the way decides whether a body holds parameters.
static void the_type_of_a_body_must_be_signed(void) {
    struct travel travel = { .method = "POST",
                             .query = g_strdup("RegionId=a"),
                             .body = g_strdup(own_fields) };
    sign_v3_into(&travel, NULL);
    struct meaning got = understand(&travel);
    g_assert_nonnull(got.text); // a body without a type is no parameters
    meaning_done(&got);
    g_autofree char *head = travel.head;
    travel.head = g_strconcat("content-type: application/x-www-form-urlencoded\n", head, NULL);
    got = understand(&travel);
    g_assert_null(got.text);
    travel_done(&travel);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mutation/no_changed_byte_changes_what_v1_means",
                    no_changed_byte_changes_what_v1_means);
    g_test_add_func("/mutation/no_changed_byte_changes_what_v3_means",
                    no_changed_byte_changes_what_v3_means);
    g_test_add_func("/mutation/two_parameters_folded_into_a_name_are_refused",
                    two_parameters_folded_into_a_name_are_refused);
    g_test_add_func("/mutation/the_type_of_a_body_must_be_signed",
                    the_type_of_a_body_must_be_signed);
    return g_test_run();
}
