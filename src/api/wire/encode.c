// SPDX-License-Identifier: Apache-2.0
//
// encode: JSON by jansson, XML by the few rules of protocol.md §9.4: an object is an element with its members inside, a list is its element
// repeated in its parent, null and absent are the same. Text that XML 1.0 cannot carry becomes U+FFFD.
#include "api/wire/encode.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_JSON_BYTES = 2000 };

static const char xml_head[] = "<?xml version='1.0' encoding='UTF-8'?>";

enum reply_format reply_format_choose(const char *format, const char *accept) {
    if (format != NULL && g_ascii_strcasecmp(format, "JSON") == 0) {
        return FORMAT_JSON;
    }
    if (format != NULL && g_ascii_strcasecmp(format, "XML") == 0) {
        return FORMAT_XML;
    }
    g_autofree char *lower = accept == NULL ? NULL : g_ascii_strdown(accept, -1);
    return lower != NULL && strstr(lower, "application/json") != NULL ? FORMAT_JSON : FORMAT_XML;
}

const char *reply_content_type(enum reply_format format) {
    return format == FORMAT_JSON ? "application/json;charset=utf-8" : "text/xml;charset=utf-8";
}

json_t *reply_new(const struct operation *operation, const char *request_id) {
    json_t *reply = json_object();
    (void)json_object_set_new(reply, "RequestId", json_string(request_id));
    (void)json_object_set_new(reply, "Success",
                              operation->is_success_text ? json_string("true") : json_true());
    return reply;
}

static bool is_xml_char(gunichar c) {
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xD800) ||
           (c >= 0xE000 && c < 0xFFFE) || (c >= 0x10000 && c < 0x110000);
}

static void append_xml_text(GString *xml, const char *text) {
    for (const char *at = text; *at != 0; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        switch (c) {
        case '&': g_string_append(xml, "&amp;"); break;
        case '<': g_string_append(xml, "&lt;"); break;
        case '>': g_string_append(xml, "&gt;"); break;
        case '"': g_string_append(xml, "&quot;"); break;
        case '\r': g_string_append(xml, "&#13;"); break; // a bare one would be read as a line feed
        default:
            if (is_xml_char(c)) {
                g_string_append_len(xml, at, g_utf8_next_char(at) - at);
            } else {
                g_string_append(xml, "\xEF\xBF\xBD");
            }
        }
    }
}

static bool is_xml_name(const char *name) {
    static const char first[] = G_CSET_A_2_Z G_CSET_a_2_z "_";
    return name[0] != 0 && strchr(first, name[0]) != NULL &&
           strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.-") == strlen(name);
}

// Only map members (columns of a result) can have names that are no element names.
static void open_element(GString *xml, const char *name) {
    if (is_xml_name(name)) {
        g_string_append_printf(xml, "<%s>", name);
        return;
    }
    g_string_append(xml, "<Column name=\"");
    append_xml_text(xml, name);
    g_string_append(xml, "\">");
}

static void close_element(GString *xml, const char *name) {
    g_string_append_printf(xml, "</%s>", is_xml_name(name) ? name : "Column");
}

static void append_xml_scalar(GString *xml, const json_t *value) {
    if (json_is_string(value)) {
        append_xml_text(xml, json_string_value(value));
    } else {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY); // numbers and booleans
        g_string_append(xml, text == NULL ? "" : text);
        free(text);
    }
}

static void append_xml_members(GString *xml, const json_t *object);

static void append_xml_element(GString *xml, const char *name, const json_t *value) {
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            append_xml_element(xml, name, json_array_get(value, i));
        }
        return;
    }
    if (json_is_null(value)) {
        return;
    }
    open_element(xml, name);
    if (json_is_object(value)) {
        append_xml_members(xml, value);
    } else {
        append_xml_scalar(xml, value);
    }
    close_element(xml, name);
}

static void append_xml_members(GString *xml, const json_t *object) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value) {
        append_xml_element(xml, name, value);
    }
}

static void append_json_text(GString *json, const char *text, size_t len) {
    static const char digits[] = "0123456789ABCDEF";
    g_string_append_c(json, '"');
    for (size_t at = 0; at < len;) {
        size_t plain = at;
        while (plain < len && (unsigned char)text[plain] >= 0x20 && text[plain] != '"' &&
               text[plain] != '\\') {
            plain++;
        }
        g_string_append_len(json, text + at, (gssize)(plain - at));
        if (plain < len) {
            static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
            char byte = text[plain];
            const char *found = NULL;
            for (size_t i = 0; i + 1 < sizeof shorts && found == NULL; i += 2) {
                found = shorts[i] == byte ? &shorts[i + 1] : NULL;
            }
            char escape[] = { '\\', 'u', '0', '0', digits[(byte >> 4) & 15], digits[byte & 15] };
            escape[1] = found == NULL ? 'u' : *found;
            g_string_append_len(json, escape, found == NULL ? (gssize)sizeof escape : 2);
        }
        at = plain + 1;
    }
    g_string_append_c(json, '"');
}

static void append_json(GString *json, const json_t *value);

