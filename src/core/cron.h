// SPDX-License-Identifier: Apache-2.0
//
// cron: Quartz expressions of 6 or 7 fields, and when they fire (behaviour.md §4.2).
//
// An expression speaks of local time. "Local seconds" here are the seconds from 1970-01-01 00:00:00 to a local date and time as if no
// zone existed; instants are seconds since 1970 in UTC. A zone comes in as two functions, so this room reads no zone data itself.
// Pure; any thread; values only.
//
// proposed: changes of the clock. An expression that fires in every hour of the day follows elapsed time: it fires at each moment whose
// local time matches, so also in both passes of an hour that comes twice, and a skipped hour is simply not there. Every other one
// names local times: one that does not exist fires at the first moment after the gap, one that comes twice fires at its first
// coming. Two local times that fall together fire once.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { CRON_YEAR_MIN = 1970, CRON_YEAR_MAX = 2099, CRON_TEXT_MAX = 1024 };

// Sets as bits: bit n stands for the value n.
struct cron {
    int second; // the only one: the smallest period is a minute
    uint64_t minutes;
    uint32_t hours;
    uint32_t months;
    bool by_weekday;         // which of the two day fields decides
    uint32_t days;           // 1 … 31
    uint32_t last_days;      // bit n: n days before the month's last (`L`, `L-3`)
    uint32_t near_days;      // `15W`: the day of Monday … Friday nearest to it, in the same month
    uint32_t near_last_days; // `LW`
    uint8_t weekdays;        // Sunday = 1 … Saturday = 7
    uint8_t last_weekdays;   // `6L`
    uint8_t nth_weekdays[6]; // [n], n from 1 to 5: `6#3`
    uint64_t years[3];       // bit n: CRON_YEAR_MIN + n
};

// FAULT_INVALID_DATA: the message names the field, the character's position in the text (from 1) and what would do.
bool cron_parse(const char *text, struct cron *ret_cron, GError **error);

// The first matching local time that is not before `from_s`; false when there is none up to CRON_YEAR_MAX. Bounded: a step for each
// month until then at most.
bool cron_next_local(const struct cron *cron, int64_t from_s, int64_t *ret_local_s);

// A time zone: local time is the instant plus the offset, which holds until the next change (INT64_MAX: for ever).
struct cron_zone {
    const void *ctx;
    int (*offset_s)(const void *ctx, int64_t instant_s);
    int64_t (*next_change_s)(const void *ctx, int64_t after_s);
};

// The instant of a local time: the first moment at which the local clock shows this or more.
int64_t cron_instant(const struct cron_zone *zone, int64_t local_s);
// The other end: the last moment at which the local clock shows this or less.
int64_t cron_last_instant(const struct cron_zone *zone, int64_t local_s);

// The first fire after an instant; false when there is none.
bool cron_next(const struct cron *cron, const struct cron_zone *zone, int64_t after_s,
               int64_t *ret_instant_s);

// The least time between two fires that the minutes and hours allow, in minutes; 1440 for one time of day.
int cron_period_minutes(const struct cron *cron);
