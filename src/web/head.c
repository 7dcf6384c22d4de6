// SPDX-License-Identifier: Apache-2.0
#include "web/head.h"

#include <string.h>

enum {
    // A method and a version of sensible length beside the longest target.
    LINE_BYTES_MAX = HTTP_TARGET_BYTES_MAX + 64,
    LENGTH_DIGITS_MAX = 18, // fits 64 bits whatever the digits
};

// ---- Where it ends

enum http_refusal head_scan(struct head_scan *scan, const char *bytes, size_t len,
                            size_t *ret_head_len) {
    *ret_head_len = 0;
    while (scan->at < len) {
        const char *feed = memchr(bytes + scan->at, '\n', len - scan->at);
        size_t end = feed == NULL ? len : (size_t)(feed - bytes) + 1;
        if (scan->fields_at == 0 && end - scan->line_at > LINE_BYTES_MAX) {
            return HTTP_TARGET_TOO_LONG;
        }
        if (scan->fields_at > 0 && end - scan->fields_at > HTTP_HEADER_BYTES_MAX + 2) {
            return HTTP_HEADERS_TOO_LARGE;
        }
        scan->at = end;
        if (feed == NULL) {
            break;
        }
        size_t line_len = end - scan->line_at;
        if (line_len < 2 || bytes[end - 2] != '\r') {
            return HTTP_MALFORMED;
        }
        bool is_empty = line_len == 2;
        if (is_empty && scan->fields_at > 0) {
            *ret_head_len = end;
            break;
        }
        if (is_empty && scan->line_at > 0) {
            return HTTP_MALFORMED; // a second one in front
        }
        if (!is_empty && scan->fields_at > 0 && ++scan->fields > HTTP_HEADERS_MAX) {
            return HTTP_HEADERS_TOO_LARGE;
        }
        if (!is_empty && scan->fields_at == 0) {
            scan->fields_at = end;
        }
        scan->line_at = end;
    }
    return HTTP_ACCEPTED;
}

// ---- What it says

static bool is_token(const char *text) {
    size_t len = 0;
    while (g_ascii_isalnum(text[len]) ||
           (text[len] != 0 && strchr("!#$%&'*+-.^_`|~", text[len]) != NULL)) {
        len++;
    }
    return len > 0 && text[len] == 0;
}

// Bytes above ASCII pass: they mean nothing to a head, and what a target makes of them is decided by its reader.
static bool has_control_bytes(const char *text, bool allows_tab) {
    for (; *text != 0; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((byte < 0x20 && !(allows_tab && byte == '\t')) || byte == 0x7f) {
            return true;
        }
    }
    return false;
}

static enum http_refusal read_version(const char *text, struct head *head) {
    if (strcmp(text, "HTTP/1.1") == 0 || strcmp(text, "HTTP/1.0") == 0) {
        head->is_http11 = text[7] == '1';
        return HTTP_ACCEPTED;
    }
    bool is_version = g_str_has_prefix(text, "HTTP/") && g_ascii_isdigit(text[5]) &&
                      text[6] == '.' && g_ascii_isdigit(text[7]) && text[8] == 0;
    return is_version ? HTTP_VERSION_UNKNOWN : HTTP_MALFORMED;
}

// "POST /?a=b HTTP/1.1"
static enum http_refusal read_request_line(char *line, struct head *head) {
    char *target = strchr(line, ' ');
    char *version = target == NULL ? NULL : strchr(target + 1, ' ');
    if (version == NULL) {
        return HTTP_MALFORMED;
    }
    *target++ = 0;
    *version++ = 0;
    if (!is_token(line) || target[0] == 0 || has_control_bytes(target, false)) {
        return HTTP_MALFORMED;
    }
    head->method = line;
    head->target = target;
    return strlen(target) > HTTP_TARGET_BYTES_MAX ? HTTP_TARGET_TOO_LONG
                                                  : read_version(version, head);
}

static bool read_length(const char *text, uint64_t *ret_length) {
    size_t len = strlen(text);
    if (len == 0 || len > LENGTH_DIGITS_MAX || strspn(text, G_CSET_DIGITS) != len) {
        return false;
    }
    *ret_length = g_ascii_strtoull(text, NULL, 10);
    return true;
}

static void read_connection(const char *value, struct head *head) {
    while (*value != 0) {
        value += strspn(value, " \t,");
        size_t len = strcspn(value, " \t,");
        head->has_close |= len == 5 && g_ascii_strncasecmp(value, "close", 5) == 0;
        head->has_keep_alive |= len == 10 && g_ascii_strncasecmp(value, "keep-alive", 10) == 0;
        value += len;
    }
}

// The fields that decide how the rest is read. All others are the handler's.
static bool heed(const struct api_header *header, struct head *head) {
    const char *name = header->name;
    const char *value = header->value;
    if (strcasecmp(name, "Host") == 0) {
        head->hosts++;
    } else if (strcasecmp(name, "Content-Length") == 0) {
        head->lengths++;
        return read_length(value, &head->length);
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        head->codings++;
        head->is_chunked = true;
        return strcasecmp(value, "chunked") == 0;
    } else if (strcasecmp(name, "Expect") == 0) {
        head->expects_continue = true;
        return strcasecmp(value, "100-continue") == 0;
    } else if (strcasecmp(name, "Connection") == 0) {
        read_connection(value, head);
    }
    return true;
}

static bool read_field(char *line, struct head *head) {
    char *value = strchr(line, ':');
    if (value == NULL) {
        return false;
    }
    *value++ = 0;
    value += strspn(value, " \t");
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
        value[--len] = 0;
    }
    struct api_header header = { .name = line, .value = value };
    g_array_append_val(head->headers, header);
    return is_token(line) && !has_control_bytes(value, true) && heed(&header, head);
}

// Is it certain where the request ends, and for whom it is?
static bool is_certain(const struct head *head) {
    return head->hosts <= 1 && (head->hosts == 1 || !head->is_http11) &&
           head->lengths + head->codings <= 1 && (head->is_http11 || !head->is_chunked);
}

enum http_refusal head_read(char *text, size_t head_len, struct head *head) {
    head->target = "";
    if (memchr(text, 0, head_len) != NULL) {
        return HTTP_MALFORMED;
    }
    char *line = g_str_has_prefix(text, "\r\n") ? text + 2 : text;
    bool is_first = true;
    bool is_good = true;
    for (char *end; (end = strstr(line, "\r\n")) != line; line = end + 2) {
        *end = 0;
        if (is_first) {
            enum http_refusal refusal = read_request_line(line, head);
            if (refusal != HTTP_ACCEPTED) {
                return refusal;
            }
        } else {
            is_good &=
                read_field(line, head); // all of them: the form of a refusal may be asked for
        }
        is_first = false;
    }
    if (!head->is_http11) {
        head->expects_continue = false;
    }
    head->keeps = !head->has_close && (head->is_http11 || head->has_keep_alive);
    return is_good && is_certain(head) ? HTTP_ACCEPTED : HTTP_MALFORMED;
}
