// SPDX-License-Identifier: Apache-2.0
//
// The file is opened once and keeps its name while it is empty: on a full disk there may be no room for a name either.

#include "engine/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 512 }; // of st_blocks

struct reserve {
    GMutex mutex; // guards the rest
    char *path;
    int64_t bytes;
    int fd; // -1: it could not be made yet
};

// What lies on the disk; 0 when the file has holes, as after a copy: it would not give back what it seems to hold.
static int64_t held(const struct reserve *reserve) {
    struct stat status = { 0 };
    if (reserve->fd < 0 || fstat(reserve->fd, &status) != 0) {
        return 0;
    }
    int64_t stored = (int64_t)status.st_blocks * BLOCK_BYTES;
    return stored >= status.st_size ? status.st_size : 0;
}

static void open_file(struct reserve *reserve) {
    struct stat status = { 0 };
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (reserve->bytes > 0 ? O_CREAT : 0);
    if (reserve->fd >= 0) {
        return;
    }
    reserve->fd = open(reserve->path, flags, 0600);
    if (reserve->fd >= 0 && (fstat(reserve->fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        (void)close(reserve->fd);
        reserve->fd = -1;
    }
}

static void empty(const struct reserve *reserve) {
    (void)!ftruncate(reserve->fd, 0);
}

struct reserve *reserve_new(const char *dir, int64_t bytes) {
    g_assert(bytes >= 0);
    struct reserve *reserve = g_new0(struct reserve, 1);
    g_mutex_init(&reserve->mutex);
    reserve->path = g_build_filename(dir, "reserve", NULL);
    reserve->bytes = bytes;
    reserve->fd = -1;
    open_file(reserve);
    if (reserve->fd >= 0 && held(reserve) > bytes) {
        (void)!ftruncate(reserve->fd, bytes);
    }
    return reserve;
}

void reserve_free(struct reserve *reserve) {
    if (reserve == NULL) {
        return;
    }
    if (reserve->fd >= 0) {
        (void)close(reserve->fd);
    }
    g_mutex_clear(&reserve->mutex);
    g_free(reserve->path);
    g_free(reserve);
}

int64_t reserve_missing(struct reserve *reserve) {
    g_mutex_lock(&reserve->mutex);
    int64_t missing = MAX(reserve->bytes - held(reserve), 0);
    g_mutex_unlock(&reserve->mutex);
    return missing;
}

bool reserve_is_held(struct reserve *reserve) {
    return reserve_missing(reserve) == 0;
}

bool reserve_release(struct reserve *reserve) {
    g_mutex_lock(&reserve->mutex);
    struct stat status = { 0 };
    bool is_there = reserve->fd >= 0 && fstat(reserve->fd, &status) == 0 && status.st_blocks > 0;
    if (is_there) {
        empty(reserve);
    }
    g_mutex_unlock(&reserve->mutex);
    return is_there;
}

bool reserve_take(struct reserve *reserve) {
    g_mutex_lock(&reserve->mutex);
    bool is_taken = held(reserve) >= reserve->bytes;
    open_file(reserve);
    if (!is_taken && reserve->fd >= 0) {
        int result = posix_fallocate(reserve->fd, 0, (off_t)reserve->bytes);
        is_taken = result == 0;
        if (!is_taken) {
            empty(reserve); // a part of it would only be in the way
        }
    }
    g_mutex_unlock(&reserve->mutex);
    return is_taken;
}
