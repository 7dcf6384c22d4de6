// SPDX-License-Identifier: Apache-2.0

#include "core/line_fault.h"

#include <string.h>

#include <glib.h>

#include "core/byte_order_mark.h"

// The reader's words quote the line; what could move a cursor is left out of them.
static char *shown(const char *words) {
    char *text = g_utf8_make_valid(words, -1);
    for (char *c = text; *c != '\0'; c++) {
        *c = g_ascii_iscntrl(*c) ? '?' : *c;
    }
    return text;
}

char *line_fault(const char *line, size_t len, const json_error_t *error) {
    size_t mark = byte_order_mark_len(line, len);
    size_t start = mark;
    while (start < len && g_ascii_isspace(line[start])) {
        start++;
    }
    if (start == len || line[start] != '{') {
        return NULL;
    }
    if (mark > 0) {
        return g_strdup("the last line is no JSON object: it begins with a byte order mark");
    }
    const char *at = line;
    while (!g_utf8_validate(at, line + len - at, &at)) {
        if (*at != '\0') { // which is UTF-8, and only ends GLib's look
            return g_strdup_printf("the last line is no JSON object: byte %zu of it (0x%02x) is "
                                   "not UTF-8",
                                   (size_t)(at - line) + 1, (unsigned int)(unsigned char)*at);
        }
        at++;
    }
    g_autofree char *words = shown(error->text);
    return g_strdup_printf("the last line is no JSON object: %s", words);
}
