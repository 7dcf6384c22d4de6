// SPDX-License-Identifier: Apache-2.0
//
// cli_logtext: a state machine over bytes: in a stamp, in a shown line, in a hidden one.
#include "cli/logtext.h"

#include <string.h>

#include "cli/time.h"

enum {
    STAMP_TIME_BYTES = 24, // 2026-01-31T02:00:00.012Z
    STAMP_STREAM_AT = 25,
    STAMP_BYTES = 29, // time, blank, stream, blank
};

void cli_logtext_init(struct cli_logtext *text, const char *zone, const char *prefix,
                      bool is_bare) {
    *text = (struct cli_logtext){
        .zone = zone, .prefix = prefix, .is_bare = is_bare, .head = g_string_new(NULL)
    };
}

void cli_logtext_done(struct cli_logtext *text) {
    if (text->head != NULL) {
        g_string_free(text->head, TRUE);
    }
    *text = (struct cli_logtext){ 0 };
}

static bool is_stamp(const char *line, size_t len) {
    return len >= STAMP_BYTES && line[4] == '-' && line[10] == 'T' && line[23] == 'Z' &&
           line[STAMP_TIME_BYTES] == ' ' && line[STAMP_BYTES - 1] == ' ';
}

static bool is_stream(const char *line, const char *stream) {
    return strncmp(line + STAMP_STREAM_AT, stream, strlen(stream)) == 0;
}

// The beginning of a line is known: it is shown, or it is decided that it is not.
static void begin_line(struct cli_logtext *text, GString *out) {
    const char *head = text->head->str;
    bool has_stamp = is_stamp(head, text->head->len);
    bool is_own = has_stamp && !is_stream(head, "SYS");
    text->is_hidden = text->is_bare && !is_own;
    if (!text->is_hidden) {
        g_string_append(out, text->prefix);
    }
    if (!text->is_hidden && has_stamp && !text->is_bare) {
        g_autofree char *time = cli_time_of_stamp(head, text->zone);
        g_string_append_printf(out, "%s %.3s ", time, head + STAMP_STREAM_AT);
    }
    if (!text->is_hidden) {
        g_string_append(out, has_stamp ? head + STAMP_BYTES : head);
    }
    g_string_truncate(text->head, 0);
    text->is_inside = true;
}

void cli_logtext_take(struct cli_logtext *text, const char *piece, GString *out) {
    if (text->is_broken && piece[0] != 0) {
        g_string_append(out, text->prefix);
        text->is_broken = false;
    }
    for (const char *at = piece; *at != 0; at++) {
        if (text->is_inside) {
            g_string_append_len(text->is_hidden ? text->head : out, at, text->is_hidden ? 0 : 1);
        } else {
            g_string_append_c(text->head, *at);
            if (text->head->len == STAMP_BYTES || *at == '\n') {
                begin_line(text, out);
            }
        }
        if (*at == '\n') {
            text->is_inside = false;
        }
    }
}

void cli_logtext_break(struct cli_logtext *text) {
    text->is_broken = text->is_inside && !text->is_hidden;
}

GPtrArray *cli_logtext_last(const char *content, const char *stream, unsigned count) {
    GPtrArray *last = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(content, "\n", 0);
    for (guint i = g_strv_length(lines); i > 0 && last->len < count; i--) {
        const char *line = lines[i - 1];
        if (is_stamp(line, strlen(line)) && is_stream(line, stream)) {
            g_ptr_array_insert(last, 0, g_strdup(line + STAMP_BYTES));
        }
    }
    return last;
}

const char *cli_logtext_tail(const char *content, unsigned count) {
    size_t len = strlen(content);
    const char *at = content + len;
    unsigned lines = 0;
    while (at > content) {
        bool is_line_end = at[-1] == '\n' && at < content + len;
        if (is_line_end && ++lines == count) {
            return at;
        }
        at--;
    }
    return content;
}
