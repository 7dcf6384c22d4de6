// SPDX-License-Identifier: Apache-2.0
//
// cli_text: widths follow Unicode and not the locale, so that a table of Chinese names is straight under LANG=C too.
#include "cli/text.h"

#include <langinfo.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char colour_off[] = "\033[0m";

// One row per state; those of runs and of nodes share the words that they have in common.
static const struct cli_state state_rows[] = {
    { "WAITING", 0, "·", '.', "\033[2m", false },
    { "RUNNING", 1, "●", '*', "\033[36m", false },
    { "SUSPENDED", 2, "‖", '=', "\033[33m", false },
    { "FAILED", 3, "✗", 'x', "\033[31m", true },
    { "SUCCESS", 4, "✓", '+', "\033[32m", true },
    { "COMPLETED", 5, "–", '-', "\033[2m", true },
    { "STOPPED", -1, "■", '#', "\033[31m", true },
    { "ENDING", -1, "◐", '!', "\033[35m", false },
    { "RETRY_WAIT", -1, "↻", '~', "\033[33m", false },
    { "QUEUED", -1, "○", 'o', "\033[33m", false },
    { "SUSPEND", -1, "‖", '=', "\033[33m", false },
    { "KILLING", -1, "◐", '!', "\033[35m", false },
    { "FAIL", -1, "✗", 'x', "\033[31m", true },
    { "SKIPPED", -1, "–", '-', "\033[2m", true },
    { "CANCELLED", -1, "–", '/', "\033[2m", true },
};
static const struct cli_state state_unknown = { "UNKNOWN", -1, "?", '?', "\033[35m", false };

static unsigned char_width(gunichar c) {
    if (g_unichar_iszerowidth(c)) {
        return 0;
    }
    return g_unichar_iswide(c) ? 2 : 1;
}

// Invisible characters that turn the direction of writing, part lines or hide text: Unicode's format characters and its two separators.
static bool is_hidden(gunichar c) {
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR ||
           type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

// The character at *at, which moves behind it. Invalid bytes and control characters are '?'.
static gunichar next_char(const char **at) {
    gunichar c = g_utf8_get_char_validated(*at, -1);
    if (c == (gunichar)-1 || c == (gunichar)-2) {
        *at += 1;
        return '?';
    }
    *at = g_utf8_next_char(*at);
    return is_hidden(c) || g_unichar_type(c) == G_UNICODE_CONTROL ? '?' : c;
}

unsigned cli_text_width(const char *text) {
    unsigned width = 0;
    for (const char *at = text; *at != 0;) {
        width += char_width(next_char(&at));
    }
    return width;
}

char *cli_text_clean(const char *text, unsigned columns) {
    GString *clean = g_string_new(NULL);
    bool is_cut = columns > 0 && cli_text_width(text) > columns;
    unsigned width = 0;
    for (const char *at = text; *at != 0;) {
        gunichar c = next_char(&at);
        if (is_cut && width + char_width(c) + 1 > columns) {
            g_string_append(clean, "…");
            break;
        }
        width += char_width(c);
        g_string_append_unichar(clean, c);
    }
    return g_string_free(clean, FALSE);
}

// As JSON writes it: two surrogates where four digits do not reach.
static void append_escaped(GString *target, gunichar c) {
    if (c > 0xffff) {
        g_string_append_printf(target, "\\u%04x", 0xd800 + ((unsigned)(c - 0x10000) >> 10));
        c = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
    g_string_append_printf(target, "\\u%04x", (unsigned)c);
}

char *cli_text_visible(const char *text) {
    GString *visible = g_string_new(NULL);
    for (const char *at = text; *at != 0;) {
        gunichar c = g_utf8_get_char_validated(at, -1);
        unsigned char byte = (unsigned char)*at;
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(visible, "\\x%02x", byte);
            at++;
            continue;
        }
        if (c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f) || (c > 0x9f && !is_hidden(c))) {
            g_string_append_unichar(visible, c);
        } else if (c < ' ') {
            g_string_append_printf(visible, "^%c", byte ^ 0x40);
        } else {
            append_escaped(visible, c);
        }
        at = g_utf8_next_char(at);
    }
    return g_string_free(visible, FALSE);
}

void cli_text_put(FILE *stream, const char *text) {
    if (isatty(fileno(stream)) != 1) {
        (void)fputs(text, stream);
        return;
    }
    char *visible = cli_text_visible(text);
    (void)fputs(visible, stream);
    explicit_bzero(visible, strlen(visible)); // it may be a secret, which is shown once
    g_free(visible);
}

