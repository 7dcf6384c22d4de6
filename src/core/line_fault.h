// SPDX-License-Identifier: Apache-2.0
//
// line_fault: why a script's last line that begins like a JSON object gives no outputs (docs/nodes/script.md). Pure; any thread.
#pragma once

#include <jansson.h>
#include <stddef.h>

// `error` is what reading the line as JSON said. NULL when the line was not meant as an object: it does not begin with "{". Otherwise a
// sentence that the caller frees: UTF-8 without control characters.
char *line_fault(const char *line, size_t len, const json_error_t *error);
