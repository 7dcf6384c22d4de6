// SPDX-License-Identifier: Apache-2.0
//
// run_args: parameters of run operations whose text has a form of its own. Pure; any thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/wire/args.h"

// `DagVersion` of runs: absent, empty and "[]" are VERSION_UNSAID; "draft" and "live" in any case are VERSION_DRAFT and VERSION_LIVE; digits
// are a version's id. Anything else is FAULT_INVALID_FIELD.
bool run_args_version(const struct args *args, int64_t *ret_version_id, GError **error);
// The same from the parameter's text, which may be NULL.
bool run_version_from_text(const char *text, int64_t *ret_version_id, GError **error);

// `RunVariables`: a JSON object of names and texts. *ret_variables, which the caller frees, is NULL when there are none. Names as those of
// constants, RUN_VARIABLES_MAX of them and RUN_VARIABLES_BYTES_MAX of text at most; FAULT_INVALID_FIELD.
enum { RUN_VARIABLES_MAX = 100, RUN_VARIABLES_BYTES_MAX = 64 * 1024 };
bool run_args_variables(const struct args *args, json_t **ret_variables, GError **error);
// The same from the parameter's text, which may be NULL.
bool run_variables_from_text(const char *text, json_t **ret_variables, GError **error);

// `StartTimeBegin` and `StartTimeEnd`, both yyyy-MM-dd and both days included, as a half-open range of what a clock shows, in
// seconds since 1970 on that clock: 0 and INT64_MAX where a side is open. FAULT_INVALID_FIELD names the parameter.
bool run_args_days(const struct args *args, int64_t *ret_from_local_s, int64_t *ret_until_local_s,
                   GError **error);
// The first second of a day, plus `days`, on the clock. `field` is the parameter to blame.
bool run_day_from_text(const char *text, const char *field, int days, int64_t *ret_local_s,
                       GError **error);
