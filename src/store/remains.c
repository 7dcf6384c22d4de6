// SPDX-License-Identifier: Apache-2.0
//
// A start that a crash has cut short leaves a database with tables, a master key and credentials, but no user: that is no trace yet, and the
// next start makes the rest. Where the database has no tables, key and credentials are traces too, because both come after the tables.

#include "store/remains.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "sql/sqlite.h"
#include "store/query.h"

static const char DATABASE[] = "state.db";
static const char LOG_FOLDER[] = "logs";
static const char *const first_files[] = { "master.key", "credentials", "state.db-wal" };
static const char *const used_files[] = { "attempts.journal", "audit.heads" };
static const char *const moved_names[] = { "state.db",   "state.db-wal",     "state.db-shm",
                                           "master.key", "credentials",      "audit.heads",
                                           "boot-id",    "attempts.journal", "metrics-token",
                                           LOG_FOLDER };

static const char COUNT_TABLES[] =
    "SELECT count(*) FROM sqlite_schema WHERE name IN ('schema', 'person')";
static const char COUNT_PEOPLE[] = "SELECT count(*) FROM (SELECT 1 FROM person LIMIT 1) AS someone";
enum { TABLES = 2 };

enum holding { HOLDS_NOTHING, HOLDS_TABLES, HOLDS_PEOPLE };

static bool look_into(const char *path, enum holding *ret_holding, GError **error) {
    struct sql *sql = NULL;
    int64_t tables = 0;
    int64_t people = 0;
    if (!sqlite_open(path, SQL_STORE_READER, &sql, error)) {
        return false;
    }
    bool is_read = query_int(sql, COUNT_TABLES, NO_VALUES, 0, &tables, error) &&
                   (tables < TABLES || query_int(sql, COUNT_PEOPLE, NO_VALUES, 0, &people, error));
    sql_close(sql);
    if (is_read) {
        *ret_holding = people > 0 ? HOLDS_PEOPLE : tables > 0 ? HOLDS_TABLES : HOLDS_NOTHING;
    }
    return is_read;
}

// An empty file is not given to SQLite, which would take away the log beside it.
static bool look_at(const char *dir, enum holding *ret_holding, GError **error) {
    g_autofree char *path = g_build_filename(dir, DATABASE, NULL);
    struct stat status;
    if (lstat(path, &status) != 0 ? errno == ENOENT : status.st_size == 0) {
        *ret_holding = HOLDS_NOTHING;
        return true;
    }
    return look_into(path, ret_holding, error);
}

static void add_files(const char *dir, const char *const *names, size_t count, GString *traces) {
    for (size_t i = 0; i < count; i++) {
        g_autofree char *path = g_build_filename(dir, names[i], NULL);
        struct stat status;
        if (lstat(path, &status) == 0 && status.st_size > 0) {
            g_string_append_printf(traces, "%s%s", traces->len > 0 ? ", " : "", names[i]);
        }
    }
}

static void add_logs(const char *dir, GString *traces) {
    g_autofree char *path = g_build_filename(dir, LOG_FOLDER, NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    if (folder != NULL && g_dir_read_name(folder) != NULL) {
        g_string_append_printf(traces, "%s%s/", traces->len > 0 ? ", " : "", LOG_FOLDER);
    }
}

bool remains_find(const char *dir, char **ret_remains, GError **error) {
    enum holding holding = HOLDS_NOTHING;
    if (!look_at(dir, &holding, error)) {
        return false;
    }
    GString *traces = g_string_new(NULL);
    if (holding == HOLDS_NOTHING) {
        add_files(dir, first_files, G_N_ELEMENTS(first_files), traces);
    }
    if (holding != HOLDS_PEOPLE) {
        add_files(dir, used_files, G_N_ELEMENTS(used_files), traces);
        add_logs(dir, traces);
    }
    bool has_some = traces->len > 0;
    *ret_remains = g_string_free(traces, !has_some);
    return true;
}

// ---- Setting aside ----

static int move_all(int dir_fd, int to_fd, GString *moved) {
    for (size_t i = 0; i < G_N_ELEMENTS(moved_names); i++) {
        if (renameat(dir_fd, moved_names[i], to_fd, moved_names[i]) == 0) {
            g_string_append_printf(moved, "%s%s", moved->len > 0 ? ", " : "", moved_names[i]);
        } else if (errno != ENOENT) {
            return -errno;
        }
    }
    // The next store's logs are its own.
    int code = mkdirat(dir_fd, LOG_FOLDER, 0700) == 0 || errno == EEXIST ? 0 : -errno;
    return code != 0 || (fsync(to_fd) == 0 && fsync(dir_fd) == 0) ? code : -errno;
}

bool remains_set_aside(const char *dir, char **ret_moved, GError **error) {
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *name = g_date_time_format(now, "before-%Y%m%dT%H%M%SZ");
    g_autoptr(GString) moved = g_string_new(NULL);
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = dir_fd >= 0 && mkdirat(dir_fd, name, 0700) == 0 ? 0 : -errno;
    int to_fd =
        code == 0 ? openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (code == 0) {
        code = to_fd < 0 ? -errno : move_all(dir_fd, to_fd, moved);
    }
    if (to_fd >= 0) {
        (void)close(to_fd);
    }
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (code != 0) {
        fault_set(error, FAULT_IO, "moving what was left of the old store into %s/%s: %s", dir,
                  name, g_strerror(-code));
        return false;
    }
    *ret_moved = g_strdup_printf("%s moved to %s/%s", moved->str, dir, name);
    return true;
}
