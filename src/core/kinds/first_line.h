// SPDX-License-Identifier: Apache-2.0
//
// first_line: a script's first line that begins with "#!", as the kernel reads it: an interpreter, and all that stands behind it as one argument.
// What is refused can start nothing, whatever is installed. FAULT_INVALID_DATA. Pure.
#pragma once

#include <glib.h>
#include <stdbool.h>

// Of a line whose variables are known. A relative path is looked for in the work directory; without one of its own a script's is empty.
bool first_line_check(const char *script, bool has_work_dir, GError **error);

// The part that nobody else finds out: env without a command starts the script again, and so for ever. Any other line has its fault named when its
// start fails (supervisor/failure).
bool first_line_check_command(const char *script, GError **error);
