// SPDX-License-Identifier: Apache-2.0
//
// One character after the other becomes a piece of known width; the first piece that does not fit ends the text.
#include "sqlrun/text.h"

#include <string.h>

enum {
    PIECE_BYTES = 16,
    BYTES_PER_COLUMN = 16, // of marks without a width a text may have many
};

static bool is_shown(gunichar letter) {
    static const gunichar joiners[] = { 0x200c, 0x200d }; // parts of words and signs, not commands
    return g_unichar_isprint(letter) || letter == joiners[0] || letter == joiners[1];
}

static size_t width_of(gunichar letter) {
    if (g_unichar_iszerowidth(letter)) {
        return 0;
    }
    return g_unichar_iswide(letter) ? 2 : 1;
}

static size_t escape_byte(unsigned char byte, char piece[PIECE_BYTES]) {
    const char *short_form = byte == '\n'   ? "\\n"
                             : byte == '\t' ? "\\t"
                             : byte == '\r' ? "\\r"
                                            : NULL;
    if (short_form != NULL) {
        return g_strlcpy(piece, short_form, PIECE_BYTES);
    }
    return (size_t)g_snprintf(piece, PIECE_BYTES, "\\x%02x", byte);
}

// The piece for the character at `at`; returns the bytes it took.
static size_t make_piece(const char *at, const char *end, enum text_form form,
                         char piece[PIECE_BYTES], size_t *ret_width) {
    unsigned char byte = (unsigned char)*at;
    if (byte == '\\' && form == TEXT_VALUE) {
        *ret_width = g_strlcpy(piece, "\\\\", PIECE_BYTES);
        return 1;
    }
    if (byte < 0x20 || byte == 0x7f) {
        *ret_width = escape_byte(byte, piece);
        return 1;
    }
    gunichar letter = g_utf8_get_char_validated(at, end - at);
    if (letter == (gunichar)-1 || letter == (gunichar)-2) {
        *ret_width = escape_byte(byte, piece);
        return 1;
    }
    size_t len = (size_t)g_unichar_to_utf8(letter, NULL);
    if (is_shown(letter)) {
        memcpy(piece, at, len);
        piece[len] = '\0';
        *ret_width = width_of(letter);
    } else {
        *ret_width = (size_t)g_snprintf(piece, PIECE_BYTES, "\\u{%x}", letter);
    }
    return len;
}

size_t text_append(GString *line, const char *text, size_t len, size_t width_max,
                   enum text_form form) {
    g_assert(width_max > 0);
    const char *end = text + len;
    gsize start_len = line->len;
    gsize cut_len = line->len; // as much as leaves a column for the sign of being cut
    size_t cut_width = 0;
    size_t width = 0;
    for (const char *at = text; at < end;) {
        char piece[PIECE_BYTES];
        size_t piece_width = 0;
        at += make_piece(at, end, form, piece, &piece_width);
        if (width + piece_width > width_max ||
            line->len - start_len > width_max * BYTES_PER_COLUMN) {
            g_string_truncate(line, cut_len);
            g_string_append(line, "…");
            return cut_width + 1;
        }
        g_string_append(line, piece);
        width += piece_width;
        if (width < width_max) {
            cut_len = line->len;
            cut_width = width;
        }
    }
    return width;
}

void text_append_statement(GString *line, const char *text, size_t len, size_t width_max) {
    g_autoptr(GString) flat = g_string_new(NULL);
    const char *end = text + len;
    while (end > text && g_ascii_isspace(end[-1])) {
        end--;
    }
    for (const char *at = text; at < end && flat->len <= width_max * BYTES_PER_COLUMN;) {
        size_t blanks = 0;
        bool has_line_end = false;
        while (at + blanks < end && g_ascii_isspace(at[blanks])) {
            has_line_end = has_line_end || at[blanks] == '\n' || at[blanks] == '\r';
            blanks++;
        }
        if (has_line_end) {
            g_string_append_c(flat, ' ');
        } else {
            g_string_append_len(flat, at, (gssize)blanks);
        }
        at += blanks;
        if (at < end) {
            g_string_append_c(flat, *at++);
        }
    }
    gsize before = line->len;
    (void)text_append(line, flat->str, flat->len, width_max, TEXT_PLAIN);
    if (g_str_has_suffix(line->str + before, "…") && !g_str_has_suffix(flat->str, "…")) {
        g_string_append_printf(line, " (%zu bytes)", (size_t)(end - text));
    }
}
