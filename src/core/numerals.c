// SPDX-License-Identifier: Apache-2.0
//
// Numbers are put in quotes before the document is read. Only what JSON calls a number is, so a text that was no JSON does not become it.

#include "core/numerals.h"

#include <stdbool.h>

#include <glib.h>

static size_t digits_len(const char *at, const char *end) {
    const char *stop = at;
    while (stop < end && g_ascii_isdigit(*stop)) {
        stop++;
    }
    return (size_t)(stop - at);
}

// Behind the fraction or the exponent that begins at `at`; `at` itself when there is none.
static const char *skip_fraction(const char *at, const char *end) {
    size_t len = at < end && *at == '.' ? digits_len(at + 1, end) : 0;
    return len > 0 ? at + 1 + len : at;
}

static const char *skip_exponent(const char *at, const char *end) {
    if (at >= end || (*at != 'e' && *at != 'E')) {
        return at;
    }
    const char *digits = at + 1 + (at + 1 < end && (at[1] == '+' || at[1] == '-'));
    size_t len = digits_len(digits, end);
    return len > 0 ? digits + len : at;
}

// Behind the number that begins at `at`; `at` itself when none does.
static const char *number_end(const char *at, const char *end) {
    const char *digits = at + (*at == '-');
    size_t len = digits_len(digits, end);
    if (len == 0) {
        return at;
    }
    const char *whole_end = digits + (*digits == '0' ? 1 : len);
    return skip_exponent(skip_fraction(whole_end, end), end);
}

// A name has to be in quotes by itself.
static bool is_name(const char *stop, const char *end) {
    while (stop < end && g_ascii_isspace(*stop)) {
        stop++;
    }
    return stop < end && *stop == ':';
}

// Behind the text in quotes that begins at `at`.
static const char *string_end(const char *at, const char *end) {
    for (at++; at < end && *at != '"'; at++) {
        at += *at == '\\' && at + 1 < end;
    }
    return at < end ? at + 1 : end;
}

json_t *numerals_load(const char *text, size_t len, size_t flags, json_error_t *ret_error) {
    g_autoptr(GString) quoted = g_string_sized_new(len + 16);
    const char *end = text + len;
    for (const char *at = text; at < end;) {
        const char *stop = *at == '"' ? string_end(at, end) : number_end(at, end);
        bool is_number = *at != '"' && stop > at && !is_name(stop, end);
        stop = stop > at ? stop : at + 1;
        if (is_number) {
            g_string_append_c(quoted, '"');
        }
        g_string_append_len(quoted, at, stop - at);
        if (is_number) {
            g_string_append_c(quoted, '"');
        }
        at = stop;
    }
    return json_loadb(quoted->str, quoted->len, flags, ret_error);
}
