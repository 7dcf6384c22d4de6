// SPDX-License-Identifier: Apache-2.0
//
// script: the content of AZKABAN_COMMAND_REMOTE (behaviour.md §2.6): {"script":"…", "args":["…"], "workDir":"/…", "timeoutSeconds":60}.
// Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

// What execve takes; checked here, so that the node says what is too long instead of "argument list too long".
enum {
    SCRIPT_ARGUMENTS_MAX = 4000,
    SCRIPT_ARGUMENT_BYTES = 128 * 1024 - 1,
    SCRIPT_ARGUMENTS_BYTES = 512 * 1024, // all of them together
    SCRIPT_PATH_BYTES = 4095,            // a work directory
};

// Texts as they are written.
struct script_content {
    char *script;
    GPtrArray *args; // of char *
    char *work_dir;  // NULL: a fresh directory
};

// Where what is written begins to be a script: behind the byte order marks that editors may have put before it.
const char *script_content_start(const char *script);

// Each is asked of what is fixed in what is written, since a variable may be empty, and again when the variables are in. FAULT_INVALID_DATA.
// Of the text from script_content_start on; NULL: the content has none.
bool script_content_check_text(const char *script, GError **error);
// A path that is not empty has `len` bytes, of which `first` is the first; '\0': a variable stands there.
bool script_content_check_work_dir(char first, size_t len, GError **error);
// The argument number `index` has `len` bytes; *total_bytes of those before it, to which the function adds.
bool script_content_check_argument(size_t index, size_t len, size_t *total_bytes, GError **error);
