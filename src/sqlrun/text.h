// SPDX-License-Identifier: Apache-2.0
//
// sqlrun_text: texts of a database and of a user, on one line of a log and no wider than asked for. Widths are those of a terminal: two
// columns for wide letters such as 汉, none for marks that are set upon the letter before. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

enum text_form {
    TEXT_VALUE, // every backslash doubled, so that \n in it is a line end and \\n is not
    TEXT_PLAIN, // a backslash is one
};

// Appends the text and returns its width, at most `width_max`: what is longer ends in "…". Whatever would end the line, move the cursor or turn
// the direction of writing is written as an escape: \n, \x1b, \u{202e}; so are zero bytes and bytes that are no UTF-8.
size_t text_append(GString *line, const char *text, size_t len, size_t width_max,
                   enum text_form form);

// A statement on one line: line ends with the blanks around them become one blank. When it is cut the line says how long it is.
void text_append_statement(GString *line, const char *text, size_t len, size_t width_max);
