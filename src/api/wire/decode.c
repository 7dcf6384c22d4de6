// SPDX-License-Identifier: Apache-2.0
//
// decode: parameters out of bytes. Query and form are copied once and decoded in place; the pairs point into the copies.
// Refusing a repeated name, rather than letting one place win, leaves no room for a request that is signed as one and read as another.
#include "api/wire/decode.h"

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/keyed_hash.h"
#include "core/json_cost.h"

struct params {
    char *query; // decoded copies, NUL behind each name and value
    char *form;
    GStringChunk *texts; // values of a JSON body
    GArray *pairs;       // struct param_pair
    GHashTable *by_name; // name → index + 1
    const struct param_pair **sorted;
};

static int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

bool percent_decode(char *text, size_t len, size_t *ret_len) {
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        char byte = text[i];
        if (byte == '+') {
            byte = ' ';
        } else if (byte == '%') {
            if (len - i < 3) {
                return false;
            }
            int high = hex_value(text[i + 1]);
            int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) {
                return false;
            }
            byte = (char)(high * 16 + low);
            i += 2;
        }
        text[out++] = byte;
    }
    *ret_len = out;
    return true;
}

// What percent encoding leaves as it is. In such a name the raw and the encoded form are the same bytes, so that a signature over either form
// binds it, and no piece of a query can be folded into a name (protocol.md §5.2).
static bool is_plain_name(const char *name, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isalnum(name[i]) && (name[i] == 0 || strchr("-_.~", name[i]) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool params_add(struct params *params, const struct param_pair *pair,
                       struct wire_error *error) {
    if (params->pairs->len >= PARAMS_MAX) {
        wire_error_set(error, WIRE_INVALID_PARAMETER, "Parameters", "more than %d parameters",
                       PARAMS_MAX);
        return false;
    }
    if (!is_plain_name(pair->name, pair->name_len)) {
        wire_error_set(error, WIRE_INVALID_PARAMETER, "Parameters",
                       "a parameter's name has other bytes than A-Z a-z 0-9 - _ . ~ in it");
        return false;
    }
    if (memchr(pair->value, 0, pair->value_len) != NULL ||
        !g_utf8_validate(pair->value, (gssize)pair->value_len, NULL)) {
        wire_error_set(error, WIRE_INVALID, pair->name, "the value is not UTF-8 text without NUL");
        return false;
    }
    if (g_hash_table_contains(params->by_name, pair->name)) {
        wire_error_set(error, WIRE_INVALID, pair->name, "the parameter is given more than once");
        return false;
    }
    g_array_append_val(params->pairs, *pair);
    g_hash_table_insert(params->by_name, (gpointer)pair->name,
                        GUINT_TO_POINTER(params->pairs->len));
    return true;
}

// One piece between '&': name, then '=' and value if there is one. `piece` is writable and followed by one byte of ours.
static bool params_add_piece(struct params *params, char *piece, size_t len, bool is_form,
                             struct wire_error *error) {
    char *equals = memchr(piece, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - piece);
    char *value = equals == NULL ? piece + len : equals + 1;
    size_t value_len = equals == NULL ? 0 : len - name_len - 1;
    if (!percent_decode(piece, name_len, &name_len) ||
        !percent_decode(value, value_len, &value_len)) {
        wire_error_set(error, WIRE_INVALID_PARAMETER, "Parameters",
                       "'%%' is not followed by two hex digits");
        return false;
    }
    value[value_len] = 0; // before the name: without '=' both ends are the same byte
    piece[name_len] = 0;
    struct param_pair pair = { .name = piece,
                               .value = value,
                               .name_len = name_len,
                               .value_len = value_len,
                               .is_form = is_form };
    return params_add(params, &pair, error);
}

static bool params_add_encoded(struct params *params, char *text, size_t len, bool is_form,
                               struct wire_error *error) {
    char *end = text + len;
    for (char *piece = text; piece < end;) {
        char *next = memchr(piece, '&', (size_t)(end - piece));
        char *stop = next == NULL ? end : next;
        if (stop > piece &&
            !params_add_piece(params, piece, (size_t)(stop - piece), is_form, error)) {
            return false;
        }
        piece = stop + 1;
    }
    return true;
}

// The text a JSON member stands for: scalars as on the wire, arrays and objects as JSON. NULL: null, so absent.
static const char *json_member_text(struct params *params, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_STRING: return g_string_chunk_insert(params->texts, json_string_value(value));
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_NULL: return NULL;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_INTEGER:
    case JSON_REAL: break;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *kept = g_string_chunk_insert(params->texts, text == NULL ? "" : text);
    free(text);
    return kept;
}

static bool params_add_json(struct params *params, const char *body, size_t len,
                            struct wire_error *error) {
    json_error_t where;
    if (!json_cost_is_fair(body, len)) { // before anybody has proved anything
        wire_error_set(error, WIRE_INVALID_PARAMETER, "Body",
                       "the body's JSON has too many objects, lists and values");
        return false;
    }
    json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(root)) {
        json_decref(root);
        wire_error_set(error, WIRE_INVALID_PARAMETER, "Body", "the body is not one JSON object");
        return false;
    }
    bool is_good = true;
    const char *name;
    json_t *value;
    json_object_foreach(root, name, value) {
        const char *text = json_member_text(params, value);
        if (text == NULL) {
            continue;
        }
        struct param_pair pair = { .name = g_string_chunk_insert(params->texts, name),
                                   .value = text,
                                   .name_len = strlen(name),
                                   .value_len = strlen(text),
                                   .is_form = true };
        is_good = params_add(params, &pair, error);
        if (!is_good) {
            break;
        }
    }
    json_decref(root);
    return is_good;
}

static bool has_media_type(const char *content_type, const char *wanted) {
    if (content_type == NULL) {
        return false;
    }
    size_t len = strcspn(content_type, "; \t");
    return len == strlen(wanted) && strncasecmp(content_type, wanted, len) == 0;
}

static int compare_pairs(const void *left, const void *right) {
    const struct param_pair *a = *(const struct param_pair *const *)left;
    const struct param_pair *b = *(const struct param_pair *const *)right;
    return strcmp(a->name, b->name); // bytes of UTF-8 as unsigned values
}

static void params_sort(struct params *params) {
    size_t count = params->pairs->len;
    params->sorted = g_new(const struct param_pair *, count + 1);
    for (size_t i = 0; i < count; i++) {
        params->sorted[i] = &g_array_index(params->pairs, struct param_pair, i);
    }
    qsort(params->sorted, count, sizeof *params->sorted, compare_pairs);
}

bool params_parse(const struct api_request *request, struct params **ret_params,
                  struct wire_error *error) {
    g_assert(request->target != NULL);
    g_assert(request->body_len == 0 || request->body != NULL);
    struct params *params = g_new0(struct params, 1);
    params->pairs = g_array_new(FALSE, FALSE, sizeof(struct param_pair));
    params->by_name = g_hash_table_new(keyed_hash_text, g_str_equal);
    params->texts = g_string_chunk_new(256);

    const char *query = strchr(request->target, '?');
    params->query = g_strdup(query == NULL ? "" : query + 1);
    bool is_good = params_add_encoded(params, params->query, strlen(params->query), false, error);
    const char *content_type = api_request_header(request, "content-type");
    if (is_good && request->body_len > 0) {
        if (has_media_type(content_type, "application/x-www-form-urlencoded")) {
            params->form = g_malloc(request->body_len + 1);
            memcpy(params->form, request->body, request->body_len);
            params->form[request->body_len] = 0;
            is_good = params_add_encoded(params, params->form, request->body_len, true, error);
        } else if (has_media_type(content_type, "application/json")) {
            is_good = params_add_json(params, request->body, request->body_len, error);
        }
    }
    if (!is_good) {
        params_free(params);
        return false;
    }
    params_sort(params);
    *ret_params = params;
    return true;
}

void params_free(struct params *params) {
    if (params == NULL) {
        return;
    }
    g_free(params->query);
    g_free(params->form);
    g_string_chunk_free(params->texts);
    g_hash_table_unref(params->by_name);
    g_array_unref(params->pairs);
    g_free(params->sorted);
    g_free(params);
}

const char *params_value(const struct params *params, const char *name) {
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(params->by_name, name));
    return index == 0 ? NULL : g_array_index(params->pairs, struct param_pair, index - 1).value;
}

size_t params_count(const struct params *params) {
    return params->pairs->len;
}

const struct param_pair *params_at(const struct params *params, size_t index) {
    g_assert(index < params->pairs->len);
    return &g_array_index(params->pairs, struct param_pair, index);
}

const struct param_pair *const *params_sorted(const struct params *params) {
    return params->sorted;
}

char *params_peek(const char *target, const char *name) {
    size_t name_len = strlen(name);
    const char *piece = strchr(target, '?');
    while (piece != NULL) {
        piece++;
        if (strncmp(piece, name, name_len) == 0 && piece[name_len] == '=') {
            const char *value = piece + name_len + 1;
            return g_strndup(value, strcspn(value, "&"));
        }
        piece = strchr(piece, '&');
    }
    return NULL;
}
