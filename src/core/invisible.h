// SPDX-License-Identifier: Apache-2.0
//
// invisible: characters that show nothing: blanks of all scripts, controls, and marks of format such as U+FEFF and U+200B. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

static inline bool character_is_invisible(gunichar character) {
    return g_unichar_isspace(character) || g_unichar_iscntrl(character) ||
           g_unichar_type(character) == G_UNICODE_FORMAT;
}
