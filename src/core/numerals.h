// SPDX-License-Identifier: Apache-2.0
//
// numerals: JSON whose numbers are wanted as they are written: 1.50 stays 1.50, and a number of any size is read. Pure; any thread.
#pragma once

#include <jansson.h>
#include <stddef.h>

// As json_loadb, but every number becomes the text it was written as. NULL when the text is no JSON; `ret_error` may be NULL.
json_t *numerals_load(const char *text, size_t len, size_t flags, json_error_t *ret_error);
