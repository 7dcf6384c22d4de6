// SPDX-License-Identifier: Apache-2.0
//
// Every object and list begins with a bracket, every further value stands behind a comma, every named one behind a colon; in texts none of
// them counts.

#include "core/json_cost.h"

enum {
    OBJECT_BYTES = 224, // with its first buckets
    LIST_BYTES = 128,   // with its first places
    VALUE_BYTES = 112,  // a number or a text, and its place
    NAME_BYTES = 64,    // a short name, and its entry
};

// Behind the end of the text that begins at `at`, or `end`.
static const char *skip_text(const char *at, const char *end) {
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\') {
            at++;
        }
    }
    return at < end ? at + 1 : end;
}

static size_t cost_of(char byte) {
    switch (byte) {
    case '{': return OBJECT_BYTES;
    case '[': return LIST_BYTES;
    case ',': return VALUE_BYTES;
    case ':': return NAME_BYTES;
    default: return 0;
    }
}

size_t json_cost(const char *text, size_t len) {
    size_t cost = VALUE_BYTES;
    const char *end = text + len;
    for (const char *at = text; at < end;) {
        if (*at == '"') {
            at = skip_text(at, end);
            continue;
        }
        cost += cost_of(*at);
        at++;
    }
    return cost;
}

bool json_cost_is_fair(const char *text, size_t len) {
    return json_cost(text, len) <= JSON_COST_MAX;
}
