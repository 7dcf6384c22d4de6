// SPDX-License-Identifier: Apache-2.0
//
// utf8: text out of bytes that may be anything and may be cut anywhere: log files. Pure; any thread.
#pragma once

#include <glib.h>
#include <stddef.h>

// Bytes at the end that begin a character whose rest is missing: 0 … 3.
size_t utf8_cut_tail(const char *bytes, size_t len);

// The bytes as UTF-8: what is none becomes U+FFFD, one for each sequence that can not go on, as browsers and Node do it. So does NUL, which
// XML can not carry. The caller frees the text (g_string_free).
GString *utf8_repair(const char *bytes, size_t len);
