// SPDX-License-Identifier: Apache-2.0
//
// source_path: resolves the longest part of the path that can be resolved, and looks where that is. What does not exist yet, or lies in
// a directory closed to the server, can not be followed; it must then be plain names, so that it stays below what was resolved.
#include "api/ops/source_path.h"

#include "base/fault.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

// Has the part behind a resolved directory only plain names?
static bool is_plain(const char *rest) {
    g_auto(GStrv) names = g_strsplit(rest, "/", -1);
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], ".") == 0 || strcmp(names[i], "..") == 0) {
            return false;
        }
    }
    return true;
}

// Resolves the path's longest resolvable beginning; *ret_place (caller frees) is where the file would be.
static bool resolve(const char *path, char **ret_place, GError **error) {
    g_autofree char *begin = g_strdup(path);
    for (;;) {
        // realpath's own buffer, so that plain free() is not needed.
        g_autofree char *real = g_malloc(PATH_MAX);
        const char *rest = path + strlen(begin);
        if (realpath(begin[0] == '\0' ? "/" : begin, real) != NULL) {
            if (!is_plain(rest)) {
                fault_set_field(error, FAULT_INVALID_FIELD, "Host",
                                "the path of a source's file must be one without \".\" and "
                                "\"..\" where its directories do not exist");
                return false;
            }
            *ret_place = g_build_filename(real, rest, NULL);
            return true;
        }
        if ((errno != ENOENT && errno != EACCES) || begin[0] == '\0') {
            fault_set_field(error, FAULT_INVALID_VALUE, "Host", "the path can not be followed: %s",
                            g_strerror(errno));
            return false;
        }
        *strrchr(begin, '/') = '\0';
    }
}

bool source_path_check(const char *dir, const char *path, GError **error) {
    if (!database_file_check(path, error)) {
        return false;
    }
    g_autofree char *place = NULL;
    g_autofree char *home = NULL;
    if (!resolve(path, &place, error) || !resolve(dir, &home, error)) {
        return false;
    }
    size_t home_len = strlen(home);
    bool is_inside =
        strncmp(place, home, home_len) == 0 && (place[home_len] == '/' || place[home_len] == '\0');
    if (is_inside || strcmp(home, "/") == 0) {
        fault_set_field(
            error, FAULT_INVALID_VALUE, "Host",
            "the path leads into the server's own data; keep sources in a directory of their own");
        return false;
    }
    return true;
}

bool source_host_check(const char *dir, const struct database_kind *kind, const char *host,
                       GError **error) {
    bool is_file =
        kind != NULL ? kind->address == ADDRESS_FILE : !database_kind_serves(ADDRESS_HOST);
    return !is_file || source_path_check(dir, host, error);
}
