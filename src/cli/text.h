// SPDX-License-Identifier: Apache-2.0
//
// cli_text: text for a terminal: its width in columns, colours, symbols of states, and tables.
//
// Names, messages and what scripts print come from other people: control characters in them never reach the terminal. One thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// Columns that the text takes: two for wide East Asian characters, none for combining ones. UTF-8; invalid bytes count one.
unsigned cli_text_width(const char *text);

// A copy without control and format characters, separators and invalid bytes (each becomes '?'), cut to at most
// `columns` columns with an ellipsis at the end; 0: not cut. The caller frees it.
char *cli_text_clean(const char *text, unsigned columns);

// A copy in which control characters but line feed and tab are readable, and so are characters that turn the direction of writing, part lines or
// hide text: `^[` below U+0020, `\u009b` from U+007F to U+009F, `\u202e` format characters and the two separators, with surrogates above U+FFFF,
// `\x9b` a byte that is not UTF-8. JSON stays JSON, and says the same: it has none below U+0020 but line feeds. The caller frees it.
char *cli_text_visible(const char *text);

// Writes the text as it is, or where the stream is a terminal, visible. Failures are left to cli_flush. The only way out for text that
// others wrote and that is not clean.
void cli_text_put(FILE *stream, const char *text);

// Cuts a line that is drawn to at most `columns` columns, in place; colours (as cli_state_append writes them) take none and end at the
// cut. A line that is wider than a terminal goes on in the next row, and what is drawn over it later misses the rest.
void cli_text_clip(GString *line, unsigned columns);

// Appends the text and blanks up to `columns`; text that is wider is not cut.
void cli_text_pad(GString *target, const char *text, unsigned columns);

// How a stream is to be written to.
struct cli_terminal {
    bool is_terminal;
    bool has_colour;  // a terminal, without NO_COLOR and TERM=dumb
    bool has_symbols; // its character set is UTF-8
};
struct cli_terminal cli_terminal_of(FILE *stream);
// Rows and columns now; 24 and 80 when unknown.
void cli_terminal_size(unsigned *ret_rows, unsigned *ret_columns);

// A state of a run or a node as it is shown. Constant.
struct cli_state {
    const char *name; // "RUNNING"
    int code;         // of the wire, when there is no name (operations.md §1.1)
    const char *symbol;
    char plain_symbol;  // without UTF-8
    const char *colour; // terminal sequence
    bool is_ended;
};
// Found by name; unknown or NULL: by the wire's code. Never NULL.
const struct cli_state *cli_state_find(const char *name, int code);
// Appends the text in the state's colour, if there are colours.
void cli_state_append(GString *target, const struct cli_state *state,
                      const struct cli_terminal *terminal, const char *text);

// A duration: "340 ms", "2.5 s", "3 m 20 s", "2 h 05 m". The caller frees it.
char *cli_text_duration(int64_t ms);

// A table: rows of texts under a header; columns are as wide as their widest text.
struct cli_table;
struct cli_table *cli_table_new(const char *const *headers); // NULL-ended
// Takes one text for each column, which it frees.
void cli_table_add(struct cli_table *table, char **texts_take);
// Gives header, rows and nothing else; each line ends in a line feed. The caller frees it.
char *cli_table_text(const struct cli_table *table);
void cli_table_free(struct cli_table *table);
