// SPDX-License-Identifier: Apache-2.0
//
// run_args: texts into versions and instants.
#include "api/run_args.h"

#include "base/civil.h"
#include "base/fault.h"
#include "base/zone.h"

#include <string.h>

enum { SECONDS_PER_DAY = 24 * 60 * 60 };

bool run_version_from_text(const char *text, int64_t *ret_version_id, GError **error) {
    if (text == NULL || text[0] == '\0' || strcmp(text, "[]") == 0) {
        *ret_version_id = 0;
        return true;
    }
    gint64 version_id = 0;
    bool is_digits = strspn(text, "0123456789") == strlen(text);
    if (!is_digits || !g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &version_id, NULL)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "DagVersion",
                        "DagVersion \"%.100s\" is no version; give the digits of a VersionId from "
                        "ListDAGVersions, or "
                        "leave it out for the version that ran",
                        text);
        return false;
    }
    *ret_version_id = version_id;
    return true;
}

bool run_args_version(const struct args *args, int64_t *ret_version_id, GError **error) {
    return run_version_from_text(args_text(args, "DagVersion"), ret_version_id, error);
}

bool run_day_from_text(const char *text, const char *field, const char *zone, int days,
                       int64_t *ret_ms, GError **error) {
    struct civil day = { 0 };
    struct civil first = { 0 };
    bool has_time = false;
    if (!civil_parse(text, &day, &has_time) || has_time ||
        !civil_add(&day, 0, 0, (int64_t)days * SECONDS_PER_DAY, &first)) {
        fault_set_field(error, FAULT_INVALID_FIELD, field,
                        "%s \"%.100s\" is no date; write it yyyy-MM-dd", field, text);
        return false;
    }
    *ret_ms = zone_instant_ms(zone, &first);
    return true;
}

bool run_args_days(const struct args *args, const char *zone, int64_t *ret_from_ms,
                   int64_t *ret_until_ms, GError **error) {
    const char *begin = args_text(args, "StartTimeBegin");
    const char *end = args_text(args, "StartTimeEnd");
    int64_t from_ms = 0;
    int64_t until_ms = INT64_MAX;
    if (begin != NULL && begin[0] != '\0' &&
        !run_day_from_text(begin, "StartTimeBegin", zone, 0, &from_ms, error)) {
        return false;
    }
    if (end != NULL && end[0] != '\0' &&
        !run_day_from_text(end, "StartTimeEnd", zone, 1, &until_ms, error)) {
        return false;
    }
    *ret_from_ms = from_ms;
    *ret_until_ms = until_ms;
    return true;
}
