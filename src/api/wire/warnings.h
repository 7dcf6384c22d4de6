// SPDX-License-Identifier: Apache-2.0
//
// warnings: what a call was given and nothing reads, told in the reply field `Warnings` (an extension; docs/extensions.md). A warning never
// changes what the call does: it is done all the same. Also: which parameters an operation knows, for the server and for `sluice call`.
//
// Pure; belongs to the thread of the request.
#pragma once

#include "api/wire/decode.h"
#include "api/wire/operation.h"

#include <jansson.h>
#include <stdbool.h>

enum {
    WARNINGS_MAX = 100,           // in one reply; one more counts the rest
    WARNING_NAME_BYTES_MAX = 128, // of a caller's name in a warning; the rest is cut
};

// Codes; stable.
#define WARNING_PARAMETER "UnknownParameter"
#define WARNING_KEY "UnknownKey"
#define WARNING_EXECUTOR "NoExecutor"
#define WARNING_MORE "MoreWarnings"

// Does the operation read this parameter? True also for parameters of the protocol itself, of either signature (protocol.md §4), for the parts
// of a flattened list (`Name.1.Field`), and for Tid, which every operation takes.
bool operation_knows_param(const struct operation *operation, const char *name);
// Parameters of the operation that `name` may have meant, as nearest_names writes them; NULL: none. The caller frees it.
char *operation_near_params(const struct operation *operation, const char *name);

// Of one call; begins zeroed and ends with warnings_done.
struct warnings {
    json_t *list; // NULL: none yet
    size_t count; // all, also those that are left out
};
void warnings_done(struct warnings *warnings);

// Adds one; `name` is what it is about: a parameter, or a key as `NodeConfig.rerun.rerunCuont`.
void warnings_add(struct warnings *warnings, const char *code, const char *name,
                  const char *message);
// Counts further ones that nobody has kept.
void warnings_count(struct warnings *warnings, size_t count);
// Adds one for every parameter that the operation does not know, in wire order.
void warnings_add_params(struct warnings *warnings, const struct operation *operation,
                         const struct params *params);
// Adds one for a member of an object at `path` inside a JSON parameter, which the object's shape does not have.
void warnings_add_member(struct warnings *warnings, const struct shape *object, const char *path,
                         const char *name);
// Puts them into the reply as {"Warnings":{"Warning":[…]}}; without any, nothing. Once.
void warnings_reply(const struct warnings *warnings, json_t *reply);
