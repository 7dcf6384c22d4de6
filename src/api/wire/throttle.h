// SPDX-License-Identifier: Apache-2.0
//
// throttle: token buckets by name: so many per second, and so many at once after a pause (reliability.md, HTTP; protocol.md §11).
//
// A pure function of the times it is given: it reads no clock. Memory is bounded: when `entries_max` names are known, the one that was
// seen longest ago is forgotten, which gives it a full bucket again. An idle name costs nothing.
//
// Threads: any; one mutex inside.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct throttle;

// `per_second` 0: no limit, everything is admitted. Otherwise 1 to 1 000 000, with burst >= 1.
struct throttle *throttle_new(int64_t per_second, int64_t burst, size_t entries_max);
void throttle_free(struct throttle *throttle);

// Takes one token. False: there is none; *ret_retry_ms (at least 1) says when there will be, and nothing is taken.
bool throttle_take(struct throttle *throttle, const char *name, int64_t now_us,
                   int64_t *ret_retry_ms);
// The same answer without taking.
bool throttle_has(struct throttle *throttle, const char *name, int64_t now_us,
                  int64_t *ret_retry_ms);

// How many names are remembered.
size_t throttle_count(struct throttle *throttle);
