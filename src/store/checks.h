// SPDX-License-Identifier: Apache-2.0
//
// checks: rules for the texts a change carries; faults name the wire's parameter. Pure. Private to this folder.
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "core/model.h"

// A name: needed, valid UTF-8 without control characters, at most max characters.
bool check_name(const char *name, const char *field, int max, GError **error);
// A text that may be NULL: at most max characters.
bool check_length(const char *text, const char *field, int max, GError **error);
// JSON of any kind; NULL passes, empty text does not.
bool check_json(const char *text, const char *field, GError **error);
// `{"variables":[…]}`; NULL passes.
bool check_time_variables(const char *text, GError **error);
// NodeConfig; NULL passes.
bool check_config(const char *text, GError **error);
// NodeOutput of a kind; NULL passes, a kind without outputs is FAULT_INVALID_VALUE.
bool check_output(const char *text, enum node_kind kind, GError **error);
// At most VARS_PER_LIST_MAX entries, or as many as `old` has when that are more: the list `member` of both objects, or, with NULL, both themselves.
// Texts that were checked before; NULL and empty ones have none. FAULT_LIMIT_EXCEEDED.
bool check_count(const char *text, const char *old, const char *member, const char *field,
                 GError **error);
// A JSON array of {Key, Value}: keys needed, unique, valid names. *ret_constants is the same list in our own spelling, every Value a
// text; the caller frees it.
bool check_constants(const char *document, char **ret_constants, GError **error);
