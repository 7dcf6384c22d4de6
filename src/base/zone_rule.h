// SPDX-License-Identifier: Apache-2.0
//
// zone_rule: what a zone's clock does behind the last change that its file lists: the text that ends a TZif file, such as
// `CET-1CEST,M3.5.0,M10.5.0/3` (RFC 9636 §3.3: POSIX `TZ` with hours from -167 to 167). Pure; any thread; values only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum zone_day_kind {
    ZONE_DAY_MONTH_WEEK,   // M3.5.0: the fifth, or else last, Sunday of March
    ZONE_DAY_WITHOUT_LEAP, // J60: always 1 March
    ZONE_DAY_OF_YEAR,      // 59: the first day is 0, and 29 February counts
};

// A moment of each year: a day, and seconds behind its midnight on the clock that holds until then.
struct zone_moment {
    enum zone_day_kind kind;
    int month;
    int week;
    int day; // of the week, Sunday = 0, or of the year
    int time_s;
};

// The second half of the year need not be "summer", nor its clock be ahead: Dublin's is behind, in winter.
struct zone_rule {
    int offset_s;
    bool has_other; // another offset holds from `begin` to `end` of each year
    int other_offset_s;
    struct zone_moment begin;
    struct zone_moment end;
};

// False, and nothing set, when the text is no such rule.
bool zone_rule_parse(const char *text, struct zone_rule *ret_rule);

int zone_rule_offset_s(const struct zone_rule *rule, int64_t instant_s);
// The first moment behind an instant at which the offset is another one; INT64_MAX: never.
int64_t zone_rule_next_change_s(const struct zone_rule *rule, int64_t after_s);
