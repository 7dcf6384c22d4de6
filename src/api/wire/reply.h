// SPDX-License-Identifier: Apache-2.0
//
// reply: the pieces a reply is made of, each with exactly its wire type (operations.md §0.3, §0.6, §0.7).
//
// A field without a value is absent, never null; lists are always there. Belongs to the thread of the request.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

// Each adds the member `name`. Text NULL: nothing. Text that is not UTF-8 has its bad bytes replaced.
void reply_text(json_t *object, const char *name, const char *text);
// As reply_text, but an empty text adds nothing either: the value was never given.
void reply_given_text(json_t *object, const char *name, const char *text);
void reply_number(json_t *object, const char *name, int64_t number);
void reply_bool(json_t *object, const char *name, bool value);
// An id as a number or as digits; 0 is "none" and adds nothing.
void reply_id(json_t *object, const char *name, int64_t id);
void reply_id_text(json_t *object, const char *name, int64_t id);
// Digits, where 0 is a value: the default scenario.
void reply_digits(json_t *object, const char *name, int64_t number);
// "yyyy-MM-dd HH:mm:ss" in the zone; an instant of 0 adds nothing.
void reply_time(json_t *object, const char *name, const char *zone, int64_t instant_ms);

// A new object or array under `name`; lent, it belongs to `object`.
json_t *reply_object(json_t *object, const char *name);
json_t *reply_array(json_t *object, const char *name);
// The array inside the wrapper of a wrapped list: {"outer":{"inner":[…]}}.
json_t *reply_list(json_t *object, const char *outer, const char *inner);
// A new object at the array's end; lent.
json_t *reply_item(json_t *array);
