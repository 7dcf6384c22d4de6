// SPDX-License-Identifier: Apache-2.0
//
// zone: instants (int64_t milliseconds since 1970 in UTC) to local civil time and back, from the system's time zone data.
//
// core/ never asks for a zone: it gets a `struct civil`. Thread-safe; a zone is read once.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/civil.h"

// Wall clock, milliseconds since 1970 in UTC.
int64_t zone_now_ms(void);
// Milliseconds since the machine started, sleep included. Nobody sets this clock, so ages are counted on it.
int64_t zone_uptime_ms(void);

// May this be chosen: is it an IANA zone that the system knows ("Asia/Shanghai")? Names that mean what a machine is set to ("localtime",
// "posixrules", "Factory") or count leap seconds ("right/…", and "posix/…" beside it) may not: what they say differs from machine to
// machine, or from its own name. The functions below read them still, for what was stored when they were allowed.
bool zone_is_known(const char *name);

// The local time of an instant in a zone. An unknown zone counts as UTC (it was checked when it was saved).
struct civil zone_civil(const char *name, int64_t instant_ms);

// The instant of a local time. A time that does not exist moves to the first moment after the gap; one that comes twice is
// the first (behaviour.md §4.2).
int64_t zone_instant_ms(const char *name, const struct civil *civil);

// How far local time is ahead of UTC at an instant, and when that may change next: both in seconds, an instant in seconds since
// 1970. INT64_MAX: never again, as far as is known. An unknown zone counts as UTC.
int zone_offset_s(const char *name, int64_t instant_s);
int64_t zone_next_change_s(const char *name, int64_t after_s);