static void append_json_members(GString *json, const json_t *object) {
    const char *name;
    json_t *member;
    bool is_first = true;
    g_string_append_c(json, '{');
    json_object_foreach((json_t *)object, name, member) {
        if (!is_first) {
            g_string_append_c(json, ',');
        }
        is_first = false;
        append_json_text(json, name, strlen(name));
        g_string_append_c(json, ':');
        append_json(json, member);
    }
    g_string_append_c(json, '}');
}

static void append_json_items(GString *json, const json_t *array) {
    g_string_append_c(json, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0) {
            g_string_append_c(json, ',');
        }
        append_json(json, json_array_get(array, i));
    }
    g_string_append_c(json, ']');
}

static void append_json_number(GString *json, const json_t *value) {
    char text[64];
    size_t len = json_dumpb(value, text, sizeof text, JSON_COMPACT | JSON_ENCODE_ANY);
    g_assert(len > 0 && len <= sizeof text);
    g_string_append_len(json, text, (gssize)len);
}

// As the library dumps it, byte for byte; without its search for circles, which takes longer than the rest: the tree is ours and has none.
static void append_json(GString *json, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT: append_json_members(json, value); return;
    case JSON_ARRAY: append_json_items(json, value); return;
    case JSON_STRING:
        append_json_text(json, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER: {
        char text[24];
        (void)g_snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        g_string_append(json, text);
        return;
    }
    case JSON_REAL: append_json_number(json, value); return;
    case JSON_TRUE: g_string_append(json, "true"); return;
    case JSON_FALSE: g_string_append(json, "false"); return;
    case JSON_NULL: g_string_append(json, "null"); return;
    }
}

static char *take_json(const json_t *tree, size_t *ret_len) {
    GString *json = g_string_sized_new(FIRST_JSON_BYTES);
    append_json(json, tree);
    *ret_len = json->len;
    return g_string_free(json, FALSE);
}

char *encode_success(enum reply_format format, const struct operation *operation,
                     const json_t *reply, size_t *ret_len) {
    g_assert(json_is_object(reply));
    if (format == FORMAT_JSON) {
        return take_json(reply, ret_len);
    }
    GString *xml = g_string_new(xml_head);
    g_string_append_printf(xml, "<%sResponse>", operation->action);
    append_xml_members(xml, reply);
    g_string_append_printf(xml, "</%sResponse>", operation->action);
    *ret_len = xml->len;
    return g_string_free(xml, FALSE);
}

// Where to read about a code: its row in our own documentation. All parameters share the row of Missing{Name}, whose anchor is "Missing".
static char *recommend(const struct wire_error *error) {
    return g_strdup_printf("docs/errors.md#%.*s", (int)strcspn(error->row, "{"), error->row);
}

static void set_text(json_t *object, const char *name, const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    (void)json_object_set_new(object, name, json_string(valid));
}

static char *encode_failure_json(const struct wire_error *error, const char *request_id,
                                 const char *host, size_t *ret_len) {
    g_autofree char *link = recommend(error);
    json_t *tree = json_object();
    set_text(tree, "RequestId", request_id);
    set_text(tree, "Message", error->message);
    set_text(tree, "Recommend", link);
    set_text(tree, "HostId", host);
    set_text(tree, "Code", error->code);
    if (error->description != NULL) {
        set_text(tree, "Description", error->description);
    }
    if (error->is_of_operation) {
        (void)json_object_set_new(tree, "Success", json_false());
        set_text(tree, "ErrorCode", error->code);
        set_text(tree, "ErrorMessage", error->message);
    }
    char *text = take_json(tree, ret_len);
    json_decref(tree);
    return text;
}

static void append_text_element(GString *xml, const char *name, const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_string_append_printf(xml, "<%s>", name);
    append_xml_text(xml, valid);
    g_string_append_printf(xml, "</%s>", name);
}

static char *encode_failure_xml(const struct wire_error *error, const char *request_id,
                                const char *host, size_t *ret_len) {
    g_autofree char *link = recommend(error); // made of a code: no "]]>" in it
    GString *xml = g_string_new(xml_head);
    g_string_append(xml, "<Error>");
    append_text_element(xml, "RequestId", request_id);
    append_text_element(xml, "HostId", host);
    append_text_element(xml, "Code", error->code);
    append_text_element(xml, "Message", error->message);
    g_string_append_printf(xml, "<Recommend><![CDATA[%s]]></Recommend>", link);
    if (error->description != NULL) {
        append_text_element(xml, "Description", error->description);
    }
    if (error->is_of_operation) {
        g_string_append(xml, "<Success>false</Success>");
        append_text_element(xml, "ErrorCode", error->code);
        append_text_element(xml, "ErrorMessage", error->message);
    }
    g_string_append(xml, "</Error>");
    *ret_len = xml->len;
    return g_string_free(xml, FALSE);
}

char *encode_failure(enum reply_format format, const struct wire_error *error,
                     const char *request_id, const char *host, size_t *ret_len) {
    g_assert(error->http >= 400);
    g_assert(error->code[0] != 0 && error->message[0] != 0);
    return format == FORMAT_JSON ? encode_failure_json(error, request_id, host, ret_len)
                                 : encode_failure_xml(error, request_id, host, ret_len);
}
