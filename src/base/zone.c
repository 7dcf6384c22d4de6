// SPDX-License-Identifier: Apache-2.0
//
// The one place that knows time zones. The data is the system's; GTimeZone reads it.
//
// GLib forgets a zone when its last reference goes, and would read the file again for every conversion. So this room keeps one
// reference to each zone it was asked for. Only names that pass zone_is_known are kept: their number is that of the system's files.

#include "base/zone.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    MS_PER_SECOND = 1000,
    SECONDS_PER_DAY = 86400,
    NAME_BYTES_MAX = 64,
};

static GMutex cache_lock;
static GHashTable *cache; // name → GTimeZone; under cache_lock

int64_t zone_now_ms(void) {
    return g_get_real_time() / 1000;
}

// Letters first, then what IANA names are made of; no way out of the folder, and not GLib's own forms such as "+08:00".
static bool is_iana_name(const char *name) {
    if (!g_ascii_isalpha(name[0]) || strlen(name) > NAME_BYTES_MAX ||
        g_str_has_prefix(name, "right/") || g_str_has_prefix(name, "posix/")) {
        return false;
    }
    for (const char *c = name; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && strchr("_+-/", *c) == NULL) {
            return false;
        }
    }
    return true;
}

// GLib takes rule texts ("UTC0") as names too, and complains aloud about files that hold no zone: look before asking it.
static bool is_zone_file(const char *name) {
    const char *folder = g_getenv("TZDIR");
    g_autofree char *path =
        g_build_filename(folder != NULL ? folder : "/usr/share/zoneinfo", name, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    char magic[4] = { 0 };
    ssize_t len = read(fd, magic, sizeof magic);
    (void)close(fd);
    return len == (ssize_t)sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
}

// The zone, or NULL when it is unknown. Kept for ever: the caller does not own it.
static GTimeZone *find_zone(const char *name) {
    g_mutex_lock(&cache_lock);
    if (cache == NULL) {
        cache = g_hash_table_new(g_str_hash, g_str_equal);
        g_hash_table_insert(cache, g_strdup("UTC"), g_time_zone_new_utc());
    }
    GTimeZone *zone = g_hash_table_lookup(cache, name);
    if (zone == NULL && is_iana_name(name) && is_zone_file(name)) {
        zone = g_time_zone_new_identifier(name);
        if (zone != NULL) {
            g_hash_table_insert(cache, g_strdup(name), zone);
        }
    }
    g_mutex_unlock(&cache_lock);
    return zone;
}

static GTimeZone *find_zone_or_utc(const char *name) {
    GTimeZone *zone = find_zone(name);
    zone = zone != NULL ? zone : find_zone("UTC");
    g_assert(zone != NULL);
    return zone;
}

bool zone_is_known(const char *name) {
    g_assert(name != NULL);
    return find_zone(name) != NULL;
}

static int interval_at(GTimeZone *zone, int64_t instant_s) {
    int interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, instant_s);
    g_assert(interval >= 0); // an instant is in exactly one interval
    return interval;
}

static int64_t floor_div(int64_t number, int64_t divisor) {
    int64_t quotient = number / divisor;
    return number % divisor < 0 ? quotient - 1 : quotient;
}

static const int64_t second_min = -62135596800; // 0001-01-01 00:00:00
static const int64_t second_max = 253402300799; // 9999-12-31 23:59:59

struct civil zone_civil(const char *name, int64_t instant_ms) {
    GTimeZone *zone = find_zone_or_utc(name);
    int64_t instant_s = CLAMP(floor_div(instant_ms, MS_PER_SECOND), second_min, second_max);
    int offset_s = g_time_zone_get_offset(zone, interval_at(zone, instant_s));
    int64_t local_s = CLAMP(instant_s + offset_s, second_min, second_max);
    int64_t days = floor_div(local_s, SECONDS_PER_DAY);
    int second_of_day = (int)(local_s - days * SECONDS_PER_DAY);
    struct civil civil = {
        .hour = second_of_day / 3600,
        .minute = second_of_day / 60 % 60,
        .second = second_of_day % 60,
        .millisecond = (int)(instant_ms - floor_div(instant_ms, MS_PER_SECOND) * MS_PER_SECOND),
        .utc_offset_minutes = (int)floor_div(offset_s, 60),
    };
    civil_from_days(days, &civil.year, &civil.month, &civil.day);
    return civil;
}

// The first second behind `low` that is in another interval; `high` is in another one.
static int64_t find_transition(GTimeZone *zone, int64_t low, int64_t high) {
    int interval = interval_at(zone, low);
    g_assert(interval_at(zone, high) != interval);
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (interval_at(zone, middle) == interval) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

// The wanted instant is the first one whose local time is not before the given one: in a gap that is the gap's end, and of a time
// that comes twice it is the first. So walk the intervals upward from well before it.
int64_t zone_instant_ms(const char *name, const struct civil *civil) {
    GTimeZone *zone = find_zone_or_utc(name);
    int64_t local_s = civil_to_days(civil->year, civil->month, civil->day) * SECONDS_PER_DAY +
                      civil->hour * 3600 + civil->minute * 60 + civil->second;
    int64_t low = local_s - 2 * SECONDS_PER_DAY; // no zone is two days off
    for (;;) {
        int interval = interval_at(zone, low);
        int64_t candidate = local_s - g_time_zone_get_offset(zone, interval);
        g_assert(candidate > low);
        if (interval_at(zone, candidate) == interval) {
            return candidate * MS_PER_SECOND + civil->millisecond;
        }
        int64_t transition = find_transition(zone, low, candidate);
        int offset_s = g_time_zone_get_offset(zone, interval_at(zone, transition));
        if (transition + offset_s > local_s) {
            return transition * MS_PER_SECOND; // the local time fell into the gap
        }
        if (transition + offset_s == local_s) {
            return transition * MS_PER_SECOND + civil->millisecond;
        }
        low = transition;
    }
}

int zone_offset_s(const char *name, int64_t instant_s) {
    GTimeZone *zone = find_zone_or_utc(name);
    instant_s = CLAMP(instant_s, second_min, second_max);
    return g_time_zone_get_offset(zone, interval_at(zone, instant_s));
}

int64_t zone_next_change_s(const char *name, int64_t after_s) {
    GTimeZone *zone = find_zone_or_utc(name);
    after_s = CLAMP(after_s, second_min, second_max);
    if (interval_at(zone, after_s) == interval_at(zone, second_max)) {
        return INT64_MAX;
    }
    return find_transition(zone, after_s, second_max);
}
