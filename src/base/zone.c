// SPDX-License-Identifier: Apache-2.0
//
// The one place that knows time zones. The data is the system's; base/tzif reads it.
//
// A zone that was asked for once is kept for ever. Only names whose file is there are kept: their number is that of the system's files.

#include "base/zone.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/keyed_hash.h"
#include "base/tzif.h"

enum {
    MS_PER_SECOND = 1000,
    SECONDS_PER_DAY = 86400,
    NAME_BYTES_MAX = 64,
    FILE_BYTES_MAX = 256 * 1024,
};

static GMutex cache_lock;
static GHashTable *cache; // name → struct tzif; under cache_lock

int64_t zone_now_ms(void) {
    return g_get_real_time() / 1000;
}

int64_t zone_uptime_ms(void) {
    struct timespec since_boot = { 0 };
    g_assert(clock_gettime(CLOCK_BOOTTIME, &since_boot) == 0);
    return (int64_t)since_boot.tv_sec * MS_PER_SECOND + since_boot.tv_nsec / 1000000;
}

// Letters first, then what IANA names are made of: no way out of the folder.
static bool is_plain_name(const char *name) {
    if (!g_ascii_isalpha(name[0]) || strlen(name) > NAME_BYTES_MAX) {
        return false;
    }
    for (const char *c = name; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && strchr("_+-/", *c) == NULL) {
            return false;
        }
    }
    return true;
}

static struct tzif *read_open_file(int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > FILE_BYTES_MAX) {
        return NULL;
    }
    struct tzif *tzif = NULL;
    size_t len = 0;
    g_autofree uint8_t *bytes = g_malloc((size_t)status.st_size + 1);
    bool is_good = file_read_at(fd, bytes, (size_t)status.st_size, 0, &len) == 0 &&
                   tzif_new(bytes, len, &tzif, NULL);
    return is_good ? tzif : NULL;
}

static struct tzif *read_zone(const char *name) {
    const char *folder = g_getenv("TZDIR");
    g_autofree char *path =
        g_build_filename(folder != NULL ? folder : "/usr/share/zoneinfo", name, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return NULL;
    }
    struct tzif *tzif = read_open_file(fd);
    (void)close(fd);
    return tzif;
}

// The zone, or NULL when it is unknown or UTC. Kept for ever: the caller does not own it.
static const struct tzif *find_zone(const char *name) {
    if (!is_plain_name(name)) {
        return NULL;
    }
    g_mutex_lock(&cache_lock);
    if (cache == NULL) {
        cache = g_hash_table_new(keyed_hash_text, g_str_equal);
    }
    struct tzif *zone = g_hash_table_lookup(cache, name);
    if (zone == NULL) {
        zone = read_zone(name);
        if (zone != NULL) {
            g_hash_table_insert(cache, g_strdup(name), zone);
        }
    }
    g_mutex_unlock(&cache_lock);
    return zone;
}

// Names that stand for what a machine is set to, or for the same zones counted otherwise (with leap seconds).
static bool is_local_name(const char *name) {
    static const char *const names[] = { "localtime", "posixrules", "Factory" };
    static const char *const folders[] = { "posix/", "right/" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        if (g_str_has_prefix(name, folders[i])) {
            return true;
        }
    }
    return false;
}

bool zone_is_known(const char *name) {
    g_assert(name != NULL);
    // The system takes "Asia//Tokyo" for Asia/Tokyo's file; as names of ours these would be without number.
    bool is_odd = strstr(name, "//") != NULL || is_local_name(name);
    return strcmp(name, "UTC") == 0 || (!is_odd && find_zone(name) != NULL);
}

static const int64_t second_min = -62135596800; // 0001-01-01 00:00:00
static const int64_t second_max = 253402300799; // 9999-12-31 23:59:59

static int offset_at(const struct tzif *zone, int64_t instant_s) {
    return zone == NULL ? 0 : tzif_offset_s(zone, CLAMP(instant_s, second_min, second_max));
}

static int64_t change_after(const struct tzif *zone, int64_t after_s) {
    if (zone == NULL || after_s >= second_max) {
        return INT64_MAX;
    }
    return tzif_next_change_s(zone, MAX(after_s, second_min));
}

static int64_t floor_div(int64_t number, int64_t divisor) {
    int64_t quotient = number / divisor;
    return number % divisor < 0 ? quotient - 1 : quotient;
}

struct civil zone_civil(const char *name, int64_t instant_ms) {
    int64_t instant_s = CLAMP(floor_div(instant_ms, MS_PER_SECOND), second_min, second_max);
    int offset_s = offset_at(find_zone(name), instant_s);
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

// The wanted instant is the first one whose local time is not before the given one: in a gap that is the gap's end, and of a time
// that comes twice it is the first. So walk the changes upward from well before it.
int64_t zone_instant_ms(const char *name, const struct civil *civil) {
    const struct tzif *zone = find_zone(name);
    int64_t local_s = civil_to_days(civil->year, civil->month, civil->day) * SECONDS_PER_DAY +
                      civil->hour * 3600 + civil->minute * 60 + civil->second;
    int64_t at = local_s - 2 * SECONDS_PER_DAY; // no zone is two days off
    for (;;) {
        int64_t candidate = local_s - offset_at(zone, at);
        int64_t change = change_after(zone, at);
        if (candidate < at) {
            return at * MS_PER_SECOND; // the local time fell into the gap
        }
        if (candidate < change) {
            return candidate * MS_PER_SECOND + civil->millisecond;
        }
        at = change;
    }
}

int zone_offset_s(const char *name, int64_t instant_s) {
    return offset_at(find_zone(name), instant_s);
}

int64_t zone_next_change_s(const char *name, int64_t after_s) {
    return change_after(find_zone(name), after_s);
}
