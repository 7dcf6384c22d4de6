// SPDX-License-Identifier: Apache-2.0
//
// args: the arguments of one call, checked and typed by the operation's table (protocol.md §3.6, operations.md §0.1, §0.2).
//
// A handler sees only this. Asking for a parameter that the operation does not have, or for another type than its own, is our
// mistake and ends the process. Texts and JSON live as long as the args. Belongs to the worker that handles the request.
#pragma once

#include "api/wire/decode.h"
#include "api/wire/operation.h"
#include "api/wire/warnings.h"
#include "api/wire/wire_error.h"

struct args;

// Checks in the order of protocol.md §8: all missing parameters first (in the table's order), then malformed ones.
// Numbers and booleans that are empty count as absent; so do empty JSON arguments; required and empty text is missing.
// What is given and not read is added to `warnings`, which may be NULL.
bool args_new(const struct operation *operation, const struct params *params,
              struct warnings *warnings, struct args **ret_args, struct wire_error *error);
// What can be read of arguments that args_new refuses or that were not looked at: numbers and texts; all else is absent. It never fails, and
// tells only what a refused call was about: no handler gets it.
struct args *args_readable(const struct operation *operation, const struct params *params);
void args_free(struct args *args);

// Was it given?
bool args_has(const struct args *args, const char *name);

// Number of a long or integer parameter. False when absent.
bool args_int(const struct args *args, const char *name, int64_t *ret_value);
int64_t args_int_or(const struct args *args, const char *name, int64_t fallback);

bool args_bool(const struct args *args, const char *name, bool *ret_value);
bool args_bool_or(const struct args *args, const char *name, bool fallback);

// Text of a string parameter, or NULL when absent; may be empty when it is optional.
const char *args_text(const struct args *args, const char *name);

// A string parameter that holds an id (`NodeId` of UpdateTaskName): decimal digits. Sets 0 when absent. FAULT_INVALID_FIELD otherwise.
bool args_text_id(const struct args *args, const char *name, int64_t *ret_id, GError **error);

// The JSON array, normalised by its schema (ids are integers, texts are strings, members of no known name are gone), or NULL when absent.
const json_t *args_json(const struct args *args, const char *name);

// SHA-256 over action and all arguments but ClientToken, as hex: equal calls have equal digests. The caller frees it.
char *args_digest(const struct args *args);
