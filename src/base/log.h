// SPDX-License-Identifier: Apache-2.0
//
// log: the server's own log, one event a line on standard error, `key=value` pairs behind a time stamp and a level.
//
// Floors 0–2 return errors and never log them; each error is logged once, by whoever stops it (style B5). Secrets never come here.
// Thread-safe: one write a line.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVEL_COUNT };

// The least level that is written; LOG_INFO until told otherwise.
void log_set_level(enum log_level level);
bool log_level_from_name(const char *name, enum log_level *ret_level);

// One line: `2026-11-22T06:12:27.123Z info room event=… …`. The format makes the pairs; values with blanks go through log_quote.
void log_line(enum log_level level, const char *room, const char *format, ...) G_GNUC_PRINTF(3, 4);

#define log_debug(room, ...) log_line(LOG_DEBUG, room, __VA_ARGS__)
#define log_info(room, ...) log_line(LOG_INFO, room, __VA_ARGS__)
#define log_warn(room, ...) log_line(LOG_WARN, room, __VA_ARGS__)
#define log_error(room, ...) log_line(LOG_ERROR, room, __VA_ARGS__)

// The text in double quotes with control characters, quotes and backslashes escaped. The caller frees it.
char *log_quote(const char *text);
