// SPDX-License-Identifier: Apache-2.0
//
// tzif: a zone as its file tells it (RFC 9636, versions 2 and later): how far its clock is ahead of UTC, and when that changes.
//
// Only the 64-bit part of a file counts, and behind its last change the rule that ends it, for ever. Names and the word "summer time" are
// left aside: an offset is all that a clock shows. Values are immutable, so every thread may read one.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct tzif;

// FAULT_INVALID_DATA when the bytes are no such file. The caller frees the zone with tzif_free.
bool tzif_new(const void *bytes, size_t len, struct tzif **ret_tzif, GError **error);
void tzif_free(struct tzif *tzif);

// Instants are seconds since 1970 in UTC.
int tzif_offset_s(const struct tzif *tzif, int64_t instant_s);
// The first moment behind an instant at which the offset may be another one; INT64_MAX: never again.
int64_t tzif_next_change_s(const struct tzif *tzif, int64_t after_s);
