// SPDX-License-Identifier: Apache-2.0
//
// decode: from the bytes of target and body to named parameters (protocol.md §3.3 to §3.5).
//
// Not for types and ranges (args). What always holds: each name comes once and has no other bytes than A-Z a-z 0-9 - _ . ~, which no client
// encodes; values are valid UTF-8 without NUL; there are at most PARAMS_MAX of them. A `struct params` is immutable; it belongs to the worker that handles the request.
#pragma once

#include "api/wire/request.h"
#include "api/wire/wire_error.h"

#include <stdbool.h>
#include <stddef.h>

enum { PARAMS_MAX = 20000 };

struct param_pair {
    const char *name;
    const char *value; // "" when empty
    size_t name_len;
    size_t value_len;
    bool is_form; // from the body
};

struct params;

// Reads query and body. The body gives parameters if its type is a form, or a JSON object (its top-level members); other types give
// none. Errors: InvalidParameter for a lone '%', for too many and for a name of other bytes, Invalid{Name} for a repeated name and
// for a value with bad UTF-8 or NUL.
bool params_parse(const struct api_request *request, struct params **ret_params,
                  struct wire_error *error);
void params_free(struct params *params);

// Value of that exact name, or NULL when it was not sent.
const char *params_value(const struct params *params, const char *name);
size_t params_count(const struct params *params);

// In wire order, query first.
const struct param_pair *params_at(const struct params *params, size_t index);

// Sorted by name, byte-wise. The array holds params_count pairs and lives as long as the params.
const struct param_pair *const *params_sorted(const struct params *params);

// The undecoded value of the first `name=` in a raw query, for use before or without parsing. The caller frees it; NULL when absent.
char *params_peek(const char *target, const char *name);

// Decodes `len` bytes of `text` in place by the rules of §3.4 ('+' is a blank, %XX of either case). False: a lone '%'.
bool percent_decode(char *text, size_t len, size_t *ret_len);
