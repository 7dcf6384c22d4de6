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

static bool make_dir(const char *path, mode_t mode, uid_t uid, GError **error) {
    if (g_mkdir_with_parents(path, (int)mode) != 0) {
        fault_set(error, FAULT_INVALID_DATA, "can not create %s: %s", path, g_strerror(errno));
        return false;
    }
    if (geteuid() == 0 && chown(path, uid, (gid_t)uid) != 0) {
        fault_set(error, FAULT_INVALID_DATA, "can not give %s to uid %d: %s", path, (int)uid,
                  g_strerror(errno));
        return false;
    }
    if (chmod(path, mode) != 0) {
        fault_set(
            error, FAULT_INVALID_DATA,
            "can not close %s to others: %s; it must belong to the user who starts the server",
            path, g_strerror(errno));
        return false;
    }
    return true;
}

bool datadir_prepare(const char *dir, bool must_exist, uid_t server_uid, char **ret_path,
                     GError **error) {
    bool is_root = geteuid() == 0;
    if (must_exist && !g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        fault_set(error, FAULT_INVALID_DATA, "%s is no directory", dir);
        return false;
    }
    g_autofree char *path = g_canonicalize_filename(dir, NULL);
    g_autofree char *logs = g_build_filename(path, "logs", NULL);
    g_autofree char *work = g_build_filename(path, "work", NULL);
    if (!make_dir(path, is_root ? 0711 : 0700, server_uid, error) ||
        !make_dir(logs, 0700, server_uid, error) ||
        !make_dir(work, is_root ? 0711 : 0700, is_root ? 0 : server_uid, error)) {
        return false;
    }
    *ret_path = g_steal_pointer(&path);
    return true;
}

static char *read_line(const char *dir, const char *name) {
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text) : g_strdup("unknown");
}

static int try_lock(const char *dir, const char *name, int *ret_fd) {
    int dir_fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (dir_fd < 0) {
        return -errno;
    }
    int result = file_lock(dir_fd, name, 0600, ret_fd);
    (void)close(dir_fd);
    return result;
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
        fault_set(error, FAULT_INVALID_DATA, "can not lock %s/server.lock: %s", dir,
                  g_strerror(-result));
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
                     : file_replace(dir_fd, name, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1);
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (result < 0) {
        fault_set(error, FAULT_INVALID_DATA, "can not write %s/%s: %s", dir, name,
                  g_strerror(-result));
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
