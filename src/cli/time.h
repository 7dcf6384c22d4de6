// SPDX-License-Identifier: Apache-2.0
//
// cli_time: the one zone in which a command shows every time, and times of replies and logs in it.
//
// Replies write a time in the zone of its flow and say which (`TimeZoneId`); logs write UTC. One thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"

// --zone, then SLUICE_ZONE, then this machine's own zone (TZ, /etc/localtime); UTC when nothing names one. FAULT_INVALID_VALUE: not a
// zone that the system knows. The text lives as long as the process.
bool cli_time_zone(const struct cli_options *options, const char **ret_zone, GError **error);

// "2026-01-31 10:00:00" in `zone` out of the same in `from` (NULL or unknown: shown as it is). The caller frees it.
char *cli_time_text(const char *text, const char *from, const char *zone);
// The same with milliseconds out of a log's "2026-01-31T02:00:00.012Z".
char *cli_time_of_stamp(const char *stamp, const char *zone);
// The same of a member of a reply's item, which says its zone itself (`TimeZoneId`); "" when it has no such time. The caller frees it.
char *cli_time_of_item(const json_t *item, const char *member, const char *zone);
// Milliseconds since 1970 of such a text; -1 when it is no time.
int64_t cli_time_ms(const char *text, const char *from);
