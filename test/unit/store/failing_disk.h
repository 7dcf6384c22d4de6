// SPDX-License-Identifier: Apache-2.0
//
// A disk that fails when a test says so: a layer over SQLite's own file functions, below every connection that is opened after disk_install.
#pragma once

#include <errno.h>
#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/stat.h>

#define DISK_FN G_GNUC_UNUSED static

enum disk_call { DISK_READ, DISK_WRITE, DISK_SYNC, DISK_CALL_COUNT };

static struct {
    enum disk_call call;
    int code;
    int reason;            // errno of a write that fails; 0: as it is
    _Atomic int countdown; // 0: nothing fails
    _Atomic bool has_failed;
    bool is_main_only;   // only calls on the database itself, not on its log
    const char *ballast; // where it is set: fails only while this file holds something
} disk;

struct disk_file {
    sqlite3_file base; // first
    bool is_main;
    sqlite3_file *real; // behind this structure
};

DISK_FN sqlite3_file *real_of(sqlite3_file *file) {
    return ((struct disk_file *)file)->real;
}

DISK_FN bool disk_has_room(void) {
    struct stat status = { 0 };
    return disk.ballast != NULL && (stat(disk.ballast, &status) != 0 || status.st_size == 0);
}

// A disk that failed once fails from then on, until the test repairs it.
DISK_FN bool fails(sqlite3_file *file, enum disk_call call) {
    int countdown = disk.countdown;
    if (countdown == 0 || call != disk.call ||
        (disk.is_main_only && !((struct disk_file *)file)->is_main) || disk_has_room()) {
        return false;
    }
    if (countdown > 1) {
        disk.countdown = countdown - 1;
        return false;
    }
    disk.has_failed = true;
    return true;
}

DISK_FN int disk_close(sqlite3_file *file) {
    return real_of(file)->pMethods->xClose(real_of(file));
}
DISK_FN int disk_read(sqlite3_file *file, void *buf, int len, sqlite3_int64 offset) {
    return fails(file, DISK_READ) ? disk.code
                                  : real_of(file)->pMethods->xRead(real_of(file), buf, len, offset);
}
DISK_FN int disk_write(sqlite3_file *file, const void *buf, int len, sqlite3_int64 offset) {
    if (fails(file, DISK_WRITE)) {
        // Half of it arrives: a short write.
        (void)real_of(file)->pMethods->xWrite(real_of(file), buf, len / 2, offset);
        errno = disk.reason != 0 ? disk.reason : errno;
        return disk.code;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), buf, len, offset);
}
DISK_FN int disk_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return fails(file, DISK_WRITE) ? disk.code
                                   : real_of(file)->pMethods->xTruncate(real_of(file), size);
}
DISK_FN int disk_sync(sqlite3_file *file, int flags) {
    return fails(file, DISK_SYNC) ? disk.code
                                  : real_of(file)->pMethods->xSync(real_of(file), flags);
}
DISK_FN int disk_size(sqlite3_file *file, sqlite3_int64 *ret_size) {
    return real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}
DISK_FN int disk_lock(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xLock(real_of(file), level);
}
DISK_FN int disk_unlock(sqlite3_file *file, int level) {
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
DISK_FN int disk_check_lock(sqlite3_file *file, int *ret_level) {
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_level);
}
DISK_FN int disk_control(sqlite3_file *file, int operation, void *argument) {
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
DISK_FN int disk_sector(sqlite3_file *file) {
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}
DISK_FN int disk_traits(sqlite3_file *file) {
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
DISK_FN int disk_shm_map(sqlite3_file *file, int page, int size, int extend,
                         void volatile **ret_memory) {
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret_memory);
}
DISK_FN int disk_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
DISK_FN void disk_shm_barrier(sqlite3_file *file) {
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}
DISK_FN int disk_shm_unmap(sqlite3_file *file, int deletes) {
    return real_of(file)->pMethods->xShmUnmap(real_of(file), deletes);
}

static const sqlite3_io_methods disk_methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static sqlite3_vfs *real_vfs;

DISK_FN int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *ret_flags) {
    struct disk_file *it = (struct disk_file *)file;
    it->real = (sqlite3_file *)(it + 1);
    it->is_main = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    int code = real_vfs->xOpen(real_vfs, name, it->real, flags, ret_flags);
    it->base.pMethods = it->real->pMethods != NULL ? &disk_methods : NULL;
    return code;
}

DISK_FN void disk_install(void) {
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "failing-disk";
    vfs.szOsFile += (int)sizeof(struct disk_file);
    vfs.xOpen = disk_open;
    vfs.pNext = NULL;
    g_assert_cmpint(sqlite3_vfs_register(&vfs, 1), ==, SQLITE_OK);
}

DISK_FN void disk_break(enum disk_call call, int code, int countdown) {
    disk.call = call;
    disk.code = code;
    disk.has_failed = false;
    disk.countdown = countdown;
}

DISK_FN void disk_repair(void) {
    disk.countdown = 0;
}
