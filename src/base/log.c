// SPDX-License-Identifier: Apache-2.0
//
// One line, one write: lines of several threads never mix.

#include "base/log.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[LOG_LEVEL_COUNT] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

static int least_level = LOG_INFO;

void log_set_level(enum log_level level) {
    g_assert(level < LOG_LEVEL_COUNT);
    g_atomic_int_set(&least_level, (int)level);
}

bool log_level_from_name(const char *name, enum log_level *ret_level) {
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strcmp(level_names[i], name) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_line(enum log_level level, const char *room, const char *format, ...) {
    g_assert(level < LOG_LEVEL_COUNT);
    if ((int)level < g_atomic_int_get(&least_level)) {
        return;
    }
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct tm tm = { 0 };
    (void)gmtime_r(&now.tv_sec, &tm);
    GString *line = g_string_sized_new(160);
    g_string_append_printf(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s ", tm.tm_year + 1900,
                           tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                           now.tv_nsec / 1000000, level_names[level], room);
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(line, format, args);
    va_end(args);
    g_string_append_c(line, '\n');
    // A log that can not be written has no place to say so.
    ssize_t written = write(STDERR_FILENO, line->str, line->len);
    (void)written;
    g_string_free(line, TRUE);
}

char *log_quote(const char *text) {
    g_autofree char *escaped = g_strescape(text, NULL);
    return g_strdup_printf("\"%s\"", escaped);
}
