// SPDX-License-Identifier: Apache-2.0
//
// json_args: arrays among the parameters, as one JSON text or flattened, checked and normalised by their schema (protocol.md §3.6,
// operations.md §0.2): ids may be numbers or digit strings and come out as integers; texts may be numbers and come out as strings; members of
// unknown names and null members are dropped, the first with a warning. Pure; any thread.
#pragma once

#include "api/wire/decode.h"
#include "api/wire/operation.h"
#include "api/wire/warnings.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

// From a JSON text; `name` begins the paths in reasons and warnings. `warnings` may be NULL. On failure *ret_reason says why; the caller frees
// it.
bool json_args_parse(const struct shape *schema, const char *name, const char *text,
                     struct warnings *warnings, json_t **ret_array, char **ret_reason);

// From `Name.1`, `Name.1.Field`, … in the order of the numbers. Sets NULL when there are none.
bool json_args_collect(const struct shape *schema, const char *name, const struct params *params,
                       json_t **ret_array, char **ret_reason);

// Is there any `Name.N`?
bool json_args_is_flattened(const char *name, const struct params *params);

// Decimal digits with an optional '-', within 64 bits.
bool json_args_number(const char *text, int64_t *ret_number);
