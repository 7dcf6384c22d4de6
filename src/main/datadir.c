// SPDX-License-Identifier: Apache-2.0
//
// Everything the server stores lies under DIR, closed to others by owner and mode; only work/ may be entered by tasks.

#include "main/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/own.h"

enum { LINE_BYTES_MAX = 4096 };

static bool refuse(const char *dir, const char *name, int result, uid_t uid, GError **error) {
    fault_set(error, FAULT_INVALID_DATA,
              "%s%s %s; it must be the server's own (uid %d): look at what it is, and move it away",
              dir, name, own_reason(result), (int)uid);
    return false;
}

// DIR itself: its path is the operator's, links and all.
static bool open_dir(const char *path, mode_t mode, uid_t uid, gid_t gid, int *ret_fd,
                     GError **error) {
    if (g_mkdir_with_parents(path, 0700) != 0) {
        fault_set(error, FAULT_INVALID_DATA, "can not create %s: %s", path, g_strerror(errno));
        return false;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = fd < 0 ? -errno : own_take_directory(fd, mode, uid, gid);
    if (result < 0) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return refuse(path, "", result, uid, error);
    }
    *ret_fd = fd;
    return true;
}

// A directory below DIR. Whoever has the server's uid can put something else in its place.
static bool make_dir(int dir_fd, const char *dir, const char *name, mode_t mode, uid_t uid,
                     gid_t gid, GError **error) {
    int fd = -1;
    int result = own_directory(dir_fd, name, mode, uid, gid, &fd);
    if (result < 0) {
        g_autofree char *shown = g_strconcat("/", name, NULL);
        return refuse(dir, shown, result, uid, error);
    }
    (void)close(fd);
    return true;
}

// A file that root opens before it gives its rights up, or a supervisor that is root: looked at here already, so that the start is refused
// with a sentence. Missing is fine.
static bool check_file(int dir_fd, const char *dir, const char *name, uid_t uid, gid_t gid,
                       GError **error) {
    int fd = -1;
    int result = own_file(dir_fd, name, O_RDONLY, 0, uid, gid, &fd);
    if (result == -ENOENT) {
        return true;
    }
    if (result < 0) {
        g_autofree char *shown = g_strconcat("/", name, NULL);
        return refuse(dir, shown, result, uid, error);
    }
    (void)close(fd);
    return true;
}

