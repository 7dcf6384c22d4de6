// SPDX-License-Identifier: Apache-2.0

/* Durable files, locks and local sockets for programs that use no GLib.
 *
 * What always holds: a failed call leaves no temporary file and no descriptor behind. */

#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/own.h"

#define LISTEN_BACKLOG 8

int file_write_at(int fd, const void *data, size_t len, uint64_t offset) {
    const char *at = data;
    while (len > 0) {
        ssize_t wrote = pwrite(fd, at, len, (off_t)offset);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -errno;
        if (wrote == 0)
            return -EIO;
        at += wrote;
        len -= (size_t)wrote;
        offset += (uint64_t)wrote;
    }
    return 0;
}

int file_write(int fd, const void *data, size_t len) {
    const char *at = data;
    while (len > 0) {
        ssize_t wrote = write(fd, at, len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -errno;
        if (wrote == 0)
            return -EIO;
        at += wrote;
        len -= (size_t)wrote;
    }
    return 0;
}

int file_read_at(int fd, void *buf, size_t len, uint64_t offset, size_t *ret_len) {
    assert(ret_len != NULL);
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, (char *)buf + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    *ret_len = done;
    return 0;
}

int file_replace(int dir_fd, const char *name, const void *data, size_t len, mode_t mode, uid_t uid,
                 gid_t gid) {
    assert(name != NULL && strchr(name, '/') == NULL);
    char temporary[256];
    int printed = snprintf(temporary, sizeof temporary, ".%s.new", name);
    if (printed < 0 || (size_t)printed >= sizeof temporary)
        return -ENAMETOOLONG;
    /* A left-over of a crash is in the way of O_EXCL and of nobody else. */
    (void)unlinkat(dir_fd, temporary, 0);
    int fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -errno;
    int error = file_write(fd, data, len);
    if (error == 0 && fchmod(fd, mode) != 0)
        error = -errno;
    if (error == 0 && uid != (uid_t)-1 && fchown(fd, uid, gid) != 0)
        error = -errno;
    if (error == 0 && fdatasync(fd) != 0)
        error = -errno;
    if (close(fd) != 0 && error == 0)
        error = -errno;
    if (error == 0 && renameat(dir_fd, temporary, dir_fd, name) != 0)
        error = -errno;
    if (error != 0) {
        (void)unlinkat(dir_fd, temporary, 0);
        return error;
    }
    return fsync(dir_fd) == 0 ? 0 : -errno;
}

bool file_is_full(int error) {
    return error == -ENOSPC || error == -EDQUOT;
}

int file_note(int dir_fd, const char *name, const void *data, size_t len, mode_t mode, uid_t uid,
              gid_t gid) {
    int full = file_replace(dir_fd, name, data, len, mode, uid, gid);
    if (!file_is_full(full))
        return full;
    int fd = -1;
    int error = own_file(dir_fd, name, O_WRONLY, 0, uid != (uid_t)-1 ? uid : geteuid(), gid, &fd);
    if (error != 0)
        return error == -ENOENT ? full : error;
    error = file_write_at(fd, data, len, 0);
    if (error == 0 && ftruncate(fd, (off_t)len) != 0)
        error = -errno;
    (void)close(fd);
    return error;
}

int file_lock(int dir_fd, const char *name, mode_t mode, uid_t uid, gid_t gid, int *ret_fd) {
    assert(name != NULL && ret_fd != NULL);
    int fd = -1;
    int error = own_file(dir_fd, name, O_RDWR | O_CREAT, mode, uid, gid, &fd);
    if (error != 0)
        return error;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error = -errno;
        (void)close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

int file_boot_id(char ret_id[FILE_BOOT_ID_BYTES]) {
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    char text[FILE_BOOT_ID_BYTES - 1];
    size_t len = 0;
    int error = file_read_at(fd, text, sizeof text, 0, &len);
    (void)close(fd);
    if (error != 0)
        return error;
    if (len != sizeof text)
        return -EIO;
    memcpy(ret_id, text, sizeof text);
    ret_id[FILE_BOOT_ID_BYTES - 1] = '\0';
    return 0;
}

static int socket_address(int dir_fd, const char *name, struct sockaddr_un *ret_address) {
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int printed =
        snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir_fd, name);
    if (printed < 0 || (size_t)printed >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    *ret_address = address;
    return 0;
}

int file_listen(int dir_fd, const char *name, mode_t mode, uid_t uid, gid_t gid, int *ret_fd) {
    assert(name != NULL && ret_fd != NULL);
    struct sockaddr_un address;
    int error = socket_address(dir_fd, name, &address);
    if (error != 0)
        return error;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT)
        error = -errno;
    /* The mode is narrowed before bind through the descriptor, so there is no open moment; what the
     * umask takes away more is the caller's wish. */
    if (error == 0 && fchmod(fd, mode) != 0)
        error = -errno;
    if (error == 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        error = -errno;
    if (error == 0 && uid != (uid_t)-1)
        error = own_give_socket(dir_fd, name, uid, gid);
    if (error == 0 && listen(fd, LISTEN_BACKLOG) != 0)
        error = -errno;
    if (error != 0) {
        (void)close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

int file_connect(int dir_fd, const char *name, int *ret_fd) {
    assert(name != NULL && ret_fd != NULL);
    /* Through the node itself: a link in its place would lead to anybody's socket. */
    int node_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (node_fd < 0)
        return -errno;
    struct stat status;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", node_fd);
    int error = fstat(node_fd, &status) != 0 ? -errno : S_ISSOCK(status.st_mode) ? 0 : -ENOTSOCK;
    int fd = error == 0 ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    if (error == 0 && fd < 0)
        error = -errno;
    if (error == 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        error = -errno;
    (void)close(node_fd);
    if (error != 0) {
        if (fd >= 0)
            (void)close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

uint32_t file_crc32c(uint32_t crc, const void *data, size_t len) {
    /* Two tables of sixteen would be faster still; one nibble table keeps 64 bytes in the cache and
     * the records are short. Filled at compile time for the reflected polynomial 0x82f63b78. */
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const uint8_t *at = data;
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}

int file_fill_standard(void) {
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY | O_CLOEXEC) != fd)
            return -EBADF;
    }
    return 0;
}
