// SPDX-License-Identifier: Apache-2.0
//
// run_args: parameters of run operations whose text has a form of its own. Pure; any thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/args.h"

// `DagVersion` of resume and rerun: absent, empty and "[]" mean the run's own version, which is 0; digits are a version's id.
// Anything else is FAULT_INVALID_FIELD.
bool run_args_version(const struct args *args, int64_t *ret_version_id, GError **error);
// The same from the parameter's text, which may be NULL.
bool run_version_from_text(const char *text, int64_t *ret_version_id, GError **error);

// `StartTimeBegin` and `StartTimeEnd`, both yyyy-MM-dd and both days included, as a half-open range of instants in the zone: 0 and
// INT64_MAX where a side is open. FAULT_INVALID_FIELD names the parameter.
bool run_args_days(const struct args *args, const char *zone, int64_t *ret_from_ms,
                   int64_t *ret_until_ms, GError **error);
// One day's first instant in the zone, plus `days`. `field` is the parameter to blame.
bool run_day_from_text(const char *text, const char *field, const char *zone, int days,
                       int64_t *ret_ms, GError **error);