// Files that the server opens after its rights are dropped, or its database does: others than files (a pipe waits for ever) are refused before.
static bool check_kinds(int dir_fd, const char *dir, uid_t uid, GError **error) {
    static const char *const names[] = { "state.db",         "state.db-wal", "state.db-shm",
                                         "state.db-journal", "master.key",   "audit.heads" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        struct stat status;
        if (fstatat(dir_fd, names[i], &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISREG(status.st_mode)) {
            g_autofree char *shown = g_strconcat("/", names[i], NULL);
            return refuse(dir, shown, -EMEDIUMTYPE, uid, error);
        }
    }
    return true;
}

static bool prepare_inside(int dir_fd, const char *dir, uid_t uid, gid_t gid, GError **error) {
    bool is_root = geteuid() == 0;
    return make_dir(dir_fd, dir, "logs", 0700, uid, gid, error) &&
           make_dir(dir_fd, dir, "work", is_root ? 0711 : 0700, geteuid(), getegid(), error) &&
           check_kinds(dir_fd, dir, uid, error) &&
           check_file(dir_fd, dir, "server.lock", uid, gid, error) &&
           check_file(dir_fd, dir, "supervisor.lock", uid, gid, error) &&
           check_file(dir_fd, dir, "supervisor.log", uid, gid, error) &&
           check_file(dir_fd, dir, "attempts.journal", geteuid(), getegid(), error);
}

bool datadir_prepare(const char *dir, bool must_exist, uid_t server_uid, char **ret_path,
                     GError **error) {
    bool is_root = geteuid() == 0;
    if (must_exist && !g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        fault_set(error, FAULT_INVALID_DATA, "%s is no directory", dir);
        return false;
    }
    g_autofree char *path = g_canonicalize_filename(dir, NULL);
    gid_t server_gid = is_root ? (gid_t)server_uid : getegid();
    int dir_fd = -1;
    if (!open_dir(path, is_root ? 0711 : 0700, server_uid, server_gid, &dir_fd, error)) {
        return false;
    }
    bool is_prepared = prepare_inside(dir_fd, path, server_uid, server_gid, error);
    (void)close(dir_fd);
    if (!is_prepared) {
        return false;
    }
    *ret_path = g_steal_pointer(&path);
    return true;
}

static int open_owned(const char *dir, uid_t *ret_uid, gid_t *ret_gid) {
    int dir_fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (dir_fd < 0 || fstat(dir_fd, &status) != 0) {
        int result = -errno;
        if (dir_fd >= 0) {
            (void)close(dir_fd);
        }
        return result;
    }
    *ret_uid = status.st_uid;
    *ret_gid = status.st_gid;
    return dir_fd;
}

// What a server wrote about itself. Read as root too, so neither a link nor a pipe is followed.
static char *read_line(const char *dir, const char *name) {
    uid_t uid = 0;
    gid_t gid = 0;
    char text[LINE_BYTES_MAX] = "";
    int dir_fd = open_owned(dir, &uid, &gid);
    int result = dir_fd < 0 ? dir_fd : own_read(dir_fd, name, uid, text, sizeof text);
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    return result == 0 ? g_strstrip(g_utf8_make_valid(text, -1)) : g_strdup("unknown");
}

static int try_lock(const char *dir, const char *name, int *ret_fd) {
    uid_t uid = 0;
    gid_t gid = 0;
    int dir_fd = open_owned(dir, &uid, &gid);
    if (dir_fd < 0) {
        return dir_fd;
    }
    int result = file_lock(dir_fd, name, 0600, uid, gid, ret_fd);
    (void)close(dir_fd);
    return result;
}

bool datadir_check_way(const char *dir, GError **error) {
    for (const char *end = strchr(dir + 1, '/');; end = strchr(end + 1, '/')) {
        g_autofree char *part = end == NULL ? g_strdup(dir) : g_strndup(dir, (gsize)(end - dir));
        if (access(part, X_OK) != 0) {
            fault_set(error, FAULT_INVALID_DATA,
                      "%s can not be reached by the server, which runs as uid %d: %s: %s; choose "
                      "another --data, such as /var/lib/sluice, or open the way (chmod o+x %s)",
                      dir, (int)geteuid(), part, g_strerror(errno), part);
            return false;
        }
        if (end == NULL) {
            return true;
        }
    }
}

bool datadir_lock(const char *dir, int *ret_fd, GError **error) {
    int64_t deadline_us = g_get_monotonic_time() + (int64_t)DATADIR_LOCK_WAIT_MS * 1000;
    int result = try_lock(dir, "server.lock", ret_fd);
    while (result == -EWOULDBLOCK && g_get_monotonic_time() < deadline_us) {
        g_usleep(20 * 1000);
        result = try_lock(dir, "server.lock", ret_fd);
    }
    if (result == -EWOULDBLOCK) {
        g_autofree char *pid = read_line(dir, "server.pid");
        g_autofree char *address = read_line(dir, "server.address");
        fault_set(error, FAULT_UNAVAILABLE, "another server has %s: pid %s at %s", dir, pid,
                  address);
        return false;
    }
    if (result < 0) {
        fault_set(error, FAULT_INVALID_DATA, "can not lock %s/server.lock: it %s", dir,
                  own_reason(result));
        return false;
    }
    return true;
}

bool datadir_is_free(const char *dir, const char *lock_name) {
    int fd = -1;
    if (try_lock(dir, lock_name, &fd) < 0) {
        return false;
    }
    (void)close(fd);
    return true;
}

static bool write_line(const char *dir, const char *name, const char *text, GError **error) {
    int dir_fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    int result = dir_fd < 0
                     ? -errno
                     : file_note(dir_fd, name, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1);
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (result < 0) {
        fault_set(error, file_is_full(result) ? FAULT_NO_SPACE : FAULT_INVALID_DATA,
                  "can not write %s/%s: %s", dir, name, g_strerror(-result));
        return false;
    }
    return true;
}

bool datadir_announce(const char *dir, const char *address, GError **error) {
    g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());
    g_autofree char *line = g_strdup_printf("%s\n", address);
    return write_line(dir, "server.pid", pid, error) &&
           write_line(dir, "server.address", line, error);
}

void datadir_withdraw(const char *dir) {
    g_autofree char *pid = g_build_filename(dir, "server.pid", NULL);
    g_autofree char *address = g_build_filename(dir, "server.address", NULL);
    (void)unlink(pid);
    (void)unlink(address);
}
