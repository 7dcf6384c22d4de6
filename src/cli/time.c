// SPDX-License-Identifier: Apache-2.0
//
// cli_time: an hour that comes twice is taken as its first, as everywhere (behaviour.md §4.2): a reply's text does not say more.
#include "cli/time.h"

#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/zone.h"

enum { LINK_BYTES_MAX = 4096, STAMP_T_AT = 10, STAMP_SECONDS_BYTES = 19 };

// "/usr/share/zoneinfo/Europe/Berlin" → "Europe/Berlin"
static const char *behind_zoneinfo(const char *path) {
    const char *at = strstr(path, "zoneinfo/");
    return at != NULL ? at + strlen("zoneinfo/") : path;
}

static const char *machine_zone(void) {
    static char name[LINK_BYTES_MAX + 1];
    const char *variable = g_getenv("TZ");
    if (variable != NULL && variable[0] != 0) {
        const char *named = behind_zoneinfo(variable[0] == ':' ? variable + 1 : variable);
        return zone_is_known(named) ? named : "UTC";
    }
    ssize_t len = readlink("/etc/localtime", name, LINK_BYTES_MAX);
    name[MAX(len, 0)] = 0;
    const char *linked = behind_zoneinfo(name);
    return zone_is_known(linked) ? linked : "UTC";
}

bool cli_time_zone(const struct cli_options *options, const char **ret_zone, GError **error) {
    const char *asked = options->values[OPTION_ZONE];
    const char *from_environment = g_getenv("SLUICE_ZONE");
    const char *zone = asked != NULL ? asked : from_environment;
    if (zone == NULL || zone[0] == 0) {
        *ret_zone = machine_zone();
        return true;
    }
    if (!zone_is_known(zone)) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "%s %s: not a time zone that this machine knows; one is Asia/Shanghai",
                  asked != NULL ? "--zone" : "SLUICE_ZONE", zone);
        return false;
    }
    *ret_zone = zone;
    return true;
}

int64_t cli_time_ms(const char *text, const char *from) {
    struct civil civil;
    bool has_time = false;
    return civil_parse(text, &civil, &has_time) ? zone_instant_ms(from, &civil) : -1;
}

static char *shown_in(const char *zone, int64_t instant_ms) {
    struct civil civil = zone_civil(zone, instant_ms);
    char text[CIVIL_TEXT_BYTES];
    civil_text(&civil, text);
    return g_strdup(text);
}

char *cli_time_text(const char *text, const char *from, const char *zone) {
    int64_t instant_ms = from != NULL && zone_is_known(from) ? cli_time_ms(text, from) : -1;
    return instant_ms < 0 ? g_strdup(text) : shown_in(zone, instant_ms);
}

char *cli_time_of_item(const json_t *item, const char *member, const char *zone) {
    const char *text = json_string_value(json_object_get(item, member));
    const char *from = json_string_value(json_object_get(item, "TimeZoneId"));
    return cli_time_text(text != NULL ? text : "", from, zone);
}

char *cli_time_of_stamp(const char *stamp, const char *zone) {
    // Up to the seconds it is a time as replies write it; the milliseconds are the same in every zone.
    g_autofree char *text = g_strndup(stamp, STAMP_SECONDS_BYTES);
    text[STAMP_T_AT] = ' ';
    g_autofree char *shown = cli_time_text(text, "UTC", zone);
    return g_strdup_printf("%s%.4s", shown, stamp + STAMP_SECONDS_BYTES);
}
