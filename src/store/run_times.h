// SPDX-License-Identifier: Apache-2.0
//
// run_times: what the clock of a run's own zone showed, kept with the run, so that runs are found by the times that are shown. Private to
// this folder.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "sql/sql.h"

// Seconds since 1970 on the clock of the zone; 0 for 0, which is no time.
int64_t run_local_s(const char *zone, int64_t instant_ms);

// For a store made before runs kept this: fills it in, for every run.
bool run_times_fill(struct sql *sql, GError **error);
