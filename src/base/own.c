// SPDX-License-Identifier: Apache-2.0

/* What always holds: owner and mode change only through a descriptor, and only of what has passed
 * the look. Between two looks an attacker may rename; then the descriptor still names what was
 * looked at. */

#include "base/own.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -EMEDIUMTYPE: another kind of file. -EMLINK: it has further names. -EPERM: another owner. */

static bool is_empty_directory(int fd) {
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
    if (directory == NULL) {
        if (copy >= 0)
            (void)close(copy);
        return false;
    }
    bool is_empty = true;
    for (struct dirent *entry; is_empty && (entry = readdir(directory)) != NULL;)
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(directory);
    return is_empty;
}

int own_take_directory(int fd, mode_t mode, uid_t uid, gid_t gid) {
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    if (!S_ISDIR(status.st_mode))
        return -ENOTDIR;
    if (status.st_uid != uid && (status.st_uid != geteuid() || !is_empty_directory(fd)))
        return -EPERM;
    if ((status.st_uid != uid || status.st_gid != gid) && geteuid() == 0 &&
        fchown(fd, uid, gid) != 0)
        return -errno;
    return (status.st_mode & 07777) == mode || fchmod(fd, mode) == 0 ? 0 : -errno;
}

int own_directory(int dir_fd, const char *name, mode_t mode, uid_t uid, gid_t gid, int *ret_fd) {
    assert(name != NULL && strchr(name, '/') == NULL && ret_fd != NULL);
    if (mkdirat(dir_fd, name, 0700) != 0 && errno != EEXIST)
        return -errno;
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = own_take_directory(fd, mode, uid, gid);
    if (error != 0) {
        (void)close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

static int take_file(int fd, uid_t uid, gid_t gid) {
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EMEDIUMTYPE;
    if (status.st_nlink != 1)
        return -EMLINK;
    if (status.st_uid == uid)
        return 0;
    if (status.st_uid != geteuid() || status.st_size != 0)
        return -EPERM;
    return fchown(fd, uid, gid) == 0 ? 0 : -errno;
}

int own_file(int dir_fd, const char *name, int flags, mode_t mode, uid_t uid, gid_t gid,
             int *ret_fd) {
    assert(name != NULL && strchr(name, '/') == NULL && ret_fd != NULL);
    assert((flags & O_TRUNC) == 0);
    /* A pipe without a reader would let us wait for ever. */
    int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
    if (fd < 0)
        return errno == ELOOP || errno == ENXIO || errno == EISDIR ? -EMEDIUMTYPE : -errno;
    int error = take_file(fd, uid, gid);
    if (error != 0) {
        (void)close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

int own_read(int dir_fd, const char *name, uid_t uid, char *buf, size_t size) {
    assert(size > 0);
    int fd = -1;
    int error = own_file(dir_fd, name, O_RDONLY, 0, uid, (gid_t)-1, &fd);
    if (error != 0)
        return error;
    size_t len = 0;
    ssize_t got = 1;
    while (len < size - 1 && (got = read(fd, buf + len, size - 1 - len)) != 0) {
        if (got > 0)
            len += (size_t)got;
        else if (errno != EINTR)
            break;
    }
    error = got < 0 ? -errno : 0;
    (void)close(fd);
    buf[len] = '\0';
    return error;
}

int own_give_socket(int dir_fd, const char *name, uid_t uid, gid_t gid) {
    assert(name != NULL && strchr(name, '/') == NULL);
    int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct stat status;
    int error = fstat(fd, &status) == 0 ? 0 : -errno;
    if (error == 0 && !S_ISSOCK(status.st_mode))
        error = -EMEDIUMTYPE;
    if (error == 0 && (status.st_uid != geteuid() || status.st_nlink != 1))
        error = -EPERM;
    if (error == 0 && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) != 0)
        error = -errno;
    (void)close(fd);
    return error;
}

const char *own_reason(int error) {
    switch (error) {
    case -EMEDIUMTYPE: return "is no regular file (links, pipes and directories are refused)";
    case -ENOTDIR:
    case -ELOOP: return "is no directory (a link is not followed)";
    case -EMLINK: return "is a file that has other names as well (hard links)";
    case -EPERM: return "belongs to another user";
    default: return strerrordesc_np(-error);
    }
}