void cli_text_clip(GString *line, unsigned columns) {
    unsigned width = 0;
    const char *at = line->str;
    const char *cut = NULL; // where the ellipsis would go
    bool has_colour = false;
    while (*at != 0) {
        if (g_str_has_prefix(at, "\033[")) {
            has_colour = true;
            at += strcspn(at, "m");
            at += *at != 0;
            continue;
        }
        const char *here = at;
        unsigned step = char_width(next_char(&at));
        cut = cut == NULL && width + step + 1 > columns ? here : cut;
        if (width + step > columns) {
            g_string_truncate(line, (gsize)(cut - line->str));
            g_string_append(line, "…");
            g_string_append(line, has_colour ? colour_off : "");
            return;
        }
        width += step;
    }
}

void cli_text_pad(GString *target, const char *text, unsigned columns) {
    g_string_append(target, text);
    for (unsigned width = cli_text_width(text); width < columns; width++) {
        g_string_append_c(target, ' ');
    }
}

struct cli_terminal cli_terminal_of(FILE *stream) {
    const char *no_colour = g_getenv("NO_COLOR");
    const char *kind = g_getenv("TERM");
    bool is_terminal = isatty(fileno(stream)) == 1 && g_strcmp0(kind, "dumb") != 0;
    return (struct cli_terminal){
        .is_terminal = is_terminal,
        .has_colour = is_terminal && (no_colour == NULL || no_colour[0] == 0),
        .has_symbols = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
    };
}

void cli_terminal_size(unsigned *ret_rows, unsigned *ret_columns) {
    struct winsize size = { 0 };
    bool is_known =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
    *ret_rows = is_known ? size.ws_row : 24;
    *ret_columns = is_known ? size.ws_col : 80;
}

const struct cli_state *cli_state_find(const char *name, int code) {
    for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(state_rows); i++) {
        if (strcmp(state_rows[i].name, name) == 0) {
            return &state_rows[i];
        }
    }
    for (size_t i = 0; code >= 0 && i < G_N_ELEMENTS(state_rows); i++) {
        if (state_rows[i].code == code) {
            return &state_rows[i];
        }
    }
    return &state_unknown;
}

void cli_state_append(GString *target, const struct cli_state *state,
                      const struct cli_terminal *terminal, const char *text) {
    if (terminal->has_colour) {
        g_string_append_printf(target, "%s%s%s", state->colour, text, colour_off);
    } else {
        g_string_append(target, text);
    }
}

char *cli_text_duration(int64_t ms) {
    int64_t seconds = ms / 1000;
    if (ms < 1000) {
        return g_strdup_printf("%d ms", (int)ms);
    }
    if (seconds < 60) {
        return g_strdup_printf("%.1f s", (double)ms / 1000.0);
    }
    if (seconds < 3600) {
        return g_strdup_printf("%d m %02d s", (int)(seconds / 60), (int)(seconds % 60));
    }
    return g_strdup_printf("%" G_GINT64_FORMAT " h %02d m", seconds / 3600,
                           (int)(seconds / 60 % 60));
}

struct cli_table {
    GPtrArray *rows; // of char **, the header first
    guint column_count;
};

struct cli_table *cli_table_new(const char *const *headers) {
    struct cli_table *table = g_new0(struct cli_table, 1);
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    table->column_count = g_strv_length((char **)(uintptr_t)headers);
    g_ptr_array_add(table->rows, g_strdupv((char **)(uintptr_t)headers));
    return table;
}

void cli_table_add(struct cli_table *table, char **texts_take) {
    g_assert(g_strv_length(texts_take) == table->column_count);
    g_ptr_array_add(table->rows, texts_take);
}

char *cli_table_text(const struct cli_table *table) {
    g_autofree unsigned *widths = g_new0(unsigned, table->column_count);
    for (guint row = 0; row < table->rows->len; row++) {
        char **texts = g_ptr_array_index(table->rows, row);
        for (guint i = 0; i < table->column_count; i++) {
            widths[i] = MAX(widths[i], cli_text_width(texts[i]));
        }
    }
    GString *all = g_string_new(NULL);
    for (guint row = 0; row < table->rows->len; row++) {
        char **texts = g_ptr_array_index(table->rows, row);
        for (guint i = 0; i < table->column_count; i++) {
            g_autofree char *clean = cli_text_clean(texts[i], 0);
            bool is_last = i + 1 == table->column_count;
            cli_text_pad(all, clean, is_last ? 0 : widths[i] + 2);
        }
        while (all->len > 0 && all->str[all->len - 1] == ' ') {
            g_string_truncate(all, all->len - 1);
        }
        g_string_append_c(all, '\n');
    }
    return g_string_free(all, FALSE);
}

void cli_table_free(struct cli_table *table) {
    if (table != NULL) {
        g_ptr_array_free(table->rows, TRUE);
        g_free(table);
    }
}
