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

// Each is asked of what is written, unless it has variables, and again when these are in. FAULT_INVALID_DATA.
bool script_content_check_work_dir(const char *work_dir, GError **error);
// `total_bytes` of the arguments before this one, number `index`; the function adds this one's.
bool script_content_check_argument(size_t index, const char *text, size_t *total_bytes,
                                   GError **error);
